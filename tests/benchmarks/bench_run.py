"""Starting and finishing a run: the time for which recording holds up a cell."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from tests.benchmarks.contender import Absent, Contender, Shape
from tests.benchmarks.peers import PEERS
from tests.benchmarks.report import Row, absent, duration, times
from tests.benchmarks.timing import seconds

SHAPE = Shape(parameters=2, metrics=1, steps=1)
WHAT = "start and finish of a run, everything captured"
ROUNDS = 40


def rows(scratch: Path) -> Iterator[Row]:
    numbers = count()
    floors: list[float] = []
    missing: dict[str, str] = {}
    taken: dict[str, list[dict[str, float]]] = {}
    with ExitStack() as stack:
        running = {}
        for name, (module, kind) in contenders().items():
            try:
                contender = stack.enter_context(Contender(module, kind, scratch / kind))
                contender.record(SHAPE)  # the first run of a session is another matter
                running[name], taken[name] = contender, []
            except Absent as error:
                missing[name] = str(error)
        for _ in range(ROUNDS):
            floors.append(seconds(lambda: floor(scratch / f"floor-{next(numbers)}")))
            for name, contender in running.items():
                taken[name].append(contender.record(SHAPE))
    median = {name: statistics.median(turn["seconds"] for turn in turns) for name, turns in taken.items()}
    ours = median["labbook"]
    yield times(WHAT, "mkdir and 3 small files", ours, statistics.median(floors), at_most=10)
    for name in PEERS:
        if name in missing:
            yield absent("the same", name, missing[name])
        else:
            yield times("the same", name, ours, median[name], at_most=1)
    processor = {name: statistics.median(turn["processor"] for turn in turns) for name, turns in taken.items()}
    yield Row("processor time of it, git and all else beside the cell included", "", duration(processor["labbook"]))


def contenders() -> dict[str, tuple[str, str]]:
    """Name to module and class."""
    peers = {name: (kind.__module__, kind.__name__) for name, kind in PEERS.items()}
    return {"labbook": ("tests.benchmarks.ours", "Labbook"), **peers}


def floor(folder: Path) -> None:
    """The least that a run in files of its own can cost."""
    os.mkdir(folder)
    for name in ("record", "source", "values"):
        file = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(file, b"x" * 1000)
        os.close(file)
