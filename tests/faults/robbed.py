"""A victim whose labbook is taken away, blocked or replaced while it records."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from jupyter_labbook.record import delivery
from tests.faults.shells import new_shell, run_cell
from tests.faults.starving import CELL, only_of_runs, that_run, wait_until_written
from tests.faults.victims import Tell, value


def _block(store: Path) -> None:
    shutil.rmtree(store / "runs")
    (store / "runs").write_text("no folder")


def _renew(store: Path) -> None:
    (store / "labbook.json").write_text('{"format": 2, "new": true}')


ROBBERIES: Final[dict[str, Callable[[Path], None]]] = {
    "the store removed": shutil.rmtree,
    "the runs removed": lambda store: shutil.rmtree(store / "runs"),
    "the runs replaced by a file": _block,
    "labbook.json removed": lambda store: (store / "labbook.json").unlink(),
    "a newer format": _renew,
}


def robbed(folder: Path, tell: Tell, start: Connection, robbery: str) -> None:
    """Record one run, one during which it happens, and two after it."""
    delivery.RETRY_EVERY = 0.02
    shell = new_shell(tell=only_of_runs(tell), value=value, that_run=that_run, half_time=lambda: None)
    for number in range(4):
        shell.user_ns["run"] = None
        shell.user_ns["half_time"] = (lambda: ROBBERIES[robbery](folder / "labbook")) if number == 1 else (lambda: None)
        told = run_cell(shell, CELL, lambda: wait_until_written(shell.user_ns["run"], patience=0.2))
        run = shell.user_ns["run"]
        kept = shell.user_ns.pop("kept", None)
        tell("result", told.result, kept, repr(told.error), told.said, run.id if run else None)
