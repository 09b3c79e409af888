"""A labbook of four runs, as their kernels left it: two that differ, one that failed, one of another kind."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_labbook.run import Cell, Claim, Error, Note, Record
from jupyter_labbook.store import layout
from jupyter_labbook.store.history import summarise
from jupyter_labbook.store.store import Store

FIRST = "20261120-200000-dropout-aaaaa"
SECOND = "20261120-210000-dropout-bbbbb"
FAILED = "20261120-220000-dropout-ccccc"
OTHER = "20261119-080000-depth-ddddd"


def write_run(store: Store, id: str, *, points: dict[str, list[float]], source: str, **facts: Any) -> Record:
    """A finished run whose metrics all stand in one table."""
    folder = layout.run_folder(store.path, id)
    folder.mkdir(parents=True)
    (folder / layout.SOURCE).write_text(source, "utf-8")
    if points:
        rows = zip(*points.values(), strict=True)
        lines = [",".join(["step", "time", *points])]
        lines += [f"{step},{step + 0.5},{','.join(map(repr, row))}" for step, row in enumerate(rows)]
        (folder / layout.METRICS).write_text("\n".join(lines) + "\n", "utf-8")
    started = f"{id[:4]}-{id[4:6]}-{id[6:8]}T{id[9:11]}:{id[11:13]}:{id[13:15]}.000000Z"
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    known = {"experiment": id[16:-6], "status": "finished", "duration": 12.5, "cell": Cell(sha256)}
    record = Record(id=id, started=started, metrics=summarise(folder), **{**known, **facts})
    (folder / layout.RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(record)))
    return record


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The labbook beside which the tests stand; its index is in a folder of the test's own."""
    monkeypatch.delenv("LABBOOK_STORE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("COLUMNS", raising=False)
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    store = Store.create(project)
    write_run(
        store,
        FIRST,
        points={"loss": [0.9, 0.5, 0.4], "val_acc": [0.7, 0.8, 0.85]},
        source="p = 0.5\nval_acc = train(p)\n",
        what="how much dropout the small net needs",
        why="it overfits from the third epoch on",
        parameters={"p": 0.5, "lr": 0.1, "name": "small"},
        parameter_sources={"p": "cell", "lr": "papermill", "name": "declared"},
        metric_sources={"loss": "log", "val_acc": "log"},
        expect=[Claim("val_acc > 0.8", "supported", 0.85)],
        verdict="supported",
        tags=["baseline"],
        notes=[Note("odd spike", "2026-11-20T20:00:10.000000Z")],
    )
    write_run(
        store,
        SECOND,
        points={"loss": [0.8, 0.4, 0.3], "val_acc": [0.7, 0.85, 0.91]},
        source="p = 0.2\nval_acc = train(p)\n",
        parameters={"p": 0.2, "lr": 0.1, "name": "small"},
        expect=[Claim("val_acc > 0.95", "refuted", 0.91)],
        verdict="refuted",
    )
    write_run(
        store,
        FAILED,
        points={"loss": [0.8]},
        source="p = -1\nval_acc = train(p)\n",
        parameters={"p": -1, "lr": 0.1, "name": "small"},
        status="failed",
        error=Error("ValueError", "p must not be negative", "Traceback …\nValueError: p must not be negative"),
    )
    write_run(store, OTHER, points={"val_acc": [0.6, 0.65]}, source="depth = 2\n", parameters={"depth": 2})
    return store


@pytest.fixture
def labbook(store: Store) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The installed command, as a shell starts it."""

    def call(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("labbook")), *words]
        environment = {**os.environ, **options.pop("environment", {})}
        settings: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 60, **options}
        return subprocess.run(command, env=environment, **settings)

    return call
