"""Words and quoted texts on a magic line.

A quote opens only where a word or a value begins and closes only where one ends, so that
`don't` and `'the model's bias'` are what they look like.
"""

from __future__ import annotations

import re
from typing import Final

from jupyter_labbook.errors import UsageError

_QUOTED = r"""(?:"(?:[^"\\]|\\.)*?"|'(?:[^\\]|\\.)*?')(?=[\s,\])}:]|$)"""
_quoted: Final = re.compile(_QUOTED, re.DOTALL)
_marks: Final = re.compile(rf"(?<![^\s=,(\[{{:]){_QUOTED}|(?<!\S)--[A-Za-z][\w-]*(?=[\s=]|$)", re.DOTALL)
_escaped: Final = re.compile(r"\\([\"'\\])")


def options(line: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first option, and each option with the text up to the next."""
    found = [match for match in _marks.finditer(line) if match[0][0] == "-"]
    if not found:
        return line, []
    stops = [*[match.start() for match in found[1:]], len(line)]
    return line[: found[0].start()], [
        (match[0][2:], line[match.end() : stop].removeprefix("=").strip())
        for match, stop in zip(found, stops, strict=True)
    ]


def is_quoted(text: str) -> bool:
    return text[:1] in ("'", '"')


def first(text: str) -> tuple[str, str]:
    """The first word, or quoted text as it stands, and the rest. UsageError where a quote stays open."""
    if not is_quoted(text):
        word, *rest = text.split(None, 1)
        return word, rest[0] if rest else ""
    match = _quoted.match(text)
    if match is None:
        raise UsageError(
            f"The quote in {text[:40]!r} is not closed: close it, or put the whole text in "
            + ("single quotes." if text[0] == '"' else "double quotes.")
        )
    return match[0], text[match.end() :].strip()


def words(text: str) -> list[str]:
    """All words and quoted texts, as they stand."""
    found = []
    text = text.strip()
    while text:
        word, text = first(text)
        found.append(word)
    return found


def plain(word: str) -> str:
    """A quoted text without its quotes; any other word as it is."""
    if not is_quoted(word):
        return word
    inner = word[1:-1]
    return _escaped.sub(r"\1", inner) if "\\" in inner else inner
