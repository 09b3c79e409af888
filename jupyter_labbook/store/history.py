"""Metrics as they are read: the history of one, the summaries of all, from whatever tables there are.

Points of several tables are merged by time, then by table; within a table the order of its lines
stands, also where the clock jumped back. The first of two columns with the same name is read.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_labbook.run import History, Number, Summary
from jupyter_labbook.store.rows import Column, blocks, columns, is_plain, read_header, table_files
from jupyter_labbook.store.tally import Tally, summary_of

if TYPE_CHECKING:
    import numpy

    Arrays = tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]

__all__ = ["history", "names", "summarise", "table_files"]

_FOR_PANDAS: Final = 1 << 16
"""From this many bytes on pandas' parser wins (1.9× at 100,000 rows), where it is loaded already.

Loading it takes longer than parsing 100 MB without it.
"""


def names(folder: Path | str) -> list[str]:
    """Every metric that has a column in some table, in the order of tables and columns."""
    found: dict[str, None] = {}
    for path in table_files(folder):
        header = read_header(path)
        if header is not None:
            found.update(dict.fromkeys(header.names))
    return list(found)


def history(folder: Path | str, name: str) -> History:
    """All points of metric `name`; an empty history where there are none.

    Steps and values are int64 where all of them are integers, else float64; times are float64.
    """
    import numpy

    parts: list[Arrays] = []
    for path in table_files(folder):
        header = read_header(path)
        if header is None or name not in header.names:
            continue
        column = header.names.index(name) + 2
        arrays = _joined([_arrays(block, header.width, column) for block in blocks(path, header)])
        if len(arrays[0]):
            parts.append(arrays)
    step, time, value = _joined(parts)
    if len(parts) > 1:
        keys = numpy.concatenate([numpy.maximum.accumulate(part[1]) for part in parts])
        order = numpy.argsort(keys, kind="stable")
        step, time, value = step[order], time[order], value[order]
    return History(name, step, time, value)


def summarise(folder: Path | str) -> dict[str, Summary]:
    """The summary of every metric that has a point, from the tables alone.

    Without numpy: loading it would cost a list of runs more than reading a running run does.
    """
    tallies: dict[str, list[Tally]] = {}
    for path in table_files(folder):
        header = read_header(path)
        if header is None:
            continue
        wanted = {name: index for index, name in reversed(list(enumerate(header.names, 2)))}
        mine = {name: Tally() for name in dict.fromkeys(header.names)}
        indices = [wanted[name] for name in mine]
        for block in blocks(path, header):
            for tally, column in zip(mine.values(), columns(block, header.width, indices), strict=True):
                _add(tally, column)
        for name, tally in mine.items():
            if tally.count:
                tallies.setdefault(name, []).append(tally)
    return {name: summary_of(some) for name, some in tallies.items()}


def _add(tally: Tally, column: Column) -> None:
    if column.values:
        try:
            tally.add(tuple(column.steps), tuple(column.times), tuple(column.values))
        except OverflowError:  # a sum of integers beyond what a float holds
            floats = tuple(float(value) for value in column.values)
            tally.add(tuple(column.steps), tuple(column.times), floats)


def _joined(parts: list[Arrays]) -> Arrays:
    import numpy

    if len(parts) == 1:
        return parts[0]
    if not parts:
        return numpy.empty(0, numpy.int64), numpy.empty(0), numpy.empty(0)
    step, time, value = (numpy.concatenate(some) for some in zip(*parts, strict=True))
    return step, time, value


def _arrays(block: bytes, width: int, column: int) -> Arrays:
    if len(block) >= _FOR_PANDAS and "pandas" in sys.modules:
        arrays = _by_pandas(block, width, column)
        if arrays is not None:
            return arrays
    found = columns(block, width, [column])[0]
    return _array(found.steps), _array(found.times).astype("float64", copy=False), _array(found.values)


def _by_pandas(block: bytes, width: int, column: int) -> Arrays | None:
    """The same by pandas' parser; None where it would not be the same."""
    import numpy
    import pandas

    # With three columns all are parsed, and pandas itself refuses a row that is too long.
    narrow = width == 3 and block.isascii() and b"\0" not in block
    if not narrow and not is_plain(block, width):
        return None
    try:
        frame = pandas.read_csv(
            io.BytesIO(block),
            header=None,
            usecols=None if narrow else [0, 1, column],
            lineterminator="\n",
            quoting=3,
            na_values=["", "nan"],
            keep_default_na=False,
            low_memory=False,
            **_exact(pandas.__version__),
        )
    except (ValueError, OverflowError):
        return None
    if frame.shape[1] != 3:
        return None
    step, time, value = (_plain_array(frame.iloc[:, index].to_numpy()) for index in range(3))
    if step is None or time is None or value is None:
        return None
    if not (numpy.isfinite(step).all() and numpy.isfinite(time).all()):
        return None
    if value.dtype.kind == "f" and numpy.isnan(value).any():
        # pandas tells nan, an empty cell and a row that is too short apart no more
        sound = b",," not in block and b",\n" not in block and is_plain(block, width)
        if not sound:
            return None
    return step, time.astype("float64", copy=False), value


def _exact(version: str) -> dict[str, Any]:
    """What makes pandas read the very float that was written: from 3.1 on, asking for it is deprecated."""
    major, minor = version.split(".")[:2]
    return {} if (int(major), int(minor)) >= (3, 1) else {"float_precision": "round_trip"}


def _plain_array(array: Any) -> numpy.ndarray | None:
    if array.dtype.kind == "u":
        array = array.astype("float64")
    return array if array.dtype in ("int64", "float64") else None


def _array(values: list[Number]) -> numpy.ndarray:
    import numpy

    whole = set(map(type, values)) == {int}
    return numpy.array(values, numpy.int64 if whole else numpy.float64)
