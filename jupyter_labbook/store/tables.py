"""The writing side of a run's metrics: one append-only CSV table for each set of names logged together.

**Acknowledged** means that `append` returned with the line passed to the kernel whole. While
the disk refuses (full, failing), lines wait in memory, up to a limit, and go out in order as
soon as it takes them again; a line is never left torn in the middle of a file, because the
size up to which a table is good is known and the rest is cut off before the next write.

**One writer a file**: a table's name is claimed with O_EXCL, so a process forked in the middle
of a run gets tables of its own, which readers merge.
"""

from __future__ import annotations

import csv
import errno
import io
import os
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from jupyter_labbook.run import Number, Summary
from jupyter_labbook.store import layout
from jupyter_labbook.store.tally import Tally, summary_of

FOLD_EVERY: Final = 1024
"""Points kept before they are folded into the summary: memory stays flat, folding stays cheap."""

OPEN_TABLES: Final = 24
"""File descriptors a run keeps open; a table beyond is reopened when it is written to."""

LONGEST_NAME: Final = 200

BACKLOG: Final = 4 << 20
"""Bytes that wait in memory for a disk that refuses them."""

_encode = msgspec.json.Encoder().encode
_write = os.write
_GONE: Final = -1

_forks = 0
"""How often this process has forked: only a fork of it can write tables into a run of its own."""


def _count_fork() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_parent=_count_fork)


class Table:
    """One file: `step,time,<names>`."""

    __slots__ = (
        "backlog",
        "cut",
        "fd",
        "folder",
        "names",
        "next_step",
        "only",
        "path",
        "pending",
        "size",
        "synced",
        "tallies",
        "waiting",
    )

    def __init__(self, folder: str, names: tuple[str, ...], only: str | None) -> None:
        self.folder = folder
        self.names = names
        self.only = only
        self.path: str | None = None
        self.fd = -1
        self.size = 0
        self.synced = 0
        self.cut = False
        self.next_step: Number = 0
        self.pending: list[tuple[Number, ...]] = []
        self.tallies = [Tally() for _ in names]
        self.backlog: deque[bytes] = deque()
        self.waiting = 0

    def open(self) -> None:
        """Claim a file name nobody has (first time), or open the claimed file again. Raises OSError."""
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        if self.path is not None:
            self.fd = os.open(self.path, flags)
            return
        number = 1
        while True:
            path = f"{self.folder}/{self.only or layout.metrics_table(number)}"
            try:
                self.fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o644)
                break
            except FileExistsError:
                if self.only is not None:
                    raise
                number += 1
        self.path = path
        self.backlog.appendleft(self.header())
        self.waiting += len(self.backlog[0])

    def header(self) -> bytes:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(("step", "time", *self.names))
        return line.getvalue().encode("utf-8", "replace")

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def write(self, line: bytes) -> None:
        """Append one whole line, after whatever still waits. Raises OSError, and nothing is torn."""
        if self.cut:
            os.ftruncate(self.fd, self.size)
            self.cut = False
        written = _write(self.fd, line)
        if written != len(line):
            written = self._rest(line, written)
        self.size += written

    def _rest(self, line: bytes, written: int) -> int:
        self.cut = True
        while written < len(line):
            taken = _write(self.fd, line[written:])
            if not taken:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written += taken
        self.cut = False
        return written

    def fold(self) -> None:
        """Move the kept points into the tallies."""
        if not self.pending:
            return
        steps, times, *columns = zip(*self.pending, strict=True)
        self.pending.clear()
        for tally, column in zip(self.tallies, columns, strict=True):
            tally.add(steps, times, column)


