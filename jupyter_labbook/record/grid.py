"""`--each NAME=VALUES`: values as a person types them, and the combinations they ask for."""

from __future__ import annotations

import ast
import re
from copy import deepcopy
from itertools import product
from keyword import iskeyword
from math import prod
from typing import Any, Final

from jupyter_labbook.errors import UsageError
from jupyter_labbook.record.literals import NOT_LITERAL, literal

Each = tuple[str, tuple[Any, ...]]

MOST_RUNS: Final = 10_000
"""More runs of one cell than anyone means: more likely a slip of the finger."""

_assignment: Final = re.compile(r"(?:^|(?<=\s))([^\s=,\0]+)\s*=(?!=)\s*")
_count: Final = re.compile(r"([+-]?\d+)\.\.([+-]?\d+)")
_number: Final = re.compile(r"[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?")
_words: Final[dict[str, Any]] = {
    "True": True,
    "False": False,
    "None": None,
    "nan": float("nan"),
    "inf": float("inf"),
    "+inf": float("inf"),
    "-inf": float("-inf"),
}


def parse_each(text: str) -> tuple[Each, ...]:
    """`seed=0..4 opt=adam,"a b"` as ((`seed`, (0, 1, 2, 3, 4)), (`opt`, (`adam`, `a b`))).

    Raises
    ------
    UsageError
        A name is no variable name, a value is missing or there twice, or there are too many.
    """
    hidden = _hide(text)
    found = list(_assignment.finditer(hidden))
    if not found or found[0].start():
        raise UsageError(f"--each takes NAME=VALUES, as --each lr=0.1,0.01 or seed=0..4, not {text!r}.")
    each: list[Each] = []
    stops = [*[match.start() for match in found[1:]], len(text)]
    for match, stop in zip(found, stops, strict=True):
        name = match[1]
        if not name.isidentifier() or iskeyword(name):
            raise UsageError(f"--each {name}=…: {name!r} is not the name of a variable.")
        if name in dict(each):
            raise UsageError(f"--each has {name!r} twice: put all its values together, as {name}=1,2.")
        each.append((name, _values(name, text[match.end() : stop], hidden[match.end() : stop])))
    return tuple(each)


def expand(each: tuple[Each, ...]) -> list[dict[str, Any]]:
    """All combinations, the first name slowest. Lists and dicts are copies: a cell may change them."""
    count = prod(len(values) for _, values in each)
    if count > MOST_RUNS:
        raise UsageError(f"--each asks for {count:,} runs, more than {MOST_RUNS:,}: list fewer values.")
    names = [name for name, _ in each]
    return [
        {name: deepcopy(value) for name, value in zip(names, values, strict=True)}
        for values in product(*(values for _, values in each))
    ]


def _values(name: str, text: str, hidden: str) -> tuple[Any, ...]:
    values: list[Any] = []
    start = 0
    for piece in hidden.split(","):
        stop = start + len(piece)
        values += _value(name, text[start:stop].strip(), piece.strip())
        start = stop + 1
    seen: set[Any] = set()
    for value in values:
        # 1 and 1.0 are the same value, 1 and True are not; nan is told by its text
        key = (False, value) if type(value) in (int, float) and value == value else repr(value)
        if key in seen:
            raise UsageError(f"--each {name}=…: the value {value!r} is there twice.")
        seen.add(key)
    return tuple(values)


def _value(name: str, text: str, hidden: str) -> list[Any]:
    """One piece between commas: a list, because `0..4` is five values."""
    if not text:
        raise UsageError(f"--each {name}=…: a value is missing. Values are separated by single commas.")
    if text in _words:
        return [_words[text]]
    if _number.fullmatch(text):
        return [_python(name, text)]
    if count := _count.fullmatch(text):
        return _counted(name, int(count[1]), int(count[2]))
    if text[0] in "'\"[({":
        return [_python(name, text)]
    if any(character.isspace() for character in hidden):
        raise UsageError(
            f"--each {name}={text}: values are separated by commas; text with blanks stands in quotes; "
            "the experiment's name comes before the options."
        )
    if ".." in text and text[0] in "0123456789.+-":
        raise UsageError(f"--each {name}={text}: `..` counts whole numbers, as 0..4. Write other values out.")
    if any(character in "*()[]{}\0" for character in hidden):
        return [_python(name, text)]
    return [text]


def _counted(name: str, first: int, last: int) -> list[int]:
    if abs(last - first) >= MOST_RUNS:
        raise UsageError(f"--each {name}={first}..{last} asks for more than {MOST_RUNS:,} runs.")
    return list(range(first, last + 1)) if last >= first else list(range(first, last - 1, -1))


def _python(name: str, text: str) -> Any:
    try:
        value = literal(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        value = NOT_LITERAL
    if value is NOT_LITERAL:
        raise UsageError(
            f"--each {name}={text}: not a value that can be read. Numbers, words, True, False, None, "
            "lists and text in quotes can; anything computed belongs into a cell."
        )
    return value


def _hide(text: str) -> str:
    """`text` with everything inside quotes and brackets as NULs: what is left separates values."""
    if not any(character in "\"'[({" for character in text):
        return text
    hidden = list(text)
    depth = 0
    quote = ""
    for place, character in enumerate(text):
        before = text[place - 1] if place else " "
        if quote:
            if character == quote and before != "\\":
                quote = ""
        elif character in "\"'" and (depth or before in " \t=,"):
            quote = character
        elif character in "[({":
            depth += 1
        elif character in "])}" and depth:
            depth -= 1
        elif not depth:
            continue
        hidden[place] = "\0"
    if quote or depth:
        what = "quote" if quote else "bracket"
        raise UsageError(f"--each {text}: a {what} is not closed.")
    return "".join(hidden)
