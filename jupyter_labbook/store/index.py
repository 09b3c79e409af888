"""The index: what the run files say, kept in SQLite so that 100,000 runs are asked in milliseconds.

It is a cache and never the truth: `ask` brings it up to date before every question, makes it anew
where it is missing, damaged or of another version, and makes one in memory where none can be kept
or no lock can be had. **Invariant**: an answer is right whatever has become of the cache.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeVar

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.store import cache
from jupyter_labbook.store.build import build, in_memory
from jupyter_labbook.store.columns import Columns
from jupyter_labbook.store.expression import Comparison, Constant, Kind, Name, Node, names
from jupyter_labbook.store.folders import UNKNOWN
from jupyter_labbook.store.index_state import counted, parts
from jupyter_labbook.store.refresh import Rebuild, refresh
from jupyter_labbook.store.sql import Translation
from jupyter_labbook.store.store import Store

Answer = TypeVar("Answer")

_ATTEMPTS: Final = 4
_MOST: Final = 1 << 62
_private: dict[str, sqlite3.Connection] = {}
"""Indexes in memory, by store, where none on the disk could be had."""

_lock = threading.RLock()


class Index:
    """An index that is up to date, for the length of one question."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.columns = Columns(connection)

    @property
    def empty(self) -> bool:
        return not self._exists("1")

    def has(self, kind: Kind, name: str) -> bool:
        """Whether a run has a parameter or a metric of that name; not whether one ever had."""
        column = self.columns.of(Name(kind, name, "last" if kind == "metric" else ""))
        return column is not None and self._exists(f"{column.sql} IS NOT NULL")

    def all(self, kind: Kind) -> Collection[str]:
        return [column.name for column in self.columns.all(kind)]

    @property
    def unreadable(self) -> int:
        """How many runs are damaged beyond reading."""
        ((count,),) = self.connection.execute("SELECT count(*) FROM unreadable")
        return int(count)

    def ids(
        self,
        condition: Node | None = None,
        *,
        sort: tuple[Name, bool] | None = None,
        limit: int | None = None,
        archived: bool = True,
    ) -> list[str]:
        """Ids of the runs for which `condition` holds; by default the newest first.

        `sort` is a name and whether to begin with the largest. Archived runs are left out unless
        `archived`.
        """
        self._require_parts(condition, sort)
        where, translation = self._where(condition, archived)
        order = "" if sort is None else translation.order(*sort) + ", "
        # By the index only where all rows of it are wanted: one by one they take longer than a scan.
        plus = "" if condition is None else "+"
        sql = f"SELECT id FROM runs WHERE {where} ORDER BY {order}{plus}started DESC, {plus}id DESC LIMIT ?"
        arguments = (*translation.arguments, -1 if limit is None else min(limit, _MOST))
        return [id for (id,) in self.connection.execute(sql, arguments)]

    def count(self, condition: Node | None = None, *, archived: bool = True) -> int:
        """How many runs there are for which `condition` holds."""
        if condition is None and not archived:
            return counted(self.connection).listed
        self._require_parts(condition, None)
        where, translation = self._where(condition, archived)
        ((count,),) = self.connection.execute(f"SELECT count(*) FROM runs WHERE {where}", translation.arguments)
        return int(count)

    def _where(self, condition: Node | None, archived: bool) -> tuple[str, Translation]:
        translation = Translation(self.columns, self._define)
        where = "1" if condition is None else translation.condition(condition)
        return where if archived else f"archived = 0 AND {where}", translation

    def best(self, metric: str, smallest: bool) -> str | None:
        """The run that has the largest (smallest) last value; not an archived one; None if none has one."""
        name = Name("metric", metric, "last")
        is_number = Comparison((name, Constant(float("-inf"))), (">=",))
        found = self.ids(is_number, sort=(name, not smallest), limit=1, archived=False)
        return found[0] if found else None

    def matching(self, piece: str) -> list[str]:
        """Ids that contain `piece`, archived and unreadable ones too, newest first."""
        if not piece.isascii():  # ids are
            return []
        sql = "SELECT id FROM runs WHERE instr(id, ?1) UNION SELECT id FROM unreadable WHERE instr(id, ?1)"
        return [id for (id,) in self.connection.execute(f"{sql} ORDER BY id DESC", (piece,))]

    def _require_parts(self, condition: Node | None, sort: tuple[Name, bool] | None) -> None:
        """Rebuild where a part of a metric's summary is asked for that is not kept yet."""
        used = [] if condition is None else list(names(condition))
        if sort is not None:
            used.append(sort[0])
        wanted = {name.part for name in used if name.kind == "metric"} - {"last"}
        kept = parts(self.connection)
        if not wanted <= kept:
            raise Rebuild(wanted | kept)

    def _exists(self, condition: str) -> bool:
        ((found,),) = self.connection.execute(f"SELECT EXISTS (SELECT 1 FROM runs WHERE {condition})")
        return bool(found)

    def _define(self, name: str, arguments: int, function: Callable[..., Any]) -> None:
        self.connection.create_function(name, arguments, function, deterministic=True)


def ask(store: Store, question: Callable[[Index], Answer], *, full: bool = False) -> Answer:
    """The answer to a question about all runs as they are now. `full` compares every file."""
    folder = cache.folder(store)
    if folder is not None:
        try:
            return _ask_on_disk(store, folder, question, full)
        except (sqlite3.Error, OSError):
            pass  # no room, no lock, no permission: the files are still there to be read
    return _ask_in_memory(store, folder, question, full)


def changed(store: Store, id: str) -> None:
    """Say that run `id` was changed beside its record: it is read again when next somebody asks.

    Without this a change to an old run of a large store shows only when its turn comes.
    """
    folder = cache.folder(store)
    path = None if folder is None else cache.newest(folder)
    sql = "UPDATE runs SET mark = ?, settled = 0 WHERE id = ?"
    try:
        if path is not None:
            with closing(cache.connect(path)) as connection:
                connection.execute(sql, (UNKNOWN, id))
    except (sqlite3.Error, OSError):
        pass
    with _lock:
        private = _private.get(_key(store))
        if private is not None:
            private.execute(sql, (UNKNOWN, id))


def _ask_on_disk(store: Store, folder: Path, question: Callable[[Index], Answer], full: bool) -> Answer:
    for _ in range(_ATTEMPTS):
        path = cache.newest(folder)
        try:
            if path is None:
                build(store, folder)
                continue
            with closing(cache.connect(path)) as connection:
                refresh(connection, store, full=full)
                return question(Index(connection))
        except Rebuild as wanted:
            build(store, folder, wanted.parts)
        except LabbookError:
            raise
        except Exception as error:  # noise where a number was expected is no error of SQLite's
            if path is None or cache.is_passing(error):
                raise
            cache.discard(path)
    raise sqlite3.OperationalError("the index is made anew again and again")


def _ask_in_memory(store: Store, folder: Path | None, question: Callable[[Index], Answer], full: bool) -> Answer:
    key = _key(store)
    with _lock:
        while True:
            try:
                if key not in _private:
                    _private[key] = in_memory(store, copy_of=folder and cache.newest(folder))
                refresh(_private[key], store, full=full)
                return question(Index(_private[key]))
            except Rebuild as wanted:
                _private[key] = in_memory(store, wanted.parts)
            except sqlite3.Error:
                _private.pop(key, None)
                raise


def _key(store: Store) -> str:
    return os.path.realpath(store.path)


def _after_fork() -> None:
    """The lock may be held by a thread that the new process does not have."""
    global _lock
    _lock = threading.RLock()
    _private.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
