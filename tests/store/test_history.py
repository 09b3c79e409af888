"""What was logged is what is read, whichever parser reads it and whatever else stands in the file."""

from __future__ import annotations

import csv
import io
import math
import os
import sys
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from jupyter_labbook.run import number
from jupyter_labbook.store import history as reading
from jupyter_labbook.store import rows
from jupyter_labbook.store.history import history, names, summarise, table_files

Points = list[tuple[Any, ...]]


def shared_folder(most: int = 100) -> settings:
    """All examples of a test write to the same folder, one after the other."""
    return settings(max_examples=most, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def agree(one: Points, other: Points) -> bool:
    """As `same`, but for the sign of a zero that was written as an integer, which we never write."""
    return same([tuple(part + 0 for part in point) for point in one],
                [tuple(part + 0 for part in point) for point in other])  # fmt: skip


def write(folder: Path, *tables: str | bytes, system: str | None = None) -> Path:
    for old in folder.iterdir():
        old.unlink()
    for index, table in enumerate(tables, 1):
        data = table if isinstance(table, bytes) else table.encode()
        (folder / ("metrics.csv" if index == 1 else f"metrics-{index}.csv")).write_bytes(data)
    if system is not None:
        (folder / "system.csv").write_bytes(system.encode())
    return folder


def points(folder: Path, name: str = "loss") -> Points:
    found = history(folder, name)
    assert len(found.step) == len(found.time) == len(found.value)
    assert found.step.dtype in ("int64", "float64")
    assert found.time.dtype == "float64"
    return [tuple(point) for point in found]


def same(one: Points, other: Points) -> bool:
    """Equal in value and type, NaN equal to NaN, 0.0 different from -0.0."""
    return [tuple(map(repr, point)) for point in one] == [tuple(map(repr, point)) for point in other]


def by_pandas(folder: Path, name: str = "loss") -> Points:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_FOR_PANDAS", 0)
        return points(folder, name)


def by_msgspec(folder: Path, name: str = "loss") -> Points:
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "pandas")
        return points(folder, name)


def by_hand(folder: Path, name: str = "loss") -> Points:
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "pandas")
        patch.setattr(rows, "is_plain", lambda block, width: False)
        return points(folder, name)


# what is there ---------------------------------------------------------------------------------


def test_points_come_back_with_their_types(tmp_path: Path) -> None:
    write(tmp_path, "step,time,loss\n0,0.5,1.25\n1,1.0,0.1\n")
    assert same(points(tmp_path), [(0, 0.5, 1.25), (1, 1.0, 0.1)])
    write(tmp_path, "step,time,loss\n0,0.5,1\n1,1,9223372036854775807\n")
    assert same(points(tmp_path), [(0, 0.5, 1), (1, 1.0, 9223372036854775807)])
    write(tmp_path, "step,time,loss\n0.5,0.5,1\n1,1,2.5\n")
    assert same(points(tmp_path), [(0.5, 0.5, 1.0), (1.0, 1.0, 2.5)])


def test_nan_and_infinities_are_points_and_empty_cells_are_not(tmp_path: Path) -> None:
    write(tmp_path, "step,time,loss,acc\n0,1,nan,\n1,2,,0.5\n2,3,inf,-inf\n")
    assert same(points(tmp_path), [(0, 1.0, math.nan), (2, 3.0, math.inf)])
    assert same(points(tmp_path, "acc"), [(1, 2.0, 0.5), (2, 3.0, -math.inf)])


def test_a_name_in_several_tables_is_merged_by_time(tmp_path: Path) -> None:
    write(
        tmp_path,
        "step,time,loss\n0,1.0,10\n1,3.0,30\n",
        "step,time,acc,loss\n5,2.0,0.5,20\n6,3.0,0.6,31\n",
        system="step,time,loss\n0,2.5,25\n",
    )
    assert [value for _, _, value in points(tmp_path)] == [10, 20, 25, 30, 31]
    assert [value for _, _, value in points(tmp_path, "acc")] == [0.5, 0.6]


def test_integers_in_one_table_and_floats_in_another_become_floats(tmp_path: Path) -> None:
    write(tmp_path, "step,time,loss\n0,1,10\n", "step,time,loss,acc\n1.5,2,0.5,1\n")
    assert same(points(tmp_path), [(0.0, 1.0, 10.0), (1.5, 2.0, 0.5)])


def test_a_clock_that_jumps_back_changes_no_order_within_a_table(tmp_path: Path) -> None:
    write(tmp_path, "step,time,loss\n0,5,1\n1,2,2\n2,3,3\n", "step,time,loss,b\n9,4,0,0\n10,6,4,0\n")
    assert [value for _, _, value in points(tmp_path)] == [0, 1, 2, 3, 4]
    assert summarise(tmp_path)["loss"].last == 4


