"""A store in a temporary folder, and runs in it as another process would have left them."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_labbook.store import layout
from jupyter_labbook.store.store import Store

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
LONG_AGO = 1_600_000_000.0


@pytest.fixture(autouse=True)
def no_chosen_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABBOOK_STORE", raising=False)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path)


@pytest.fixture
def make_run(store: Store) -> Callable[..., str]:
    """Make a finished run; keywords are keys of its record, `files` further files of its folder."""
    numbers = itertools.count()

    def make(id: str | None = None, *, files: dict[str, str] | None = None, **record: Any) -> str:
        number = next(numbers)
        letters = "".join("abcdefghij"[int(digit)] for digit in f"{number:05}")
        id = id or f"20261121-{number // 3600:02}{number // 60 % 60:02}{number % 60:02}-demo-{letters}"
        folder = layout.run_folder(store.path, id)
        folder.mkdir(parents=True)
        started = f"{id[:4]}-{id[4:6]}-{id[6:8]}T{id[9:11]}:{id[11:13]}:{id[13:15]}.000000Z"
        facts = {"format": 1, "id": id, "experiment": id[16:-6], "status": "finished", "started": started}
        (folder / layout.RECORD).write_bytes(msgspec.json.encode({**facts, **record}))
        for name, text in (files or {}).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, "utf-8", newline="")
        return id

    return make


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start real Python processes that see this package; none outlives its test."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def golden(tmp_path: Path) -> Callable[..., Store]:
    """A copy of a golden labbook, with the times and modes that version control does not keep."""

    def copy(format: str = f"format-{layout.FORMAT}") -> Store:
        home = shutil.copytree(GOLDEN / format / "labbook", tmp_path / "golden" / format / "labbook")
        for path in sorted(home.rglob("*"), reverse=True):
            if path.is_file() and "objects" in path.parts:
                path.chmod(0o444)
            os.utime(path, (LONG_AGO, LONG_AGO))
        return Store.open(home)

    return copy


@pytest.fixture
def sound(golden: Callable[..., Store]) -> Store:
    """The newest golden labbook without the torn line of its lost run: nothing is wrong with it."""
    store = golden()
    table = store.path / "runs" / "20261121-050000-night-r5t6y" / "metrics.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    os.utime(table, (LONG_AGO, LONG_AGO))
    return store
