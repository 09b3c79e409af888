"""Finding, making and opening the folder that holds the runs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from jupyter_labbook.errors import StoreNotFound, StoreTooNew, StoreUnwritable
from jupyter_labbook.store.store import Store


def test_a_new_store_says_its_format_its_id_and_when_it_was_made(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    facts = json.loads((tmp_path / "labbook" / "labbook.json").read_text())
    assert store.path == tmp_path / "labbook"
    assert facts["format"] == store.format == 1
    assert facts["id"] == store.id
    assert facts["created"].endswith("Z")
    assert sorted(os.listdir(store.path)) == ["labbook.json", "runs"]
    assert store.fault is None


def test_a_store_is_found_upwards(store: Store, tmp_path: Path) -> None:
    deep = tmp_path / "project" / "notebooks"
    deep.mkdir(parents=True)
    for start in (deep, tmp_path, store.path, store.path / "runs"):
        found = Store.find(start)
        assert found == store


def test_the_nearest_store_is_found(store: Store, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    inner = Store.create(tmp_path / "inner")
    assert Store.find(tmp_path / "inner") == inner
    assert Store.find(tmp_path) == store


def test_a_folder_that_happens_to_be_called_labbook_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "labbook").mkdir()
    assert Store.find(tmp_path) is None or not Store.find(tmp_path).path.is_relative_to(tmp_path)  # type: ignore[union-attr]
    with pytest.raises(StoreNotFound):
        Store.open(tmp_path / "labbook")


def test_opening_takes_the_store_or_the_folder_around_it(store: Store, tmp_path: Path) -> None:
    assert Store.open(tmp_path) == store
    assert Store.open(store.path) == store


def test_creating_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    assert Store.create(tmp_path) == store
    assert Store.create_at(store.path) == store


def test_processes_that_make_a_store_at_once_agree_on_it(
    tmp_path: Path, python: Callable[..., subprocess.Popen[str]]
) -> None:
    code = """
import sys
from pathlib import Path
from jupyter_labbook.store.store import Store
sys.stdin.read(1)
print(*[Store.create(Path(sys.argv[1], str(number))).id for number in range(50)])
"""
    for number in range(50):
        (tmp_path / str(number)).mkdir()
    processes = [python(code, tmp_path) for _ in range(3)]
    for process in processes:
        assert process.stdin
        process.stdin.write("g")
        process.stdin.flush()
    first, *others = [process.communicate()[0].split() for process in processes]
    assert len(set(first)) == 50
    assert all(other == first for other in others)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    damage=some.binary(max_size=40)
    | some.recursive(
        some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=5),
        lambda inner: some.lists(inner) | some.dictionaries(some.sampled_from(["format", "id", "x"]), inner),
        max_leaves=5,
    ).map(lambda value: json.dumps(value).encode())
)
@example(b'{"format": 1e999}')
@example(b"[" * 100_000)
@example(b'{"format": true, "id": 3}')
@example(b'{"format": 99999999999999999999999999}')
def test_no_damage_to_the_store_file_keeps_it_from_being_found(store: Store, damage: bytes) -> None:
    (store.path / "labbook.json").write_bytes(damage)
    found = Store.find(store.path)
    assert found is not None
    assert found.path == store.path
    assert found.format >= 1
    try:
        sound = json.loads(damage)["format"] >= 1
    except Exception:
        sound = False
    assert sound or found.fault


@pytest.mark.parametrize("thing", ["folder", "pipe", "link to nowhere", "link to a secret", "missing"])
def test_a_strange_thing_in_place_of_the_store_file_is_a_fault_and_no_more(
    store: Store, tmp_path: Path, thing: str
) -> None:
    file = store.path / "labbook.json"
    file.unlink()
    if thing == "folder":
        file.mkdir()
    elif thing == "pipe":
        os.mkfifo(file)
    elif thing == "link to nowhere":
        file.symlink_to(tmp_path / "nowhere")
    elif thing == "link to a secret":
        (tmp_path / "secret").write_text('{"format": 1, "id": "secret"}')
        file.symlink_to(tmp_path / "secret")
    found = Store.open(store.path)
    assert found.fault
    assert found.id is None
    found.require_writable()


def test_creating_heals_a_store_whose_file_was_lost(store: Store, tmp_path: Path) -> None:
    (store.path / "labbook.json").unlink()
    assert Store.create(tmp_path).fault is None


def test_a_newer_store_is_read_and_not_written(store: Store) -> None:
    (store.path / "labbook.json").write_text('{"format": 2, "id": "abc"}')
    newer = Store.open(store.path)
    assert newer.format == 2
    assert newer.fault is None
    assert not newer.writable
    with pytest.raises(StoreTooNew, match=r"format 2.*Upgrade"):
        newer.require_writable()


def test_a_store_that_is_gone_says_so(store: Store, tmp_path: Path) -> None:
    assert store.writable
    store.path.rename(tmp_path / "elsewhere")
    assert not store.writable
    with pytest.raises(StoreUnwritable, match="gone"):
        store.require_writable()


def test_a_store_on_a_read_only_disk_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)  # root may write everywhere
    with pytest.raises(StoreUnwritable, match=r"read-only.*LABBOOK_STORE"):
        store.require_writable()


def test_a_store_that_cannot_be_made_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritable, match="file"):
        Store.create(tmp_path / "file")


def test_what_is_named_wins_over_the_environment_and_that_over_what_is_near(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = Store.create(tmp_path / "one"), Store.create_at(tmp_path / "two" / "mine")
    assert Store.locate(tmp_path) == store
    monkeypatch.setenv("LABBOOK_STORE", str(two.path))
    assert Store.locate(tmp_path) == two
    assert Store.locate(tmp_path, one.path) == one
    monkeypatch.setenv("LABBOOK_STORE", "")
    assert Store.locate(tmp_path) == store


def test_reading_makes_no_store_and_writing_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = tmp_path / "else" / "where"
    monkeypatch.setenv("LABBOOK_STORE", str(chosen))
    with pytest.raises(StoreNotFound, match="LABBOOK_STORE"):
        Store.locate(tmp_path)
    assert os.listdir(tmp_path) == []
    assert Store.ensure(tmp_path).path == chosen
    assert Store.ensure(tmp_path) == Store.locate(tmp_path)


def test_a_store_is_made_beside_the_notebook_where_there_is_none(tmp_path: Path) -> None:
    made = Store.ensure(tmp_path)
    assert made.path == tmp_path / "labbook"
    (tmp_path / "deeper").mkdir()
    assert Store.ensure(tmp_path / "deeper") == made
