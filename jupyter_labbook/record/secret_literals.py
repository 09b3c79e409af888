"""String literals as they stand in a line: where one ends, in Python, in JSON inside Python, in a patch.

A quote may carry backslashes: a notebook's source is JSON, so that `"x"` is written `\\"x\\"` there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Final, NamedTuple

LONGEST: Final = 1 << 17
LONGEST_LINE: Final = 1 << 16

_OPEN: Final = re.compile(
    r"(?P<prefix>[rbfuRBFU]{0,2})(?P<slashes>\\{0,7})(?P<mark>[\"'])(?P<triple>(?:(?P=slashes)(?P=mark)){2})?"
)
_BRACES: Final = re.compile(r"\{\{|\{[^{}\n]*(?:\{[^{}\n]*\}[^{}\n]*){0,20}+\}")
_QUOTE: Final = re.compile(r"[\"']")
_STRING: Final = {
    '"': re.compile(r'"{3}(?:[^"\\\n]|\\.|"(?!""))*+(?:"{3})?|"(?:[^"\\\n]|\\.)*+"'),
    "'": re.compile(r"'{3}(?:[^'\\\n]|\\.|'(?!''))*+(?:'{3})?|'(?:[^'\\\n]|\\.)*+'"),
}
_PREFIX: Final = re.compile(r"(?<![A-Za-z0-9_])[rbfuRBFU]{1,2}\Z")
_MORE: Final = re.compile(
    r"(?=[ \t+\\\r\n])[ \t]*+(?:\+[ \t]*+)?(?P<line>\\?\r?\n[+\- ]?[ \t]++(?:\+[ \t]*+)?)?"
    r"(?=[rbfuRBFU]{0,2}\\{0,7}[\"'])"
)
_COLON: Final = re.compile(r"[ \t]*+:")
_TRIPLE: Final = frozenset({'"""', "'''"})
_LONG_OR_SHORT: Final = re.compile(r"""\\.|\#[^\n]*+|"{3}|'{3}|"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'""", re.DOTALL)
_JSON_LINE: Final = re.compile(r"[+\- ]?[ \t]{2,}+\"")


class Literal(NamedTuple):
    """`text[start:end]` is what stands between the quotes; `after` is where reading goes on."""

    start: int
    end: int
    after: int
    escapes: int
    triple: bool = False


def literal_at(text: str, position: int) -> Literal | None:
    """The string literal that begins at `position`, None where none does.

    One that is not closed ends with its line, or where the string around it does.
    """
    opened = _OPEN.match(text, position)
    if opened is None:
        return None
    escapes, mark, start = len(opened["slashes"]), opened["mark"], opened.end()
    formatted = "f" in opened["prefix"].lower()
    if opened["triple"]:
        closing = (opened["slashes"] + mark) * 3
        limit = start + LONGEST
        end = text.find(closing, start, limit) if escapes else _closing_triple(text, start, closing, limit)
        if end >= 0:
            return Literal(start, end, end + len(closing), escapes, True)
        end = _line_end(text, start)
        return Literal(start, end, end, escapes, True)
    end, after = _closing(text, start, mark, escapes, formatted and not escapes)
    return Literal(start, end, after, escapes)


def _closing(text: str, start: int, mark: str, escapes: int, formatted: bool) -> tuple[int, int]:
    limit = _line_end(text, start)
    while not escapes and limit < len(text) and text[limit - 1] == "\\" and limit > start:
        limit = _line_end(text, limit + 1)
    position = text.find(mark, start, limit)
    while position >= 0:
        if formatted:
            brace = text.find("{", start, position)
            inner = _BRACES.match(text, brace, limit) if brace >= 0 else None
            if inner is not None:  # a quote inside the braces closes nothing
                start = inner.end()
                if start > position:
                    position = text.find(mark, start, limit)
                continue
            if brace >= 0:
                start = brace + 1
                continue
        before = _slashes_before(text, position)
        if before < escapes:
            return position - before, position - before  # the string around it ends here
        if (before - escapes) // (escapes + 1) % 2 == 0:
            return position - escapes, position + 1
        position = text.find(mark, position + 1, limit)
    return limit, limit


def _closing_triple(text: str, start: int, mark: str, limit: int) -> int:
    end = text.find(mark, start, limit)
    while end > 0 and text[end - 1] == "\\" and _slashes_before(text, end) % 2:
        end = text.find(mark, end + 1, limit)
    return end


def _slashes_before(text: str, position: int) -> int:
    first = position
    while first and text[first - 1] == "\\" and position - first < 64:
        first -= 1
    return position - first


