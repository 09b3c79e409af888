"""Pandas frames, series and indexes as content to be hashed.

Names, dtypes, index and values count, in their order; how the columns are held in memory does not.
Labels of columns count by their values and not by their dtype, which differs between pandas 2 and 3.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record.data_arrays import add_array, add_range
from jupyter_labbook.record.data_objects import Objects, encoded

if TYPE_CHECKING:
    from jupyter_labbook.record.data_content import Content


def kind_of(value: Any) -> str | None:
    """`dataframe`, `series` or `index`; None for anything else."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not hasattr(pandas, "Index"):  # half-way through being imported
        return None
    if isinstance(value, pandas.DataFrame):
        return "dataframe"
    if isinstance(value, pandas.Series):
        return "series"
    return "index" if isinstance(value, pandas.Index) else None


def add(content: Content, value: Any, kind: str, where: str) -> int:
    """What counts of a value of that kind. The bytes of its values, of its pointers where they are objects."""
    return {"dataframe": _add_frame, "series": _add_series, "index": _add_index}[kind](content, value, where)


def _add_frame(content: Content, frame: Any, where: str) -> int:
    """Columns by position: two may have one name."""
    rows, columns = frame.shape
    content.say("dataframe", rows, columns)
    _add_labels(content, frame.columns, where)
    _add_index(content, frame.index, f"the index of {where}")
    return sum(
        _add_values(content, column.array, f"column {_shown(label, at)} of {where}")
        for at, (label, column) in enumerate(frame.items())
    )


def _add_series(content: Content, series: Any, where: str) -> int:
    content.say("series")
    content.say(encoded([series.name], f"the name of {where}").hex())
    _add_index(content, series.index, f"the index of {where}")
    return _add_values(content, series.array, where)


def _add_index(content: Content, index: Any, where: str) -> int:
    """A range counts as the numbers in it. The bytes of the labels."""
    pandas = sys.modules["pandas"]
    names = encoded(list(index.names), f"the names of {where}").hex()
    if isinstance(index, pandas.MultiIndex):
        content.say("multiindex", index.nlevels, names)
        return sum(_add_values(content, index.get_level_values(at).array, where) for at in range(index.nlevels))
    content.say("index", names)
    if isinstance(index, pandas.RangeIndex):  # its numbers need not all be in memory
        content.say("values", str(index.dtype))
        add_range(content, range(index.start, index.stop, index.step))
        return 8 * len(index)
    return _add_values(content, index.array, where)


def _shown(label: Any, at: int) -> str:
    return repr(label) if isinstance(label, str | int) else str(at)


def _add_labels(content: Content, labels: Any, where: str) -> None:
    content.say("labels", encoded(list(labels.names), f"the columns of {where}").hex())
    content.add(Objects(len(labels), lambda part: list(labels[part]), f"the columns of {where}"))


def _add_values(content: Content, values: Any, where: str) -> int:
    """The values of one column and their dtype. Their bytes, pointers for python values."""
    pandas = sys.modules["pandas"]
    numpy = sys.modules["numpy"]
    dtype = values.dtype
    content.say("values", str(dtype))
    if isinstance(dtype, numpy.dtype) or type(values) is pandas.arrays.NumpyExtensionArray:
        add_array(content, values.to_numpy(), where)
    elif isinstance(dtype, pandas.CategoricalDtype):
        content.say("ordered" if dtype.ordered else "unordered")
        _add_values(content, dtype.categories.array, f"the categories of {where}")
        add_array(content, values.codes, where)
    elif isinstance(dtype, pandas.DatetimeTZDtype):
        add_array(content, numpy.asarray(values, dtype=f"M8[{dtype.unit}]"), where)
    elif isinstance(dtype, pandas.PeriodDtype):
        add_array(content, values.asi8, where)
    elif isinstance(dtype, pandas.IntervalDtype):
        for ends in (values.left, values.right):
            _add_values(content, ends.array, where)
    elif isinstance(dtype, pandas.SparseDtype):
        add_array(content, numpy.asarray(values), where)
    elif isinstance(getattr(dtype, "numpy_dtype", None), numpy.dtype) and not hasattr(dtype, "pyarrow_dtype"):
        add_array(content, values.isna(), where)
        add_array(content, values.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.type(0)), where)
    elif type(dtype).__module__.partition(".")[0] == "pandas":
        content.add(Objects(len(values), lambda part: values[part].astype(object).tolist(), where))
    else:
        raise LabbookError(
            f"{where} is of the type {dtype}, whose values labbook cannot tell: "
            "give the frame with that column made into numbers or text"
        )
    return int(values.nbytes)
