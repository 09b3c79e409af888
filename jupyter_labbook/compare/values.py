"""Parameter values: when two are the same, and how one is shown in a table."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

from jupyter_labbook.render.text import NOTHING, shorten
from jupyter_labbook.run import Number, Run

LONGEST: Final = 1000
"""How many characters of one value are shown at most, anywhere."""


class Missing:
    """What a run has where it lacks a parameter others have."""

    def __repr__(self) -> str:
        return NOTHING


MISSING: Final = Missing()


def identity(value: object) -> Hashable:
    """Equal for values that are the same: NaN equals NaN, 1 equals 1.0, neither equals True or "1".

    Nested values are taken whole; the order of a mapping's keys does not matter.
    """
    try:
        return _identity(value)
    except RecursionError:
        return ("too deep", id(value))


def _identity(value: object) -> Hashable:
    if isinstance(value, float) and math.isnan(value):
        return ("number", "nan")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return ("number", value)
    if isinstance(value, Mapping):
        return ("mapping", frozenset((str(key), _identity(item)) for key, item in value.items()))
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return ("sequence", tuple(_identity(item) for item in value))
    if isinstance(value, Missing):
        return ("missing",)
    return (type(value).__name__, repr(value))


def differ(values: Iterable[object]) -> bool:
    """Whether not all of the values are the same."""
    return len({identity(value) for value in values}) > 1


def shown(value: object) -> str:
    """A value on one line: text without quotes, unless it could be taken for something else."""
    if isinstance(value, str):
        return shorten(value if _is_plainly_text(value) else repr(value), LONGEST)
    try:
        return shorten(_written(value), LONGEST)
    except (RecursionError, ValueError):  # too deep, or more digits than Python prints
        return "…"


def _is_plainly_text(value: str) -> bool:
    if not value or value != value.strip() or value in ("None", "True", "False", NOTHING):
        return False
    try:
        float(value)
    except ValueError:
        return value[0] not in "[{('\""
    return False


def _written(value: object) -> str:
    if isinstance(value, float):
        return _short_float(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_inner(item)}" for key, item in _some(value.items())) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_inner, _some(value))) + "]"
    return repr(value)


def _inner(value: object) -> str:
    return repr(value) if isinstance(value, str) else _written(value)


def _some(items: Iterable[Any]) -> list[Any]:
    return list(items)[:LONGEST]


def _short_float(value: float) -> str:
    """Every digit it has, with the exponent as people write it: `1e-5`."""
    mantissa, e, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def measured(run: Run, metric: str) -> Number | None:
    """The last value of a metric; None where the run has none."""
    value = run.metrics.get(metric)
    if isinstance(value, int):
        try:
            float(value)
        except OverflowError:  # a whole number that no difference or mean can be taken of
            return math.inf if value > 0 else -math.inf
    return value
