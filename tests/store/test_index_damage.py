"""Of a damaged store the index says what can still be read, and it touches none of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from jupyter_labbook.store.selection import select
from jupyter_labbook.store.store import Store
from tests.store.damages import CASES, Damage
from tests.store.scan import index_equals_scan


@pytest.mark.parametrize("damage", [case[-1] for case in CASES], ids=[f"{case[0]} {case[1]}" for case in CASES])
def test_the_index_of_a_damaged_store_equals_the_scan(golden: Callable[..., Store], damage: Damage) -> None:
    store = golden()
    assert index_equals_scan(store)
    damage(store.path)
    assert index_equals_scan(store)


@pytest.fixture
def copy(golden: Callable[..., Store]) -> Store:
    return golden()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.data())
def test_bytes_changed_anywhere_in_a_run_raise_nothing(copy: Store, data: some.DataObject) -> None:
    store = copy
    files = sorted(path for path in (store.path / "runs").rglob("*.[jcm]*") if path.is_file())
    path = data.draw(some.sampled_from(files))
    before = path.read_bytes()
    place = data.draw(some.integers(0, len(before)))
    damaged = before[:place] + data.draw(some.binary(max_size=8)) + before[place + data.draw(some.integers(0, 8)) :]
    path.write_bytes(damaged)
    try:
        assert index_equals_scan(store)
        assert str(select(store))
        assert select(store)._repr_html_()
        assert path.read_bytes() == damaged
    finally:
        path.write_bytes(before)
