"""Which bytes of a metrics table are no sound rows: what `check` names and `repair` cuts out.

**Invariant**: a row that readers read is sound, and a cell that they read stays in what is put in
the place of a broken row; so cutting what is named here takes no point away.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from jupyter_labbook.store import files, rows

LONGEST: Final = 64 << 20
"""Bytes of a line that is looked into; no header that is read gives longer ones."""

_NUMBER: Final = rb"-?\d++(?:\.\d++)?(?:[eE][+-]?\d{1,2}+)?"


class Broken(NamedTuple):
    """A stretch of a table that holds no sound row, and what can stand in its place."""

    start: int
    end: int
    instead: bytes = b""
    zeros: bool = False
    torn: bool = False
    """It is the last line, and has no end."""


class Soundness(NamedTuple):
    """What a look at a table comes to. Without a `header`, nothing else is known of its rows."""

    header: rows.Header | None
    broken: list[Broken]
    empty: bool = False


def look(path: Path | str) -> Soundness:
    """Look at every byte of a table. Raises nothing; what cannot be read counts as empty."""
    header = rows.read_header(path)
    if header is None:
        start = b"".join(files.pieces(path, 1 << 16, 1 << 16))
        if b"\n" in start:
            return Soundness(None, [])
        size = sum(map(len, files.pieces(path, 1 << 20, LONGEST + 1)))
        if size > LONGEST:
            return Soundness(None, [])
        torn = [Broken(0, size, zeros=b"\0" in start, torn=True)] if size else []
        return Soundness(None, torn, empty=not size)
    return Soundness(header, _merged(_broken(path, header)))


def _broken(path: Path | str, header: rows.Header) -> Iterator[Broken]:
    sound = _sound_rows(header.width)
    rest, begin, overlong = b"", header.end, False
    for piece in files.pieces(path, rows.BLOCK, rows.LARGEST, start=header.end):
        offset = begin + len(rest)
        cut = piece.rfind(b"\n") + 1
        if overlong:  # the line that is being passed over ends here, or goes on
            end = piece.find(b"\n") + 1
            overlong = not end
            begin = offset + (end or len(piece))
            yield Broken(offset, begin, zeros=b"\0" in piece)
            piece = piece[end:] if end else b""
            cut = piece.rfind(b"\n") + 1
        block = rest + piece[:cut] if cut else b""
        rest = piece[cut:] if cut else rest + piece
        if block:
            yield from _in_block(block, begin, header.width, sound)
            begin += len(block)
        if len(rest) > LONGEST:
            yield Broken(begin, begin + len(rest), zeros=b"\0" in rest)
            begin, rest, overlong = begin + len(rest), b"", True
    if rest:
        yield Broken(begin, begin + len(rest), zeros=b"\0" in rest, torn=True)


def _in_block(block: bytes, begin: int, width: int, sound: re.Pattern[bytes]) -> Iterator[Broken]:
    at = 0
    while True:
        found = sound.match(block, at)
        at = found.end() if found else at
        if at >= len(block):
            return
        end = block.index(b"\n", at) + 1
        instead = _mended(block[at : end - 1], width)
        if instead is not None:
            yield Broken(begin + at, begin + end, instead, b"\0" in block[at:end])
        at = end


def _mended(line: bytes, width: int) -> bytes | None:
    """What can stand for a line: itself (None), itself without the cells that are no number, or nothing."""
    cells = line.split(b",")
    if len(cells) != width:
        return b""
    place = [rows.number(cell) for cell in cells[:2]]
    if any(number is None or not math.isfinite(number) for number in place):
        return b""
    kept = [cell if not cell or rows.number(cell) is not None else b"" for cell in cells]
    if kept == cells:
        return None
    return b",".join(kept) + b"\n" if any(kept[2:]) else b""


def _merged(broken: Iterator[Broken]) -> list[Broken]:
    """Stretches that touch each other as one, so that a table of noise is not a million of them."""
    merged: list[Broken] = []
    for piece in broken:
        last = merged[-1] if merged else None
        touching = last is not None and last.end == piece.start and last.torn == piece.torn
        if last is not None and touching and not last.instead and not piece.instead:
            merged[-1] = last._replace(end=piece.end, zeros=last.zeros or piece.zeros)
        else:
            merged.append(piece)
    return merged


@lru_cache(maxsize=32)
def _sound_rows(width: int) -> re.Pattern[bytes]:
    """As many rows as are written the way we write them: 2 million a second, a loop does half of that."""
    row = rb"%s,%s(?:,(?:%s|-?inf|nan)?){%d}\n" % (_NUMBER, _NUMBER, _NUMBER, max(width - 2, 0))
    return re.compile(rb"(?:" + row + rb")*+")
