"""The chosen runs: which, in what order, and what they are together, as objects, a frame, text and HTML."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable

import numpy
import pandas
import pytest

from jupyter_labbook.errors import QueryError, RunNotFound, UsageError
from jupyter_labbook.run import Run
from jupyter_labbook.store import layout
from jupyter_labbook.store.annotations import annotate
from jupyter_labbook.store.selection import SHOWN, Runs, names, select
from jupyter_labbook.store.store import Store

MakeRun = Callable[..., str]


def metric(last: object, **others: object) -> dict[str, object]:
    return {"last": last, "min": last, "max": last, "mean": last, "count": 1, **others}


@pytest.fixture
def five(store: Store, make_run: MakeRun) -> list[str]:
    values = (0.7, "nan", 0.9, None, 0.8)
    return [
        make_run(
            parameters={"lr": number / 10, "optimizer": "adam" if number % 2 else "sgd"},
            metrics={} if value is None else {"val_acc": metric(value, max=number)},
            duration=float(number),
        )
        for number, value in enumerate(values)
    ]


def test_the_newest_come_first(store: Store, five: list[str]) -> None:
    runs = select(store)
    assert list(runs.ids) == five[::-1]
    assert len(runs) == 5
    assert [run.id for run in runs] == five[::-1]
    assert all(isinstance(run, Run) for run in runs)


def test_they_are_a_sequence(store: Store, five: list[str]) -> None:
    runs = select(store)
    assert (runs[0].id, runs[-1].id) == (five[4], five[0])
    assert isinstance(runs[1:3], Runs)
    assert list(runs[1:3].ids) == five[3:1:-1]
    assert runs[0] in runs
    assert bool(runs)
    assert not select(store, "lr > 7")
    with pytest.raises(IndexError):
        runs[5]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("val_acc", [0, 4, 2, 3, 1]),
        ("-val_acc", [2, 4, 0, 3, 1]),
        ("metrics.val_acc", [0, 4, 2, 3, 1]),
        ("-metrics.val_acc.max", [4, 2, 1, 0, 3]),
        ("params.lr", [0, 1, 2, 3, 4]),
        ("-lr", [4, 3, 2, 1, 0]),
        ("optimizer", [3, 1, 4, 2, 0]),
        ("-optimizer", [4, 2, 0, 3, 1]),
        ("started", [0, 1, 2, 3, 4]),
        ("-duration", [4, 3, 2, 1, 0]),
    ],
)
def test_sorting_puts_what_is_missing_or_nan_last_either_way(
    store: Store, five: list[str], sort: str, order: list[int]
) -> None:
    wanted = [five[number] for number in order]
    assert list(select(store, sort=sort).ids) == wanted
    assert list(select(store, sort=sort, limit=2).ids) == wanted[:2]


@pytest.mark.parametrize("sort", ["", "-", "val_ac", "tags", "lr + 1", "--lr"])
def test_what_cannot_be_sorted_by_is_said_so(store: Store, five: list[str], sort: str) -> None:
    with pytest.raises(QueryError):
        select(store, sort=sort)


def test_a_limit_is_a_limit(store: Store, five: list[str]) -> None:
    assert len(select(store, limit=0)) == 0
    assert len(select(store, limit=2)) == 2
    assert len(select(store, limit=10**30)) == 5
    with pytest.raises(UsageError):
        select(store, limit=-1)


def test_archived_runs_are_left_out_unless_they_are_spoken_of(store: Store, five: list[str]) -> None:
    annotate(store, five[4], archived=True)
    assert list(select(store).ids) == five[3::-1]
    assert list(select(store, "lr > 0.2").ids) == [five[3]]
    assert len(select(store, archived=True)) == 5
    assert list(select(store, "archived").ids) == [five[4]]
    assert len(select(store, "archived or not archived")) == 5


@pytest.mark.parametrize("query", [None, "", "  "])
def test_an_empty_query_asks_for_all(store: Store, five: list[str], query: str | None) -> None:
    assert len(select(store, query)) == 5


def test_a_run_that_was_removed_since_is_passed_over(store: Store, five: list[str]) -> None:
    runs = select(store)
    shutil.rmtree(layout.run_folder(store.path, five[2]))
    assert [run.id for run in runs] == [five[4], five[3], five[1], five[0]]
    with pytest.raises(RunNotFound):
        runs[2]
    assert list(runs.to_pandas()["id"]) == [five[4], five[3], five[1], five[0]]
    assert len(str(runs).splitlines()) == 2 + 4


def test_names_are_those_of_all_parameters_and_metrics(store: Store, five: list[str]) -> None:
    assert names(store) == ["lr", "optimizer", "val_acc"]


# as a frame ---------------------------------------------------------------------------------------


def test_a_frame_has_a_row_a_run_in_their_order(store: Store, five: list[str]) -> None:
    frame = select(store, sort="-val_acc").to_pandas()
    assert list(frame.columns) == [
        *("id", "experiment", "status", "verdict", "started", "duration"),
        *("params.lr", "params.optimizer", "metrics.val_acc"),
    ]
    assert list(frame["id"]) == [five[number] for number in (2, 4, 0, 3, 1)]
    assert frame["metrics.val_acc"].tolist()[:3] == [0.9, 0.8, 0.7]
    assert frame["metrics.val_acc"].isna().tolist() == [False, False, False, True, True]
    assert frame["duration"].dtype == float
    assert str(frame["started"].dtype) == "datetime64[us, UTC]"
    assert frame["started"][0] == pandas.Timestamp("2026-11-21T00:00:02Z")
    assert list(frame.index) == [0, 1, 2, 3, 4]


def test_a_frame_of_a_few_of_many_is_the_same(store: Store, make_run: MakeRun) -> None:
    ids = [make_run(parameters={"number": number}) for number in range(40)]
    frame = select(store, "number < 5", sort="number").to_pandas()
    assert list(frame["id"]) == ids[:5]
    assert frame["params.number"].tolist() == [0, 1, 2, 3, 4]


def test_values_in_a_frame_are_those_that_were_recorded(store: Store, make_run: MakeRun) -> None:
    types = {"limit": "float", "shape": "tuple"}
    values = [
        {"flag": True, "count": 1, "mixed": 1, "maybe": 3, "huge": 2**70, "model": {"depth": 3}, "exact": 2**53 + 1},
        {"flag": False, "count": 2, "mixed": "one", "limit": "inf", "huge": 1, "none": None, "sometimes": True},
        {"flag": True, "count": 3, "mixed": None, "limit": "nan", "shape": [1, 2]},
    ]
    for given in values:
        make_run(parameters=given, parameter_types={name: types[name] for name in given if name in types})
    frame = select(store, sort="started").to_pandas()
    assert frame["params.flag"].tolist() == [True, False, True]
    assert frame["params.flag"].dtype == bool
    assert frame["params.count"].dtype == numpy.int64
    assert frame["params.mixed"].tolist() == [1, "one", None]
    assert frame["params.maybe"][0] == 3.0
    assert numpy.isnan(frame["params.maybe"][1])
    assert frame["params.huge"].tolist() == [2**70, 1, None]
    assert frame["params.model"][0] == {"depth": 3}
    assert frame["params.exact"][0] == 2**53 + 1
    assert frame["params.limit"][1] == math.inf
    assert math.isnan(frame["params.limit"][2])
    assert frame["params.limit"].dtype == float
    assert frame["params.shape"][2] == [1, 2]
    assert frame["params.sometimes"][1] is True
    assert frame["params.none"].isna().all()


def test_a_frame_leaves_out_what_none_of_its_runs_has(store: Store, make_run: MakeRun) -> None:
    make_run(parameters={"old": 1}, metrics={"f1": metric(0.5)})
    make_run(parameters={"new": 1})
    frame = select(store, "new == 1").to_pandas()
    assert list(frame.columns)[6:] == ["params.new"]


def test_a_frame_of_nothing_has_the_columns_of_every_run(store: Store, five: list[str]) -> None:
    frame = select(store, "lr > 7").to_pandas()
    assert list(frame.columns) == ["id", "experiment", "status", "verdict", "started", "duration"]
    assert len(frame) == 0
    assert str(frame["started"].dtype) == "datetime64[us, UTC]"


def test_a_run_without_a_time_has_none_in_the_frame(store: Store, make_run: MakeRun) -> None:
    make_run(started="noon", duration=None)
    frame = select(store).to_pandas()
    assert frame["started"].isna().all()
    assert frame["duration"].isna().all()


# as text and as HTML ------------------------------------------------------------------------------


def test_printing_shows_what_differs_and_the_metrics(store: Store, make_run: MakeRun) -> None:
    make_run(parameters={"lr": 0.1, "epochs": 5}, metrics={"acc": metric(0.5), "system/cpu": metric(3)})
    make_run(parameters={"lr": 0.01, "epochs": 5}, metrics={"acc": metric("nan")}, tags=["keep"], status="failed")
    text = str(select(store))
    heading, _, newest, oldest = text.splitlines()
    assert heading.split() == ["run", "started", "experiment", "status", "took", "lr", "acc", "tags"]
    assert newest.split()[0] == "aaaab"
    assert "failed" in newest
    assert "nan" in newest
    assert "keep" in newest
    assert "0.5" in oldest
    assert repr(select(store)) == text


def test_what_is_not_shown_is_counted(store: Store, make_run: MakeRun) -> None:
    for _ in range(SHOWN + 3):
        make_run()
    (layout.run_folder(store.path, make_run()) / layout.RECORD).write_text("{")
    text, html = str(select(store)), select(store)._repr_html_()
    for shown in (text, html):
        assert "… and 3 more." in shown
        assert "1 run cannot be read" in shown
    assert len(text.splitlines()) == SHOWN + 4


def test_no_runs_are_said_to_be_none(store: Store) -> None:
    assert str(select(store)) == "No runs."
    assert "No runs." in select(store)._repr_html_()


def test_text_of_users_is_harmless_in_either(store: Store, make_run: MakeRun) -> None:
    evil = "<script>alert(1)</script>\x1b[2J\u202e\n"
    make_run(experiment=evil, parameters={evil: evil}, metrics={evil: metric(1)}, tags=[evil])
    runs = select(store)
    assert not any(character in str(runs) for character in "\x1b\u202e")
    assert "<script" not in runs._repr_html_()


def test_asking_changes_nothing_in_the_store(store: Store, five: list[str]) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in store.path.rglob("*"))
    select(store, "lr > 0", sort="-val_acc").to_pandas()
    assert sorted((path, path.stat().st_mtime_ns) for path in store.path.rglob("*")) == before
