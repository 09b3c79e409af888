"""What a cell assigns, read from its source."""

from __future__ import annotations

import math
import sys
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.record.names import CellNames, analyse


@pytest.mark.parametrize(
    ("source", "literals"),
    [
        ("lr = 0.1", {"lr": 0.1}),
        ("lr = -0.1; n = +3", {"lr": -0.1, "n": 3}),
        ("seconds = 60 * 60", {"seconds": 3600}),
        ("n = 2 ** 8; m = 1 << 10; r = 1e-3 * 2", {"n": 256, "m": 1024}),
        ("a, b = 1, 2", {"a": 1, "b": 2}),
        ("(a, b), c = (1, 2), 3", {"a": 1, "b": 2, "c": 3}),
        ("[a, b] = [1, 'x']", {"a": 1, "b": "x"}),
        ("a = b = 3", {"a": 3, "b": 3}),
        ("lr: float = 0.1\nn: int", {"lr": 0.1}),
        (
            "layers = [64, 64]\nshape = (3, [4], {'a': None})",
            {"layers": [64, 64], "shape": (3, [4], {"a": None})},
        ),
        ("layers = [64] * 3", {"layers": [64, 64, 64]}),
        ("config = {'lr': 0.1, 'opt': 'adam'}", {"config": {"lr": 0.1, "opt": "adam"}}),
        ("kinds = {'a', 'b'}", {"kinds": {"a", "b"}}),
        ("fast = True; slow = not True; x = None", {"fast": True, "slow": False, "x": None}),
        ("z = 1 + 2j; b = b'x'", {"z": 1 + 2j, "b": b"x"}),
        ("name = 'a' + 'b'", {"name": "ab"}),
        ("clip = float('inf')", {"clip": math.inf}),
        ("lr = 0.1\nlr = 0.2", {"lr": 0.2}),
        ("'''a docstring'''\nlr = 1", {"lr": 1}),
        ("größe = 3", {"größe": 3}),
        ("n = 5\ntotal = n * 2", {"n": 5}),
        ("n = 5\nf(n)\nn.bit_length()\nd = {'a': 1}\nd.get('a'); d['a']", {"n": 5, "d": {"a": 1}}),
        ("lr = 0.1\ndef f(lr):\n    lr = 5\n    return lr", {"lr": 0.1}),
        ("items = [1]\ndef f():\n    items = []\n    items.append(1)", {"items": [1]}),
        ("n = 3\nx = [n for n in range(5)]\nf = lambda n: n", {"n": 3}),
        ("n = 3\nclass A:\n    n = 4", {"n": 3}),
        ("%time x = f()\nlr = 0.1\n!ls", {"lr": 0.1}),
        ("%%time\nlr = 0.1\nacc = f()", {"lr": 0.1}),
    ],
)
def test_literals_at_the_top_level_are_parameters(source: str, literals: dict[str, object]) -> None:
    assert analyse(source).literals == literals


@pytest.mark.parametrize(
    "source",
    [
        "x = f()",
        "x = y",
        "x = 1\nx += 1",
        "x = 1\nx = x * 2",
        "x = 1\nfor x in range(3): pass",
        "x = 1\nfor i in range(3):\n    x = i",
        "x = 0\nfor i in range(3):\n    x = 1",
        "x = 0\nwhile True:\n    x = 1",
        "x = 10\nif fast:\n    x = 1",
        "if fast:\n    x = 1",
        "x = 1\nwith open('f') as x: pass",
        "x = 1\ntry:\n    f()\nexcept E as x:\n    pass",
        "x = 1\nimport x",
        "x = 1\nimport x.y",
        "x = 1\nfrom a import b as x",
        "x = 1\ndef x(): pass",
        "x = 1\nasync def x(): pass",
        "x = 1\nclass x: pass",
        "x = 1\ndel x",
        "x = 1\ndef f():\n    global x\n    x = 2",
        "x = 1\nprint(x := 2)",
        "x = 1\n[x := i for i in range(3)]",
        "x = 1\nmatch v:\n    case x: pass",
        "x = [1]\nmatch v:\n    case [1, *x]: pass",
        "x = {1: 2}\nmatch v:\n    case {1: 2, **x}: pass",
        "x = [1]\nx.append(2)",
        "x = [[1]]\nx[0].append(2)",
        "x = {'a': 1}\nx['b'] = 2",
        "x = {'a': 1}\nx['a'] += 2",
        "x = {'a': 1}\ndel x['a']",
        "x = {'a': 1}\ndef f():\n    x.update(b=2)",
        "x = [1]\nfor x[0] in range(3): pass",
        "a, *x = 1, 2, 3",
        "x, y = (1, 2), *z",
        "x = []",
        "x = {}",
        "x = ()",
        "_x = 1",
        "x = 9 ** 9 ** 9",
        "x = 9 ** 99999",
        "x = 'a' * 10 ** 9",
        "x = 1 << 10 ** 9",
        "x = 1 / 0",
        "x = -'a'",
        "x = f'{y}'",
        "x = ...",
        "x = {[1]: 2}",
        "x = {**y}",
        "async def g():\n    x = 1",
        "x = 1 if y else 2",
        "a.x = 1",
        "x = 1 +",
        "x = '\ud800'",
        "x = 1\0",
    ],
)
def test_what_is_changed_or_computed_is_no_parameter(source: str) -> None:
    assert analyse(source).literals == {}


