"""Takes out of a metrics table what no reader can read, and keeps it beside the table.

**Invariant**: what is taken out is in the side file, and on the disk, before the table changes;
every row that could be read can be read afterwards. A table keeps its time of change: by that,
readers know that a run is lost.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from jupyter_labbook.store import files, layout, soundness
from jupyter_labbook.store.soundness import Broken

MOST: Final = 256 << 20
"""Bytes that are moved aside; what is damaged beyond that is left to a person."""


def mend_table(path: str) -> str | None:
    """Mend the table at `path` and say what was done; None where nothing was. Raises OSError."""
    opened = files.open_regular(path)
    if opened is None:
        return None
    source, size = opened
    status = os.fstat(source)
    try:
        broken = soundness.look(path).broken
        taken = sum(piece.end - piece.start for piece in broken)
        if not broken or taken > MOST or broken[-1].end > size:
            return None
        _keep(path, source, broken)
        if broken[0].torn:
            _cut(path, size, broken[0].start)
        else:
            _rewrite(path, source, size, broken)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    finally:
        os.close(source)
    name = os.path.basename(path)
    return f"{taken} bytes that cannot be read were moved from {name} to {layout.torn_file(name)}"


def _keep(path: str, source: int, broken: list[Broken]) -> None:
    """Append the broken stretches to the side file, each behind a line that says where it was."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):  # no link, no pipe that nobody reads
        flags |= getattr(os, name, 0)
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    side = os.open(layout.torn_file(path), flags, 0o644)
    try:
        for piece in broken:
            files.append(side, f"# {piece.end - piece.start} bytes from byte {piece.start}, {now}\n".encode())
            for data in _bytes(source, piece.start, piece.end):
                files.append(side, data)
            files.append(side, b"\n")
        os.fsync(side)
    finally:
        os.close(side)


def _cut(path: str, size: int, end: int) -> None:
    table = os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    try:
        if os.fstat(table).st_size == size:  # nobody has written since
            os.ftruncate(table, end)
            os.fsync(table)
    finally:
        os.close(table)


def _rewrite(path: str, source: int, size: int, broken: list[Broken]) -> None:
    temporary = files.temporary_name(os.path.dirname(path))
    table = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
    try:
        try:
            at = 0
            for piece in (*broken, Broken(size, size)):
                for data in _bytes(source, at, piece.start):
                    files.append(table, data)
                files.append(table, piece.instead)
                at = piece.end
            os.fsync(table)
        finally:
            os.close(table)
        if os.fstat(source).st_size != size:
            raise OSError(f"{path} is being written to")
        os.replace(temporary, path)
    except BaseException:
        files.discard(temporary)
        raise


def _bytes(source: int, start: int, end: int) -> Iterator[bytes]:
    os.lseek(source, start, os.SEEK_SET)
    while start < end:
        data = os.read(source, min(end - start, 1 << 20))
        if not data:
            return
        start += len(data)
        yield data
