"""What a run takes on the disk: its bytes and its files, beside the values as one wide table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.bench_run import contenders
from tests.benchmarks.contender import Absent, Contender, Shape, values
from tests.benchmarks.report import Row, absent, sizes

SHAPE = Shape(parameters=10, metrics=10, steps=1000)
FIRST = Shape(parameters=10, metrics=10, steps=2)
BESIDE = "its values as one CSV table"
MOST_FILES = 8


def rows(scratch: Path) -> Iterator[Row]:
    table = len(wide_table())
    for name, (module, kind) in contenders().items():
        try:
            size, files = measure(module, kind, scratch / f"size-{kind}")
        except Absent as error:
            yield absent(f"the same in {name}", BESIDE, str(error))
            continue
        if name == "labbook":
            yield sizes("a run of 10 parameters and 10 metrics × 1,000 steps", BESIDE, size, table, at_most=1.3)
            yield Row("files of that run", "", str(files), target=f"≤ {MOST_FILES}", ok=files <= MOST_FILES)
        else:
            counted = f"{files} file{'' if files == 1 else 's'}" if files else "its database"
            yield sizes(f"the same in {name}, {counted}", BESIDE, size, table)


def measure(module: str, kind: str, folder: Path) -> tuple[int, int]:
    """By how many bytes and files a second run makes the tracker's folder grow."""
    with Contender(module, kind, folder) as contender:
        contender.record(FIRST)  # what only the first run of a folder makes is not on the second's bill
        before = files_in(folder)
        contender.record(SHAPE)
    after = files_in(folder)
    return sum(after.values()) - sum(before.values()), len(after.keys() - before.keys())


def files_in(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def wide_table() -> str:
    _, points = values(SHAPE)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", *points[0]])
    writer.writerows([step, *point.values()] for step, point in enumerate(points))
    return text.getvalue()
