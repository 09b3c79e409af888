"""What the index reads of run folders, and the mark by which it knows that one has changed since.

A **mark** is made of the folder's times (they change when an annotation, a note or a new
`run.json` comes into it), and of the times, size and inode of `run.json` (they change when it is
edited in place). For a run that is being written, or was when its writer was lost, the times and
sizes of its tables belong to it too. It is taken before anything is read, so what changes
meanwhile is read again next time.

File times are coarse, up to two seconds, so a change within the same tick as the look before it
would not show. A folder that changed so lately gets the mark `UNKNOWN`, which equals no mark.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from stat import S_ISDIR, S_ISREG
from typing import Final

import msgspec

from jupyter_labbook.errors import RunDamaged, RunNotFound, StoreError
from jupyter_labbook.run import Record
from jupyter_labbook.store import files, layout
from jupyter_labbook.store.brief import Brief, brief, decode
from jupyter_labbook.store.liveness import derive_status
from jupyter_labbook.store.runs import read_record
from jupyter_labbook.store.store import Store

UNKNOWN: Final = 0

WRITTEN: Final = ("running", "lost")
"""Statuses of a run whose tables say more than its record."""

TICK: Final = 2_100_000_000
"""Nanoseconds within which two changes may bear the same time: FAT counts in two seconds."""

_QUIET: Final = 3600 * 1_000_000_000
"""A lost run that nobody touched for so long is not asked each time whether it came back."""

_BY_FOLDER: Final = os.open in os.supports_dir_fd and os.stat in os.supports_dir_fd
_FLAGS: Final[int] = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_FOLDER: Final[int] = _FLAGS | getattr(os, "O_DIRECTORY", 0)  # a pipe in its place must not be waited on
_MOST_AT_ONCE: Final = 1 << 20
_decode_record = msgspec.json.Decoder(Record).decode


class Seen(msgspec.Struct, frozen=True):
    """What a look at a folder found. `brief` is None where the record cannot be read."""

    brief: Brief | None
    mark: int
    settled: bool


class Folders:
    """The run folders of a store, looked at through one descriptor of `runs/` where the system can."""

    def __init__(self, store: Store, descriptor: int | None) -> None:
        self._store = store
        self._descriptor = descriptor
        self._runs = os.path.join(store.path, layout.RUNS, "")
        self._prefix = "" if descriptor is not None else self._runs

    def mark(self, id: str, status: str | None) -> int | None:
        """The mark of a run's folder now; None where there is none."""
        now = time.time_ns()
        try:
            folder = os.stat(self._prefix + id, dir_fd=self._descriptor, follow_symlinks=False)
        except OSError:
            return None
        if not S_ISDIR(folder.st_mode):
            return None
        path = f"{self._prefix}{id}/{layout.RECORD}"
        try:
            file = os.stat(path, dir_fd=self._descriptor, follow_symlinks=False)
        except OSError:
            file = None
        mark = _mark(now, folder, file)
        return self._mark_tables(now, id, mark)[0] if status in WRITTEN else mark

    def read(self, id: str) -> Seen | None:
        """A run as the index keeps it; None where there is none."""
        now = time.time_ns()
        prefix, descriptor = self._prefix, self._descriptor
        try:
            folder = os.stat(prefix + id, dir_fd=descriptor, follow_symlinks=False)
            if not S_ISDIR(folder.st_mode):
                return None
        except OSError:
            return None
        try:
            opened = os.open(f"{prefix}{id}/{layout.RECORD}", _FLAGS, dir_fd=descriptor)
        except OSError:
            return Seen(None, _mark(now, folder, None), False)
        file, data = None, b""
        try:
            file = os.fstat(opened)
            if file.st_size < _MOST_AT_ONCE and S_ISREG(file.st_mode):
                data = os.read(opened, file.st_size + 1)
        except OSError:
            pass
        finally:
            os.close(opened)
        mark = _mark(now, folder, file)
        try:
            if not layout.has_annotations(os.listdir(self._runs + id)):
                found = decode(data)
                if found.status not in WRITTEN and found.id == id and found.format == layout.FORMAT:
                    return Seen(found, mark, mark != UNKNOWN)
        except (OSError, msgspec.MsgspecError, RecursionError, ValueError):
            pass
        return self._read_thoroughly(now, id, mark)

    def status(self, id: str) -> str | None:
        """The status of a run that says it is running, derived anew; None where it cannot be read."""
        folder = self._runs + id
        data = files.read(os.path.join(folder, layout.RECORD))
        try:
            record = None if data is None else _decode_record(data)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return None
        return derive_status(record, folder) if record else None

    def _read_thoroughly(self, now: int, id: str, mark: int) -> Seen | None:
        """A run that is not simply what its record says: annotated, being written, damaged, of another format."""
        with_tables, latest = self._mark_tables(now, id, mark)
        try:
            record = read_record(self._store, id)
        except RunNotFound:
            return None
        except RunDamaged:
            return Seen(None, mark, False)
        if record.status not in WRITTEN:
            return Seen(brief(record), mark, mark != UNKNOWN)
        over = record.status == "lost" and now - latest > _QUIET
        return Seen(brief(record), with_tables, over and with_tables != UNKNOWN)

    def _mark_tables(self, now: int, id: str, mark: int) -> tuple[int, int]:
        """The mark with the tables of the run in it, and the latest time of any of them."""
        folder = self._runs + id
        found: list[tuple[str, int, int]] = []
        try:
            for name in sorted(os.listdir(folder)):
                if name in (layout.RECORD, layout.SYSTEM) or layout.is_metrics_table(name):
                    table = os.lstat(os.path.join(folder, name))
                    found.append((name, table.st_mtime_ns, table.st_size))
        except OSError:
            return UNKNOWN, now
        times = tuple(changed for _, changed, _ in found)
        if mark == UNKNOWN or _is_late(now, times):
            return UNKNOWN, now
        sizes = tuple(size for _, _, size in found)
        return hash((mark, times, sizes)), max(times, default=0)


def _mark(now: int, folder: os.stat_result, file: os.stat_result | None) -> int:
    """The mark of a folder and its record, as they were at `now` or later."""
    if file is None:
        times: tuple[int, ...] = folder.st_mtime_ns, folder.st_ctime_ns
        mark = hash(times)
    else:
        times = folder.st_mtime_ns, folder.st_ctime_ns, file.st_mtime_ns, file.st_ctime_ns
        mark = hash((times, file.st_size, file.st_ino))
    return UNKNOWN if max(times) > now - TICK and _is_late(now, times) else mark


def _is_late(now: int, times: tuple[int, ...]) -> bool:
    """Whether one of the times is now, as far as clocks tell; also seen from a clock set back."""
    return any(abs(now - changed) <= TICK for changed in times)


@contextmanager
def opened(store: Store) -> Iterator[Folders]:
    """The run folders of `store`, for as long as the context lasts."""
    descriptor = None
    if _BY_FOLDER:
        try:
            descriptor = os.open(layout.runs_folder(store.path), _FOLDER)
        except OSError:
            pass  # then every look finds nothing, by its whole path
    try:
        yield Folders(store, descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def listing(store: Store) -> list[str]:
    """The names of `runs/` that are ids, unsorted; StoreError where it cannot be read.

    What is a link, or no folder, shows when it is looked at.
    """
    folder = layout.runs_folder(store.path)
    if os.path.islink(folder):
        return []
    try:
        return [name for name in os.listdir(folder) if layout.is_run_id(name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:  # an empty answer would make the index forget everything
        raise StoreError(f"{folder} cannot be listed: {error.strerror or error}") from error
