"""Runs taken together by a parameter: all points, mean, standard deviation, and no more than that."""

from __future__ import annotations

import json
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.compare.comparison import compare
from jupyter_labbook.compare.groups import Sample
from tests.memory import make_run

RUNS = [
    make_run(f"run{letter}{seed}", {"acc": acc, "loss": 1 - acc}, minute=seed, parameters={"lr": lr, "seed": seed})
    for letter, lr, accuracies in (("a", 0.1, [0.9, 0.8, 0.85]), ("b", 0.01, [0.95, 0.93]))
    for seed, acc in enumerate(accuracies)
]


def test_groups_hold_all_points_mean_and_sd_in_the_order_of_their_keys() -> None:
    groups = compare(RUNS, by=["lr"]).to_dict()["groups"]
    assert [group["key"] for group in groups] == [{"lr": 0.01}, {"lr": 0.1}]
    assert [group["n"] for group in groups] == [2, 3]
    assert groups[1]["metrics"]["acc"] == {
        "values": [0.9, 0.8, 0.85],
        "mean": pytest.approx(0.85),
        "sd": pytest.approx(statistics.stdev([0.9, 0.8, 0.85])),
    }
    assert groups[1]["runs"] == [run.id for run in RUNS[:3]]


def test_means_are_compared_with_the_group_of_the_baseline() -> None:
    comparison = compare(RUNS, by=["lr"], metric="acc")
    (delta,) = comparison.to_dict()["comparisons"]
    assert delta == {
        "metric": "acc",
        "baseline": {"lr": 0.1},
        "group": {"lr": 0.01},
        "difference": pytest.approx(0.09),
        "relative": pytest.approx(0.09 / 0.85),
        "better": True,
    }


def test_the_verdict_says_that_chance_has_not_been_tested() -> None:
    verdict = compare(RUNS, by=["lr"], metric="acc").verdict
    assert verdict is not None
    assert verdict["best"] == {"lr": 0.01}
    assert "has not been tested" in verdict["statement"]
    alone = compare(RUNS[2:4], by=["lr"], metric="acc").verdict
    assert alone is not None
    assert "cannot be told" in alone["statement"]


def test_runs_that_did_not_finish_are_not_taken_into_a_mean() -> None:
    failed = make_run("fail1", {"acc": 0.1}, status="failed", parameters={"lr": 0.1})
    comparison = compare([*RUNS, failed], by=["lr"])
    group = comparison.to_dict()["groups"][1]
    assert (group["n"], len(group["runs"])) == (3, 4)
    assert group["metrics"]["acc"]["mean"] == pytest.approx(0.85)
    assert "1 run that did not finish: not counted" in str(comparison)


def test_groups_by_several_names_and_by_facts_of_the_record() -> None:
    comparison = compare(RUNS, by=["lr", "seed", "lr"])
    assert comparison.by == ("lr", "seed")
    assert len(comparison.groups) == 5
    assert [group.key for group in compare(RUNS, by=["experiment"]).groups] == [{"experiment": "digits"}]


def test_a_missing_parameter_is_a_group_of_its_own_and_null_in_json() -> None:
    without = make_run("none1", {"acc": 0.5}, parameters={})
    keys = [group["key"] for group in compare([*RUNS, without], by=["lr"]).to_dict()["groups"]]
    assert keys == [{"lr": 0.01}, {"lr": 0.1}, {"lr": None}]


def test_values_that_cannot_be_sorted_together_still_make_groups() -> None:
    values = ["adam", None, 3, math.nan, [1, 2], {"a": 1}, True, math.nan, 10**30]
    runs = [make_run(f"run{i:02}", {"acc": i / 10}, parameters={"p": value}) for i, value in enumerate(values)]
    comparison = compare(runs, by=["p"])
    assert len(comparison.groups) == len(values) - 1
    json.dumps(comparison.to_dict(), allow_nan=False)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_mean_and_sd_agree_with_the_standard_library(values: list[float]) -> None:
    sample = Sample(tuple(values))
    assert sample.mean == pytest.approx(statistics.fmean(values))
    assert sample.sd == pytest.approx(statistics.stdev(values), abs=1e-6)


@pytest.mark.parametrize(("values", "mean"), [((math.inf, 1), math.inf), ((math.nan, 1), None), ((3,), 3.0)])
def test_a_mean_of_values_that_are_not_finite_is_not_finite(values: tuple[float, ...], mean: float | None) -> None:
    sample = Sample(values)
    assert sample.mean == mean or (mean is None and math.isnan(sample.mean))
    assert sample.sd is None if len(values) == 1 else math.isnan(sample.sd or 0.0)
