"""How long a person waits in the terminal: `labbook runs` beside a Python that does nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_labbook.store import layout
from jupyter_labbook.store.store import Store

TIMES_PYTHON = 8.0
ROUNDS = 15


def cpu_seconds(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """CPU time of one process; unlike the time on the wall it does not count what else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """As for a person whose Python keeps what it has compiled, with an index of the test's own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(tmp_path / "compiled"), "XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.mark.slow
def test_labbook_runs_takes_few_times_what_python_takes(
    tmp_path: Path, environment: dict[str, str], record_property: Callable[[str, object], None]
) -> None:
    store = Store.create(tmp_path)
    for number in range(10):
        id = f"20261121-0000{number:02}-bench-aaaa{'abcdefghij'[number]}"
        folder = layout.run_folder(store.path, id)
        folder.mkdir()
        (folder / layout.RECORD).write_text(f'{{"format": 1, "id": "{id}", "experiment": "bench"}}')
    python = [sys.executable, "-c", "pass"]
    labbook = [str(Path(sys.executable).with_name("labbook")), "runs"]
    for command in (python, labbook):
        cpu_seconds(command, tmp_path, environment)
    pairs = [
        (cpu_seconds(python, tmp_path, environment), cpu_seconds(labbook, tmp_path, environment)) for _ in range(ROUNDS)
    ]
    floor, taken = (min(times) for times in zip(*pairs, strict=True))
    record_property("labbook runs / python -c pass", round(taken / floor, 2))
    assert taken / floor <= TIMES_PYTHON, f"{taken * 1000:.1f} ms beside {floor * 1000:.1f} ms"
