"""What a user's value is in the record: a number for a metric, a JSON value for a parameter.

| given | as a metric | as a parameter |
|---|---|---|
| int, float | as it is; beyond 64 bits the nearest float | as it is; beyond 64 bits its digits, type `int` |
| bool | 0 or 1 | true or false |
| NaN, inf, -inf | `nan`, `inf`, `-inf` | the same as text, type `float` |
| numpy scalar, array of one | its number | its value |
| torch scalar, tensor of one | its number | its value |
| Decimal, Fraction | the nearest float | the nearest float |
| None | not logged | null |
| complex | not logged: log its real and imaginary part | its text, type `complex` |
| text | not logged | as it is |
| tuple, list, set, dict | not logged | the same of what is in it; type `tuple`, `set` |
| anything else | not logged | a short text of it, and its type's name |
"""

from __future__ import annotations

import enum
import hashlib
import math
import sys
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Any, Final

LONGEST: Final = 4096
"""Characters of one text; beyond, its beginning is kept, its length and the sha256 of the whole."""

DEEPEST: Final = 8
MOST_ITEMS: Final = 1000
_LEAST_INT: Final = -(2**63)
_MOST_INT: Final = 2**63 - 1


def number_of(value: Any) -> int | float:
    """The number that `value` is. TypeError, saying what to do, where it is none.

    Sizes: a scalar, or an array or tensor with exactly one element, of any shape and device.
    """
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return _bounded(value)
    if value is None:
        raise TypeError("None is no value; log it once there is one")
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str | bytes):
        raise TypeError(f"{_short(value)} is text; metrics are numbers, labbook.param or labbook.note keep text")
    if isinstance(value, complex):
        raise TypeError("a complex number has no order; log its .real and .imag")
    if isinstance(value, int):
        return _bounded(int(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Decimal | Fraction):
        return _float_of(value)
    item = getattr(value, "item", None)
    if callable(item) and hasattr(value, "dtype"):
        return _number_of_array(value)
    raise TypeError(f"a {kind.__name__} is not a number; log numbers, such as float(…) of it")


def _number_of_array(value: Any) -> int | float:
    try:
        inner = value.item()
    except (ValueError, RuntimeError, TypeError):
        shape = tuple(getattr(value, "shape", ()))
        raise TypeError(f"an array of shape {shape} is many numbers; log one, such as its mean") from None
    if hasattr(inner, "dtype"):  # numpy's longdouble gives itself
        inner = float(inner)
    return number_of(inner)


def _bounded(value: int) -> int | float:
    return value if _LEAST_INT <= value <= _MOST_INT else _float_of(value)


def _float_of(value: Any) -> float:
    try:
        return float(value)
    except (OverflowError, ValueError):
        raise TypeError("the number is larger than any float; log its logarithm") from None


def parameter_value(value: Any) -> tuple[Any, str | None]:
    """`value` as JSON has it, and the name of its type where JSON cannot say it. Never raises."""
    try:
        return _parameter(value, DEEPEST)
    except Exception:
        return f"<{type(value).__name__} that cannot be shown>", _type_name(value)


def _parameter(value: Any, depth: int) -> tuple[Any, str | None]:
    kind = type(value)
    if value is None or kind is bool:
        return value, None
    if kind is int:
        return (value, None) if _LEAST_INT <= value <= _MOST_INT else (_digits(value), "int")
    if kind is float:
        return (value, None) if math.isfinite(value) else (_special(value), "float")
    if kind is str:
        return _text(value), None
    if isinstance(value, enum.Enum):
        return f"{kind.__name__}.{value.name}", _type_name(value)
    if isinstance(value, Decimal | Fraction):
        return _parameter(_float_of(value), depth)
    if isinstance(value, bool | int | float | str):
        return _parameter(_plain(value), depth)
    if isinstance(value, bytes | bytearray):
        return _text(repr(bytes(value[:LONGEST]))), _type_name(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _container(value, depth)
    if isinstance(value, PurePath):
        return str(value), _type_name(value)
    if hasattr(value, "dtype") and callable(getattr(value, "item", None)):
        return _array(value, depth)
    if isinstance(value, type) or callable(value):
        return _callable_name(value), _type_name(value)
    return _text(repr(value)), _type_name(value)


def _container(value: Any, depth: int) -> tuple[Any, str | None]:
    if depth == 0:
        return "…", None
    if isinstance(value, Mapping):
        pairs = list(value.items())[:MOST_ITEMS]
        return {_text(str(key)): _parameter(item, depth - 1)[0] for key, item in pairs}, None
    items: list[Any] = list(value)[:MOST_ITEMS]
    if isinstance(value, set | frozenset):
        items = sorted(items, key=repr)
    kept = [_parameter(item, depth - 1)[0] for item in items]
    return kept, None if isinstance(value, list) else ("tuple" if isinstance(value, tuple) else "set")


def _array(value: Any, depth: int) -> tuple[Any, str | None]:
    try:
        return _parameter(number_of(value) if str(value.dtype) != "bool" else bool(value.item()), depth)
    except TypeError:
        pass
    size = getattr(value, "size", None)
    if isinstance(size, int) and size <= 64 and hasattr(value, "tolist"):
        return _parameter(value.tolist(), depth)[0], _type_name(value)
    return f"{type(value).__name__} of shape {tuple(value.shape)}, {value.dtype}", _type_name(value)


def _plain(value: Any) -> Any:
    for base in (bool, int, float, str):
        if isinstance(value, base):
            return base(value)
    return repr(value)


def _callable_name(value: Any) -> str:
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or type(value).__qualname__
    return str(name) if module in (None, "__main__", "builtins") else f"{module}.{name}"


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"


def _special(value: float) -> str:
    return "nan" if value != value else ("inf" if value > 0 else "-inf")


def _digits(value: int) -> str:
    """All digits, or where Python refuses to write so many, how many bits there are."""
    limit = sys.get_int_max_str_digits()
    if limit and value.bit_length() > limit * 3:
        return f"an integer of {value.bit_length()} bits"
    return _text(str(value))


def _text(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[: LONGEST - 120]}… ({len(text)} characters, sha256 {digest})"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"
