"""A victim that records on a disk that is full, refuses, or answers short, at one position after the other."""

from __future__ import annotations

import errno
import random
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_labbook.record import current, delivery
from jupyter_labbook.record.background import background
from jupyter_labbook.record.recorder import Recorder
from tests.faults.acknowledged import Count, look
from tests.faults.disks import Disk
from tests.faults.shells import new_shell, run_cell
from tests.faults.victims import Tell, Victim, value

CELL = """%%experiment starving --what "what is left" --expect "loss < 1" --tag doomed
run = that_run()
tell('began', this_run())
print('shown')
for step in range(60):
    if step == 30:
        half_time()
    labbook.log(loss=value(step), step=step)
    tell('point', this_run(), 'loss', step, value(step))
    if step == 5:
        labbook.param(late=step)
        tell('parameter', this_run(), 'late', step)
    if step == 6:
        labbook.note('odd at six')
        tell('note', this_run(), 'odd at six')
    if step == 8:
        labbook.artifact(b'bytes' * 100, name='model.bin')
    if step == 40:
        labbook.log({'other': 1.5, 'and this': float('inf')})
        tell('point', this_run(), 'other', 0, 1.5)
kept = step
step"""


LIMITS = {"bytes": "bytes_left", "changes": "changes_left", "short": "shortest"}


class Position(NamedTuple):
    """The disk refuses after so many bytes or new names, and takes them again inside the cell or after it."""

    kind: str
    at: int | None
    again: str
    error: int = errno.ENOSPC


def starve(folder: Path, tell: Tell, start: Connection, positions: list[Position] | None) -> None:
    """Run the cell at each position; without any, tell how many bytes and names a run takes."""
    delivery.RETRY_EVERY = 0.02
    disk = Disk(folder)
    disk.install()
    shell = new_shell(tell=only_of_runs(tell), value=value, that_run=that_run)
    for number, position in enumerate(positions or [Position("bytes", None, "after")]):
        home = folder / str(number)
        home.mkdir()
        shell.run_line_magic("cd", f"-q {home}")
        shell.user_ns["half_time"] = disk.enlarge if position.again == "inside" else lambda: None
        shell.user_ns["run"] = None
        shell.run_line_magic("reload_ext", "jupyter_labbook")  # forgets the cells before, so that each run is as long
        disk.error = position.error
        disk.written = disk.changed = disk.refused = 0
        setattr(
            disk, {"bytes": "bytes_left", "changes": "changes_left", "short": "shortest"}[position.kind], position.at
        )
        tell("position", number, *position)
        told = run_cell(shell, CELL, lambda: _recover(shell, disk))
        tell("result", told.result, shell.user_ns.pop("kept", None), repr(told.error), told.said, disk.refused)
        tell("took", disk.written, disk.changed)
        disk.shortest = None


def _recover(shell: Any, disk: Disk) -> None:
    """There is space again; give what waits a moment to get there."""
    disk.enlarge()
    wait_until_written(shell.user_ns.get("run"))


def wait_until_written(run: Recorder | None, patience: float = 5) -> None:
    """Wait until the disk has taken all that a run has for it."""
    background.settle()
    until = time.monotonic() + patience
    while run and time.monotonic() < until and run.delivery.waits:
        time.sleep(0.005)
    background.settle()


def that_run() -> Recorder | None:
    return current.current()


def only_of_runs(tell: Tell) -> Tell:
    """A run that is not recorded acknowledges nothing."""
    return lambda *words: tell(*words) if words[1] else None


def count_takes(folder: Path) -> tuple[int, int]:
    """How many bytes and how many new names one run takes."""
    victim = Victim(starve, folder, None)
    assert victim.last_words() == 0, victim.said()
    took = next(answer for answer in victim.answers if answer[0] == "took")
    return took[1], took[2]


def chosen(written: int, changed: int, count: int, seed: int) -> list[Position]:
    """So many positions: every place between two new names, and bytes chosen by a seed."""
    some = random.Random(seed)
    again, errors = ["inside", "after"], [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS]
    positions = [Position("short", size, "after") for size in (1, 7, 4096)]
    positions += [Position("changes", at, some.choice(again), some.choice(errors)) for at in range(changed + 1)]
    while len(positions) < count:
        at = some.randrange(written + 1)
        positions.append(Position("bytes", at, some.choice(again), some.choice(errors)))
    positions = positions[:count]
    some.shuffle(positions)
    return positions


def try_positions(folder: Path, positions: list[Position]) -> Count:
    """What is left after the cell ran at each position: the cell's own result, one word about it, all points."""
    victim = Victim(starve, folder, positions)
    code = victim.last_words(600)
    count = Count()
    if code != 0:
        count.wrong.append(f"it ended with {code}: " + victim.said()[-2000:])
    for number, answers in enumerate(by_position(victim.answers)):
        found = look(folder / str(number), answers)
        found.wrong += wrong_with(answers)
        found.kills = 1
        found.wrong = [f"{positions[number]}: {line}" for line in found.wrong]
        count += found
    return count


def by_position(answers: list[list[Any]]) -> list[list[list[Any]]]:
    parts: list[list[list[Any]]] = []
    for answer in answers:
        if answer[0] == "position":
            parts.append([])
        parts[-1].append(answer)
    return parts


def wrong_with(answers: list[list[Any]]) -> list[str]:
    """What the cell's user would complain about."""
    results = [answer[1:] for answer in answers if answer[0] == "result"]
    if not results:
        return ["the cell did not end"]
    result, kept, error, said, refused = results[0]
    wrong = []
    if (result, kept, error) != (59, 59, "None"):
        wrong.append(f"the cell came to {result!r}, {kept!r} and {error}")
    if len(said) != (refused > 0):
        wrong.append(f"{refused} refusals, and it was said: {said}")
    return wrong
