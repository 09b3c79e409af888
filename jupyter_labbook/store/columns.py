"""Which column of the index holds what: the fields, and a column for each parameter and metric.

The table `runs` has a row a run. Names are met as runs are read, so columns are added as they
appear; from `WIDEST` columns on, values go as JSON into the one column `more`, which is slower
to ask and holds as much as one likes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from jupyter_labbook.store.expression import Kind, Name

WIDEST: Final = 1500
"""SQLite's own limit is 2,000 columns."""

FIELDS: Final = (
    *("id", "experiment", "status", "verdict", "duration", "what", "why", "conclusion"),
    *("group", "sweep", "parent", "baseline", "host", "seed", "trial"),
    *("started", "ended", "tags", "archived", "notebook"),
    *("mark", "settled"),
)
"""The columns every row has. `mark` says what the folder looked like when it was read; a row that
is not `settled` is looked at again each time."""

QUOTED: Final = tuple(f'"{field}"' for field in FIELDS)

SCHEMA: Final = (
    f"CREATE TABLE runs ({', '.join(QUOTED)}, more)",
    "CREATE TABLE names (number INTEGER PRIMARY KEY, kind TEXT, name TEXT, part TEXT, flags INTEGER)",
    "INSERT INTO names VALUES (-1, 'field', 'seed', '', 0), (-2, 'field', 'trial', '', 0)",
    "CREATE TABLE state (name TEXT PRIMARY KEY, value)",
    "CREATE TABLE unreadable (id TEXT PRIMARY KEY, mark INTEGER)",
)
OPEN: Final = "(NOT settled OR status = 'lost')"
"""What a look never passes over."""

INDEXES: Final = (
    "CREATE UNIQUE INDEX runs_id ON runs (id)",
    "CREATE INDEX runs_started ON runs (started, id) WHERE archived = 0",
    f"CREATE INDEX runs_open ON runs (id) WHERE {OPEN}",
)


class Column(NamedTuple):
    """Column `c<number>`, or part of `more`; fields have numbers below 1 and their own columns."""

    number: int
    name: str
    flags: int = 0

    @property
    def wide(self) -> bool:
        """Whether it is a column of its own."""
        return self.number <= WIDEST

    @property
    def sql(self) -> str:
        if self.number < 1:
            return f'"{self.name}"'
        return f"c{self.number}" if self.wide else "more"


class Columns:
    """The columns there are. Whoever adds one holds the lock for writing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._columns: dict[tuple[str, str, str], Column] = {}
        for number, kind, name, part, flags in connection.execute("SELECT * FROM names ORDER BY number"):
            self._columns[kind, name, part] = Column(number, name, flags)

    @property
    def count(self) -> int:
        """How many parameters, metrics and parts have columns."""
        return len(self._columns) - 2  # seed and trial are fields

    def of(self, name: Name) -> Column | None:
        """The column of a name; None where nothing was ever stored under it."""
        known = self._columns.get((name.kind, name.name, name.part))
        return Column(0, name.name) if known is None and name.kind == "field" else known

    def all(self, kind: Kind) -> Iterator[Column]:
        """The columns of parameters, or of the metrics' last values, in the order they were met."""
        part = "last" if kind == "metric" else ""
        for (its_kind, _, its_part), column in self._columns.items():
            if its_kind == kind and its_part == part:
                yield column

    def entries(self) -> Iterator[tuple[str, str, str, Column]]:
        for key, column in self._columns.items():
            yield *key, column

    def ensure(self, kind: str, name: str, part: str) -> Column:
        """The column of a name, made where it does not exist."""
        known = self._columns.get((kind, name, part))
        if known is not None:
            return known
        column = Column(self.count + 1, name)
        if column.wide:
            self._connection.execute(f"ALTER TABLE runs ADD COLUMN {column.sql}")
        row = (column.number, kind, name, part)
        self._connection.execute("INSERT INTO names VALUES (?, ?, ?, ?, 0)", row)
        self._columns[kind, name, part] = column
        return column

    def flag(self, kind: str, name: str, part: str, flags: int) -> None:
        """Remember what kinds of values a column holds."""
        column = self._columns[kind, name, part]
        if flags & ~column.flags:
            flags |= column.flags
            self._connection.execute("UPDATE names SET flags = ? WHERE number = ?", (flags, column.number))
            self._columns[kind, name, part] = column._replace(flags=flags)
