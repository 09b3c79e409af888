"""A metrics table as it is found on disk: its header, and its columns as lists of numbers.

**Invariants**: a torn last line is not read; a row with too few or too many cells, or whose step
or time is no finite number, is passed over; so is a cell that is empty or no number. A number is
what Python's `int` (within 64 bits) or `float` makes of the cell, whichever way it is parsed.

Rows hold numbers only, so they are split at commas and newlines: read by the csv module, one
stray quote would swallow every line up to the next.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from jupyter_labbook.run import Number
from jupyter_labbook.store import files, layout

BLOCK: Final = 8 << 20
"""Bytes parsed at a time: memory stays flat however long a table has become."""

LARGEST: Final = 4 << 30
"""Bytes of one table that are read: 10⁸ rows. A planted sparse file must not read for hours."""

_LONGEST_LINE: Final = 4 << 20
_PLAIN: Final = b"0123456789.eE+-nainf"
_BIG: Final = 1 << 63
_decode = msgspec.json.Decoder(list[int | float]).decode


class Header(NamedTuple):
    """Names of a table's metrics, in order, and the offset at which its rows begin."""

    names: list[str]
    end: int

    @property
    def width(self) -> int:
        return len(self.names) + 2


class Column(NamedTuple):
    """Points of one metric in file order."""

    steps: list[Number]
    times: list[float]
    values: list[Number]


def table_files(folder: Path | str) -> list[Path]:
    """The tables of a run in the order in which they are merged: metrics by number, then system."""
    try:
        names = os.listdir(folder)
    except (OSError, ValueError):
        return []
    tables = sorted(filter(layout.is_metrics_table, names), key=layout.table_number)
    if layout.SYSTEM in names:
        tables.append(layout.SYSTEM)
    return [Path(folder, name) for name in tables]


def read_header(path: Path | str) -> Header | None:
    """The header of a table; None where there is no whole one yet, or it is not ours."""
    start = b""
    for piece in files.pieces(path, 1 << 16, _LONGEST_LINE):
        start += piece
        end = _first_record(start)
        if end:
            return _header(start[:end], end)
    return None


def blocks(path: Path | str, header: Header) -> Iterator[bytes]:
    """The rows of a table in blocks of whole lines, each ended by a newline; without a torn last one."""
    rest = b""
    for piece in files.pieces(path, BLOCK, LARGEST, start=header.end):
        cut = piece.rfind(b"\n") + 1
        if cut:
            whole = piece if cut == len(piece) else piece[:cut]
            yield rest + whole if rest else whole
            rest = piece[cut:]
        elif len(rest) < _LONGEST_LINE:
            rest += piece


def is_plain(block: bytes, width: int) -> bool:
    """Whether every row has `width` cells and nothing stands in them that no number is written with."""
    size = 1 << 18  # what fits a cache: 1.5 times as fast as the whole block at once
    parts = [block[at : at + size].translate(None, _PLAIN) for at in range(0, len(block), size)]
    separators = b"".join(parts)
    return separators == (b"," * (width - 1) + b"\n") * (len(separators) // width)


def columns(block: bytes, width: int, wanted: list[int]) -> list[Column]:
    """The points of the columns `wanted` (counted from 2, after step and time) of a block."""
    if is_plain(block, width):
        try:
            flat = _decode(b"[" + block[:-1].replace(b"\n", b",") + b"]")
        except msgspec.DecodeError:
            pass  # nan, inf, an empty cell, or a number as JSON does not write it
        else:
            steps, times = flat[0::width], flat[1::width]
            found = [Column(steps, times, flat[index::width]) for index in wanted]
            if all(map(_is_sound, (steps, times, *[column.values for column in found]))):
                return found
    return _careful(block, width, wanted)


def number(cell: bytes) -> Number | None:
    """What a cell says; None where that is no number. An integer beyond 64 bits is a float."""
    try:
        whole = int(cell)
        if -_BIG <= whole < _BIG:
            return whole
    except ValueError:
        pass
    try:
        return float(cell)
    except ValueError:
        return None


def _is_sound(values: list[Number]) -> bool:
    return not values or (min(values) >= -_BIG and max(values) < _BIG) or all(map(_is_ours, values))


def _is_ours(value: Number) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _careful(block: bytes, width: int, wanted: list[int]) -> list[Column]:
    found = [Column([], [], []) for _ in wanted]
    for line in block.split(b"\n"):
        cells = line.split(b",")
        if len(cells) != width:
            continue
        step, time = number(cells[0]), number(cells[1])
        if step is None or time is None or not (math.isfinite(step) and math.isfinite(time)):
            continue
        for index, column in zip(wanted, found, strict=True):
            value = number(cells[index])
            if value is not None:
                column.steps.append(step)
                column.times.append(time)
                column.values.append(value)
    return found


def _first_record(start: bytes) -> int:
    """Offset behind the first line that is not inside quotes; 0 where it has not ended yet."""
    end = 0
    while True:
        end = start.find(b"\n", end) + 1
        if not end or start.count(b'"', 0, end) % 2 == 0:
            return end


def _header(line: bytes, end: int) -> Header | None:
    text = line.decode("utf-8-sig", "replace")
    try:
        names = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:  # a cell beyond csv's limit of 128 KiB
        return None
    if names[:2] != ["step", "time"]:
        return None
    return Header(names[2:], end)
