"""Frames of polars and tables of pyarrow as content to be hashed: names, types and values, column by column.

Into which chunks they are cut does not count. Numbers and times go as arrays, the rest as python values.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from jupyter_labbook.record.data_numbers import Numbers
from jupyter_labbook.record.data_objects import Objects

if TYPE_CHECKING:
    from jupyter_labbook.record.data_content import Content


def kind_of(value: Any) -> str | None:
    """`dataframe` or `series` of polars, `table` or `column` of pyarrow; None for anything else."""
    polars = sys.modules.get("polars")
    if polars is not None and hasattr(polars, "Series"):  # else half-way through being imported
        if isinstance(value, polars.DataFrame):
            return "dataframe"
        if isinstance(value, polars.Series):
            return "series"
    arrow = sys.modules.get("pyarrow")
    if arrow is not None and hasattr(arrow, "Table"):
        if isinstance(value, arrow.Table | arrow.RecordBatch):
            return "table"
        if isinstance(value, arrow.Array | arrow.ChunkedArray):
            return "column"
    return None


def add(content: Content, value: Any, kind: str, where: str) -> int:
    """What counts of a value of that kind. The bytes of its values."""
    if kind in ("dataframe", "series"):
        content.say("polars", kind)
        columns = value.get_columns() if kind == "dataframe" else [value]
        for column in columns:
            _add_polars(content, column, where)
        return int(value.estimated_size())
    content.say("arrow", kind)
    if kind == "column":
        _add_arrow(content, value, where)
    else:
        for name, column in zip(value.schema.names, value.columns, strict=True):
            content.say(name)
            _add_arrow(content, column, f"column {name!r} of {where}")
    return int(value.nbytes)


def _add_polars(content: Content, column: Any, where: str) -> None:
    polars = sys.modules["polars"]
    where = f"column {column.name!r} of {where}"
    nulls = column.null_count()
    content.say(column.name, str(column.dtype), nulls)
    if column.dtype.is_temporal():
        column = column.to_physical()
    plain = column.dtype.is_integer() or column.dtype.is_float() or column.dtype == polars.Boolean
    if not plain or str(column.dtype) in ("Int128", "UInt128"):  # which numpy has not
        content.add(Objects(len(column), lambda part: column[part].to_list(), where))
        return
    zero = False if column.dtype == polars.Boolean else 0
    size = column[:0].to_numpy().itemsize
    content.add(Numbers(len(column), size, lambda part: column[part].fill_null(zero).to_numpy()))
    if nulls:
        content.add(Numbers(len(column), 1, lambda part: column[part].is_null().to_numpy()))


def _add_arrow(content: Content, column: Any, where: str) -> None:
    arrow = sys.modules["pyarrow"]
    types = arrow.types
    kind = column.type
    content.say(str(kind), column.null_count)
    if types.is_temporal(kind) and not types.is_interval(kind):
        kind = arrow.int32() if kind.bit_width == 32 else arrow.int64()
        column = column.cast(kind)
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
        content.add(Objects(len(column), lambda part: column[part].to_pylist(), where))
        return
    zero = arrow.scalar(0).cast(kind)
    size = max(1, kind.bit_width // 8)
    content.add(Numbers(len(column), size, lambda part: _plain(column[part].fill_null(zero))))
    if column.null_count:
        content.add(Numbers(len(column), 1, lambda part: _plain(column[part].is_null())))


def _plain(column: Any) -> Any:
    return column.to_numpy(zero_copy_only=False)