def test_tables_are_merged_by_number_and_not_by_name(tmp_path: Path) -> None:
    for table in range(1, 13):
        name = "metrics.csv" if table == 1 else f"metrics-{table}.csv"
        (tmp_path / name).write_text(f"step,time,loss\n0,1.0,{table}\n")
    (tmp_path / "metrics-x.csv").write_text("step,time,loss\n0,1.0,99\n")
    (tmp_path / ".new-metrics.csv").write_text("step,time,loss\n0,1.0,99\n")
    assert [value for _, _, value in points(tmp_path)] == list(range(1, 13))
    assert len(table_files(tmp_path)) == 12


def test_a_metric_nobody_logged_has_an_empty_history(tmp_path: Path) -> None:
    write(tmp_path, "step,time,loss\n0,1,2\n")
    for name in ("acc", "step", "time", "", "lo"):
        assert len(history(tmp_path, name)) == 0
    assert len(history(tmp_path / "missing", "loss")) == 0
    assert history(tmp_path, "acc").step.dtype == "int64"


def test_names_are_listed_once_in_the_order_of_the_tables(tmp_path: Path) -> None:
    write(tmp_path, "step,time,b,a\n", "step,time,a,c\n", system="step,time,system/cpu\n")
    assert names(tmp_path) == ["b", "a", "c", "system/cpu"]


