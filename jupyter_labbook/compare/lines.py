"""Two texts line by line: what was taken away and what was added, with the lines around it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff
from itertools import takewhile
from typing import Final, NamedTuple

MOST_LINES: Final = 4000
"""How many differing lines are compared; looking for pairs among more takes longer than anyone waits."""

LONGEST_LINE: Final = 2000


class Line(NamedTuple):
    """`sign` is `-` (only before), `+` (only after), a space (both), `@` (what is left out) or nothing."""

    sign: str
    text: str

    def __str__(self) -> str:
        return f"@@ {self.text} @@" if self.sign == "@" else f"{self.sign}{self.text}"


def line_difference(before: str, after: str) -> tuple[Line, ...]:
    """The lines that differ, with three of the same around them; empty where the texts are equal."""
    if before == after:
        return ()
    old, new = before.split("\n"), after.split("\n")
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    if len(old) + len(new) - 2 * (start + end) > MOST_LINES:
        return (Line("@", f"too long to compare: {len(old)} lines before, {len(new)} after"),)
    first = max(0, start - 3)
    last = max(0, end - 3)
    differing = unified_diff(old[first : len(old) - last], new[first : len(new) - last], lineterm="", n=3)
    return tuple(_line(text, first) for text in list(differing)[2:])


def patch_lines(patch: str) -> tuple[Line, ...]:
    """A patch, which is a difference already, as lines."""
    return tuple(map(_patch_line, patch.rstrip("\n").split("\n")[:MOST_LINES]))


def _patch_line(text: str) -> Line:
    text = text[:LONGEST_LINE]
    if text.startswith("@@"):
        return Line("@", text.strip("@ "))
    if text[:1] in ("+", "-", " ") and not text.startswith(("--- ", "+++ ")):
        return Line(text[0], text[1:])
    return Line("", text)


def counted(lines: Sequence[Line]) -> str:
    """`3 lines less, 5 more`."""
    less, more = (sum(line.sign == sign for line in lines) for sign in "-+")
    return f"{less} line{'' if less == 1 else 's'} less, {more} more"


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines at the beginning are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _line(text: str, offset: int) -> Line:
    if text.startswith("@@"):
        return Line("@", _moved(text.strip("@ "), offset))
    return Line(text[:1], text[1 : LONGEST_LINE + 1])


def _moved(places: str, offset: int) -> str:
    """`-1,4 +1,5` where the lines before were left out."""
    moved = []
    for place in places.split():
        begin, comma, count = place[1:].partition(",")
        moved.append(f"{place[0]}{int(begin) + offset}{comma}{count}")
    return " ".join(moved)
