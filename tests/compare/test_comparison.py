"""Runs side by side: what is shown, which is best, what differences are taken to."""

from __future__ import annotations

import json
import math

import pytest

from jupyter_labbook.compare.comparison import Comparison, compare
from jupyter_labbook.compare.values import MISSING
from jupyter_labbook.errors import UsageError
from jupyter_labbook.run import Cell, Claim, Code, Data, Environment, Error
from tests.memory import make_run

FIRST = make_run(
    "aaaaa", {"val_acc": [0.5, 0.9], "val_loss": 0.3, "system/cpu": 9.0}, parameters={"lr": 0.1, "epochs": 20}
)
SECOND = make_run("bbbbb", {"val_acc": [0.5, 0.95], "val_loss": 0.4}, minute=1, parameters={"lr": 0.01, "epochs": 20})
FAILED = make_run(
    "ccccc",
    {"val_acc": 0.99, "val_loss": math.nan},
    minute=2,
    status="failed",
    error=Error("ValueError", "no"),
    parameters={"lr": 3, "epochs": 20, "extra": None},
)


def test_only_what_differs_is_a_column_and_the_rest_is_shared() -> None:
    comparison = compare([FIRST, SECOND, FAILED])
    assert comparison.parameters == {"lr": (0.1, 0.01, 3), "extra": (MISSING, MISSING, None)}
    assert comparison.shared == {"epochs": 20}


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (math.nan, math.nan, True),
        (1, 1.0, True),
        (1, True, False),
        (1, "1", False),
        ({"a": [1, math.nan]}, {"a": [1, math.nan]}, True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ([1, 2], (1, 2), True),
        ([1, 2], [2, 1], False),
        (None, "None", False),
        (0.0, -0.0, True),
        (10**400, 10**400, True),
    ],
)
def test_values_are_the_same_where_a_person_would_say_so(one: object, two: object, same: bool) -> None:
    runs = [make_run("aaaaa", parameters={"p": one}), make_run("bbbbb", parameters={"p": two})]
    assert ("p" in compare(runs).shared) == same


def test_missing_is_different_from_none() -> None:
    runs = [make_run("aaaaa", parameters={"p": None}), make_run("bbbbb", parameters={})]
    assert compare(runs).parameters == {"p": (None, MISSING)}


def test_metrics_know_which_way_is_better_and_resources_are_left_out() -> None:
    assert compare([FIRST, SECOND]).metrics == {"val_acc": "larger", "val_loss": "smaller"}
    assert "system/cpu" in compare([FIRST, SECOND], metric="system/cpu").metrics


def test_the_best_is_one_that_finished() -> None:
    comparison = compare([FIRST, SECOND, FAILED])
    assert comparison.leaders("val_acc") == {SECOND.id}
    assert comparison.leaders("val_loss") == {FIRST.id}
    assert comparison.best == SECOND
    assert compare([FAILED]).best is None


def test_of_equals_none_is_best_and_a_tie_at_the_top_is_shared() -> None:
    same = [make_run(letters, {"acc": 0.5}) for letters in ("aaaaa", "bbbbb")]
    assert compare(same).leaders("acc") == frozenset()
    third = make_run("ccccc", {"acc": 0.4})
    assert compare([*same, third]).leaders("acc") == {run.id for run in same}


def test_a_claim_says_which_way_is_better_and_comes_first() -> None:
    run = make_run("aaaaa", {"loss": 1.0, "rank": 3.0}, expect=[Claim("rank < 5")])
    assert compare([run, FIRST]).metrics["rank"] == "smaller"
    assert compare([run, FIRST]).metric == "rank"


def test_the_metric_asked_for_comes_first_and_sorts_the_best_first() -> None:
    comparison = compare([FIRST, FAILED, SECOND], metric="val_loss")
    assert comparison.runs == (FIRST, SECOND, FAILED)
    assert list(comparison.metrics) == ["val_loss", "val_acc"]
    assert compare([FIRST, SECOND], metric="-val_acc").runs == (FIRST, SECOND)
    assert compare([FIRST, SECOND], metric="val_acc").runs == (SECOND, FIRST)


def test_differences_are_taken_to_the_baseline_named_or_else_the_oldest_that_finished() -> None:
    failed_first = make_run("zzzzz", {"val_acc": 0.1}, minute=-5, status="failed")
    comparison = compare([SECOND, FIRST, failed_first])
    assert (comparison.baseline, comparison.why) == (FIRST, "the oldest")
    naming = make_run("ddddd", {"val_acc": 0.97}, minute=9, baseline=SECOND.id)
    assert compare([naming, FIRST, SECOND]).baseline == SECOND
    assert compare([naming, FIRST, SECOND], baseline=FIRST).baseline == FIRST
    assert comparison.difference(SECOND, "val_acc") == pytest.approx(0.05)
    assert comparison.difference(FIRST, "val_acc") is None
    assert comparison.difference(SECOND, "val_loss") == pytest.approx(0.1)


def test_a_baseline_that_is_not_among_the_runs_is_added_to_them() -> None:
    assert compare([SECOND], baseline=FIRST).runs == (FIRST, SECOND)


