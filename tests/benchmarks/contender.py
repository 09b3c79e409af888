"""One tracker in a process of its own, that records a run each time it is asked to.

So that trackers are measured in turns, and what one of them loads, patches or leaves running in
the background is not on another's bill.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol

from tests.benchmarks.timing import environment


class Shape(NamedTuple):
    """How much a run holds: so many parameters, and so many metrics at each of so many steps."""

    parameters: int
    metrics: int
    steps: int


class Tracker(Protocol):
    """Records runs into the folder that it was made with."""

    def record(self, parameters: dict[str, float], points: list[dict[str, float]]) -> float:
        """Start a run, give it everything, finish it; the seconds for which that held up the caller."""

    def settle(self) -> None:
        """Wait until what goes on beside the caller is done."""


class Absent(Exception):
    """The tracker is not installed here, or does not work."""


class Contender:
    """A tracker's process, as the benchmark sees it. `with` ends it."""

    def __init__(self, module: str, name: str, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        git_repository(folder)
        command = [sys.executable, "-m", "tests.benchmarks.contender", module, name]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, cwd=folder, env=environment(folder), text=True, **pipes)
        self._answer()

    def record(self, shape: Shape) -> dict[str, float]:
        """Let it record a run: `seconds` it held up its caller, `processor` seconds it used in all."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(shape) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"absent": "its process ended"}
        if "absent" in answer:
            raise Absent(answer["absent"])
        return dict(answer)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def __enter__(self) -> Contender:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, frames: TracebackType | None) -> None:
        self.close()


def git_repository(folder: Path) -> None:
    """A small project under git, with one file that is not committed as it stands."""
    (folder / "model.py").write_text("def model():\n    return 1\n")
    (folder / ".gitignore").write_text("*\n!model.py\n!.dvc\n")
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for words in (["init", "-q"], ["add", "model.py"], [*identity, "commit", "-qm", "A model"]):
        subprocess.run(["git", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (folder / "model.py").write_text("def model():\n    return 2\n")


def values(shape: Shape) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Parameters and points, the same for every tracker."""
    draw = random.Random(1)
    parameters = {f"parameter_{number}": draw.random() for number in range(shape.parameters)}
    points = [{f"metric_{number}": draw.random() for number in range(shape.metrics)} for _ in range(shape.steps)]
    return parameters, points


def _serve(module: str, name: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a tracker prints is not an answer

    def answer(**content: object) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    try:
        tracker: Tracker = getattr(import_module(module), name)()
        answer()
        for line in sys.stdin:
            parameters, points = values(Shape(*json.loads(line)))
            before = _processor()
            seconds = tracker.record(parameters, points)
            tracker.settle()
            answer(seconds=seconds, processor=_processor() - before)
    except ImportError as error:
        answer(absent=f"not installed ({error.name})")
    except Exception as error:
        answer(absent=f"{type(error).__name__}: {error}"[:80])


def _processor() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