def _line_end(text: str, position: int) -> int:
    """Where the line ends, or the most that is looked at of a longer one: JSON can be one line of megabytes."""
    end = text.find("\n", position, position + LONGEST_LINE)
    if end < 0:
        return min(len(text), position + LONGEST_LINE)
    return end - 1 if end > position and text[end - 1] == "\r" else end


def is_key(text: str, literal: Literal) -> bool:
    """Whether a colon follows: the literal is a dictionary's key."""
    return _COLON.match(text, literal.after) is not None


def joined_literal(text: str, literal: Literal) -> Literal | None:
    """The literal after `literal` that Python joins to it: side by side, with a `+`, on the next line."""
    more = _MORE.match(text, literal.after) if literal.after > literal.end else None
    joined = literal_at(text, more.end()) if more is not None else None
    if more is None or joined is None or joined.escapes != literal.escapes:
        return None
    if more["line"] and (is_key(text, joined) or joined.after == joined.end):
        return None
    if more["line"] and not more["line"].startswith("\\") and joined.triple:
        return None  # a docstring under an attribute
    return joined


class LongStrings:
    """Where the strings in triple quotes of a whole text are, as far as it has been asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._read = self._start = self._end = 0

    def is_inside(self, position: int) -> bool:
        """Whether `position` is in one, its closing quotes included. Positions are asked in rising order."""
        while self._end <= position:
            token = _LONG_OR_SHORT.search(self._text, self._read)
            if token is None or token.start() > position:
                return False
            self._read = token.end()
            if token[0] in _TRIPLE:
                closing = _closing_triple(self._text, token.end(), token[0], len(self._text))
                self._start, self._read = token.start(), closing + 3 if closing >= 0 else len(self._text)
                self._end = self._read
        return self._start < position


class Strings:
    """Where the strings of one line are, found out when first asked."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text, self._start, self._end = text, start, end
        self._next = 0

    def around(self, position: int) -> tuple[int, int] | None:
        """Start and end of the string that `position` is inside of. Positions are asked in rising order."""
        spans = self._spans
        while self._next < len(spans) and spans[self._next][1] <= position:
            self._next += 1
        if self._next < len(spans) and spans[self._next][0] < position:
            return spans[self._next]
        return None

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        text, position, spans, unclosed = self._text, self._start, [], set()
        while (quote := _QUOTE.search(text, position, self._end)) is not None:
            mark, begin, position = quote[0], quote.start(), quote.end()
            if mark in unclosed or (mark == "'" and self._is_apostrophe(begin)):
                continue
            string = _STRING[mark].match(text, begin, self._end)
            if string is None:
                unclosed.add(mark)  # nor is any later one: a second look would make this quadratic
                continue
            position = string.end()
            spans.append((begin, position))
        return spans

    def _is_apostrophe(self, position: int) -> bool:
        before = self._text[max(self._start, position - 3) : position]
        return before[-1:].isalnum() and not _PREFIX.search(before)

    @cached_property
    def source(self) -> bool:
        """Whether the line is one of the source in a notebook's JSON: a string is all that it has."""
        opened = _JSON_LINE.match(self._text, self._start, self._end)
        if opened is None:
            return False
        span = _STRING['"'].match(self._text, opened.end() - 1, self._end)
        return span is not None and self._text[span.end() : self._end].strip() in {"", ","}


def change_lines(content: str, escapes: int, change: Callable[[str], str]) -> str:
    """`content` of a literal with `change` done to each of its lines, not to what frames a line.

    Frames are indentation, the sign of a patch and, in a notebook's JSON, quotes and `\\n`.
    """
    first, *others = content.split("\n")
    frame = _FRAME_IN_JSON if escapes else _FRAME
    return "\n".join([_changed(first, _FIRST, change), *(_changed(line, frame, change) for line in others)])


_FIRST: Final = re.compile(r"(?P<before>)(?P<line>.*?)(?P<after>(?:\\n\",?)?\r?)\Z", re.DOTALL)
_FRAME: Final = re.compile(r"(?P<before>[+\- ]?[ \t]*+)(?P<line>.*?)(?P<after>\r?)\Z", re.DOTALL)
_FRAME_IN_JSON: Final = re.compile(
    r"(?P<before>[+\- ]?[ \t]*+\"?)(?P<line>.*?)(?P<after>(?:\\n)?(?:\",?)?\r?)\Z", re.DOTALL
)


def _changed(line: str, frame: re.Pattern[str], change: Callable[[str], str]) -> str:
    match = frame.match(line)
    if match is None or not match["line"].strip():
        return line
    return match["before"] + change(match["line"]) + match["after"]
