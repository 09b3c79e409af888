"""The fingerprint of a frame changes with its names, types, index and values, and only then."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as some

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record.data import fingerprint


def of(value: Any) -> str:
    sha256 = fingerprint("x", value).sha256
    assert sha256 is not None
    return sha256


COLUMNS: dict[str, Any] = {
    "int": [1, 2, 3],
    "float": [1.5, math.nan, -0.0],
    "bool": [True, False, True],
    "text": pandas.array(["a", None, "c"], dtype="str"),
    "nullable text": pandas.array(["a", None, "c"], dtype="string"),
    "object": numpy.array(["a", None, 3], dtype=object),
    "nullable": pandas.array([1, None, 3], dtype="Int64"),
    "nullable float": pandas.array([1.0, None, 3], dtype="Float32"),
    "nullable bool": pandas.array([True, None, False], dtype="boolean"),
    "category": pandas.Categorical(["x", "y", None], categories=["x", "y", "z"]),
    "moment": pandas.to_datetime(["2026-01-01", None, "2026-01-03"]),
    "moment with zone": pandas.to_datetime(["2026-01-01", None, "2026-01-03"]).tz_localize("Europe/Berlin"),
    "span": pandas.to_timedelta([1, None, 3], unit="s"),
    "period": pandas.period_range("2026-01", periods=3, freq="M"),
    "interval": pandas.interval_range(0, 3),
    "sparse": pandas.arrays.SparseArray([0, 1, 2]),
    "lists": [[1], [2, 3], numpy.array([4.0])],
    "dates": [date(2026, 1, 1), pandas.NaT, pandas.Timestamp(5)],
    "decimals": [Decimal(1), pandas.NA, pandas.Timedelta(5)],
}


def frame(**others: Any) -> pandas.DataFrame:
    return pandas.DataFrame({**COLUMNS, **others})


def test_every_kind_of_column_counts() -> None:
    whole = of(frame())
    assert whole == of(frame())
    for name in COLUMNS:
        for rows in ([0, 0, 2], [0, 2, 1]):
            assert of(frame(**{name: frame()[name].iloc[rows].array})) != whole, name
    hashes = {name: of(frame()[name].rename("x")) for name in COLUMNS}
    assert len(set(hashes.values())) == len(COLUMNS)


def test_how_the_columns_are_held_does_not_count() -> None:
    values = numpy.arange(12.0).reshape(4, 3)
    one = pandas.DataFrame(values, columns=list("abc"))
    columns = pandas.DataFrame({name: values[:, at].copy() for at, name in enumerate("abc")})
    grown = columns[["a"]].copy()
    grown["b"], grown["c"] = columns["b"], columns["c"]
    every_second = pandas.DataFrame(numpy.repeat(values, 2, axis=0), columns=list("abc"))[::2]
    assert of(one) == of(columns) == of(grown) == of(pandas.concat([one[:2], one[2:]]))
    assert of(every_second.reset_index(drop=True)) == of(one)
    assert of(pandas.DataFrame(values[::-1], columns=list("abc"))[::-1].reset_index(drop=True)) == of(one)


BASE = pandas.DataFrame({"a": [1, 2], "b": [1.0, math.nan]})
VARIANTS = {
    "as it is": BASE,
    "a column renamed": BASE.rename(columns={"b": "c"}),
    "columns in other order": BASE[["b", "a"]],
    "columns with one name": BASE.set_axis(["a", "a"], axis=1),
    "a number for a name": BASE.set_axis([0, "b"], axis=1),
    "the number as text": BASE.set_axis(["0", "b"], axis=1),
    "rows in other order": BASE[::-1].reset_index(drop=True),
    "rows in other order, with their index": BASE[::-1],
    "another index": BASE.set_axis([1, 2]),
    "an index with a name": BASE.rename_axis("i"),
    "columns with a name": BASE.rename_axis("i", axis=1),
    "an index of floats": BASE.set_axis([0.0, 1.0]),
    "an index of texts": BASE.set_axis(["0", "1"]),
    "an index of two levels": BASE.set_axis([[0, 1], [0, 1]]),
    "columns of two levels": BASE.set_axis([["a", "b"], ["a", "b"]], axis=1),
    "another dtype": BASE.astype({"a": "int32"}),
    "objects": BASE.astype(object),
    "no NaN": BASE.fillna(0.0),
    "None": pandas.DataFrame({"a": [1, 2], "b": [1.0, None]}, dtype=object),
    "a row less": BASE[:1],
    "a column less": BASE[["a"]],
    "no rows": BASE[:0],
    "no columns": BASE[[]],
    "nothing": pandas.DataFrame(),
    "a series": BASE["a"],
    "a series of another name": BASE["a"].rename("b"),
    "a series of no name": BASE["a"].rename(None),
    "an index": pandas.Index([1, 2], name="a"),
    "an array": numpy.array([1, 2]),
    "ordered categories": pandas.Series(pandas.Categorical(["x"], ["x", "y"], ordered=True)),
    "categories": pandas.Series(pandas.Categorical(["x"], ["x", "y"])),
    "fewer categories": pandas.Series(pandas.Categorical(["x"], ["x"])),
    "categories in other order": pandas.Series(pandas.Categorical(["x"], ["y", "x"])),
    "a moment": pandas.Series(pandas.to_datetime(["2026-01-01"]).tz_localize("UTC")),
    "a moment elsewhere": pandas.Series(pandas.to_datetime(["2026-01-01"]).tz_localize("UTC").tz_convert("Asia/Tokyo")),
    "a moment in the week": pandas.Series(pandas.period_range("2026-01-01", periods=1, freq="W")),
    "closed on the left": pandas.Series(pandas.interval_range(0, 1, closed="left")),
    "closed on the right": pandas.Series(pandas.interval_range(0, 1, closed="right")),
}


def test_frames_that_differ_have_different_fingerprints() -> None:
    hashes = {name: of(value) for name, value in VARIANTS.items()}
    assert [pair for pair in combinations(hashes, 2) if hashes[pair[0]] == hashes[pair[1]]] == []


def test_a_range_is_the_numbers_in_it() -> None:
    assert of(BASE) == of(BASE.set_axis(numpy.array([0, 1])))
    assert of(BASE[::-1]) == of(BASE[::-1].set_axis(numpy.array([1, 0])))
    assert of(pandas.RangeIndex(0)) == of(pandas.Index(numpy.zeros(0, int)))
    assert of(pandas.RangeIndex(5)) == of(pandas.Index(numpy.arange(5)))


CELLS = some.none() | some.booleans() | some.integers() | some.floats() | some.text()


@given(cells=some.lists(CELLS, min_size=1), data=some.data())
def test_one_other_cell_is_another_fingerprint(cells: list[Any], data: some.DataObject) -> None:
    at, cell = data.draw(some.integers(0, len(cells) - 1)), data.draw(CELLS)
    others = [*cells[:at], cell, *cells[at + 1 :]]
    same = repr(cells) == repr(others)
    assert (of(as_objects(cells)) == of(as_objects(others))) == same


def as_objects(cells: list[Any]) -> pandas.DataFrame:
    return pandas.DataFrame({"a": pandas.Series(cells, dtype=object)})


def test_a_column_of_strange_objects_is_refused_by_its_name() -> None:
    class Shape:
        pass

    with pytest.raises(
        LabbookError, match=r"^column 'geometry' of it holds an object of type .*Shape, of which .* such as str\(…\)"
    ):
        fingerprint("x", pandas.DataFrame({"a": [1], "geometry": [Shape()]}))


def test_a_type_that_another_package_adds_is_refused_by_its_name() -> None:
    class Strange(pandas.api.extensions.ExtensionDtype):
        name = "strange"
        type = int

        @classmethod
        def construct_array_type(cls) -> Any:
            return Stranger

    class Stranger(pandas.api.extensions.ExtensionArray):
        dtype = Strange()

        def __len__(self) -> int:
            return 2

        def isna(self) -> Any:
            return numpy.zeros(2, bool)

        def copy(self) -> Stranger:
            return self

        nbytes = 0

    with pytest.raises(LabbookError, match="is of the type strange, whose values labbook cannot tell"):
        fingerprint("x", pandas.Series(Stranger()))


def test_sizes_are_told() -> None:
    data = fingerprint("train", pandas.DataFrame(numpy.zeros((5, 3)), columns=list("abc")))
    assert (data.kind, data.rows, data.columns, data.bytes, data.coverage) == ("dataframe", 5, 3, 120, "full")
    data = fingerprint("y", pandas.Series([1, 2]))
    assert (data.kind, data.rows, data.columns, data.bytes) == ("series", 2, None, 16)
    pair = fingerprint("x", (BASE, BASE["a"]))
    assert (pair.kind, pair.rows) == ("tuple", 2)


def test_a_frame_larger_than_256_mib_is_sampled() -> None:
    rows = 20 << 20
    columns = {"a": numpy.zeros(rows), "b": numpy.zeros(rows, bool)}
    before = fingerprint("x", pandas.DataFrame(columns, copy=False))
    assert (before.coverage, before.rows, before.bytes) == ("sampled", rows, 9 * rows)
    for column in columns.values():
        column[-1] = 1
        assert of(pandas.DataFrame(columns, copy=False)) != before.sha256
        column[-1] = 0


PROGRAM = """
import sys
sys.path.insert(0, {root!r})
from tests.record.test_data_frames import VARIANTS, frame, of
print([of(each) for each in (*VARIANTS.values(), frame())])
"""


def test_a_fresh_process_gives_the_same_fingerprints() -> None:
    here = str([of(each) for each in (*VARIANTS.values(), frame())])
    command = [sys.executable, "-c", PROGRAM.format(root=str(Path(__file__).parents[2]))]
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout.strip() == here, done.stderr
