"""A victim whose clock is set back and forth while it records."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path

import jupyter_labbook as labbook
from jupyter_labbook.record.background import background
from tests.faults.shells import new_shell, run_cell
from tests.faults.victims import Tell

CELL = """%%experiment jumping
set_clock(by=JUMP)
labbook.log(loss=1.0)
sleep(0.02)
labbook.log(loss=0.5)
labbook.note('a note')"""

JUMPS = (0, -3600, -86400 * 400, +86400, -1, 0)


class Clock:
    """`time.time()` of this process, so many seconds off; or standing still."""

    def __init__(self) -> None:
        self._real = time.time
        self._off = 0.0
        self._still: float | None = None
        time.time = self

    def __call__(self) -> float:
        return self._still if self._still is not None else self._real() + self._off

    def set(self, by: float) -> None:
        self._off += by

    def stop(self) -> None:
        self._still = self()


def jump(folder: Path, tell: Tell, start: Connection) -> None:
    """Run a cell while the clock jumps, once for each jump; then many while it stands still."""
    clock = Clock()
    shell = new_shell(set_clock=clock.set, sleep=time.sleep)
    for by in JUMPS:
        told = run_cell(shell, CELL.replace("JUMP", str(by)))
        run = labbook.run("last")
        times = [point.time for point in run.history("loss")]
        shown = [other.id for other in labbook.runs()]
        tell("ran", run.id, run.record.started, run.record.ended, run.record.duration, times, shown, told.said)
    clock.stop()
    for _ in range(50):
        with labbook.experiment("still") as still:
            still.log(loss=1)
        background.settle()
        tell("still", still.id, labbook.run("last").id)
