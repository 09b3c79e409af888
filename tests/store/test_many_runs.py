"""A store of thousands: read by several processes, verified a part at a time, and never wrong for long."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jupyter_labbook.store import build, cache, layout, refresh, shards
from jupyter_labbook.store.annotations import annotate
from jupyter_labbook.store.index import Index, ask, changed
from jupyter_labbook.store.index_state import parts
from jupyter_labbook.store.selection import select
from jupyter_labbook.store.store import Store
from tests.store.scan import index_equals_scan, records

MakeRun = Callable[..., str]
COUNT = refresh.ALL + 600


def metric(last: object) -> dict[str, object]:
    return {"last": last, "min": last, "max": last, "mean": last, "count": 1}


def populate(store: Store, count: int) -> list[str]:
    """Runs with a few shapes of names, some annotated, some damaged."""
    draw = random.Random(count)
    ids = []
    for number in range(count):
        id = f"20261121-{number // 3600:02}{number // 60 % 60:02}{number % 60:02}-demo-{layout.random_letters()}"
        started = f"2026-11-21T{id[9:11]}:{id[11:13]}:{id[13:15]}Z"
        facts: dict[str, Any] = {"id": id, "experiment": "demo", "status": "finished", "started": started}
        facts["parameters"] = {"number": number, f"p{number % 3}": draw.random()}
        facts["metrics"] = {f"m{number % 4}": metric("nan" if number % 50 == 0 else draw.random())}
        if number % 9 == 0:
            facts["parameters"] |= {"flag": True, "layers": [1, 2], "huge": 2**70}
        folder = layout.run_folder(store.path, id)
        folder.mkdir()
        text = json.dumps(facts)
        (folder / layout.RECORD).write_text(text if number % 97 else text[:50], "utf-8")
        ids.append(id)
    for id in ids[5:50:5]:
        annotate(store, id, add_tags=["keep"])
    return ids


@pytest.fixture(scope="module")
def thousands(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, list[str]]:
    store = Store.create(tmp_path_factory.mktemp("thousands"))
    ids = populate(store, COUNT)
    time.sleep(2.3)
    return store, ids


def edit(store: Store, id: str, **changes: Any) -> None:
    path = layout.run_folder(store.path, id) / layout.RECORD
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


def test_the_index_of_many_equals_the_scan(thousands: tuple[Store, list[str]]) -> None:
    store, _ = thousands
    assert index_equals_scan(store, "m1 > 0.5 or p2 < 0.1", "flag and layers == [1, 2]", "huge > 1e20")


def test_a_change_to_an_old_run_by_a_verb_shows_at_once(thousands: tuple[Store, list[str]]) -> None:
    store, ids = thousands
    old = ids[150]
    select(store)
    annotate(store, old, add_tags=["by a verb"])
    changed(store, old)
    assert select(store, '"by a verb" in tags').ids == (old,)


def test_a_change_to_an_old_run_by_hand_shows_when_every_file_is_compared(
    thousands: tuple[Store, list[str]],
) -> None:
    store, ids = thousands
    old = ids[160]
    select(store)
    edit(store, old, experiment="by hand")
    ask(store, lambda _: None, full=True)
    assert select(store, 'experiment == "by hand"').ids == (old,)


def test_a_change_to_an_old_run_by_hand_shows_when_its_turn_comes(thousands: tuple[Store, list[str]]) -> None:
    store, ids = thousands
    old = ids[170]
    select(store)
    edit(store, old, experiment="in turn")
    turns = 1 + COUNT // refresh.SLICE
    found = [select(store, 'experiment == "in turn"').ids for _ in range(turns + 1)]
    assert found[-1] == (old,)


def test_a_change_to_a_new_run_shows_at_once_among_many(thousands: tuple[Store, list[str]]) -> None:
    store, ids = thousands
    select(store)
    edit(store, ids[-2], experiment="just now")
    assert select(store, 'experiment == "just now"').ids == (ids[-2],)


def test_very_many_runs_are_looked_up_as_they_are_wanted(thousands: tuple[Store, list[str]]) -> None:
    store, _ = thousands
    wanted = [record.id for record in records(store)]
    runs = select(store)
    assert len(runs) == len(wanted)
    assert f"… and {len(wanted) - 20:,} more." in str(runs)
    assert runs[0].id == wanted[0]
    for part in (slice(3, 7), slice(7, 3), slice(500, 3, -100), slice(-5, 50), slice(90, 110), slice(None, None, 300)):
        assert list(select(store)[part].ids) == wanted[part]
    assert (runs[-1].id, runs[-200].id) == (wanted[-1], wanted[-200])
    assert [run.id for run in select(store)] == wanted
    assert runs[500].id == wanted[500]
    assert list(select(store)[-3:].ids) == wanted[-3:]
    assert list(select(store, "number >= 0").ids) == wanted
    assert len(select(store, "flag")) == len([record for record in records(store) if "flag" in record.parameters])
    assert len(select(store, sort="number").to_pandas()) == len(wanted)


def shared(store: Store, scratch: Path, count: int, wanted: tuple[str, ...] = ()) -> tuple[list[str], list[str]]:
    """What several processes have read, as the ids in the index, and what they left."""
    ids = sorted(entry.name for entry in layout.runs_folder(store.path).iterdir())
    scratch.mkdir(exist_ok=True)
    with cache.new(scratch) as connection:
        left = shards.fill(connection, store, ids[:count], wanted, scratch)
        kept = [id for (id,) in connection.execute("SELECT id FROM runs UNION SELECT id FROM unreadable")]
    assert [path.suffix for path in scratch.iterdir()] == [".sqlite"]
    return kept, left


@pytest.fixture
def three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_cores", lambda: 3)


@pytest.mark.usefixtures("three_cores")
def test_several_processes_read_every_run_once(thousands: tuple[Store, list[str]], tmp_path: Path) -> None:
    store, ids = thousands
    kept, left = shared(store, tmp_path / "scratch", COUNT)
    assert not left
    assert kept == ids


@pytest.mark.usefixtures("three_cores")
def test_what_several_processes_read_equals_the_scan(
    thousands: tuple[Store, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store, _ = thousands
    monkeypatch.setattr(build, "PARALLEL", 100)
    monkeypatch.setenv("LABBOOK_CACHE", str(tmp_path))
    assert index_equals_scan(store, "m1 > 0.5 or p2 < 0.1", "flag and layers == [1, 2]", "huge > 1e20")
    assert index_equals_scan(store, "m1.max > 0.5 and m1.count == 1")
    frame = select(store, "flag == True", sort="number").to_pandas()
    assert frame["params.flag"].dtype == bool
    assert frame["params.huge"][0] == 2**70


@pytest.mark.usefixtures("three_cores")
def test_a_process_that_fails_leaves_its_share_to_others(
    thousands: tuple[Store, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, ids = thousands
    failing = tmp_path / "python"
    failing.write_text("#!/bin/sh\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(failing))
    kept, left = shared(store, tmp_path / "scratch", 300)
    assert kept == ids[:100]
    assert left == ids[100:300]
    monkeypatch.setattr(build, "PARALLEL", 100)
    assert index_equals_scan(store, "m1 > 0.5")


@pytest.mark.usefixtures("three_cores")
@pytest.mark.parametrize("executable", ["", "/nonexistent/python3", "/usr/bin/some-application"])
def test_where_no_process_can_be_started_their_share_is_left(
    thousands: tuple[Store, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, executable: str
) -> None:
    store, ids = thousands
    monkeypatch.setattr(sys, "executable", executable)
    kept, left = shared(store, tmp_path / "scratch", 30)
    assert sorted(kept + left) == ids[:30]
    assert len(left) >= 20


@pytest.mark.usefixtures("three_cores")
def test_shares_with_too_many_names_together_are_read_here(
    store: Store, make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        make_run(parameters={f"name {number} {index}": index for index in range(600)})
    kept, left = shared(store, tmp_path / "scratch", 3)
    assert sorted(kept + left) == [record.id for record in reversed(records(store))]
    assert left
    monkeypatch.setattr(build, "PARALLEL", 2)
    assert index_equals_scan(store, 'params["name 2 599"] == 599', 'params["name 0 0"] == 0')


def test_a_part_of_a_metric_is_kept_from_when_it_is_first_asked_for(
    store: Store, make_run: MakeRun, own_cache: Path
) -> None:
    make_run(metrics={"loss": {**metric(0.5), "min": 0.1, "max": 0.9}})
    assert len(select(store, "loss.min < 0.2")) == 1
    assert len(select(store, "loss.max > 0.8")) == 1
    make_run(metrics={"loss": {**metric(0.5), "min": 0.15, "max": 0.95}})
    assert len(select(store, "loss.min < 0.2 and loss.max > 0.8")) == 2
    (path,) = own_cache.rglob("*.sqlite")
    with closing(cache.connect(path)) as connection:
        assert parts(connection) == {"min", "max"}
        assert Index(connection).has("metric", "loss")
