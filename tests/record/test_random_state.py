"""After a restore the generators go on exactly as they did after the capture."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from jupyter_labbook.record import random_state


@pytest.fixture(autouse=True)
def _as_before() -> Any:
    states = random_state.capture()
    yield
    assert random_state.restore(states) == []


def _draw() -> list[Any]:
    return [
        random.random(),
        random.gauss(0, 1),
        np.random.rand(3).tolist(),
        np.random.randn(),
        np.random.permutation(9).tolist(),
    ]


def _through_json(states: dict[str, Any]) -> dict[str, Any]:
    restored: dict[str, Any] = json.loads(json.dumps(states))
    return restored


@pytest.mark.parametrize("odd_draws", [0, 1, 7])
def test_python_and_numpy_go_on_as_they_did(odd_draws: int) -> None:
    for _ in range(odd_draws):  # an odd number leaves a second normal value waiting in both
        random.gauss(0, 1)
        np.random.randn()
    states = _through_json(random_state.capture())
    expected = [_draw() for _ in range(50)]
    assert random_state.restore(states) == []
    assert [_draw() for _ in range(50)] == expected


def test_they_go_on_in_a_fresh_process_that_has_not_loaded_numpy() -> None:
    np.random.randn()
    states = random_state.capture()
    expected = [random.random(), random.gauss(0, 1), np.random.randn(), np.random.rand()]
    script = """
import json, random, sys
from jupyter_labbook.record import random_state
assert "numpy" not in sys.modules
assert random_state.restore(json.load(sys.stdin)) == []
import numpy
print(json.dumps([random.random(), random.gauss(0, 1), numpy.random.randn(), numpy.random.rand()]))
"""
    done = subprocess.run([sys.executable, "-c", script], input=json.dumps(states), capture_output=True, text=True)
    assert done.stderr == ""
    assert json.loads(done.stdout) == expected


def test_another_bit_generator_under_numpys_global_functions_is_kept() -> None:
    before = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(np.random.PCG64(5))
        states = _through_json(random_state.capture())
        expected = np.random.rand(20).tolist()
        np.random.set_bit_generator(np.random.MT19937(1))
        assert random_state.restore(states) == []
        assert np.random.rand(20).tolist() == expected
    finally:
        np.random.set_bit_generator(before)


def test_a_seed_makes_all_of_them_repeat() -> None:
    for number in (0, 7, 2**40, -1):
        random_state.seed(number)
        first = _draw()
        random_state.seed(number)
        assert _draw() == first


def test_a_seed_is_the_one_that_the_libraries_give() -> None:
    random_state.seed(3)
    seeded = _draw()
    random.seed(3)
    np.random.seed(3)
    assert _draw() == seeded


def test_what_cannot_be_restored_is_said_and_the_rest_is_restored() -> None:
    states = random_state.capture()
    expected = random.random()
    failed = random_state.restore({"another": 1, "numpy": {"bit_generator": "NoSuch"}, "python": states["python"]})
    assert [line.split(":")[0] for line in failed] == ["another", "numpy"]
    assert random.random() == expected


GARBAGE = some.none() | some.integers() | some.floats() | some.text(max_size=3) | some.just("0x") | some.just([])


@given(data=some.data())
@settings(max_examples=300)
def test_a_garbled_state_is_said_and_leaves_generators_that_draw(data: some.DataObject) -> None:
    whole = random_state.capture()
    states = _through_json(whole)
    places = [(states, "python"), (states, "numpy"), *((states["python"], key) for key in states["python"])]
    numpy_state = states["numpy"]
    for holder in (numpy_state, numpy_state["state"], numpy_state["state"]["key"]):
        places += [(holder, key) for key in holder]
    holder, key = data.draw(some.sampled_from(places))
    holder[key] = data.draw(GARBAGE | some.sampled_from(["rand", "PCG64", "<u8", "O", _half(holder[key])]))
    try:
        random_state.restore(states)
        assert len(_draw()) == 5
    finally:
        assert random_state.restore(whole) == []


def _half(value: Any) -> Any:
    return value[: len(value) // 2] if isinstance(value, str) else 625


@pytest.mark.parametrize("name", ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"])
def test_every_generator_of_numpys_goes_on(name: str) -> None:
    before = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(getattr(np.random, name)(5))
        np.random.randint(9, size=3, dtype=np.int32)  # leaves half of a word waiting
        states = _through_json(random_state.capture())
        expected = [np.random.rand(7).tolist(), np.random.randint(9, size=7, dtype=np.int32).tolist()]
        assert random_state.restore(states) == []
        assert [np.random.rand(7).tolist(), np.random.randint(9, size=7, dtype=np.int32).tolist()] == expected
    finally:
        np.random.set_bit_generator(before)


def test_nothing_is_loaded_to_capture() -> None:
    script = "import sys; from jupyter_labbook.record import random_state as r; r.seed(1); r.capture()\n"
    script += "print([m for m in ('numpy', 'torch', 'pickle') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[]\n"


def test_torch_goes_on_as_it_did_and_cuda_is_not_started() -> None:
    torch = pytest.importorskip("torch")
    torch.randn(3)
    states = _through_json(random_state.capture())
    expected = torch.randn(20).tolist()
    assert random_state.restore(states) == []
    assert torch.randn(20).tolist() == expected
    random_state.seed(-5)
    first = torch.rand(3).tolist()
    random_state.seed(-5)
    assert torch.rand(3).tolist() == first
    if not torch.cuda.is_initialized():
        assert "torch.cuda" not in states
