"""Runs of the index as a pandas frame, without reading a single file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy
import pandas

from jupyter_labbook.store.cells import TRUTH, unfolded, value
from jupyter_labbook.store.columns import Column

if TYPE_CHECKING:
    from jupyter_labbook.store.index import Index

_AT_ONCE: Final = 500
_EXACT: Final = 1 << 53
_NO_TIME: Final = numpy.iinfo(numpy.int64).min

_Row = tuple[Any, ...]


def frame(index: Index, ids: Sequence[str]) -> pandas.DataFrame:
    """A row for each of `ids` that is still there, in their order."""
    parameters, metrics = list(index.columns.all("parameter")), list(index.columns.all("metric"))
    named = [(f"params.{column.name}", column) for column in parameters]
    named += [(f"metrics.{column.name}", column) for column in metrics]
    wide = [column.sql for _, column in named if column.wide]
    fields = ("id", "experiment", "status", "verdict", "started", "duration", "more")
    id, experiment, status, verdict, started, duration, more, *cells = _columns(index, ids, (*fields, *wide))
    data: dict[str, Any] = {
        "id": id,
        "experiment": experiment,
        "status": status,
        "verdict": verdict,
        "started": _times(started),
        "duration": numpy.array(duration, dtype=float),
    }
    of_column = dict(zip(wide, cells, strict=True))
    for name, column in named:
        found = of_column.get(column.sql)
        values = _unfolded(more, column) if found is None else found
        if any(cell is not None for cell in values):
            data[name] = _values(values, column)
    return pandas.DataFrame(data)


def _columns(index: Index, ids: Sequence[str], names: Sequence[str]) -> list[Sequence[Any]]:
    """The columns `names` of the rows of `ids`, in the order of `ids`."""
    places = {id: place for place, id in enumerate(ids)}
    rows = [row for row in _rows(index, ids, ", ".join(names)) if row[0] in places]
    rows.sort(key=lambda row: places[row[0]])
    return list(zip(*rows, strict=True)) if rows else [() for _ in names]


def _rows(index: Index, ids: Sequence[str], names: str) -> list[_Row]:
    connection = index.connection
    ((count,),) = connection.execute("SELECT count(*) FROM runs")
    if len(ids) > count // 4:
        return connection.execute(f"SELECT {names} FROM runs").fetchall()
    rows: list[_Row] = []
    for begin in range(0, len(ids), _AT_ONCE):
        some = ids[begin : begin + _AT_ONCE]
        sql = f"SELECT {names} FROM runs WHERE id IN ({','.join('?' * len(some))})"
        rows += connection.execute(sql, tuple(some))
    return rows


def _unfolded(more: Sequence[str | None], column: Column) -> list[Any]:
    return [unfolded(cell, str(column.number)) for cell in more]


def _times(moments: Sequence[int | None]) -> pandas.DatetimeIndex:
    numbers = [_NO_TIME if moment is None else moment for moment in moments]
    return pandas.DatetimeIndex(numpy.array(numbers, dtype="int64").view("datetime64[us]"), tz="UTC")


def _values(cells: Sequence[Any], column: Column) -> Any:
    """Cells as pandas takes them: numbers as an array, anything else as it was."""
    kinds = set(map(type, cells))
    if column.flags & TRUTH and kinds <= {int, type(None)} and {0, 1, None}.issuperset(cells):
        return [None if cell is None else bool(cell) for cell in cells]
    if bytes in kinds:
        cells = [value(cell) for cell in cells]
        kinds = set(map(type, cells))
    if kinds == {int} and column.flags == 0:
        return numpy.array(cells, dtype="int64")
    if kinds <= {float, int, type(None)} and not (int in kinds and _is_inexact(cells)):
        return numpy.array(cells, dtype=float)
    return pandas.Series(list(cells), dtype=None if kinds <= {str, type(None)} else object)


def _is_inexact(cells: Sequence[Any]) -> bool:
    """Whether an integer would lose its last digits as a float."""
    return any(isinstance(cell, int) and abs(cell) > _EXACT for cell in cells)
