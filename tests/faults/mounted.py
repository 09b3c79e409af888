"""Victims on real file systems that are full, read-only, or fail to sync."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from jupyter_labbook.record import delivery
from jupyter_labbook.record.background import background
from tests.faults.disks import fail_to_sync, fill
from tests.faults.shells import new_shell, run_cell
from tests.faults.starving import CELL, only_of_runs, that_run, wait_until_written
from tests.faults.victims import Tell, value

READ = """\
ids = labbook.runs().ids
seen = [len(ids), len(labbook.run('last').history('loss')), labbook.check().faults]
str(labbook.compare(*ids)), labbook.run('last').to_dict(), str(labbook.export()), str(labbook.lesson())
seen"""

SYNCING = """%%experiment syncing
for step in range(3):
    labbook.log(loss=step, sync=True)
    tell('point', this_run(), 'loss', step, step)
step"""

NOBODY = 65534


def _shell(tell: Tell, **namespace: Any) -> InteractiveShell:
    delivery.RETRY_EVERY = 0.02
    return new_shell(tell=only_of_runs(tell), value=value, that_run=that_run, half_time=lambda: None, **namespace)


def _record(shell: InteractiveShell, tell: Tell, expected: int, afterwards: Callable[[], None]) -> None:
    """Run the cell, and tell what its user saw and how often something was to be said."""
    shell.user_ns["run"] = None
    told = run_cell(shell, CELL, afterwards)
    tell("result", told.result, shell.user_ns.pop("kept", None), repr(told.error), told.said, expected)


def filled(folder: Path, tell: Tell, start: Connection) -> None:
    """Record with space, without any, and without any from half time on."""
    shell = _shell(tell)
    _record(shell, tell, 0, background.settle)
    ballast = [fill(folder)]

    def recover() -> None:
        ballast.pop().unlink()
        wait_until_written(shell.user_ns["run"])

    _record(shell, tell, 1, recover)
    shell.user_ns["half_time"] = lambda: ballast.append(fill(folder))
    _record(shell, tell, 1, recover)


def unlistable(folder: Path, tell: Tell, start: Connection) -> None:
    """Record where the runs may be written and not listed, with a claim that needs the last run."""
    shell = _shell(tell)
    _record(shell, tell, 0, background.settle)
    _be_nobody(folder)
    (folder / "labbook" / "runs").chmod(0o300)
    told = run_cell(shell, CELL.replace("loss < 1", "loss < last.loss").replace("starving", "--baseline last starving"))
    tell("result", told.result, shell.user_ns.pop("kept", None), repr(told.error), told.said, 1)
    (folder / "labbook" / "runs").chmod(0o700)


FLOOD = 230_000

FLOODING = """%%experiment flood --quiet
run = that_run()
for step in range(FLOOD):
    labbook.log(loss=step)
step"""


def flooded(folder: Path, tell: Tell, start: Connection) -> None:
    """Log more than memory holds while the file system is full."""
    shell = _shell(tell, FLOOD=FLOOD)
    run_cell(shell, "1")
    run_cell(shell, CELL)
    ballast = fill(folder)

    def recover() -> None:
        ballast.unlink()
        wait_until_written(shell.user_ns["run"], patience=60)

    told = run_cell(shell, FLOODING, recover)
    run = shell.user_ns["run"]
    tell("result", told.result, repr(told.error), told.said, run.id, run.tables.dropped)


def leaving(folder: Path, tell: Tell, start: Connection) -> None:
    """Record on a full file system, and leave Python a moment after there is space again."""
    delivery.RETRY_EVERY = 3600.0
    shell = new_shell(tell=only_of_runs(tell), value=value, that_run=that_run, half_time=lambda: None)
    run_cell(shell, "1")
    shell.user_ns["half_time"] = lambda: ballast.append(fill(folder))
    ballast: list[Path] = []
    _record(shell, tell, 1, background.settle)
    ballast.pop().unlink()
    atexit._run_exitfuncs()  # a forked process leaves without


def forbidden(folder: Path, tell: Tell, start: Connection, closed: bool) -> None:
    """Record, wait, and record and read again; with `closed`, close the folders against writing meanwhile."""
    shell = _shell(tell)
    _record(shell, tell, 0, background.settle)
    if closed:
        _be_nobody(folder)
        for path in (folder, *folder.rglob("*")):
            path.chmod(path.stat().st_mode & ~0o222)
    tell("recorded")
    start.recv_bytes()
    _record(shell, tell, 1, background.settle)
    told = run_cell(shell, READ)
    tell("read", told.result, repr(told.error), told.said)


def _be_nobody(folder: Path) -> None:
    """Root may write everything: be a user to whom permissions mean something."""
    if os.geteuid() == 0:
        for path in (folder, Path(f"{folder}-home"), *folder.rglob("*"), *Path(f"{folder}-home").rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        for path in (folder.parent, *folder.parent.parents):
            if not path.stat().st_mode & 0o001:
                path.chmod(path.stat().st_mode | 0o055)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)


def syncing(folder: Path, tell: Tell, start: Connection, shim: bool) -> None:
    """Record with `sync=True` on a disk that cannot sync."""
    shell = _shell(tell)
    start.recv_bytes()
    if shim:
        fail_to_sync()
    told = run_cell(shell, SYNCING)
    tell("result", told.result, repr(told.error), told.said)
