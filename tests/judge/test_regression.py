"""What is pointed out unasked: slowness, too many points, values that are not finite."""

from __future__ import annotations

import math

import pytest

from jupyter_labbook.judge.regression import (
    TOO_MANY_POINTS,
    logged_too_much,
    not_finite,
    slower_than_usual,
)
from jupyter_labbook.run import Cell, Run
from tests.memory import make_run, summary

CELL = "c" * 64


def took(*seconds: float, cell: str = CELL, experiment: str = "digits", status: str = "finished") -> list[Run]:
    return [make_run(duration=each, cell=Cell(sha256=cell), experiment=experiment, status=status) for each in seconds]


def test_a_run_half_again_as_long_as_the_median_is_slower_than_usual() -> None:
    slower = slower_than_usual(30.0, CELL, "digits", took(9, 10, 11, 200))
    assert slower is not None
    assert (slower.usual, slower.runs, slower.same_cell) == (10.5, 4, True)
    assert str(slower) == "slower than usual: 30.0 s, 2.9 times the 10.5 s of the last 4 runs of this cell"


@pytest.mark.parametrize(
    ("duration", "earlier"),
    [
        (15.0, [10, 10, 10]),
        (1.5, [0.7, 0.7, 0.7]),
        (100.0, [10, 10]),
        (None, [10, 10, 10]),
    ],
)
def test_a_little_slower_very_short_or_without_enough_to_compare_with_is_no_news(
    duration: float | None, earlier: list[float]
) -> None:
    assert slower_than_usual(duration, CELL, "digits", took(*earlier)) is None


def test_runs_of_the_same_cell_count_before_those_of_the_experiment() -> None:
    others = took(1, 1, 1, cell="d" * 64)
    assert slower_than_usual(10, CELL, "digits", took(10, 10, 10) + others) is None
    slower = slower_than_usual(10, CELL, "digits", took(10, 10) + others)
    assert slower is not None
    assert (slower.same_cell, slower.usual) == (False, 1)


def test_only_the_ten_newest_finished_runs_count() -> None:
    assert slower_than_usual(30, CELL, "digits", took(*[25] * 10, *[1] * 50)) is None
    assert slower_than_usual(30, CELL, "digits", took(1, 1, 1, status="failed")) is None
    assert slower_than_usual(30, "e" * 64, "digits", took(1, 1, 1, experiment="other")) is None


def test_more_points_than_anyone_reads_are_too_many() -> None:
    assert not logged_too_much(TOO_MANY_POINTS)
    assert logged_too_much(TOO_MANY_POINTS + 1)


def test_metrics_that_ended_as_nan_or_infinite_are_named() -> None:
    metrics = {
        "a": summary([1.0, math.nan]),
        "b": summary([math.nan, 1.0]),
        "c": summary([math.inf]),
        "d": summary([3]),
    }
    assert not_finite(metrics) == ["a", "c"]
