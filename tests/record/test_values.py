"""Every kind of value has a defined outcome as a metric and as a parameter."""

from __future__ import annotations

import argparse
import enum
import functools
import hashlib
import json
import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_labbook.record.values import number_of, parameter_value
from jupyter_labbook.run import restore_value


class Level(enum.IntEnum):
    HIGH = 3


NUMBERS: list[tuple[Any, int | float]] = [
    (1, 1),
    (0.5, 0.5),
    (True, 1),
    (np.float64(0.5), 0.5),
    (np.float32(0.5), 0.5),
    (np.float16(0.5), 0.5),
    (np.longdouble(0.5), 0.5),
    (np.int8(-3), -3),
    (np.uint64(2**64 - 1), float(2**64 - 1)),
    (np.bool_(True), 1),
    (np.array(2.5), 2.5),
    (np.array([[3]]), 3),
    (pd.Series([4.5]), 4.5),
    (Decimal("0.1"), 0.1),
    (Fraction(1, 4), 0.25),
    (2**63 - 1, 2**63 - 1),
    (2**63, float(2**63)),
    (-(10**300), -1e300),
    (float("inf"), math.inf),
    (np.float32("-inf"), -math.inf),
    (Decimal("Infinity"), math.inf),
    (np.longdouble("inf"), math.inf),
    (Level.HIGH, 3),
]


class Colour(enum.Enum):
    RED = 1


@dataclass
class Config:
    lr: float
    layers: tuple[int, ...]


class WithAddress:
    pass


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(("value", "number"), NUMBERS, ids=lambda value: repr(value)[:30])
def test_a_number_of_any_kind_becomes_an_int_or_a_float(value: Any, number: float) -> None:
    found = number_of(value)
    assert found == number
    assert type(found) in (int, float)
    assert type(found) is type(number)


