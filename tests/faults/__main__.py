"""Hundreds of faults, and a table of what they cost: `python -m tests.faults [HOW MANY]`, 300 unless told."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_labbook.render.cells import Column, Row, Table
from tests.faults import starving, tracing
from tests.faults.acknowledged import Count
from tests.faults.crowd import record_together
from tests.faults.killing import kill_at_random

NUMBERS = ("tries", "runs", "finished", "lost", "points told", "missing", "others told", "missing", "torn lines")
COLUMNS = [Column("fault", most=60), *(Column(title, "right", least=4) for title in NUMBERS)]


def killed(folder: Path, many: int) -> Count:
    return kill_at_random(folder, many, seed=int(time.time()))


def killed_at_calls(folder: Path, many: int) -> Count:
    reason = tracing.untraceable()
    if reason:
        return Count(wrong=[reason])
    return tracing.kill_at_calls(folder, None)[0]


def starved(folder: Path, many: int) -> Count:
    written, changed = starving.count_takes(folder / "counted")
    return starving.try_positions(folder / "tried", starving.chosen(written, changed, many, seed=int(time.time())))


def crowded(folder: Path, many: int) -> Count:
    each = 1000 if many >= 300 else 60
    together = record_together(folder, processes=10, each=each)
    points = 2 * together.told
    return Count(together.looks, together.read, together.distinct, points=points, wrong=together.wrong)


FAULTS: dict[str, Callable[[Path, int], Count]] = {
    "kill -9 at a random moment": killed,
    "kill at each system call of a run": killed_at_calls,
    "disk refuses or answers short": starved,
    "10 processes at once (tries: looks of a reader)": crowded,
}


def main(many: int) -> int:
    rows: list[Row] = []
    wrong: list[str] = []
    for name, work in FAULTS.items():
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            count = work(Path(folder), many)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        counted: tuple[int, ...] = (
            count.kills,
            count.runs,
            count.finished,
            count.lost,
            count.points,
            count.points_missing,
        )
        counted += (count.others, count.others_missing, count.torn_lines)
        rows.append([name, *(f"{number:,}" for number in counted)])
        wrong += [f"{name}: {line}" for line in count.wrong]
    print(Table(COLUMNS, rows).text(width=140))
    print(*(wrong or ["Nothing acknowledged is missing, and nothing is damaged but torn last lines."]), sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
