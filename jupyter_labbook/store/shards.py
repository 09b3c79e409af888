"""Many runs read by several processes at once, each into an index of its own.

Python reads run folders on one core only, so this module is run as a program on the others: it
gets its share of the ids on standard input and makes a small index of them, which is then copied
into the whole one. A process that fails costs time and nothing else: its share is read here.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from jupyter_labbook.store import cache
from jupyter_labbook.store.columns import QUOTED, WIDEST, Columns
from jupyter_labbook.store.row_writer import write_runs
from jupyter_labbook.store.store import Store

MOST: Final = 8
"""Processes that read, this one included."""

_PROGRAM: Final = "import sys; sys.path[:] = {path!r}; from jupyter_labbook.store.shards import main; main()"


class Share(msgspec.Struct, frozen=True):
    """What a process is to do: read the runs `ids` of the store into a new index at `path`."""

    store: str
    path: str
    ids: list[str]
    parts: list[str]


_Helper = tuple[subprocess.Popen[bytes], Share]


def fill(
    connection: sqlite3.Connection, store: Store, ids: list[str], parts: Collection[str], scratch: Path
) -> list[str]:
    """Read runs into an empty index with all cores; the ids that nobody has read are returned."""
    count = min(_cores(), MOST)
    if count < 2 or not Path(sys.executable or "").stem.startswith(("python", "pypy")):
        return ids
    size = -(-len(ids) // count)
    mine, *others = [ids[begin : begin + size] for begin in range(0, len(ids), size)]
    with _helping(store, others, parts, scratch) as (helpers, left):
        connection.execute("BEGIN")
        write_runs(connection, store, mine, parts)
        connection.execute("COMMIT")
        for helper, share in helpers:
            if helper.wait() or not _copied(connection, share.path):
                left += share.ids
    return left


def main() -> None:
    """What a helping process does."""
    share = msgspec.json.decode(sys.stdin.buffer.read(), type=Share)
    with closing(sqlite3.connect(share.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        cache.set_up(connection)
        connection.execute("BEGIN")
        write_runs(connection, Store(Path(share.store)), share.ids, share.parts)
        connection.execute("COMMIT")


@contextmanager
def _helping(
    store: Store, shares: list[list[str]], parts: Collection[str], scratch: Path
) -> Iterator[tuple[list[_Helper], list[str]]]:
    """The processes that read the shares, and the ids for which none could be started."""
    helpers: list[_Helper] = []
    left: list[str] = []
    try:
        for ids in shares:
            path = scratch / f".new-{os.urandom(6).hex()}"
            share = Share(os.fspath(store.path), os.fspath(path), ids, sorted(parts))
            try:
                helpers.append((_started(share), share))
            except OSError:
                left += ids
        yield helpers, left
    finally:
        for helper, share in helpers:
            helper.kill()
            helper.wait()
            Path(share.path).unlink(missing_ok=True)


def _started(share: Share) -> subprocess.Popen[bytes]:
    # Not `-m`, and no site: nothing that lies where the user works is imported in place of ours.
    home = Path(__file__).absolute().parents[2]
    path = [*(entry for entry in sys.path if os.path.isabs(entry)), os.fspath(home)]
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM.format(path=path)]
    with tempfile.TemporaryFile() as file:
        file.write(msgspec.json.encode(share))
        file.seek(0)
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, stdin=file, stdout=quiet, stderr=quiet)


def _copied(connection: sqlite3.Connection, path: str) -> bool:
    """Copy a share's index into the whole one; false where it has too many columns for that."""
    connection.execute("ATTACH ? AS share", (path,))
    try:
        names = connection.execute("SELECT * FROM share.names WHERE number > 0 ORDER BY number").fetchall()
        columns = Columns(connection)
        if len(names) + columns.count > WIDEST:
            return False
        connection.execute("BEGIN")
        ours = [columns.ensure(kind, name, part).sql for _, kind, name, part, _ in names]
        for kind, name, part, flags in connection.execute("SELECT kind, name, part, flags FROM share.names"):
            columns.flag(kind, name, part, flags)
        into = ",".join([*QUOTED, *ours])
        out = ",".join([*QUOTED, *(f"c{number}" for number, *_ in names)])
        connection.execute(f"INSERT INTO main.runs ({into}) SELECT {out} FROM share.runs")
        connection.execute("INSERT INTO main.unreadable SELECT * FROM share.unreadable")
        connection.execute("COMMIT")
        return True
    finally:
        connection.execute("DETACH share")


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