@shared_folder()
@given(wanted=some.lists(some.text(some.characters(exclude_categories=["Cs"]), max_size=8), max_size=4, unique=True))
@example(wanted=['a"b', "x,y", "two\nlines", "\r\n", "step", "time", " ", "=1+1", "\0"])
def test_any_text_is_a_name(tmp_path: Path, wanted: list[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(["step", "time", *wanted])
    values = list(range(len(wanted)))
    write(tmp_path, line.getvalue() + ",".join(map(str, [7, 0.5, *values])) + "\n")
    assert names(tmp_path) == wanted
    for name, value in zip(wanted, values, strict=True):
        assert same(points(tmp_path, name), [(7, 0.5, value)])
    assert {name: summary.last for name, summary in summarise(tmp_path).items()} == dict(
        zip(wanted, values, strict=True)
    )


def test_of_two_columns_with_one_name_the_first_is_read(tmp_path: Path) -> None:
    write(tmp_path, "step,time,loss,loss,acc\n0,1,10,20,30\n")
    assert same(points(tmp_path), [(0, 1.0, 10)])
    assert summarise(tmp_path)["loss"].last == 10
    assert summarise(tmp_path)["acc"].last == 30


# what is damaged -------------------------------------------------------------------------------


def test_a_torn_last_line_is_not_read(tmp_path: Path) -> None:
    whole = "step,time,loss\n0,1.0,10\n1,2.0,20\n"
    for length in range(len(whole)):
        write(tmp_path, whole[:length])
        lines = whole[:length].split("\n")
        assert len(points(tmp_path)) == max(0, len(lines) - 2)


@pytest.mark.parametrize(
    "line",
    ["1,2", "1,2,3,4", "", " ", ",,", "x,2,3", "1,x,3", "1,2,x", "nan,2,3", "1,inf,3", '1,2,"3"', "1,2,3\0",
     '"', "1,2,0.5.5", "1;2;3", "\ufeff1,2,3", "1,2,0x10", "1,2,True", "1,2,-", "1,2,e5", "1,2,NA"],
)  # fmt: skip
def test_a_strange_line_is_passed_over_and_takes_no_other_with_it(tmp_path: Path, line: str) -> None:
    write(tmp_path, f"step,time,loss\n0,1.0,10\n{line}\n2,3.0,30\n")
    expected: Points = [(0, 1.0, 10), (2, 3.0, 30)]
    for parser in (by_pandas, by_msgspec, by_hand):
        assert same(parser(tmp_path), expected)
    assert summarise(tmp_path)["loss"].count == 2


@pytest.mark.parametrize(
    "header",
    ["", "\n", "loss\n", "step,loss\n", "time,step,loss\n", "step,time,loss", '"step,time,loss\n', "\0\n",
     "step;time;loss\n", 'step,time,"' + "x" * 200_000 + '"\n'],
)  # fmt: skip
def test_a_table_without_our_header_is_passed_over(tmp_path: Path, header: str) -> None:
    write(tmp_path, f"{header}0,1.0,10\n", "step,time,loss,acc\n0,1.0,20,0\n")
    assert [value for _, _, value in points(tmp_path)] == [20]


def test_a_table_that_a_spreadsheet_saved_is_still_read(tmp_path: Path) -> None:
    write(tmp_path, b"\xef\xbb\xbfstep,time,loss\r\n0,1.0,10\r\n1,2.0,20.5\r\n")
    assert same(points(tmp_path), [(0, 1.0, 10.0), (1, 2.0, 20.5)])


def test_integers_beyond_64_bits_become_floats(tmp_path: Path) -> None:
    digits = "9" * 5000
    write(tmp_path, f"step,time,loss\n0,1,18446744073709551615\n1,2,9223372036854775808\n2,3,{digits}\n")
    expected: Points = [(0, 1.0, 2.0**64), (1, 2.0, 2.0**63), (2, 3.0, math.inf)]
    for parser in (by_pandas, by_msgspec, by_hand):
        assert same(parser(tmp_path), expected)
    assert summarise(tmp_path)["loss"].last == "inf"


def test_links_and_pipes_in_place_of_tables_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    folder = tmp_path / "run"
    folder.mkdir()
    outside.write_text("step,time,loss\n0,1,2\n")
    (folder / "metrics.csv").symlink_to(outside)
    os.mkfifo(folder / "metrics-2.csv")
    (folder / "metrics-3.csv").mkdir()
    (folder / "system.csv").symlink_to("/dev/zero")
    assert len(history(folder, "loss")) == 0
    assert summarise(folder) == {}


def test_a_table_of_nothing_but_zeros_is_given_up_on(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").touch()
    os.truncate(tmp_path / "metrics.csv", 1 << 40)
    assert names(tmp_path) == []


def test_a_very_long_line_of_rubbish_loses_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BLOCK", 1000)
    monkeypatch.setattr(rows, "_LONGEST_LINE", 5000)
    write(tmp_path, "step,time,loss\n0,1,10\n" + "7" * 50_000 + "\n1,2,20\n")
    assert [value for _, _, value in points(tmp_path)] == [10, 20]


# three parsers, one answer ---------------------------------------------------------------------

cells = (
    some.floats().map(repr)
    | some.integers(-(2**66), 2**66).map(str)
    | some.integers(0, 100).map(str)
    | some.sampled_from(["", "nan", "inf", "-inf", "NaN", "-0", "-0.0", "+1", ".5", "5.", "1E5", "1e400", "00012"])
    | some.floats(-1e6, 1e6).map("{:.6f}".format)
)
strange = some.text('0123456789.,-+einaf "\r\0\t_x\xa0\ufeff', max_size=12)
lines = some.tuples(cells, cells, cells).map(",".join) | strange
sound = some.tuples(some.integers(0, 10**6).map(str), some.floats(0, 1e6).map(repr), some.floats().map(repr))


@shared_folder(400)
@given(body=some.lists(lines | sound.map(",".join), max_size=12))
@example(body=["1,2", "1,2,3,4,5"])
@example(body=["1,2,3", "1,2", "nan,1,2,3"])
@example(body=["1,2,3,", "1,2,3"])
@example(body=["1,2,3", "1,2,3,"])
@example(body=["1,2,", "1,2,nan"])
@example(body=["1,2,nan", "1,2"])
@example(body=["\ufeff1,2,3"])
@example(body=["1,2,3\0", "1,2,4"])
@example(body=["1,2,9223372036854775808", "1,2,1"])
def test_the_three_parsers_agree_on_every_file(tmp_path: Path, body: list[str]) -> None:
    write(tmp_path, "step,time,loss\n" + "".join(line + "\n" for line in body))
    expected = by_hand(tmp_path)
    assert agree(by_msgspec(tmp_path), expected)
    assert agree(by_pandas(tmp_path), expected)


@shared_folder(200)
@given(body=some.lists(some.lists(cells, min_size=5, max_size=5).map(",".join) | strange, max_size=8))
def test_the_three_parsers_agree_on_wide_tables(tmp_path: Path, body: list[str]) -> None:
    write(tmp_path, "step,time,a,loss,b\n" + "".join(line + "\n" for line in body))
    expected = by_hand(tmp_path)
    assert agree(by_msgspec(tmp_path), expected)
    assert agree(by_pandas(tmp_path), expected)


@shared_folder(50)
@given(values=some.lists(some.floats() | some.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50))
def test_every_number_comes_back_exactly(tmp_path: Path, values: list[float | int]) -> None:
    write(tmp_path, "step,time,loss\n" + "".join(f"{i},{i / 7!r},{v!r}\n" for i, v in enumerate(values)))
    whole = all(isinstance(value, int) for value in values)
    expected: Points = [(i, i / 7, value if whole else float(value)) for i, value in enumerate(values)]
    for parser in (by_pandas, by_msgspec, by_hand):
        assert same(parser(tmp_path), expected)
    assert repr(number(summarise(tmp_path)["loss"].last)) == repr(values[-1])


def test_a_large_file_is_read_by_pandas_exactly(tmp_path: Path) -> None:
    generator = numpy.random.default_rng(0)
    values = generator.standard_normal(20_000) * 10.0 ** generator.integers(-300, 300, 20_000)
    write(
        tmp_path,
        "step,time,loss\n" + "".join(f"{i},{i / 3:.6f},{v!r}\n" for i, v in enumerate(values.tolist())),
    )
    block = (tmp_path / "metrics.csv").read_bytes().split(b"\n", 1)[1]
    parsed = reading._by_pandas(block, 3, 2)
    assert parsed is not None
    assert (parsed[2] == values).all()
    assert (history(tmp_path, "loss").value == values).all()
    assert "float_precision" in reading._exact("3.0.2")
    pandas.testing.assert_frame_equal(
        history(tmp_path, "loss").to_pandas(),
        pandas.DataFrame({"step": range(20_000), "time": [float(f"{i / 3:.6f}") for i in range(20_000)],
                          "loss": values}).rename(columns={"loss": "value"}),
    )  # fmt: skip


@shared_folder(50)
@given(body=some.lists(sound.map(",".join), max_size=30), block=some.integers(1, 100))
def test_where_a_file_is_cut_into_blocks_changes_nothing(tmp_path: Path, body: list[str], block: int) -> None:
    write(tmp_path, "step,time,loss\n" + "".join(line + "\n" for line in body))
    whole, summary = points(tmp_path), summarise(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "BLOCK", block)
        assert same(points(tmp_path), whole)
        cut = summarise(tmp_path)
    assert {name: (s.last, s.min, s.max, s.count) for name, s in cut.items()} == {
        name: (s.last, s.min, s.max, s.count) for name, s in summary.items()
    }


# summaries -------------------------------------------------------------------------------------


@shared_folder(100)
@given(tables=some.lists(some.lists(sound.map(",".join), max_size=10), max_size=3))
def test_a_summary_says_what_the_history_says(tmp_path: Path, tables: list[list[str]]) -> None:
    write(tmp_path, *("step,time,loss\n" + "".join(line + "\n" for line in body) for body in tables))
    found = history(tmp_path, "loss")
    if not len(found):
        assert summarise(tmp_path) == {}
        return
    summary = summarise(tmp_path)["loss"]
    assert summary.count == len(found)
    real = found.value[~numpy.isnan(found.value)]
    if len(real):
        assert number(summary.min) == real.min()
        assert number(summary.max) == real.max()
        assert summary.min_step in found.step[found.value == real.min()]
        assert summary.max_step in found.step[found.value == real.max()]
    else:
        assert (summary.min, summary.max, summary.mean) == ("nan", "nan", "nan")
        assert summary.min_step is summary.max_step is None


def test_a_summary_has_last_min_max_mean_their_steps_and_the_count(tmp_path: Path) -> None:
    write(tmp_path, "step,time,loss\n0,1,3\n5,2,1\n7,3,nan\n9,4,5\n")
    summary = summarise(tmp_path)["loss"]
    assert (summary.last, summary.min, summary.max, summary.mean, summary.count) == (5, 1, 5, 3.0, 4)
    assert (summary.last_step, summary.min_step, summary.max_step) == (9, 5, 9)
    assert type(summary.last) is int


def test_a_summary_of_nan_only_says_nan(tmp_path: Path) -> None:
    write(tmp_path, "step,time,loss\n0,1,nan\n1,2,nan\n")
    summary = summarise(tmp_path)["loss"]
    assert (summary.last, summary.min, summary.mean, summary.count) == ("nan", "nan", "nan", 2)


def test_a_column_without_a_point_has_no_summary(tmp_path: Path) -> None:
    write(tmp_path, "step,time,loss,acc\n0,1,3,\n")
    assert list(summarise(tmp_path)) == ["loss"]


def test_summarising_loads_no_numpy(tmp_path: Path) -> None:
    import subprocess

    write(tmp_path, "step,time,loss\n0,1,3\n")
    code = (
        "import sys; from jupyter_labbook.store.history import summarise; print(summarise(sys.argv[1]));"
        "assert not {'numpy', 'pandas', 'sqlite3'} & set(sys.modules), sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0
