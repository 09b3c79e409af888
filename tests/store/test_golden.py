"""Whatever a released version wrote is read for ever, fact by fact, and not changed by being read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from jupyter_labbook.run import stored
from jupyter_labbook.store import layout, notes, objects, runs
from jupyter_labbook.store.check import check
from jupyter_labbook.store.gc import collect
from jupyter_labbook.store.store import Store

GOLDEN = Path(__file__).parent / "golden"
FORMATS = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())
MakeCopy = Callable[..., Store]


def content(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path): (
            path.lstat().st_mtime_ns,
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
    }


def facts_of(store: Store) -> dict[str, Any]:
    """Everything that readers are told about a labbook, as JSON has it."""
    return {
        "runs": {id: _facts_of_run(store, id) for id in runs.ids(store)},
        "lessons": [[lesson.text, lesson.time, lesson.run] for lesson in notes.lessons(store)],
    }


def _facts_of_run(store: Store, id: str) -> dict[str, Any]:
    run, files = runs.read(store, id), runs.files_of(store, id)
    return {
        "record": run.to_dict(),
        "parameters": {name: repr(value) for name, value in run.parameters.items()},
        "histories": {
            name: [[point.step, point.time, stored(point.value)] for point in run.history(name)] for name in run.metrics
        },
        "source": run.source,
        "patch": run.patch,
        "output": files.text("output.ipynb"),
        "replay": files.text("replay.ipynb"),
        "artifacts": {
            artifact.name: sha256(run.artifact(artifact.name).path.read_bytes()).hexdigest()
            for artifact in run.record.artifacts
        },
        "snapshot": (objects.get(store, run.record.environment.snapshot or "") or b"").decode(),
    }


def test_there_is_a_golden_labbook_of_every_format() -> None:
    assert sorted(f"format-{number}" for number in range(1, layout.FORMAT + 1)) == FORMATS


@pytest.mark.parametrize("format", FORMATS)
def test_every_fact_of_a_golden_labbook_is_read_exactly(format: str, golden: MakeCopy) -> None:
    found = facts_of(golden(format))
    expected = json.loads((GOLDEN / format / "facts.json").read_text("utf-8"))
    assert list(found["runs"]) == list(expected["runs"])
    for id, facts in expected["runs"].items():
        record = found["runs"][id]["record"]
        # A key that came to the record later stands there with its default.
        assert {key: record[key] for key in facts["record"]} == facts["record"], id
        assert {**found["runs"][id], "record": None} == {**facts, "record": None}, id
    assert found["lessons"] == expected["lessons"]


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_that_reads_a_golden_labbook_changes_it(format: str, golden: MakeCopy) -> None:
    store = golden(format)
    before = content(store.path)
    facts_of(store)
    check(store)
    assert collect(store).objects == ()
    assert content(store.path) == before


@pytest.mark.parametrize("format", FORMATS)
def test_a_golden_labbook_has_no_damage_but_the_torn_line_of_a_lost_run(format: str, golden: MakeCopy) -> None:
    report = check(golden(format))
    assert [(fault.kind, fault.path) for fault in report.faults] == [
        ("table-torn", "runs/20261121-050000-night-r5t6y/metrics.csv")
    ]
    assert [(remark.kind, str(remark.run)[-5:]) for remark in report.remarks] == [
        ("lost", "r5t6y"),
        ("lost", "b2c3d"),
    ]


def test_a_running_run_of_another_machine_lives_as_long_as_its_files_change(golden: MakeCopy) -> None:
    store = golden("format-1")
    id = "20261121-060000-live-b2c3d"
    assert runs.read(store, id).status == "lost"
    os.utime(layout.run_folder(store.path, id) / "metrics.csv")
    assert runs.read(store, id).status == "running"
    assert runs.read(store, id).metrics == {"loss": 2}


def test_keys_that_this_version_does_not_know_are_shown(golden: MakeCopy) -> None:
    run = runs.read(golden("format-1"), "20261121-031502-dropout-k3f9x")
    assert run.to_dict()["ward"] == {"unknown": ["keys", "are", "kept"]}
