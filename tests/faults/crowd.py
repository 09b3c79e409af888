"""Many processes that record into one labbook at once, half of them as notebooks, half as scripts."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import jupyter_labbook as labbook
from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record.background import background
from jupyter_labbook.store import runs, selection
from jupyter_labbook.store.check import check
from jupyter_labbook.store.store import Store
from tests.faults.shells import new_shell, run_cell
from tests.faults.victims import Tell, Victim

CELL = """%%experiment crowd --quiet
number, process = NUMBER, PROCESS
labbook.log(loss=number)
labbook.log(loss=number + 1)
tell('ran', this_run())"""


class Together(NamedTuple):
    """What is there after all have ended; `wrong` is empty where it is as it should be."""

    told: int
    distinct: int
    read: int
    looks: int
    wrong: list[str]


def in_notebook(folder: Path, tell: Tell, start: Connection, process: int, count: int) -> None:
    shell = new_shell(tell=tell)
    start.recv_bytes()
    for number in range(count):
        run_cell(shell, CELL.replace("NUMBER", str(number)).replace("PROCESS", str(process)), lambda: None)
    background.settle()


def in_script(folder: Path, tell: Tell, start: Connection, process: int, count: int) -> None:
    start.recv_bytes()
    for number in range(count):
        with labbook.experiment("crowd", params={"number": number, "process": process}) as run:
            run.log(loss=number)
            run.log(loss=number + 1)
        tell("ran", run.id)
    background.settle()


def record_together(folder: Path, processes: int, each: int) -> Together:
    """Let so many processes record so many runs each, and read the labbook all the while."""
    project = folder / "project"
    crowd = [
        Victim((in_notebook, in_script)[number % 2], project, number, each, home=folder / f"home-{number}")
        for number in range(processes)
    ]
    for victim in crowd:
        victim.go.send_bytes(b"go")
    looks, wrong = _look_meanwhile(project, crowd)
    wrong += [victim.said()[-2000:] for victim in crowd if victim.last_words(600) != 0]
    told = [answer[1] for victim in crowd for answer in victim.answers]
    store = Store.open(project)
    read = 0
    for id in runs.ids(store):
        run = runs.read(store, id)
        read += 1
        if run.status != "finished" or run.metrics.get("loss") != run.parameters["number"] + 1:
            wrong.append(f"{id}: {run.status}, {run.parameters}, {run.metrics}")
    scanned = runs.ids(store)
    indexed = list(selection.select(store, sort="id").ids)
    wrong += [] if scanned == sorted(set(told)) else ["the folder holds other runs than were recorded"]
    wrong += [] if indexed == scanned else [f"the index has {len(indexed)} runs, the folder {len(scanned)}"]
    metrics = selection.select(store, "loss >= 1").ids
    wrong += [] if len(metrics) == len(scanned) else [f"a query finds {len(metrics)} of {len(scanned)} runs"]
    wrong += [str(fault) for fault in check(store).faults]
    return Together(len(told), len(set(told)), read, looks, wrong)


def _look_meanwhile(project: Path, crowd: list[Victim]) -> tuple[int, list[str]]:
    """Ask for all runs while they are being recorded: there are never fewer than before."""
    most, looks, wrong = 0, 0, []
    living: Any = list(crowd)
    while living:
        living = [victim for victim in living if _drain(victim)]
        store = Store.find(project)
        if store is None or store.path.parent != project:
            continue
        try:
            found = len(selection.select(store))
        except LabbookError as error:
            wrong.append(f"a reader was told {error}")
            break
        if found < most:
            wrong.append(f"a reader saw {found} runs after {most}")
        most, looks = max(most, found), looks + 1
    return looks, wrong


def _drain(victim: Victim) -> bool:
    """Take in all that was told; False where it is over."""
    before = -1
    while len(victim.answers) != before:
        before = len(victim.answers)
        if not victim.listen(0.01):
            return False
    return True
