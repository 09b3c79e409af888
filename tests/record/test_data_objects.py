"""The fingerprint of python values changes with their content and type, and nothing of them is called."""

from __future__ import annotations

import math
import uuid
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record.data import fingerprint


def of(value: Any) -> str:
    sha256 = fingerprint("x", value).sha256
    assert sha256 is not None
    return sha256


class Colour(IntEnum):
    RED = 1


VALUES: list[Any] = [
    None, False, True, 0, 1, -1, 2**63, 10**5000, 0.0, -0.0, 1.0, math.nan, math.inf, -math.inf, 1j, complex(0, -1.0),
    "", "1", "None", "nan", "\ud800", "ä", b"", b"1", bytearray(b"1"), (), [], set(), frozenset(), {}, (1,), [1], {1},
    {1: None}, {None: 1}, [[1], 2], [[1, 2]], [1, [2]], ["ab", "c"], ["a", "bc"], range(1), Decimal(1),
    Decimal("1.0"), Decimal("NaN"), Fraction(1), date(2026, 1, 1), datetime(2026, 1, 1), datetime(2026, 1, 1, fold=1),
    datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))), time(1),
    timedelta(1), timedelta(0, 1), uuid.UUID(int=1), OrderedDict(), numpy.float64(1), numpy.float32(1),
    numpy.int64(1), numpy.bool_(True), numpy.str_("1"), numpy.array(1), numpy.array([1]), numpy.array([[1]]),
    numpy.array([None]), numpy.array([(1, 2)], "i8,i8"), numpy.datetime64(1, "s"), numpy.datetime64("NaT"),
]  # fmt: skip


def test_values_that_differ_have_different_fingerprints_wherever_they_stand() -> None:
    for wrap in (
        lambda value: [value],
        lambda value: [value, "x", 1],
        lambda value: [[value]],
        lambda value: {1: value},
    ):
        hashes = [of(wrap(value)) for value in VALUES]
        same = [(VALUES[a], VALUES[b]) for a, b in combinations(range(len(VALUES)), 2) if hashes[a] == hashes[b]]
        assert [pair for pair in same if not both_arrays_and_scalars(*pair)] == []


def both_arrays_and_scalars(one: Any, other: Any) -> bool:
    """A numpy scalar and an array of no dimension are the same."""
    return (
        isinstance(one, numpy.generic | numpy.ndarray)
        and type(other) is numpy.ndarray
        and one.shape == other.shape == ()
    )


LEAVES = some.none() | some.booleans() | some.integers() | some.floats() | some.text() | some.binary()
NESTED = some.recursive(
    LEAVES,
    lambda inner: some.lists(inner) | some.tuples(inner, inner) | some.dictionaries(some.text(), inner),
    max_leaves=8,
)


@given(one=some.lists(NESTED), other=some.lists(NESTED))
def test_lists_have_one_fingerprint_exactly_if_they_show_alike(one: list[Any], other: list[Any]) -> None:
    assert (of(one) == of(other)) == (shown(one) == shown(other))


def shown(value: Any) -> str:
    if isinstance(value, dict):
        return repr(sorted((key, shown(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}{[shown(item) for item in value]}"
    return repr(value)


def test_the_order_of_a_dictionary_and_of_a_set_does_not_count() -> None:
    assert of({"a": 1, "b": 2}) == of({"b": 2, "a": 1})
    assert of({"a": numpy.zeros(1), "b": numpy.ones(1)}) == of({"b": numpy.ones(1), "a": numpy.zeros(1)})
    assert of({"a": numpy.zeros(1), "b": numpy.ones(1)}) != of({"b": numpy.zeros(1), "a": numpy.ones(1)})
    letters = [chr(code) for code in range(97, 123)]
    reversed_letters = letters[::-1]
    assert of([set(letters)]) == of([set(reversed_letters)])


def test_arrays_stand_in_lists_of_lists_too() -> None:
    folds = [(numpy.zeros((2, 2)), numpy.zeros(2)), (numpy.ones((2, 2)), numpy.ones(2))]
    assert of(folds) == of([(x.copy(), numpy.asfortranarray(y)) for x, y in folds])
    assert of(folds) != of(folds[::-1])
    assert of([numpy.zeros(2), 3, "x"]) != of([numpy.zeros(2), 3, "y"])


class Token:
    """Nothing of a user's class is called."""

    def __repr__(self, *others: object) -> Any:
        raise AssertionError

    __str__ = __eq__ = __hash__ = __len__ = __iter__ = __reduce__ = __array__ = __index__ = __repr__  # type: ignore


def test_an_object_of_an_unknown_class_is_refused_and_never_called() -> None:
    objects = numpy.empty(2, object)
    objects[1] = Token()
    for value in ([Token()], objects, {"a": [Token()]}, {"a": Token()}, [objects, Token()]):
        with pytest.raises(LabbookError, match="Token, of which labbook cannot tell what its content is: make"):
            fingerprint("x", value)
    with pytest.raises(LabbookError, match=r"Token, which labbook does not know: give numpy.asarray"):
        fingerprint("x", Token())


@pytest.mark.parametrize("value", [[Colour.RED], [type("Text", (str,), {})("a")], open, iter([1]), lambda: 1])
def test_what_only_looks_like_data_is_refused(value: Any) -> None:
    with pytest.raises(LabbookError, match="labbook cannot tell"):
        fingerprint("x", value)


def test_a_list_that_holds_itself_is_refused() -> None:
    for start in ([], [numpy.zeros(1)]):
        start.append(start)  # type: ignore[arg-type]
        with pytest.raises(LabbookError, match="or holds itself"):
            fingerprint("x", start)


def test_numpy_numbers_in_a_list_are_told_by_their_type() -> None:
    losses = [numpy.float32(1), numpy.float32(2)]
    lists = [losses, losses[::-1], [numpy.float32(1)], [numpy.float64(1), numpy.float64(2)], [1.0, 2.0]]
    lists += [[numpy.float32(1), numpy.float64(2)], numpy.array([1, 2], "f4"), [numpy.timedelta64(1, "s")] * 2]
    lists += [[numpy.timedelta64(1, "m")] * 2, [numpy.True_, numpy.False_], [True, False], [*losses, None]]
    assert len(set(map(of, lists))) == len(lists)
