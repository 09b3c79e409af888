"""Which names are taken for another's misspelling or synonym, and which are different on purpose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.compare.names import distance, resembles


@pytest.mark.parametrize(
    ("new", "earlier"),
    [
        ("acc", "accuracy"),
        ("val_accc", "val_acc"),
        ("los", "loss"),
        ("val_acc", "validation_accuracy"),
        ("valid_acc", "val_acc"),
        ("val/acc", "val_acc"),
        ("valAcc", "val_acc"),
        ("acc_val", "val_acc"),
        ("learning_rate", "lr"),
        ("learningrate", "lr"),
        ("bs", "batch_size"),
        ("n_epochs", "epochs"),
        ("num_epochs", "n_epochs"),
        ("num_trees", "n_trees"),
        ("wd", "weight_decay"),
        ("momentum", "mom"),
        ("ce", "cross_entropy"),
        ("test_err", "test_error"),
        ("temp", "temperature"),
        ("drop_rate", "dropout"),
        ("f1_score", "f1"),
        ("optimiser", "optimizer"),
        ("acuracy", "accuracy"),
        ("accuarcy", "accuracy"),
        ("val_lsos", "val_loss"),
        ("precission", "precision"),
        ("Dropout", "dropout"),
        ("regularisation", "regularization"),
        ("hidden_units_1", "hidden_unitts_1"),
    ],
)
def test_synonyms_and_slips_are_pointed_out(new: str, earlier: str) -> None:
    assert resembles([new], [earlier]) == [(new, earlier)]
    assert resembles([earlier], [new]) == [(earlier, new)]


@pytest.mark.parametrize(
    ("new", "earlier"),
    [
        ("layer1", "layer2"),
        ("top1_acc", "top5_acc"),
        ("f1", "f2"),
        ("train_loss", "val_loss"),
        ("test_acc", "val_acc"),
        ("test_acc", "acc"),
        ("loss_a", "loss_b"),
        ("macro_f1", "micro_f1"),
        ("epoch", "epochs"),
        ("min_lr", "max_lr"),
        ("encoder", "decoder"),
        ("width", "depth"),
        ("height", "weight"),
        ("lr", "l1"),
        ("beta1", "beta2"),
        ("a", "b"),
        ("loss", "less"),
        ("p_1_2", "p_2_1"),
        ("minimum", "maximum"),
        ("", "x"),
        ("___", "..."),
        ("température", "tension"),
        ("n_classes", "classes"),
    ],
)
def test_names_that_differ_on_purpose_are_left_alone(new: str, earlier: str) -> None:
    assert resembles([new], [earlier]) == []
    assert resembles([earlier], [new]) == []


def test_a_name_in_use_already_or_still_is_no_news() -> None:
    assert resembles(["acc"], ["acc", "accuracy"]) == []
    assert resembles(["acc", "accuracy"], ["accuracy"]) == []


def test_a_synonym_is_offered_before_a_misspelling() -> None:
    assert resembles(["val_accuracy"], ["val_acuracy", "val_acc"]) == [("val_accuracy", "val_acc")]


def test_a_name_too_long_to_type_twice_is_not_looked_at() -> None:
    earlier = [f"metric_{'abcdefgh'[i % 8] * 12}_{i}" for i in range(2000)] + ["n" * 10_000]
    assert resembles(["n" * 10_001, *(f"name{i}" for i in range(50))], iter(earlier)) == []


@given(st.text(max_size=12), st.text(max_size=12))
def test_the_distance_is_none_only_between_equals_and_the_same_both_ways(one: str, two: str) -> None:
    assert distance(one, two) == distance(two, one)
    assert (distance(one, two) == 0) == (one == two)
    assert abs(len(one) - len(two)) <= distance(one, two) <= max(len(one), len(two))


@given(st.lists(st.text(max_size=20), max_size=5), st.lists(st.text(max_size=20), max_size=5))
def test_only_a_new_name_is_paired_and_only_with_an_earlier_one(new: list[str], earlier: list[str]) -> None:
    for one, two in resembles(new, earlier):
        assert one in new
        assert one not in earlier
        assert two in earlier
        assert two not in new