class MetricTables:
    """All tables that this process writes for one run; with `only`, the one table of that file name.

    `failure` is the last OSError while lines wait in memory, else None; `dropped` counts the
    points that found no room there.
    """

    def __init__(self, folder: str | Path, only: str | None = None) -> None:
        self.folder = str(folder)
        self.only = only
        self.failure: OSError | None = None
        self.dropped = 0
        self._forks = _forks
        self._lock = threading.Lock()
        self._by_names: dict[tuple[str, ...], tuple[Table, tuple[int, ...] | None]] = {}
        self._by_set: dict[frozenset[str], Table] = {}
        self._open: list[Table] = []

    def append(self, values: Mapping[str, Number], step: Number | None, time: float) -> None:
        """Log values that belong together, `time` seconds after the start.

        Values are plain float, or plain int within 64 bits (OverflowError beyond, ValueError for
        a name that is empty, long or not printable; nothing is written then). A disk that refuses
        raises nothing: the line waits, see `failure`.
        """
        names = tuple(values)
        with self._lock:
            found = self._by_names.get(names)
            if found is None:
                found = self._table(names)
            table, order = found
            if step is None:
                step = table.next_step
            table.next_step = step + 1
            if order is None:
                point = (step, time, *values.values())
            else:
                column = tuple(values.values())
                point = (step, time, *[column[index] for index in order])
            line = _encode(point)
            line = line[1:-1] + b"\n" if b"n" not in line else _special(point)
            if table.fd >= 0 and not table.backlog:
                try:
                    table.write(line)
                except OSError as error:
                    self._wait(table, line, error)
            else:
                self._wait(table, line, None)
                self._drain(table)
            pending = table.pending
            pending.append(point)
            if len(pending) >= FOLD_EVERY:
                table.fold()

    def retry(self) -> None:
        """Try again what the disk refused."""
        with self._lock:
            for table in self._by_set.values():
                if table.backlog:
                    self._drain(table)

    def sync(self) -> None:
        """Wait until everything written so far is on the disk (fdatasync). Raises OSError."""
        self.retry()
        with self._lock:
            unsynced = [table for table in self._by_set.values() if table.fd >= 0 and table.synced != table.size]
            sizes = [table.size for table in unsynced]
            copies = [os.dup(table.fd) for table in unsynced]
        # Outside the lock: a slow disk must not make log() wait.
        try:
            for copy in copies:
                getattr(os, "fdatasync", os.fsync)(copy)
        finally:
            for copy in copies:
                os.close(copy)
        for table, size in zip(unsynced, sizes, strict=True):
            table.synced = size

    def summaries(self) -> dict[str, Summary] | None:
        """Summary of each metric; None where the files know better than this process.

        That is so after a process forked off and logged, and after a write that an interrupt
        cut short; the tables have to be read then.
        """
        with self._lock:
            tallies: dict[str, list[Tally]] = {}
            mine = set()
            for table in self._by_set.values():
                table.fold()
                if table.path is not None:
                    mine.add(table.path)
                    if not table.backlog and _size(table.path) not in (table.size, _GONE):
                        return None
                for name, tally in zip(table.names, table.tallies, strict=True):
                    tallies.setdefault(name, []).append(tally)
        for entry in self._files() if self.only is None and self._forks != _forks else ():
            if layout.is_metrics_table(entry) and f"{self.folder}/{entry}" not in mine:
                return None
        return {name: summary_of(some) for name, some in tallies.items() if any(tally.count for tally in some)}

    def _files(self) -> list[str]:
        try:
            return os.listdir(self.folder)
        except OSError:  # not made yet, or taken away: what was logged is known here all the same
            return []

    @property
    def names(self) -> set[str]:
        return {name for table in self._by_set.values() for name in table.names}

    @property
    def waiting(self) -> int:
        """Bytes that the disk has not taken yet."""
        return sum(table.waiting for table in self._by_set.values())

    def close(self) -> None:
        with self._lock:
            for table in self._open:
                table.close()
            self._open.clear()

    def forked(self) -> None:
        """Called in a forked child: from here on it writes tables of its own."""
        self._lock = threading.Lock()
        for table in self._open:
            table.close()
        self._open = []
        self._by_names = {}
        self._by_set = {}

    def _table(self, names: tuple[str, ...]) -> tuple[Table, tuple[int, ...] | None]:
        table = self._by_set.get(frozenset(names))
        order = None
        if table is None:
            if not all(map(_is_name, names)):
                raise ValueError(f"metric names must be printable text of at most {LONGEST_NAME} characters")
            table = Table(self.folder, names, self.only)
            self._by_set[frozenset(names)] = table
        elif table.names != names:
            order = tuple(names.index(name) for name in table.names)
        self._by_names[names] = table, order
        return table, order

    def _wait(self, table: Table, line: bytes, error: OSError | None) -> None:
        """Keep a line for later. A table whose write failed may hold half a line: it is cut off first."""
        if error is not None:
            table.cut = True
            self.failure = error
        if self.waiting + len(line) > BACKLOG:
            self.dropped += 1
            return
        table.backlog.append(line)
        table.waiting += len(line)

    def _drain(self, table: Table) -> None:
        try:
            if table.fd < 0:
                self._make_room()
                table.open()
                self._open.append(table)
            while table.backlog:
                table.write(table.backlog[0])
                table.waiting -= len(table.backlog.popleft())
        except OSError as error:
            table.cut = table.fd >= 0
            self.failure = error
        else:
            self.failure = None

    def _make_room(self) -> None:
        if len(self._open) >= OPEN_TABLES:
            self._open.pop(0).close()


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isprintable()


def _special(point: tuple[Number, ...]) -> bytes:
    """A line with NaN or infinities in it, which JSON cannot write."""
    return ",".join([repr(value) for value in point]).encode() + b"\n"


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return _GONE