@pytest.mark.parametrize("value", [float("nan"), np.float32("nan"), Decimal("NaN"), Decimal("sNaN"), np.ma.masked])
def test_what_is_not_a_number_by_ieee_stays_so(value: Any) -> None:
    assert math.isnan(number_of(value))


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (None, "None is nothing to log"),
        (pd.NA, "nothing to log"),
        (pd.NaT, "nothing to log"),
        ("0.9", "is text: log float"),
        (b"0.9", "is text: log float"),
        (np.str_("0.9"), "is text: log float"),
        (1 + 2j, "log its .real and .imag"),
        (np.complex64(1j), "log its .real and .imag"),
        (10**400, "log its logarithm"),
        (Decimal("1e400"), "log its logarithm"),
        (Fraction(10**400), "log its logarithm"),
        (np.longdouble("1e400"), "log its logarithm"),
        (np.arange(6).reshape(2, 3), "of 2×3 elements is not one number: log its mean"),
        (np.array([]), "of 0 elements"),
        (pd.Series([1.0, 2.0]), "log its mean"),
        ([1, 2], "a list of 2 is not one number"),
        ({"a": 1}, "log each of its values by name"),
        (math.sqrt, "call it, with \\(\\)"),
        (np.timedelta64(5, "s"), "log its seconds"),
        (np.array(["2026-01-01"], dtype="M8[D]"), "log its seconds"),
        (object(), "a object is not a number"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_number_is_refused_with_what_to_do(value: Any, advice: str) -> None:
    with pytest.raises(TypeError, match=advice):
        number_of(value)


def test_a_torch_scalar_is_a_number_with_or_without_a_gradient() -> None:
    torch = pytest.importorskip("torch")
    assert number_of(torch.tensor(0.5, requires_grad=True)) == 0.5
    assert number_of(torch.tensor([3])) == 3
    assert number_of(torch.tensor(1.5, dtype=torch.bfloat16)) == 1.5
    assert number_of(torch.tensor(True)) == 1
    with pytest.raises(TypeError, match="of 2×3 elements"):
        number_of(torch.zeros(2, 3))
    assert parameter_value(torch.tensor(3)) == (3, None)
    assert parameter_value(torch.float32) == ("torch.float32", "torch.dtype")
    assert parameter_value(torch.zeros(2)) == ([0.0, 0.0], "torch.Tensor")


@pytest.mark.parametrize(
    ("value", "stored", "kind"),
    [
        ("adam", "adam", None),
        (3, 3, None),
        (0.1, 0.1, None),
        (True, True, None),
        (None, None, None),
        (float("nan"), "nan", "float"),
        (float("-inf"), "-inf", "float"),
        (2**70, str(2**70), "int"),
        (np.float64(0.1), 0.1, None),
        (np.int32(3), 3, None),
        (np.bool_(False), False, None),
        (np.array([1, 2]), [1, 2], "numpy.ndarray"),
        (np.dtype("float32"), "float32", "numpy.dtypes.Float32DType"),
        ([1, [2.5, "x"], {"a": None}], [1, [2.5, "x"], {"a": None}], None),
        ((1, 2), [1, 2], "tuple"),
        ({3, 1, 2}, [1, 2, 3], "set"),
        (frozenset({"b", "a"}), ["a", "b"], "frozenset"),
        ({1: "a", (2, 3): "b"}, {"1": "a", "(2, 3)": "b"}, None),
        ({1: "a", "1": "b", "1 (int)": "c"}, {"1 (int 2)": "a", "1": "b", "1 (int)": "c"}, None),
        ({"a": {1, 2}, "b": [math.nan]}, {"a": [1, 2], "b": ["nan"]}, None),
        (OrderedDict(a=(1, 2)), {"a": [1, 2]}, None),
        (Path("a/b"), str(Path("a/b")), f"pathlib.{type(Path()).__name__}"),
        (Decimal("0.10"), 0.1, None),
        (Decimal("sNaN"), "nan", "float"),
        (Decimal("-Infinity"), "-inf", "float"),
        (Decimal("1e400"), "Decimal('1E+400')", "decimal.Decimal"),
        (Fraction(1, 3), 1 / 3, None),
        (Fraction(10**400), f"Fraction({10**400}, 1)", "fractions.Fraction"),
        (np.array([[3]]), 3, None),
        (np.array([np.nan]), "nan", "float"),
        (np.array([np.nan, 1]), ["nan", 1.0], "numpy.ndarray"),
        (np.float16(0.5), 0.5, None),
        (np.longdouble(0.5), 0.5, None),
        (np.longdouble("-inf"), "-inf", "float"),
        (np.complex64(1j), "1j", "numpy.complex64"),
        (np.datetime64("2026-11-21", "ns"), "2026-11-21T00:00:00.000000000", "numpy.datetime64"),
        (np.array(["NaT", "2026"], "M8[Y]"), ["NaT", "2026"], "numpy.ndarray"),
        (np.ma.masked, "masked", "numpy.ma.core.MaskedConstant"),
        (np.str_("a"), "a", None),
        (pd.NA, "<NA>", f"{type(pd.NA).__module__}.NAType"),
        (math, "math", "module"),
        (date(2026, 11, 21), "2026-11-21", "datetime.date"),
        (timedelta(seconds=90), "0:01:30", "datetime.timedelta"),
        (b"ab\x00", "b'ab\\x00'", "bytes"),
        (1j, "1j", "complex"),
        (range(5), "range(0, 5)", "range"),
        (argparse.Namespace(lr=0.1), {"lr": 0.1}, "argparse.Namespace"),
        (json.dumps, "json.dumps", "function"),
        (len, "len", "builtin_function_or_method"),
        (OrderedDict, "collections.OrderedDict", "type"),
        ("\ud800", "\\ud800", None),
        (Level.HIGH, "Level.HIGH", f"{__name__}.Level"),
        (Colour.RED, "Colour.RED", f"{__name__}.Colour"),
        (Config(0.1, (8, 4)), {"lr": 0.1, "layers": [8, 4]}, f"{__name__}.Config"),
        (Unprintable(), f"<{__name__}.Unprintable, whose repr raises RuntimeError>", f"{__name__}.Unprintable"),
        (WithAddress(), f"<{__name__}.WithAddress object>", f"{__name__}.WithAddress"),
    ],
    ids=lambda value: repr(type(value))[:40],
)
def test_a_parameter_is_stored_as_json_and_says_its_type_where_json_cannot(value: Any, stored: Any, kind: str) -> None:
    assert parameter_value(value) == (stored, kind)
    json.dumps(stored, allow_nan=False)


@pytest.mark.parametrize("value", [math.inf, 2**70, -(2**64), (1, "a"), 0.1, "x", [1, 2]])
def test_a_parameter_comes_back_as_it_was(value: Any) -> None:
    stored, kind = parameter_value(value)
    assert restore_value(json.loads(json.dumps(stored)), kind or "") == value


def test_an_address_in_memory_is_no_part_of_a_parameter() -> None:
    stored, _ = parameter_value(functools.partial(test_an_address_in_memory_is_no_part_of_a_parameter, x=1))
    assert "functools.partial(<function test_an_address" in stored
    assert "0x" not in stored


def test_a_long_parameter_is_cut_and_its_hash_kept() -> None:
    text = "wörter " * 1000
    stored, kind = parameter_value(text)
    assert kind is None
    assert stored.startswith(text[:4000])
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert stored.endswith(f"… [cut: 7000 characters, sha256 {digest}]")
    stored, kind = parameter_value(list(range(5000)))
    assert kind == "list"
    digest = hashlib.sha256(json.dumps(list(range(5000))).encode()).hexdigest()
    assert stored.endswith(f"sha256 {digest}]")
    stored, kind = parameter_value(10**10_000)
    assert kind == "int"
    assert stored.startswith("0x")
    assert len(stored) < 4200


def test_a_cut_does_not_uncover_a_secret() -> None:
    token = "ghp_" + "aB3dE5gH7jK9" * 3
    stored, _ = parameter_value("x " * 1990 + token + " y" * 100)
    assert "ghp_" not in stored


def test_a_large_array_is_stored_by_its_fingerprint() -> None:
    large = np.arange(2000.0).reshape(40, 50)
    stored, kind = parameter_value(large)
    assert re.fullmatch("array of 40×50, sha256 [0-9a-f]{64}", stored)
    assert kind == "numpy.ndarray"
    assert parameter_value(large.copy(order="F"))[0] == stored
    assert parameter_value(large + 1)[0] != stored


def test_cycles_and_deep_nests_end() -> None:
    cycle: list[Any] = [1]
    cycle.append(cycle)
    assert parameter_value(cycle) == ([1, "[cycle]"], None)
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    json.dumps(parameter_value(deep)[0])


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.complex_numbers()
    | st.decimals(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.frozensets(st.integers() | st.text())
    ),
    max_leaves=20,
)


@given(ANY)
@settings(max_examples=300, deadline=None)
def test_any_parameter_is_json_and_the_same_each_time(value: Any) -> None:
    stored = parameter_value(value)
    assert json.dumps(stored, allow_nan=False) == json.dumps(parameter_value(value), allow_nan=False)
    json.dumps(stored, allow_nan=False, ensure_ascii=False).encode("utf-8")
    assert len(json.dumps(stored, ensure_ascii=False)) < 5000 + 6 * 4000


@given(ANY)
@settings(max_examples=300, deadline=None)
def test_any_value_is_a_number_or_refused(value: Any) -> None:
    try:
        number = number_of(value)
    except TypeError:
        return
    assert type(number) in (int, float)
    assert not isinstance(number, int) or -(2**63) <= number < 2**63
