"""Which way is better, by claims and by names."""

from __future__ import annotations

import math

import pytest

from jupyter_labbook.compare.direction import better, direction


@pytest.mark.parametrize(
    "metric",
    [
        "loss",
        "val_loss",
        "val/loss",
        "valLoss",
        "RMSE",
        "top1_err",
        "test-error",
        "train.mse",
        "ppl",
        "duration",
        "seconds_per_epoch",
        "loss_per_token",
        "wer",
        "gpu_memory",
        "err1",
    ],
)
def test_losses_errors_times_and_sizes_are_better_when_smaller(metric: str) -> None:
    assert direction(metric) == "smaller"


@pytest.mark.parametrize(
    "metric",
    [
        "acc",
        "val_acc",
        "f1",
        "auc",
        "glossary",
        "tokens_per_second",
        "time_saved",
        "memory_free",
        "timely",
        "πρ",
    ],
)
def test_everything_else_is_better_when_larger(metric: str) -> None:
    assert direction(metric) == "larger"


@pytest.mark.parametrize(
    ("metric", "claims", "way"),
    [
        ("rank", ["rank < 3"], "smaller"),
        ("val_loss", ["val_loss.max > 2"], "larger"),
        ("odd name", ['metrics["odd name"] <= 3'], "smaller"),
        ("val/rank", ["acc > 0.9 and val/rank < 3"], "smaller"),
        ("acc", ["0.1 < acc < 0.5", "acc == 3", "accuracy < 3", "nonsense"], "larger"),
    ],
)
def test_a_claim_on_the_metric_decides_before_its_name(metric: str, claims: list[str], way: str) -> None:
    assert direction(metric, claims) == way


def test_nan_is_better_than_nothing_and_nothing_is_better_than_nan() -> None:
    assert better(0.2, 0.1, "larger")
    assert better(0.1, 0.2, "smaller")
    assert not better(0.1, 0.1, "larger")
    assert not better(math.nan, 0.1, "larger")
    assert not better(0.1, math.nan, "smaller")
