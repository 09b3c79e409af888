"""Reading a metric's history back, beside pandas on the very file it stands in."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pandas

import jupyter_labbook as labbook
from tests.benchmarks.report import Row, times
from tests.benchmarks.timing import clock, in_turns

POINTS = 100_000
ROUNDS = 31


def rows(scratch: Path) -> Iterator[Row]:
    draw = random.Random(1)
    with labbook.experiment("history", store=scratch / "labbook", quiet=True) as recorder:
        for _ in range(POINTS):
            recorder.log(loss=draw.random())
    run = labbook.run(recorder.id, store=scratch / "labbook")
    table = run.path / "metrics.csv"
    assert len(run.history("loss")) == POINTS
    ours, floor = in_turns(clock(lambda: run.history("loss")), clock(lambda: pandas.read_csv(table)), rounds=ROUNDS)
    yield times(f"history of {POINTS:,} points", "pandas.read_csv of that file", ours, floor, at_most=1.3)
