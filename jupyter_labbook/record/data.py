"""The fingerprint of a data set: how large it is, and a hash that changes when anything in it does.

| given | what counts |
|---|---|
| frame, series or index of pandas | column names, dtypes, index, values, in their order |
| frame or series of polars, table or array of pyarrow | names, types, values |
| numpy array, scipy sparse array, torch tensor | dtype, shape, values |
| list, tuple or dict of these, or of numbers and text | what is in it; the order of a dict's keys does not |
| bytes, the path of a file | the bytes: the hash is the one of `sha256sum` |
| the path of a folder | the names in it and their contents |
| list, tuple or dict of paths of files | their contents, in that order |

Up to 256 MiB everything goes into the hash (`full`). What is larger is `sampled`: its size and 64 MiB
of it, of each part its head, its tail and pieces at equal distances between. No library is loaded for
it, nothing is pickled, and an object whose content cannot be told is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from itertools import islice
from operator import itemgetter
from typing import Any, Final, NamedTuple

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record import data_arrays, data_arrow, data_files, data_frames
from jupyter_labbook.record.data_content import Content
from jupyter_labbook.record.data_objects import Objects, class_name, encoded
from jupyter_labbook.run import Data

DEEPEST: Final = 20

_LOOKED_AT: Final = 16
"""Items of a list in a list that are looked at to tell whether it holds arrays."""


class _Size(NamedTuple):
    """What people want to know of it; None where that has no answer."""

    kind: str
    rows: int | None
    columns: int | None
    bytes: int | None


def fingerprint(name: str, value: Any) -> Data:
    """What is kept of a data set.

    Raises
    ------
    LabbookError
        The content of `value` cannot be told; the message says what to give instead.
    FileNotFoundError
        `value` is a text or a path, and there is no such file.
    OSError
        A file or folder cannot be read.
    """
    if isinstance(value, str | os.PathLike):
        return data_files.of_path(name, value)
    if isinstance(value, bytes | bytearray | memoryview):
        with memoryview(value) as view:
            digest = sha256(view if view.c_contiguous else view.tobytes()).hexdigest()
            return Data(name=name, sha256=digest, bytes=view.nbytes, coverage="full", kind="bytes")
    files = _files(value)
    if files is not None:
        return data_files.of_several(name, files)
    content = Content()
    size = _add(content, value, "it", 0)
    digest, whole = content.digest()
    return Data(
        name=name,
        sha256=digest,
        bytes=size.bytes,
        rows=size.rows,
        columns=size.columns,
        coverage="full" if whole else "sampled",
        kind=size.kind,
    )


def _files(value: Any) -> dict[str, Any] | None:
    """Label to path, where a list, tuple or dict holds paths, or texts that all are names of files."""
    if type(value) is dict:
        values, labels = list(value.values()), list(value)
    elif type(value) in (list, tuple):
        values, labels = value, [str(number) for number in range(len(value))]
    else:
        return None
    if not values or not all(isinstance(each, str | os.PathLike) for each in values):
        return None
    if not all(isinstance(label, str) for label in labels):
        return None
    if any(isinstance(each, os.PathLike) for each in values) or all(map(_is_file, values)):
        return dict(zip(labels, values, strict=True))
    return None


def _is_file(text: str) -> bool:
    try:
        return os.path.isfile(text)
    except ValueError:  # a NUL in it
        return False


def _add(content: Content, value: Any, where: str, depth: int) -> _Size:
    """Everything that counts of `value` into `content`. LabbookError where that cannot be told."""
    if depth > DEEPEST:
        raise LabbookError(f"{where} is nested more than {DEEPEST} deep, or holds itself")
    if type(value) in (list, tuple):
        return _add_sequence(content, value, where, depth)
    if type(value) is dict:
        return _add_mapping(content, value, where, depth)
    if (kind := data_frames.kind_of(value)) is not None:
        size = data_frames.add(content, value, kind, where)
        return _Size(kind, len(value), value.shape[1] if kind == "dataframe" else None, size)
    if (kind := data_arrow.kind_of(value)) is not None:
        size = data_arrow.add(content, value, kind, where)
        return _Size(kind, len(value), value.shape[1] if kind in ("dataframe", "table") else None, size)
    if data_arrays.is_array(value) or data_arrays.is_scalar(value):
        data_arrays.add_array(content, value, where)
        return _Size("array", *_rows_and_columns(value.shape), value.nbytes)
    if data_arrays.is_tensor(value):
        data_arrays.add_tensor(content, value, where)
        return _Size("tensor", *_rows_and_columns(value.shape), value.numel() * value.element_size())
    if data_arrays.is_sparse(value):
        size = data_arrays.add_sparse(content, value, where)
        return _Size("sparse array", *_rows_and_columns(value.shape), size)
    raise LabbookError(_refusal(value, where))


def _rows_and_columns(shape: tuple[int, ...]) -> tuple[int | None, int | None]:
    return (int(shape[0]) if shape else None), (int(shape[1]) if len(shape) == 2 else None)


def _add_sequence(content: Content, values: Any, where: str, depth: int) -> _Size:
    kind = type(values).__name__
    content.say(kind, len(values))
    if not _holds_arrays(values):
        content.add(Objects(len(values), lambda part: list(values[part]), where))
        return _Size(kind, len(values), None, None)
    sizes = [_add_item(content, item, f"item {at} of {where}", depth) for at, item in enumerate(values)]
    return _together(kind, sizes) if kind == "tuple" else _together(kind, sizes)._replace(rows=len(values))


def _add_mapping(content: Content, values: dict[Any, Any], where: str, depth: int) -> _Size:
    content.say("dict", len(values))
    sizes = []
    for key, item in _sorted_keys(values, where):
        content.say(key)
        sizes.append(_add_item(content, values[item], f"{item!r} of {where}", depth))
    return _together("dict", sizes)


def _sorted_keys(values: dict[Any, Any], where: str) -> list[tuple[str, Any]]:
    pairs = [(encoded([key], f"a key of {where}").hex(), key) for key in values]
    return sorted(pairs, key=itemgetter(0))


def _add_item(content: Content, value: Any, where: str, depth: int) -> _Size:
    if type(value) in (list, tuple, dict) or _is_array(value):
        return _add(content, value, where, depth + 1)
    content.say("value")
    content.add(Objects(1, [value].__getitem__, where))
    return _Size("value", None, None, None)


def _together(kind: str, sizes: list[_Size]) -> _Size:
    """Of a pair such as (X, y): the rows that all parts have, and the bytes of those that have any."""
    rows = {size.rows for size in sizes if size.kind != "value"}
    known = [size.bytes for size in sizes if size.bytes is not None]
    return _Size(kind, rows.pop() if len(rows) == 1 else None, None, sum(known) if known else None)


def _holds_arrays(values: Iterable[Any]) -> bool:
    """Whether any of the values is an array or a frame, or a list of such. One of each type is looked at."""
    of_each_type = {type(value): value for value in values}
    return any(_is_array(value) or _is_list_of_arrays(value) for value in of_each_type.values())


def _is_list_of_arrays(value: Any, depth: int = 0) -> bool:
    if type(value) not in (list, tuple, dict) or depth > DEEPEST:
        return False
    inside = list(islice(value.values() if isinstance(value, dict) else value, _LOOKED_AT))
    return any(_is_array(item) or _is_list_of_arrays(item, depth + 1) for item in inside)


def _is_array(value: Any) -> bool:
    return (
        data_frames.kind_of(value) is not None
        or data_arrow.kind_of(value) is not None
        or data_arrays.is_array(value)
        or data_arrays.is_tensor(value)
        or data_arrays.is_sparse(value)
    )


def _refusal(value: Any, where: str) -> str:
    kind = class_name(type(value))
    if hasattr(type(value), "collect"):
        return f"{where} is of type {kind}, which is not computed yet: give .collect() of it, or the files it reads"
    if hasattr(type(value), "__array__"):
        return f"{where} is of type {kind}, which labbook does not know: give numpy.asarray(…) of it"
    return (
        f"{where} is of type {kind}, of which labbook cannot tell what its content is: "
        "give a frame, an array, or the path of the file that the data came from"
    )
