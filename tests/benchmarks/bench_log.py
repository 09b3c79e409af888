"""What `labbook.log` costs beside one `os.write` of the same line, and that it takes no memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import jupyter_labbook as labbook
from tests.benchmarks.report import Row, size, times
from tests.benchmarks.timing import environment, in_turns, python, seconds

BLOCK = 500
ROUNDS = 150
FLAT = 1_000_000
"""Bytes by which memory may differ and still be called flat: a page or two of an allocator's."""


def rows(scratch: Path) -> Iterator[Row]:
    draw = random.Random(1)
    one = {"loss": draw.random()}
    ten = {f"metric_{number}": draw.random() for number in range(10)}
    with labbook.experiment("log", store=scratch / "labbook", quiet=True) as recorder:
        clocks = []
        for point in (one, ten):
            labbook.log(point)
            table = max(recorder.path.glob("metrics*.csv"))
            line = table.read_bytes().splitlines(keepends=True)[-1]
            clocks += [_logging(point), _writing(scratch / f"floor-{len(point)}.csv", line)]
        logged, written, ten_logged, ten_written = in_turns(*clocks, rounds=ROUNDS)
    yield times("log() of one metric", "os.write of that line", logged, written, at_most=5)
    yield times("log() of ten metrics, a value", "os.write of that line", ten_logged / 10, ten_written, at_most=1.3)
    yield from _memory(scratch)


def _logging(point: dict[str, float]) -> Callable[[], float]:
    """Seconds of one call, from a block of them."""

    def block() -> None:
        log = labbook.log
        for _ in range(BLOCK):
            log(**point)

    return lambda: seconds(block) / BLOCK


def _writing(path: Path, line: bytes) -> Callable[[], float]:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def block() -> None:
        write = os.write
        for _ in range(BLOCK):
            write(file, line)

    return lambda: seconds(block) / BLOCK


MEMORY = """
import gc, json, time, tracemalloc
import psutil
import jupyter_labbook as labbook

resident = psutil.Process().memory_info

def log(count):
    for number in range(count):
        labbook.log(loss=number / 7, step=number)
    gc.collect()

with labbook.experiment("memory", quiet=True):
    log(50_000)
    time.sleep(2)  # in its first second a run loads what samples the machine
    log(50_000)
    before = resident().rss
    log(900_000)
    after = resident().rss
    tracemalloc.start()
    log(20_000)
    traced = tracemalloc.get_traced_memory()[0]
    log(80_000)
    grown = tracemalloc.get_traced_memory()[0] - traced
print(json.dumps([after - before, grown]))
"""


def _memory(scratch: Path) -> Iterator[Row]:
    folder = scratch / "memory"
    folder.mkdir()
    done = subprocess.run(python(MEMORY), cwd=folder, env=environment(folder), capture_output=True, check=True)
    resident, traced = json.loads(done.stdout)
    yield _flat("memory, from 100,000 to 1,000,000 points", "resident before", resident)
    yield _flat("memory, from 20,000 to 100,000 points", "traced before", traced)


def _flat(what: str, beside: str, grown: float) -> Row:
    return Row(what, beside, f"+{size(max(grown, 0))}", "", None, "flat", grown < FLAT)
