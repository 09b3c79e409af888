"""Values with code of their own, or without end, neither fail a cell nor fill the disk."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from jupyter_labbook.record.draft import Draft
from jupyter_labbook.record.values import number_of, parameter_value
from jupyter_labbook.run import Record, Run


def fail(*arguments: object) -> Any:
    raise ZeroDivisionError


class Whole(int):
    __int__ = __float__ = __index__ = __str__ = __repr__ = fail


class Real(float):
    __int__ = __float__ = __str__ = __repr__ = __ne__ = fail


class Text(str):
    __str__ = __repr__ = __iter__ = __len__ = fail


class Items(list[Any]):
    __iter__ = __len__ = __repr__ = fail


class Pairs(dict[str, Any]):
    items = __iter__ = __len__ = __repr__ = fail  # type: ignore[assignment]


class Lazy(Mapping[str, Any]):
    __getitem__ = __len__ = fail

    def __iter__(self) -> Iterator[str]:
        raise ZeroDivisionError


class Closed:
    __repr__ = __getattr__ = fail


class Numeric:
    __float__ = __index__ = item = fail


class Itself:
    def item(self) -> Any:
        return self

    def __float__(self) -> Any:
        return "half"


class Point(NamedTuple):
    x: int
    y: float


def in_an_array(value: Any) -> Any:
    array = numpy.empty(1, object)
    array[0] = value
    return array


STRANGE: list[Any] = [Items([1]), Pairs(a=1), Lazy(), Closed(), Numeric(), Itself(), Closed, in_an_array(Closed())]


@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_no_exception_of_a_values_own_code_leaves(number: int) -> None:
    value = STRANGE[number]
    for parameter in (value, [value, 1], {"a": value}, {"a": [{1: value}]}):
        stored, _ = parameter_value(parameter)
        json.dumps(stored, allow_nan=False)
    with pytest.raises(TypeError, match=r"is not a|is not one"):
        number_of(value)


def test_numbers_and_texts_are_read_without_the_code_of_their_class() -> None:
    assert [number_of(Whole(3)), number_of(Real(0.5))] == [3, 0.5]
    assert parameter_value([Whole(3), Real(0.5), Text("a"), Whole(2**70)]) == ([3, 0.5, "a", str(2**70)], None)
    assert {type(item) for item in parameter_value([Whole(3), Real(0.5), Text("a")])[0]} == {int, float, str}
    assert parameter_value(Text("x")) == ("x", None)
    assert parameter_value({Text("key"): 1})[0] == {"key": 1}


def test_a_failing_element_leaves_the_others() -> None:
    stored, _ = parameter_value([1, Items([2]), Closed(), math.nan])
    assert stored == [
        1,
        f"<{__name__}.Items, which cannot be read: ZeroDivisionError>",
        f"<{__name__}.Closed, whose repr raises ZeroDivisionError>",
        "nan",
    ]


def wide(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner] * 1000
    return inner


def cyclic_dictionary() -> dict[str, Any]:
    cycle: dict[str, Any] = {}
    cycle["self"] = [cycle] * 1000
    return cycle


@pytest.mark.parametrize(
    "value",
    [wide(3), wide(30), cyclic_dictionary(), list(range(10**6)), dict.fromkeys(range(10**6)), set(range(10**6)),
     "x" * 10**7, b"x" * 10**7, [["x" * 10**6] * 20], numpy.zeros(10**6), 10**10_000, 1 << 10**7],
    ids=["wide", "wide and deep", "cyclic", "list", "dict", "set", "text", "bytes", "texts", "array", "digits", "bits"],
)  # fmt: skip
def test_what_is_very_large_is_stored_small_and_soon(value: Any) -> None:
    start = time.process_time()
    stored, _ = parameter_value(value)
    assert time.process_time() - start < 5
    assert len(json.dumps(stored, ensure_ascii=False)) < 9000


def test_large_values_that_differ_are_stored_differently() -> None:
    for one, other in (
        (10**10_000, 10**10_000 + 1),
        ("x" * 10**6, "x" * (10**6 - 1) + "y"),
        (b"x" * 10**6, b"x" * (10**6 - 1) + b"y"),
        (list(range(5000)), [*range(4999), 0]),
        (numpy.zeros(5000), numpy.arange(5000)),
        (list(range(10**6)), list(range(10**6 - 1))),
    ):
        assert parameter_value(one)[0] != parameter_value(other)[0]


# on the disk and back

VALUES = some.recursive(
    some.floats() | some.integers() | some.text(some.characters()) | some.none() | some.decimals(),
    lambda inner: (
        some.lists(inner)
        | some.tuples(inner, inner)
        | some.dictionaries(some.text(some.characters()) | some.integers() | some.floats(), inner)
    ),
    max_leaves=10,
)


def recorded(parameters: Mapping[str, Any]) -> Run:
    """A run as readers see it: what was written, decoded."""
    values = {name: parameter_value(value) for name, value in parameters.items()}
    fields = msgspec.to_builtins(Record(id="x", experiment="x"))
    fields["parameters"] = {name: stored for name, (stored, _) in values.items()}
    fields["parameter_types"] = {name: kind for name, (_, kind) in values.items() if kind is not None}
    content = Draft(Path("nowhere"), fields).encoded()
    return Run(msgspec.json.decode(content, type=Record), None)  # type: ignore[arg-type]


@given(value=VALUES)
def test_nothing_but_none_becomes_null(value: Any) -> None:
    stored = recorded({"x": value}).record.parameters["x"]
    assert nones(stored) == nones(value) or isinstance(stored, str)


def nones(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(nones, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(nones, value))
    return value is None


def test_parameters_come_back_as_they_were_given() -> None:
    given = {
        "lr": 0.1,
        "nan": math.nan,
        "inf": -math.inf,
        "huge": 2**80,
        "betas": (0.9, 0.999),
        "layers": [8, 8],
        "on": True,
        "none": None,
        "numpy": numpy.float32(0.5),
        "text": "ä\ud800",
    }
    found = recorded(given).parameters
    assert math.isnan(found.pop("nan"))
    assert found == {**{name: given[name] for name in found}, "text": "ä\\ud800"}
    assert type(found["numpy"]) is float


def test_nan_inside_a_list_and_a_set_inside_a_dictionary_come_back_as_json_has_them() -> None:
    found = recorded({"a": [1, math.nan, -math.inf], "b": {"c": {3, 1}}, "d": Point(1, math.nan)}).parameters
    assert found == {"a": [1, "nan", "-inf"], "b": {"c": [1, 3]}, "d": (1, "nan")}
