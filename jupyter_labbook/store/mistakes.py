"""What to write instead, for queries that Python's grammar refuses."""

from __future__ import annotations

import keyword
import re
from typing import Final

from jupyter_labbook.errors import QueryError

_TEXTS: Final = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)
_RESERVED: Final = re.compile(rf"\b(params|parameters|metrics)\.({'|'.join(keyword.kwlist)})\b")

_HINTS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"&&"), "write `and` instead of &&"),
    (re.compile(r"\|\|"), "write `or` instead of ||"),
    (re.compile(r"=>|=<"), "write >= or <="),
    (re.compile(r"<>"), "write != instead of <>"),
    (re.compile(r"===|!=="), "write == or !="),
    (re.compile(r"(?<![=!<>])=(?!=)"), "write == to compare"),
    (re.compile(r"!(?!=)"), "write `not` instead of !"),
    (re.compile(r"\b(?:AND|OR|NOT|IN)\b"), "write and, or, not and in with small letters"),
    (re.compile("[\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb]"), 'write texts in plain quotes: "…"'),
    (re.compile(r"[\"']"), "a text ends with the quote it began with"),
)


def unreadable(text: str, error: Exception) -> QueryError:
    """An error that says what is wrong with `text`, which Python could not parse."""
    shown = text if len(text) <= 80 else text[:79] + "…"
    if "\0" in text:
        return QueryError("There is a NUL character in the query.")
    bare = _TEXTS.sub('""', text)
    reserved = _RESERVED.search(bare)
    if reserved:
        root, name = reserved.groups()
        return QueryError(f'{name!r} is a word of Python: write {root}["{name}"].', nearest=(f'{root}["{name}"]',))
    without = bare.replace('""', "")
    for pattern, hint in _HINTS:
        if pattern.search(without):
            return QueryError(f"{shown!r} is not understood: {hint}.")
    if without.count("(") != without.count(")"):
        return QueryError(f"{shown!r} is not understood: a bracket is not closed, or not opened.")
    offset = getattr(error, "offset", None)
    where = f" near {text[max(offset - 1, 0) :][:20]!r}" if offset and offset <= len(text) else ""
    return QueryError(
        f"{shown!r} is not understood{where}. A query looks like: "
        'params.lr < 0.01 and metrics.val_acc > 0.9 and status == "finished"'
    )
