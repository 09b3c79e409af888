"""Python values as they stand in a list or an object column, hashed by content and by type.

Text, numbers and missing values go kind by kind, which is what makes a million of them quick, the
rest one by one. None, NaN, NA and NaT are four different things; 1, 1.0 and True are three. Nothing
is pickled, and nothing of an unknown class is called: such a value is refused.
"""

from __future__ import annotations

import math
import struct
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import repeat
from pathlib import PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import Any, Final
from uuid import UUID

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record.data_content import framed
from jupyter_labbook.record.data_numbers import dtype_words, raw

WEIGHT: Final = 64
"""What hashing one value costs, told in bytes of a numeric array."""

DEEPEST: Final = 50

_MINUTE: Final = timedelta(minutes=1)


class Objects:
    """A part of python values; `read` gives a list of some, `where` tells people which."""

    step = 1 << 15

    def __init__(self, length: int, read: Callable[[slice], list[Any]], where: str) -> None:
        self.length = length
        self.weight = length * WEIGHT
        self._read = read
        self._where = where

    def feed(self, hash: Any, start: int, stop: int) -> None:
        hash.update(encoded(self._read(slice(start, stop)), self._where))


def encoded(values: list[Any], where: str, depth: int = 0) -> bytes:
    """First of which kind each value is, then the values of each kind. LabbookError for an unknown one."""
    if len(values) > 1 and _are_numpy_numbers(values):
        array = sys.modules["numpy"].array(values)
        return framed("numpy numbers", len(values), *dtype_words(array.dtype)) + raw(array).tobytes()
    kinds = bytes(map(_CODES.get, map(type, values), repeat(_REST)))
    pieces = [framed("values", len(values)), kinds]
    found = sorted(set(kinds))
    for code in found:
        alone = len(found) == 1
        chosen = values if alone else [value for value, kind in zip(values, kinds, strict=True) if kind == code]
        pieces.append(_ENCODERS[code](chosen) if code else _others(chosen, where, depth))
    return b"".join(pieces)


def _are_numpy_numbers(values: list[Any]) -> bool:
    """All of one type, as in a list of losses."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(values[0], numpy.number | numpy.bool_):
        return False
    return not isinstance(values[0], numpy.timedelta64) and len(set(map(type, values))) == 1


def _texts(values: list[str]) -> bytes:
    content = "".join(values).encode("utf-8", "surrogatepass")
    return _lengths(values) + struct.pack("<Q", len(content)) + content


def _bytes(values: Sequence[bytes]) -> bytes:
    return _lengths(values) + b"".join(values)


def _lengths(values: Sequence[Any]) -> bytes:
    return struct.pack(f"<{len(values)}Q", *map(len, values))


def _floats(values: list[float]) -> bytes:
    if any(value != value for value in values):
        values = [math.nan if value != value else value for value in values]  # NaN has many bit patterns
    return struct.pack(f"<{len(values)}d", *values)


def _integers(values: list[int]) -> bytes:
    try:
        return b"q" + struct.pack(f"<{len(values)}q", *values)
    except struct.error:  # beyond 64 bits; hexadecimal, since Python refuses very many decimal digits
        return b"x" + _texts([f"{value:x}" for value in values])


def _nothing(_values: list[None]) -> bytes:
    return b""


_REST: Final = 0
_CODES: Final[dict[type, int]] = {type(None): 1, bool: 2, int: 3, float: 4, str: 5, bytes: 6}
_ENCODERS: Final[dict[int, Callable[[list[Any]], bytes]]] = {
    1: _nothing,
    2: bytes,
    3: _integers,
    4: _floats,
    5: _texts,
    6: _bytes,
}


def _others(values: Iterable[Any], where: str, depth: int) -> bytes:
    if depth >= DEEPEST:
        raise LabbookError(f"{where} is nested more than {DEEPEST} deep, or holds itself")
    return _bytes([_other(value, where, depth + 1) for value in values])


def _other(value: Any, where: str, depth: int) -> bytes:
    kind = type(value)
    if kind in _SEQUENCES:
        return framed(kind.__name__) + encoded(list(value), where, depth)
    if kind in _SETS:
        return framed(kind.__name__) + _bytes(sorted(encoded([item], where, depth) for item in value))
    if kind in _MAPPINGS:
        pairs = ((encoded([key], where, depth), encoded([item], where, depth)) for key, item in value.items())
        return framed(kind.__name__) + _bytes([part for pair in sorted(pairs) for part in pair])
    if kind in _TEXTS:
        return framed(kind.__name__, _TEXTS[kind](value))
    numpy = sys.modules.get("numpy")
    if numpy is not None and (isinstance(value, numpy.generic) or kind is numpy.ndarray):
        return _array(value, where, depth)
    pandas = sys.modules.get("pandas")
    words = _of_pandas(pandas, value) if pandas is not None and hasattr(pandas, "Timestamp") else None
    if words is None:
        raise LabbookError(
            f"{where} holds an object of type {class_name(kind)}, of which labbook cannot tell what its content is: "
            "make numbers or text of it, such as str(…), or give the file that the data came from"
        )
    return framed(*words)


def _array(value: Any, where: str, depth: int) -> bytes:
    """A numpy scalar, or an array inside a list."""
    words = framed("numpy", value.ndim, *value.shape, *dtype_words(value.dtype))
    if value.dtype.names is not None or value.dtype.kind in "OT":
        return words + encoded([value.tolist()], where, depth)
    return words + raw(value.reshape(-1)).tobytes()


def _of_pandas(pandas: Any, value: Any) -> tuple[str | int, ...] | None:
    if value is pandas.NaT:
        return ("NaT",)
    if value is pandas.NA:
        return ("NA",)
    kind = type(value)
    if kind is pandas.Timestamp:
        return "Timestamp", _moment(value), value.nanosecond
    if kind is pandas.Timedelta:
        return "Timedelta", int(value.value)
    if kind is pandas.Period:
        return "Period", value.freqstr, int(value.ordinal)
    if kind is pandas.Interval:
        ends = encoded([value.left, value.right], "an interval")
        return "Interval", value.closed, ends.hex()
    return None


def _moment(value: datetime | time) -> str:
    """The time on the wall and how far that is from UTC; the name of the zone is left out."""
    offset = value.utcoffset()
    return f"{value.replace(tzinfo=None).isoformat()} {value.fold} {None if offset is None else offset / _MINUTE}"


def _span(value: timedelta) -> str:
    return f"{value.days} {value.seconds} {value.microseconds}"


def _complex(value: complex) -> str:
    return _floats([value.real, value.imag]).hex()


_SEQUENCES: Final = frozenset({list, tuple, deque})
_SETS: Final = frozenset({set, frozenset})
_MAPPINGS: Final = frozenset({dict, OrderedDict, defaultdict, Counter})
_TEXTS: Final[dict[type, Callable[[Any], str]]] = {
    complex: _complex,
    bytearray: bytearray.hex,
    range: repr,
    datetime: _moment,
    date: date.isoformat,
    time: _moment,
    timedelta: _span,
    Decimal: str,
    Fraction: str,
    UUID: str,
    **dict.fromkeys((PosixPath, WindowsPath, PurePosixPath, PureWindowsPath), str),
}


def class_name(kind: type) -> str:
    module = kind.__module__
    return kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"