def test_a_run_given_twice_is_there_once() -> None:
    assert compare([FIRST, SECOND, FIRST]).runs == (FIRST, SECOND)


def test_what_else_differs_is_told() -> None:
    one = make_run(
        "aaaaa",
        cell=Cell(sha256="a" * 64),
        code=Code(commit="1" * 40, dirty=True, patch="f" * 64),
        environment=Environment(snapshot="e" * 64),
        data=[Data("train", sha256="d" * 64, rows=100)],
        seed=1,
    )
    two = make_run(
        "bbbbb",
        cell=Cell(sha256="b" * 64),
        code=Code(commit="1" * 40),
        environment=Environment(snapshot="c" * 64),
        data=[Data("train", sha256="e" * 64, rows=90)],
        experiment="other",
    )
    assert compare([one, two]).context == {
        "experiment": ("digits", "other"),
        "seed": (1, MISSING),
        "source": ("aaaaaaa", "bbbbbbb"),
        "commit": ("1111111+fffffff", "1111111"),
        "packages": ("eeeeeee", "ccccccc"),
        "data train": ("ddddddd, 100 rows", "eeeeeee, 90 rows"),
    }
    assert compare([one]).context == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metric": "val_ac"}, "none of these runs logged 'val_ac'. Did you mean 'val_acc'?"),
        ({"metric": "-val_ac"}, "none of these runs logged '-val_ac'. Did you mean 'val_acc'?"),
        ({"by": ["epoch"]}, "none of these runs has a parameter 'epoch'. Did you mean 'epochs'?"),
    ],
)
def test_a_wrong_name_answers_with_the_nearest_right_one(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as wrong:
        compare([FIRST, SECOND], **arguments)  # type: ignore[arg-type]
    assert str(wrong.value) == message


def test_no_runs_are_an_error_that_says_so() -> None:
    with pytest.raises(UsageError, match="nothing to compare"):
        compare([])


def test_json_without_groups_has_a_group_for_every_run() -> None:
    document = json.loads(json.dumps(compare([FIRST, FAILED]).to_dict(), allow_nan=False))
    assert document == {
        "groups": [
            {
                "key": {"run": FIRST.id},
                "runs": [FIRST.id],
                "n": 1,
                "metrics": {
                    "val_acc": {"values": [0.9], "mean": 0.9, "sd": None},
                    "val_loss": {"values": [0.3], "mean": 0.3, "sd": None},
                },
            },
            {
                "key": {"run": FAILED.id},
                "runs": [FAILED.id],
                "n": 1,
                "metrics": {
                    "val_acc": {"values": [0.99], "mean": 0.99, "sd": None},
                    "val_loss": {"values": ["nan"], "mean": "nan", "sd": None},
                },
            },
        ],
        "comparisons": [
            {
                "metric": "val_acc",
                "baseline": {"run": FIRST.id},
                "group": {"run": FAILED.id},
                "difference": pytest.approx(0.09),
                "relative": pytest.approx(0.1),
                "better": True,
            },
            {
                "metric": "val_loss",
                "baseline": {"run": FIRST.id},
                "group": {"run": FAILED.id},
                "difference": "nan",
                "relative": "nan",
                "better": None,
            },
        ],
        "verdict": {
            "metric": "val_acc",
            "better": "larger",
            "best": {"run": FAILED.id},
            "value": 0.99,
            "n": [1, 1],
            "statement": ("one run each: these are values; whether a difference is chance cannot be told from them"),
        },
    }


def test_a_single_run_has_no_verdict_and_no_differences() -> None:
    comparison = compare([FIRST])
    assert comparison.verdict is None
    assert comparison.differences == ()


def test_pandas_gets_a_row_a_run_with_what_differs() -> None:
    frame = compare([FIRST, SECOND, FAILED]).to_pandas()
    assert list(frame.columns) == [
        "id",
        "experiment",
        "status",
        "verdict",
        "started",
        "duration",
        "params.lr",
        "params.extra",
        "metrics.val_acc",
        "metrics.val_loss",
    ]
    assert frame["metrics.val_acc"].tolist() == [0.9, 0.95, 0.99]


def test_curves_are_the_metrics_with_a_history() -> None:
    run = make_run("aaaaa", {"loss": [2.0, 1.0], "acc": [0.1, 0.2], "once": 3.0, "system/cpu": [1.0, 2.0]})
    assert compare([run]).curves() == ["loss", "acc"]
    assert compare([run], metric="acc").curves() == ["acc", "loss"]


def test_whole_numbers_beyond_any_float_are_compared_without_an_error() -> None:
    comparison = compare([make_run("aaaaa", {"n": 10**400}), make_run("bbbbb", {"n": 0.5})])
    assert isinstance(comparison, Comparison)
    assert comparison.leaders("n") == {comparison.runs[0].id}
    assert comparison.difference(comparison.runs[1], "n") == -math.inf
    json.dumps(comparison.to_dict(), allow_nan=False)
    assert "inf" in str(comparison)
