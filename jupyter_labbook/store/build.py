"""A whole index from the files alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Final

from jupyter_labbook.store import cache, folders
from jupyter_labbook.store.columns import INDEXES
from jupyter_labbook.store.index_state import count, keep_listing, keep_parts, listing_now
from jupyter_labbook.store.row_writer import write_runs
from jupyter_labbook.store.store import Store

PARALLEL: Final = 8_000
"""From so many runs on other processes help: one takes longer to start than to read fewer."""


def build(store: Store, folder: Path, parts: Collection[str] = ()) -> None:
    """Make an index of `store` in `folder`, in place of any other."""
    with cache.new(folder) as connection:
        _fill(connection, store, parts, folder)


def in_memory(store: Store, parts: Collection[str] = (), *, copy_of: Path | None = None) -> sqlite3.Connection:
    """An index that only this process has; a copy of the file `copy_of` where that can be read."""
    if copy_of is not None:
        copy = _empty()
        try:
            with closing(cache.connect(copy_of)) as original:
                original.backup(copy)
                return copy
        except sqlite3.Error:
            copy.close()
    connection = _empty()
    cache.set_up(connection)
    _fill(connection, store, parts, None)
    return connection


def _empty() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def _fill(connection: sqlite3.Connection, store: Store, parts: Collection[str], scratch: Path | None) -> None:
    """Read all runs into an empty index. `scratch` is where helping processes leave what they read."""
    listing = listing_now(store)
    ids = sorted(folders.listing(store))
    if scratch is not None and len(ids) >= PARALLEL:
        from jupyter_labbook.store import shards  # loads subprocess, and is rarely needed

        ids = shards.fill(connection, store, ids, parts, scratch)
    connection.execute("BEGIN")
    write_runs(connection, store, ids, parts)
    for statement in INDEXES:
        connection.execute(statement)
    keep_listing(connection, listing)
    count(connection)
    keep_parts(connection, parts)
    connection.execute("COMMIT")
