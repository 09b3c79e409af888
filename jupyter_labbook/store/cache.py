"""The index's file: where it lies, opening it, making a new one.

It lies outside the store, for this user only, in a folder named for the store's path and this
host. **Invariant**: a build makes a file of a new name, so nobody ever sees half an index, and
the journal of a process that still has a deleted one open is never taken for that of the next.

The journal is SQLite's old one and not a WAL: that maps a file into memory, and a process dies
of SIGBUS where somebody cuts such a file short. The index may be deleted or damaged by anybody
at any time, and a kernel must not die of it.
"""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from stat import S_ISDIR
from typing import Final

from jupyter_labbook.store import layout
from jupyter_labbook.store.columns import SCHEMA
from jupyter_labbook.store.liveness import host
from jupyter_labbook.store.store import Store

VERSION: Final = 1000 * layout.FORMAT + 1
"""To be raised with every change to the tables or to what is in them."""

APPLICATION: Final = 0x4C414242

WAIT: Final = 2.0
"""Seconds to wait for a lock that another process has."""

_STALE: Final = 3600.0
_UNUSED: Final = 30 * 86400.0
"""Seconds after which an index of another version counts as nobody's."""

_PASSING: Final = {
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR),
    *(sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_NOMEM),
    *(sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_INTERRUPT),
}


class NotOurs(sqlite3.DatabaseError):
    """A database, and not an index of this version."""


def folder(store: Store) -> Path | None:
    """The folder for the index of `store`, made where it is missing; None where it cannot be had."""
    base = os.environ.get("LABBOOK_CACHE")
    if not base:
        from platformdirs import user_cache_dir  # only where nobody named a place

        base = user_cache_dir("jupyter_labbook", appauthor=False)
    path = Path(base, _key(store)).absolute()
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        status = os.lstat(path)
        if not S_ISDIR(status.st_mode) or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
            return None
        if status.st_mode & 0o077:
            os.chmod(path, 0o700)
    except (OSError, ValueError):
        return None
    return path


def newest(folder: Path) -> Path | None:
    """The index to use; None where there is none."""
    try:
        names = [name for name in os.listdir(folder) if _is_index(name)]
    except OSError:
        return None
    return folder / max(names) if names else None


def connect(path: Path) -> sqlite3.Connection:
    """An index that exists. sqlite3.Error where it is damaged, NotOurs where it is something else or gone."""
    connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = OFF")  # a cache: after a power cut it is rebuilt
        connection.execute("PRAGMA cache_spill = OFF")  # readers are kept out only while it commits
        connection.execute("PRAGMA temp_store = MEMORY")
        ((application,),) = connection.execute("PRAGMA application_id")
        ((version,),) = connection.execute("PRAGMA user_version")
        if (application, version) != (APPLICATION, VERSION):
            raise NotOurs(f"{path} is no index of version {VERSION}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def new(folder: Path) -> Iterator[sqlite3.Connection]:
    """An empty index, in use when the context is left without an error; the ones before are removed."""
    letters = os.urandom(6).hex()
    temporary = folder / f".new-{letters}"
    try:
        with closing(sqlite3.connect(temporary, timeout=WAIT, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            set_up(connection)
            yield connection
        before = [name for name in os.listdir(folder) if _is_index(name)]
        os.rename(temporary, folder / f"index-{VERSION}-{time.time_ns():020d}-{letters}.sqlite")
    finally:
        temporary.unlink(missing_ok=True)
    for name in before:
        discard(folder / name)
    _sweep(folder)


def set_up(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty index."""
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    for statement in SCHEMA:
        connection.execute(statement)


def discard(path: Path) -> None:
    """Remove an index; whoever has it open goes on with it and finds the next one at the next use."""
    for file in (path, Path(f"{path}-journal")):
        try:
            file.unlink(missing_ok=True)
        except OSError:  # Windows, while somebody has it open
            pass


def is_passing(error: Exception) -> bool:
    """Whether the error says that the file cannot be had just now, and not that it is damaged."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _PASSING


def _key(store: Store) -> str:
    """A name for the store's path on this host; two stores that share one are only slower."""
    text = f"{host()}\0{os.path.realpath(store.path)}".encode("utf-8", "surrogateescape")
    # hashlib takes longer to load than all of this takes
    return f"{zlib.crc32(text):08x}{zlib.crc32(text[::-1]):08x}{len(text):04x}"


def _is_index(name: str) -> bool:
    return name.startswith(f"index-{VERSION}-") and name.endswith(".sqlite")


def _sweep(folder: Path) -> None:
    """Remove what builds that were killed have left, and other versions that are not used any more."""
    for name in os.listdir(folder):
        age = _STALE if name.startswith(".new-") else _UNUSED
        try:
            if not _is_index(name) and os.lstat(folder / name).st_mtime < time.time() - age:
                os.unlink(folder / name)
        except OSError:
            continue
