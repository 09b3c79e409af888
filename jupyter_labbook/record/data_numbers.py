"""Items of numpy arrays as bytes that mean the same everywhere: C order, little end first, one NaN.

-0.0 and 0.0 differ, as their bits do; all NaN are the same, since which one a computation gives
depends on the processor. NaT is a value like others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]
    Read = Callable[[slice], "Array"]

BLOCK: Final = 1 << 20
"""Bytes that are converted and hashed at once."""

_EXTENDED_BITS: Final = 63
"""Of the fraction of an x86 long double: ten bytes are its value, what fills it up is anything."""


class Numbers:
    """A part of items of one size; `read` gives a flat array of some, and reads rows of `width` best whole."""

    def __init__(self, length: int, itemsize: int, read: Read, width: int = 1) -> None:
        self.length = length
        self.weight = length * itemsize
        step = max(1, BLOCK // max(itemsize, 1))
        self.step = step // width * width or step
        self._read = read

    def feed(self, hash: Any, start: int, stop: int) -> None:
        hash.update(raw(self._read(slice(start, stop))))


def numbers(array: Array) -> Numbers:
    """All items of an array without Python objects, in C order."""
    width = array.size // len(array) if array.ndim > 1 and array.size else 1
    return Numbers(array.size, array.dtype.itemsize, reader(array), width)


def reader(array: Array) -> Read:
    """Gives items of an array as if it were flat, and copies no more of it than those."""
    if array.flags.c_contiguous or array.ndim <= 1:
        return array.reshape(-1).__getitem__
    return lambda part: _run(array, part.start, part.stop)


def _run(array: Array, start: int, stop: int) -> Array:
    if array.ndim == 1:
        return array[start:stop]
    import numpy  # loaded: the array is one of its

    width = array[0].size
    pieces = []
    while start < stop:
        row, offset = divmod(start, width)
        whole = (stop - start) // width if offset == 0 else 0
        if whole:
            pieces.append(numpy.ascontiguousarray(array[row : row + whole]).reshape(-1))
            start += whole * width
        else:
            end = min(width, offset + stop - start)
            pieces.append(_run(array[row], offset, end))
            start += end - offset
    return pieces[0] if len(pieces) == 1 else numpy.concatenate(pieces)


def raw(block: Array) -> memoryview:
    """The items of a flat array as bytes that depend on their values alone."""
    import numpy  # loaded: the array is one of its

    dtype = block.dtype
    if dtype.itemsize == 0:  # texts of no letters
        return memoryview(b"")
    if _is_big_endian(dtype):
        block = block.astype(dtype.newbyteorder("<"))
    if dtype.kind in "fc":
        block = _with_one_nan(numpy.ascontiguousarray(block))
    octets: Any = numpy.ascontiguousarray(block).view(numpy.uint8)  # a time has no buffer of its own
    return memoryview(octets)


def _with_one_nan(block: Array) -> Array:
    import numpy  # loaded: the array is one of its

    if block.dtype.kind == "c":
        block = block.view(numpy.dtype(f"f{block.dtype.itemsize // 2}"))
    if block.dtype.itemsize == 2:  # numpy computes with these one by one: their bits are compared, 8 times as fast
        bits = block.view(numpy.uint16)
        wrong = (bits & 0x7FFF) > 0x7C00
    else:
        wrong = numpy.isnan(block)
    if wrong.any():
        block = block.copy()
        block[wrong] = numpy.nan
    if block.dtype.itemsize > 8 and numpy.finfo(block.dtype).nmant == _EXTENDED_BITS:
        values = block.view(numpy.uint8).reshape(-1, block.dtype.itemsize)
        return numpy.ascontiguousarray(values[:, :10]).reshape(-1)
    return block


def _is_big_endian(dtype: Any) -> bool:
    return dtype.byteorder == ">" or (dtype.byteorder == "=" and sys.byteorder == "big")


def dtype_words(dtype: Any) -> list[str | int]:
    """What a dtype is, without its byte order and without the gaps between its fields."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return ["times", *shape, *dtype_words(base)]
    if dtype.names is None:
        name = dtype.newbyteorder("<").str if _is_big_endian(dtype) else dtype.str
        return [dtype.kind, name, dtype.name] if dtype.kind == "V" else [dtype.kind, name]
    words: list[str | int] = ["fields", len(dtype.names)]
    for name in dtype.names:
        words += [name, *dtype_words(dtype[name])]
    return words