def test_the_other_names_of_a_tuple_stay_what_they_are() -> None:
    names = analyse("lr, model = 0.1, build()")
    assert names.literals == {"lr": 0.1}
    assert names.computed == ("model",)


def test_computed_names_are_those_of_the_top_level_and_of_blocks_there() -> None:
    source = (
        "acc = f()\nloss: float = g()\na, (b, *c) = h()\nn = 1\nn += 1\n"
        "with torch.no_grad():\n    val = f()\n"
        "try:\n    t = f()\nexcept E:\n    e = f()\nfinally:\n    g2 = f()\n"
        "if x:\n    i = f()\n    for _ in y:\n        no1 = f()\nelse:\n    j = f()\n"
        "match x:\n    case 1:\n        m = f()\n"
        "for k in range(3):\n    no2 = f()\nwhile x:\n    no3 = f()\n"
        "def fn():\n    no4 = f()\nclass C:\n    no5 = f()\n_private = f()\nlit = 3\n"
    )
    names = analyse(source)
    assert sorted(names.computed) == ["a", "acc", "b", "c", "e", "g2", "i", "j", "loss", "m", "n", "t", "val"]
    assert names.conditional == {"e", "i", "j", "m"}


def test_a_name_that_is_computed_in_any_case_is_not_conditional() -> None:
    assert analyse("if x:\n    acc = f()\nacc = g()").conditional == frozenset()


def test_all_names_that_a_cell_binds_are_known() -> None:
    source = (
        "import a.b, c as d\nfrom e import f\ng = 1\nfor h in x: i = 1\nwith y as (j, k): pass\n"
        "def l(): m = 1\nclass n: o = 1\nprint(p := 1)\ntry: pass\nexcept E as q: pass\nr[0] = s.t = 1\n"
    )
    assert analyse(source).assigned == {"a", "d", "f", "g", "h", "i", "j", "k", "l", "n", "p", "q"}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type statements are from Python 3.12 on")
def test_a_type_statement_binds_its_name() -> None:
    names = analyse("x = 1\ntype x = int\ntype y[T] = list[T]")
    assert names.literals == {}
    assert names.assigned == {"x", "y"}


def test_a_cell_that_awaits_is_read() -> None:
    names = analyse("lr = 0.1\nasync with x as y:\n    acc = await f()\nasync for z in w: pass")
    assert names.literals == {"lr": 0.1}
    assert names.computed == ("acc",)


@pytest.mark.parametrize("source", ["", "x ==", "%%bash\nx=1", "%%timeit\nx = 1", "(" * 5000, "-" * 50_000 + "1"])
def test_what_is_no_python_has_no_names(source: str) -> None:
    assert analyse(source) == CellNames()


def test_reading_a_cell_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert analyse("pattern = '\\d'\nx = 1 is 1").literals["pattern"] == "\\d"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        st.lists,
    )
)
def test_the_repr_of_a_value_is_read_as_that_value(value: object) -> None:
    source = f"x = {value!r}"
    assert analyse(source).written["x"] == value
