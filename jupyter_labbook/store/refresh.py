"""Bringing the index up to date with the files: what changed is read again, and nothing else.

What is looked at, each time the index is used:

1. `runs/` itself. Where its time and inode are as at the last listing there is nothing to list;
   else the names are compared. A listing that was made within a tick of a change is made again.
2. Rows that are not settled: runs that are being written, ones that changed within the last tick,
   ones whose writer fell silent lately. Their marks (`folders.py`) are compared, and the status is
   derived anew. A writer known to be gone for an hour is not asked after any more.
3. Settled rows: all of them where there are few. Among more than `ALL`, the newest `NEWEST` and
   a slice that moves on with every use, so that a look costs no more with 100,000 runs than with
   1,000. A change to an older run by a verb of ours shows at once all the same: the verb calls
   `index.changed`. `full=True` compares every row.

Everything is read before the lock for writing is taken, and the lock is taken only if something
changed. Where somebody else wrote meanwhile the look is repeated, the third time under the lock.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from jupyter_labbook.store import folders
from jupyter_labbook.store.columns import OPEN, Columns
from jupyter_labbook.store.folders import UNKNOWN, WRITTEN, Folders, Seen
from jupyter_labbook.store.index_state import (
    Listing,
    count,
    counted,
    keep_listing,
    last_listing,
    listing_now,
    parts,
)
from jupyter_labbook.store.row_writer import RowWriter
from jupyter_labbook.store.store import Store

ALL: Final = 1_000
NEWEST: Final = 300
SLICE: Final = 300

MANY: Final = 8_000
"""So many changed runs are read faster into a new index."""

_ATTEMPTS: Final = 3
_slices: dict[str, int] = {}
"""Where the next slice begins, by store; at first anywhere, since most processes look only once."""

_COLUMNS: Final = "id, mark, status, settled"
_Row = tuple[str, int, str | None, int]


class Rebuild(Exception):  # a request, not a fault
    """The index is to be made anew, with these parts of each metric."""

    def __init__(self, parts: Iterable[str]) -> None:
        super().__init__("the index is to be made anew")
        self.parts = frozenset(parts)


class Changes(NamedTuple):
    """What a look found. `listing` is None where the one before still stands."""

    seen: dict[str, Seen]
    gone: set[str]
    listing: Listing | None

    def __bool__(self) -> bool:
        return bool(self.seen or self.gone or self.listing)


def refresh(connection: sqlite3.Connection, store: Store, *, full: bool = False) -> None:
    """Make the index say what the files say. Rebuild where too much changed to do that here."""
    for attempt in range(_ATTEMPTS):
        last = attempt == _ATTEMPTS - 1
        try:
            if last:
                connection.execute("BEGIN IMMEDIATE")
            version = _version(connection)
            changes = look(connection, store, full)
            if not changes:
                return
            if not last:
                connection.execute("BEGIN IMMEDIATE")
            if _version(connection) == version:
                write(connection, changes)
                return
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def look(connection: sqlite3.Connection, store: Store, full: bool = False) -> Changes:
    """Compare the files with the index, and read what differs."""
    before, now = last_listing(connection), listing_now(store)
    full = full or now.inode != before.inode  # another folder stands in the place of the old one
    changed: list[str] = []
    gone: set[str] = set()
    if full or before.doubtful or not now.is_as(before):
        listed = set(folders.listing(store))
        indexed = {id for (id,) in connection.execute("SELECT id FROM runs UNION ALL SELECT id FROM unreadable")}
        changed, gone = sorted(listed - indexed), indexed - listed
    known = {row[0]: row for row in _to_verify(connection, store, full)}
    seen: dict[str, Seen] = {}
    with folders.opened(store) as run_folders:
        changed += [id for id, row in known.items() if id not in gone and _has_changed(run_folders, row)]
        if len(changed) > MANY:
            raise Rebuild(parts(connection))
        for id in changed:
            found = run_folders.read(id)
            if found is not None:
                seen[id] = found
            elif id in known:
                gone.add(id)
    news = not now.is_as(before) or (before.doubtful and not now.doubtful)
    return Changes(seen, gone, now if news else None)


def write(connection: sqlite3.Connection, changes: Changes) -> None:
    """Put what was found into the index, and end the transaction that the caller began."""
    touched = [(id,) for id in (*changes.seen, *changes.gone)]
    connection.executemany("DELETE FROM unreadable WHERE id = ?", touched)
    unread = [id for id, found in changes.seen.items() if found.brief is None]
    connection.executemany("DELETE FROM runs WHERE id = ?", [(id,) for id in (*unread, *changes.gone)])
    writer = RowWriter(connection, Columns(connection), parts(connection))
    for id, found in changes.seen.items():
        writer.put(id, found)
    writer.flush()
    if changes.listing is not None:
        keep_listing(connection, changes.listing)
    count(connection)
    connection.execute("COMMIT")


def _has_changed(run_folders: Folders, row: _Row) -> bool:
    id, mark, status, settled = row
    now = run_folders.mark(id, status)
    if now != mark or mark == UNKNOWN:
        return True
    return status in WRITTEN and not settled and run_folders.status(id) != status


def _to_verify(connection: sqlite3.Connection, store: Store, full: bool) -> Iterator[_Row]:
    """The runs whose folders are to be looked at."""
    yield from connection.execute("SELECT id, mark, NULL, 0 FROM unreadable")
    rows = f"SELECT {_COLUMNS} FROM runs"
    if full or counted(connection).all <= ALL:
        yield from connection.execute(rows)
        return
    yield from connection.execute(f"{rows} WHERE {OPEN}")
    yield from connection.execute(f"{rows} WHERE archived = 0 ORDER BY started DESC, id DESC LIMIT ?", (NEWEST,))
    key = str(store.path)
    if key not in _slices:
        ((last,),) = connection.execute("SELECT max(rowid) FROM runs")
        _slices[key] = int.from_bytes(os.urandom(4)) % last
    in_turn = f"SELECT {_COLUMNS}, rowid FROM runs WHERE rowid > ? ORDER BY rowid LIMIT ?"
    turn = connection.execute(in_turn, (_slices[key], SLICE)).fetchall()
    _slices[key] = turn[-1][-1] if len(turn) == SLICE else 0
    yield from (row[:-1] for row in turn)


def _version(connection: sqlite3.Connection) -> int:
    """A number that changes when another connection has written."""
    ((version,),) = connection.execute("PRAGMA data_version")
    return int(version)
