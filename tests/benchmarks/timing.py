"""Times of things measured in turns: what a machine does besides strikes all of them alike."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

Action = Callable[[], object]


def seconds(action: Action) -> float:
    """How long `action` takes once."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def in_turns(*clocks: Callable[[], float], rounds: int) -> list[float]:
    """The median of what each clock says, all of them asked once a round."""
    taken = [[clock() for clock in clocks] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def clock(action: Action) -> Callable[[], float]:
    """A clock of one action."""
    return lambda: seconds(action)


def wall(command: Sequence[str], folder: Path) -> Callable[[], float]:
    """A clock of a whole process, from its start until it has ended."""
    return lambda: seconds(lambda: _run(command, folder))


def processor(command: Sequence[str], folder: Path) -> Callable[[], float]:
    """A clock of the processor time of a whole process, user and system."""

    def measure() -> float:
        before = _of_children()
        _run(command, folder)
        return _of_children() - before

    return measure


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # os.times counts in steps of 10 ms
    return used.ru_utime + used.ru_stime


def python(program: str) -> list[str]:
    """The command that runs a program of one line or more in the Python that runs this one."""
    return [sys.executable, "-c", program]


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, env=environment(folder), stdout=subprocess.DEVNULL, check=True)


def environment(folder: Path) -> dict[str, str]:
    """Variables under which nothing of the user's is read or written, and nothing is sent anywhere."""
    own = {
        "IPYTHONDIR": folder / "ipython",
        "LABBOOK_CACHE": folder / "cache",
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "DVC_NO_ANALYTICS": "true",
        "TRACKIO_DIR": folder / "trackio",
        "HF_HUB_OFFLINE": "1",
        "NO_COLOR": "1",
        "PYTHONPATH": ROOT,
    }
    # A package that is installed is compiled once; were that forbidden, every start would compile it again.
    left_out = ("LABBOOK_", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**inherited, **{name: str(value) for name, value in own.items()}}
