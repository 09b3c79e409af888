"""What the index remembers of itself: how `runs/` looked at the last listing, and what it keeps."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from typing import NamedTuple

from jupyter_labbook.store import layout
from jupyter_labbook.store.folders import TICK
from jupyter_labbook.store.store import Store


class Listing(NamedTuple):
    """`runs/` when it was listed: its inode, its two times, and the time of the look, in nanoseconds."""

    inode: int
    modified: int
    changed: int
    looked: int

    @property
    def doubtful(self) -> bool:
        """Whether something may have changed since that bears the same time."""
        return any(abs(self.looked - time) <= TICK for time in (self.modified, self.changed))

    def is_as(self, other: Listing) -> bool:
        return self[:3] == other[:3]


class Count(NamedTuple):
    """How many runs the index has: all of them, and those that are not archived."""

    all: int
    listed: int


def listing_now(store: Store) -> Listing:
    """To be asked before the names are read."""
    looked = time.time_ns()
    try:
        status = os.stat(layout.runs_folder(store.path))
    except OSError:
        return Listing(0, 0, 0, looked)
    return Listing(status.st_ino, status.st_mtime_ns, status.st_ctime_ns, looked)


def last_listing(connection: sqlite3.Connection) -> Listing:
    numbers = str(_get(connection, "listing") or "-1 -1 -1 -1").split()
    return Listing(*map(int, numbers))


def keep_listing(connection: sqlite3.Connection, listing: Listing) -> None:
    _set(connection, "listing", " ".join(map(str, listing)))


def parts(connection: sqlite3.Connection) -> frozenset[str]:
    """What is kept of each metric, besides its last value."""
    return frozenset(str(_get(connection, "parts") or "").split())


def keep_parts(connection: sqlite3.Connection, wanted: Iterable[str]) -> None:
    _set(connection, "parts", " ".join(sorted(wanted)))


def counted(connection: sqlite3.Connection) -> Count:
    """How many runs there are, without counting them."""
    return Count(*map(int, str(_get(connection, "count") or "0 0").split()))


def count(connection: sqlite3.Connection) -> None:
    """Count the runs: once a change, and not once a question."""
    counts = [
        str(number)
        for where in ("1", "archived = 0")
        for (number,) in connection.execute(f"SELECT count(*) FROM runs WHERE {where}")
    ]
    _set(connection, "count", " ".join(counts))


def _get(connection: sqlite3.Connection, name: str) -> object:
    for (value,) in connection.execute("SELECT value FROM state WHERE name = ?", (name,)):
        return value
    return None


def _set(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))
