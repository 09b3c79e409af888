"""What becomes of claims when a run ends."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.judge.verdict import NoOthers, judge, overall
from jupyter_labbook.run import Claim, Run, Summary
from tests.memory import make_run, summary


class Earlier:
    """Earlier runs that are given, and a record of what was asked for."""

    def __init__(
        self, *, baseline: Run | None = None, last: Run | None = None, best: Mapping[str, Run] | None = None
    ) -> None:
        self.baseline = baseline
        self.last = last
        self._best = best or {}
        self.asked: list[tuple[str, bool | None]] = []

    def best(self, metric: str, larger: bool | None, /) -> Run | None:
        self.asked.append((metric, larger))
        return self._best.get(metric)


METRICS: dict[str, Summary | float] = {
    "val_acc": summary([0.5, 0.93, 0.91]),
    "val_loss": summary([1.0, 0.2, math.nan]),
    "val/acc": 0.8,
    "gap": math.inf,
    "zero": 0,
    "steps": 10**400,
    "seconds": 30.0,
    "epochs": 10,
}


def judged(text: str, others: Earlier | NoOthers | None = None, failure: str | None = None) -> Claim:
    (claim,) = judge([text], METRICS, 12.5, others or NoOthers(), failure)
    assert claim.claim == text
    return claim


@pytest.mark.parametrize(
    ("text", "observed"),
    [
        ("val_acc > 0.9", 0.91),
        ("val_acc.max > 0.92", 0.93),
        ("val_acc.min == 0.5", 0.5),
        ("val_acc.count == 3", 3),
        ("val_acc.last < val_acc.max", 0.91),
        ("0.9 < val_acc <= 0.91", 0.91),
        ("duration < 60", 12.5),
        ("val/acc > 0.7", 0.8),
        ("0.5 * val/acc > 0.3", 0.4),
        ("seconds/epochs < 4", 3.0),
        ("seconds/2 == 15", 15.0),
        ("val_loss.min < 0.3", 0.2),
        ("gap > 1000", "inf"),
        ("abs(val_acc - 0.9) < 0.02", pytest.approx(0.01)),
        ("round(val_acc, 1) == 0.9", 0.9),
        ("max(val_acc, 0.95) == 0.95", 0.95),
        ("val_acc > 0.9 and duration < 60", 0.91),
        ('metrics["val/acc"] != 0', 0.8),
        ("-val_acc + 2 * (1 + 1) > 3", pytest.approx(3.09)),
    ],
)
def test_a_claim_that_holds_is_supported_with_what_was_observed(text: str, observed: object) -> None:
    claim = judged(text)
    assert (claim.verdict, claim.observed) == ("supported", observed)


@pytest.mark.parametrize(
    ("text", "observed", "reason"),
    [
        ("val_acc > 0.92", 0.91, "0.91, 0.01 below 0.92"),
        ("val_acc > 0.91", 0.91, "0.91, exactly that"),
        ("0.92 < val_acc", 0.91, "0.91, 0.01 below 0.92"),
        ("duration < 10", 12.5, "12.5, 2.5 above 10"),
        ("gap < 1", "inf", "inf, inf above 1"),
        ("val_acc > 0.9 and duration < 10", 0.91, "12.5, 2.5 above 10"),
        ("val_acc > 0.92 and nothing > 1", 0.91, "0.91, 0.01 below 0.92"),
        ("0.5 < val_acc < 0.6", 0.91, "0.91, 0.31 above 0.6"),
    ],
)
def test_a_claim_that_fails_is_refuted_and_says_by_how_much(text: str, observed: object, reason: str) -> None:
    assert judged(text) == Claim(text, "refuted", observed, reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "observed", "reason"),
    [
        ("train_f1 > 0.9", None, "train_f1 was not logged"),
        ("val_accuracy > 0.9", None, "val_accuracy was not logged. Did you mean 'val_acc'?"),
        ("test/acc > 0.9", None, "test/acc was not logged"),
        ("val_loss < 1", "nan", "val_loss is nan"),
        ("max(val_loss, val_acc) < 1", "nan", "val_loss is nan"),
        ("gap - gap < 1", "nan", "what is compared is nan"),
        ("val_acc / zero < 1", 0.91, "it divides by zero"),
        ("steps * 0.5 < 1", "inf", "a number in it is too large"),
        ("val_acc > baseline.val_acc", 0.91, "no baseline was named: --baseline RUN"),
        ("val_acc > last.val_acc", 0.91, "there is no earlier finished run of this experiment"),
        (
            "val_acc > best.val_acc",
            0.91,
            "there is no earlier finished run of this experiment with val_acc",
        ),
        ("dropout helps", None, "not a comparison: 'dropout helps'; write one like val_acc > 0.9"),
    ],
)
def test_a_claim_that_cannot_be_judged_says_why(text: str, observed: object, reason: str) -> None:
    assert judged(text) == Claim(text, "inconclusive", observed, reason)  # type: ignore[arg-type]


def test_other_runs_are_compared_with_and_named() -> None:
    others = Earlier(
        baseline=make_run("aaaaa", {"val_acc": 0.95}),
        last=make_run("bbbbb", {"val_acc": 0.90}),
        best={"val_acc": make_run("ccccc", {"val_acc": 0.91})},
    )
    assert judged("val_acc > last.val_acc", others) == Claim(
        "val_acc > last.val_acc", "supported", 0.91, "0.91, 0.01 above 0.9 (last is bbbbb)"
    )
    assert judged("val_acc >= 0.99 * baseline.val_acc", others).reason == (
        "0.91, 0.0305 below 0.9405 (baseline is aaaaa)"
    )
    assert judged("best.val_acc < val_acc", others).reason == "0.91, exactly that (best is ccccc)"
    assert judged("duration > 1.01 * last.duration", others).verdict == "supported"


def test_the_best_is_asked_for_in_the_way_the_claim_goes() -> None:
    others = Earlier()
    judged("val_loss.min < best.val_loss", others)
    judged("val_acc > best.val_acc", others)
    judged("abs(val_acc - best.val_acc) < 0.1", others)
    assert others.asked == [("val_loss", False), ("val_acc", True), ("val_acc", None)]


def test_other_runs_are_not_looked_up_for_claims_that_do_not_name_them() -> None:
    class Forbidden(NoOthers):
        @property
        def last(self) -> None:  # type: ignore[override]
            raise AssertionError("looked up in vain")

    assert judge(["val_acc > 0.9"], METRICS, 1.0, Forbidden())[0].verdict == "supported"


def test_what_another_run_lacks_is_told() -> None:
    others = Earlier(last=make_run("bbbbb", {"accuracy": 0.9}, duration=None))
    assert judged("val_acc > last.val_acc", others).reason == "val_acc was not logged by last, bbbbb"
    assert judged("duration < last.duration", others).reason == "how long last took is not known"
    others = Earlier(last=make_run("bbbbb", {"val_acc": math.nan}))
    assert judged("val_acc > last.val_acc", others).reason == "last.val_acc is nan (last is bbbbb)"


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("failed", "the run failed before it ended"),
        ("interrupted", "the run was interrupted before it ended"),
        ("the kernel died", "the kernel died"),
    ],
)
def test_nothing_is_concluded_from_a_run_that_did_not_end(failure: str, reason: str) -> None:
    claim = judged("val_acc > 0.9", failure=failure)
    assert (claim.verdict, claim.observed, claim.reason) == ("inconclusive", 0.91, reason)


def test_a_metric_called_like_a_statistic_is_found_by_its_whole_name() -> None:
    metrics = {"acc": summary([0.1, 0.2]), "acc.max": 0.7}
    assert judge(["acc.max > 0.5"], metrics, 1.0, NoOthers())[0].observed == 0.7


def test_a_slash_divides_where_both_parts_are_metrics_and_no_metric_has_the_name() -> None:
    (claim,) = judge(["a/b == 2"], {"a": 4, "b": 2}, None, NoOthers())
    assert (claim.verdict, claim.observed) == ("supported", 2.0)
    (claim,) = judge(["a/b == 2"], {"a": 4, "a/b": 3}, None, NoOthers())
    assert (claim.verdict, claim.observed) == ("refuted", 3)


def test_a_run_of_unknown_duration_cannot_be_judged_by_it() -> None:
    (claim,) = judge(["duration < 3"], {}, None, NoOthers())
    assert claim.reason == "how long the run took is not known"


def test_claims_already_written_down_are_judged_by_their_text() -> None:
    (claim,) = judge([Claim("val_acc > 0.9", "none")], METRICS, 1.0, NoOthers())
    assert claim.verdict == "supported"


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        ([], "none"),
        (["none", "none"], "none"),
        (["supported", "supported"], "supported"),
        (["supported", "inconclusive"], "inconclusive"),
        (["supported", "none"], "inconclusive"),
        (["supported", "inconclusive", "refuted"], "refuted"),
    ],
)
def test_one_verdict_stands_for_all(verdicts: list[str], together: str) -> None:
    assert overall([Claim("a > 1", verdict) for verdict in verdicts]) == together  # type: ignore[arg-type]


NUMBERS = st.one_of(st.integers(), st.floats(), st.integers(2**70, 10**300))
TERMS = st.recursive(
    st.sampled_from(["a", "b", "c", "a.max", "a/b", "last.a", "best.b", "duration", "0", "1.5", "1e308"]),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
        st.builds("round({})".format, inner),
        st.builds("abs(-{})".format, inner),
    ),
    max_leaves=6,
)


@given(TERMS, st.sampled_from(["<", "<=", "==", "!="]), TERMS, NUMBERS, NUMBERS)
def test_judging_never_raises_and_always_gives_a_reason(
    one: str, sign: str, two: str, first: float, second: float
) -> None:
    others = Earlier(last=make_run(metrics={"a": second}), best={"b": make_run(metrics={"b": first})})
    (claim,) = judge([f"{one} {sign} {two}"], {"a": first, "b": second}, 3.0, others)
    assert claim.verdict in ("supported", "refuted", "inconclusive")
    assert claim.reason or claim.verdict == "supported"
