"""Briefs into rows of the index, many at a time.

**Speed** is what shapes this: the rows of runs with the same names are written by one statement,
and a value is looked at alone only where something in its row is neither float nor text.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from jupyter_labbook.run import number, restore_value
from jupyter_labbook.store.brief import PLAIN, Brief
from jupyter_labbook.store.cells import ABSENT, Cell, are_cells, cell, folded, is_small
from jupyter_labbook.store.columns import QUOTED, Columns
from jupyter_labbook.store.folders import Seen, opened
from jupyter_labbook.store.moments import microseconds
from jupyter_labbook.store.store import Store

_FLUSH_AT: Final = 200
"""Rows that wait; more of them are slower, for they leave the processor's cache."""

_Shape = tuple[tuple[str, ...], tuple[str, ...]]


def write_runs(connection: sqlite3.Connection, store: Store, ids: Iterable[str], parts: Collection[str]) -> None:
    """Read the runs `ids`, of which the index has none, within a transaction of the caller's."""
    writer = RowWriter(connection, Columns(connection), parts)
    with opened(store) as run_folders, _without_collector():
        for id in ids:
            found = run_folders.read(id)
            if found is not None:
                writer.put(id, found)
    writer.flush()


class RowWriter:
    """Writes rows within a transaction of the caller's. `parts` are kept of each metric besides `last`."""

    def __init__(self, connection: sqlite3.Connection, columns: Columns, parts: Collection[str] = ()) -> None:
        self._connection = connection
        self._columns = columns
        self._parts = [part for part in parts if part != "last"]
        self._rows: dict[_Shape, list[list[Cell]]] = {}
        self._waiting = 0

    def put(self, id: str, found: Seen) -> None:
        """What a look at the folder of run `id` found, in place of what there was under `runs`."""
        brief = found.brief
        if brief is None:
            self._connection.execute("INSERT OR REPLACE INTO unreadable VALUES (?, ?)", (id, found.mark))
            return
        parameters, metrics = brief.parameters, brief.metrics
        row = self._fields(brief)
        row += found.mark, int(found.settled)
        values = parameters.values()
        row += values if not brief.parameter_types and are_cells(values) else self._parameters(brief)
        lasts = [summary.last for summary in metrics.values()]
        row += lasts if are_cells(lasts, text=False) else self._metrics(brief, "last")
        for part in self._parts:
            row += self._metrics(brief, part)
        shape = tuple(parameters), tuple(metrics)
        try:
            self._rows[shape].append(row)
        except KeyError:
            self._rows[shape] = [row]
        self._waiting += 1
        if self._waiting >= _FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Pass on what was added."""
        for (parameters, metrics), rows in self._rows.items():
            places = [self._columns.ensure("parameter", name, "") for name in parameters]
            for part in ("last", *self._parts):
                places += [self._columns.ensure("metric", name, part) for name in metrics]
            narrow = [index for index, place in enumerate(places, len(QUOTED)) if not place.wide]
            named = [*QUOTED, *(place.sql for place in places if place.wide)]
            if narrow:
                keys = [str(place.number) for place in places if not place.wide]
                rows = [_narrowed(row, narrow, keys) for row in rows]
                named.append("more")
            slots = ",".join("?" * len(named))
            sql = f"INSERT OR REPLACE INTO runs ({','.join(named)}) VALUES ({slots})"
            self._connection.executemany(sql, rows)
        self._rows.clear()
        self._waiting = 0

    def _fields(self, brief: Brief) -> list[Cell]:
        row: list[Cell] = [ABSENT if given is None else given for given in astuple(brief)[:PLAIN]]
        if not (is_small(brief.seed) and is_small(brief.trial)):
            row[-2:] = self._number("seed", brief.seed), self._number("trial", brief.trial)
        started, ended = microseconds(brief.started), microseconds(brief.ended)
        path = brief.notebook.path
        row += (
            ABSENT if started is None else started,
            ABSENT if ended is None else ended,
            msgspec.json.encode(brief.tags).decode() if brief.tags else ABSENT,
            int(brief.archived),
            ABSENT if path is None else path,
        )
        return row

    def _number(self, field: str, given: int | str | None) -> Cell:
        return ABSENT if given is None else self._cell("field", field, "", given)

    def _parameters(self, brief: Brief) -> list[Cell]:
        types = brief.parameter_types
        return [
            self._cell("parameter", name, "", restore_value(value, types[name]) if name in types else value)
            for name, value in brief.parameters.items()
        ]

    def _metrics(self, brief: Brief, part: str) -> list[Cell]:
        cells: list[Cell] = []
        for name, summary in brief.metrics.items():
            value = getattr(summary, part, None)
            cells.append(ABSENT if value is None else self._cell("metric", name, part, number(value)))
        return cells

    def _cell(self, kind: str, name: str, part: str, value: Any) -> Cell:
        found, flags = cell(value)
        if flags:
            if kind != "field":
                self._columns.ensure(kind, name, part)
            self._columns.flag(kind, name, part, flags)
        return found


@contextmanager
def _without_collector() -> Iterator[None]:
    """Without Python's search for cycles: there are none here, and it takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _narrowed(row: list[Cell], narrow: Sequence[int], keys: Sequence[str]) -> list[Cell]:
    """The row, its cells at `narrow` as one of JSON at its end."""
    more = folded({key: row[index] for key, index in zip(keys, narrow, strict=True)})
    taken = set(narrow)
    return [*[cell for index, cell in enumerate(row) if index not in taken], more]
