"""What a claim may say, what it is taken to mean, and how the rest is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.errors import ClaimError
from jupyter_labbook.judge.claim import LONGEST, parse
from jupyter_labbook.judge.expression import Constant, Operation, Slashed, Value


def left(text: str) -> object:
    return parse(text).comparisons[0].sides[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("val_acc > 0.9", Value("", "val_acc")),
        ("val_acc.max > 0.9", Value("", "val_acc", "max")),
        ("duration < 60", Value("", "duration")),
        ("baseline.val_loss > 1", Value("baseline", "val_loss")),
        ("last.val_acc.mean > 1", Value("last", "val_acc", "mean")),
        ("best.duration > 1", Value("best", "duration")),
        ('metrics["val acc, top 1"] > 0.9', Value("", "val acc, top 1")),
        ("metrics['<b>'].min > 0.9", Value("", "<b>", "min")),
        ('baseline.metrics["odd name"] > 0', Value("baseline", "odd name")),
        ('best["odd name"] > 0', Value("best", "odd name")),
        ("metrics.val_acc > 0", Value("", "val_acc")),
        ("train.loss < 1", Value("", "train.loss")),
        ("last > 3", Value("", "last")),
        ("größe < 3", Value("", "größe")),
    ],
)
def test_a_value_is_found_by_whose_it_is_its_name_and_its_statistic(text: str, value: Value) -> None:
    assert left(text) == value


def test_arithmetic_follows_the_usual_precedence() -> None:
    assert left("a + 2 * -b > 0") == Operation(
        "+",
        (
            Value("", "a"),
            Operation("*", (Constant(2), Operation("negative", (Value("", "b"),)))),
        ),
    )


def test_a_name_with_slashes_keeps_both_of_its_meanings() -> None:
    meant = left("baseline.val/acc.max > 0.9")
    assert meant == Slashed(
        Value("baseline", "val/acc", "max"),
        Operation("/", (Value("baseline", "val"), Value("", "acc", "max"))),
    )


def test_a_factor_before_a_name_with_slashes_does_not_tear_it() -> None:
    right = parse("val/loss <= 0.95 * baseline.val/loss").comparisons[0].sides[1]
    assert isinstance(right, Operation)
    assert isinstance(right.operands[1], Slashed)
    assert right.operands[1].value == Value("baseline", "val/loss")


def test_a_slash_between_spaces_is_a_division() -> None:
    assert left("seconds / epochs < 3") == Operation("/", (Value("", "seconds"), Value("", "epochs")))


def test_a_chain_of_divisions_is_not_taken_for_a_name() -> None:
    assert left("1/a/b < 3") == Operation("/", (Operation("/", (Constant(1), Value("", "a"))), Value("", "b")))


def test_a_claim_tells_its_own_metrics_and_the_others_it_needs() -> None:
    claim = parse("val/acc > best.val/acc and loss < 0.9 * baseline.loss and duration < 2 * last.duration")
    assert claim.names == ["val/acc", "loss"]
    assert claim.others == {"best": ["val/acc"], "baseline": ["loss"], "last": ["duration"]}


@pytest.mark.parametrize(
    ("text", "metric", "way"),
    [
        ("val_acc > 0.9", "val_acc", "larger"),
        ("0.9 < val_acc", "val_acc", "larger"),
        ("val_loss <= 0.95 * baseline.val_loss", "val_loss", "smaller"),
        ("val_loss / best.val_loss < 0.95", "val_loss", "smaller"),
        ("val_acc - last.val_acc > 0.01", "val_acc", "larger"),
        ("-loss > -0.3", "loss", "smaller"),
        ("top5 > best.top1", "top1", "larger"),
        ("min(acc_a, acc_b) > 0.5", "acc_b", "larger"),
        ("val/loss < 0.3", "val/loss", "smaller"),
        ("loss * -1 > 3", "loss", "smaller"),
        ("loss.count > 3", "loss", None),
        ("0.1 < loss < 0.3", "loss", None),
        ("acc == 1", "acc", None),
        ("abs(acc - best.acc) < 0.01", "acc", None),
        ("acc > 0.9", "loss", None),
    ],
)
def test_the_way_a_metric_should_go_is_read_off_the_claim(text: str, metric: str, way: str | None) -> None:
    assert parse(text).better(metric) == way


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "empty"),
        ("dropout helps", "val_acc > 0.9"),
        ("dropout will close the gap between train and test", "val_acc > 0.9"),
        ("val_acc", "not a comparison"),
        ("val_acc = 0.9", "write =="),
        ("val_acc => 0.9", "write >="),
        ("val_acc > 92%", "0.92 for 92 %"),
        ("val_acc > 0.9 or val_loss < 1", "two claims"),
        ("not val_acc > 0.9", "not a comparison"),
        ("val_acc in (1, 2)", "only"),
        ("val_acc is 1", "only"),
        ("1 < 2", "names none"),
        ("val_acc ** 2 > 1", "none of them"),
        ("val_acc % 2 > 1", "none of them"),
        ("val_acc > 'high'", "none of them"),
        ("val_acc > True", "numbers"),
        ("val_acc > 1j", "none of them"),
        ("exec('x') > 1", "abs, min, max and round"),
        ("__import__('os').system('true') > 1", "abs, min, max and round"),
        ("max(*loss) > 1", "2 to 20"),
        ("max(*loss, 2) > 1", "none of them"),
        ("max(loss) > 1", "2 to 20"),
        ("round(loss, n) > 1", "how many digits"),
        ("round(loss, 10**9) > 1", "none of them"),
        ("abs(x=loss) > 1", "abs() in a claim takes"),
        ("loss[0] > 1", "metrics["),
        ("params.lr < 1", "goes in"),
        ("(x := 3) > loss", "none of them"),
        ("(lambda: 1)() > loss", "abs, min, max and round"),
        ("[loss for loss in y] > 1", "none of them"),
        (f"f'{'{'}loss{'}'}' > 1", "none of them"),
        ("loss > 1\nand acc > 2", "not a comparison"),
        ("loss\x00 > 1", "not a comparison"),
        ("a" * LONGEST + " > 1", "longer than"),
        ("(" * 300 + "a" + ")" * 300 + " > 1", "not a comparison"),
        ("-" * 200 + "a > 1", "nested"),
    ],
)
def test_what_is_no_claim_is_refused_with_what_to_write_instead(text: str, advice: str) -> None:
    with pytest.raises(ClaimError) as refused:
        parse(text)
    assert advice in str(refused.value)
    assert len(str(refused.value)) < 300


def test_typographic_signs_are_understood() -> None:
    assert parse("val_acc ≥ 0.9").comparisons == parse("val_acc >= 0.9").comparisons
    assert parse("loss − 1 ≤ 2 × last.loss").comparisons == parse("loss - 1 <= 2 * last.loss").comparisons


@given(st.text(alphabet="ab_./*+-()<>=!,[]\"' 0123456789", max_size=60))
def test_any_text_is_parsed_or_refused_and_nothing_else(anything: str) -> None:
    try:
        claim = parse(anything)
    except ClaimError:
        return
    assert claim.comparisons
    assert claim.values
