"""The index on 100,000 runs, against what the disk and SQLite cost without it.

    python -m tests.benchmarks.bench_index [--runs 100000] [--store FOLDER]

The shortest of several times is taken, all measured in turns: what a machine does besides is added
to a time, and never taken from it.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pandas

from jupyter_labbook.run import Record, Summary
from jupyter_labbook.store import cache, layout
from jupyter_labbook.store.selection import Runs, select
from jupyter_labbook.store.store import Store
from tests.benchmarks.report import Row, duration, text, times

RUNS = 100_000
NAMES = 10
QUERY = "metrics.metric_1 > 0.5 and params.parameter_2 < 0.5"
QUICK = 0.050
"""Seconds for a query, sorted, and its first ten runs."""

LISTING = """
import sys
from pathlib import Path
from jupyter_labbook.store.selection import select
from jupyter_labbook.store.store import Store
print(select(Store(Path(sys.argv[1])), limit=20))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--store", type=Path, help="a folder to make the store in, or one that was made before")
    given = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="labbook-bench-index-"))
    os.environ["LABBOOK_CACHE"] = str(scratch / "cache")
    try:
        found = list(rows(scratch, given.runs, given.store))
    finally:
        shutil.rmtree(scratch)
    print(text(found))
    return 1 if any(row.ok is False for row in found) else 0


def rows(scratch: Path, count: int = RUNS, made: Path | None = None) -> Iterator[Row]:
    store, empty = Store((made or scratch / "store").absolute()), Store(scratch / "empty")
    layout.runs_folder(empty.path).mkdir(parents=True)
    if not store.path.is_dir():
        make_store(store, count)
        time.sleep(2.5)  # until no file is so new that it has to be looked at twice
    yield from _cold(store, count)
    yield from _warm(store, scratch / "plain.sqlite", count)
    select(empty)
    at_many, at_none = shortest(lambda: _process(store), lambda: _process(empty), rounds=11)
    yield times(f"a process that lists 20 runs at {count:,}", "at 0 runs", at_many, at_none, at_most=1.25)


def _cold(store: Store, count: int) -> Iterator[Row]:
    cold, records, folders = shortest(
        lambda: _index_anew(store), lambda: _read(store), lambda: _read(store, folders=True), rounds=5
    )
    what = f"cold index of {count:,} runs"
    yield times(what, "scandir + read of every run.json", cold, records, at_most=2)
    yield times(what, "the same + scandir of each run, for annotations", cold, folders, at_most=2)


def _warm(store: Store, plain: Path, count: int) -> Iterator[Row]:
    _to_plain_table(select(store), plain)
    ours, floor = shortest(
        lambda: select(store, QUERY, sort="-metrics.metric_3", limit=10), lambda: _plain_top(plain), rounds=15
    )
    target = f"≤ {QUICK * 1000:.0f} ms"
    what = f"query, sort, first 10 of {count:,} runs, warm"
    yield Row(what, "SQLite, a plain table", duration(ours), duration(floor), ours / floor, target, ours <= QUICK)
    runs = select(store)
    ours, floor = shortest(runs.to_pandas, lambda: _plain_frame(plain), rounds=5)
    yield times(f"{count:,} runs to pandas", "pandas.read_sql of a plain table", ours, floor, at_most=3)


def shortest(*functions: Callable[[], object], rounds: int) -> list[float]:
    """The shortest time of each, in seconds."""
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for function, mine in zip(functions, taken, strict=True):
            begin = time.perf_counter()
            function()
            mine.append(time.perf_counter() - begin)
    return [min(mine) for mine in taken]


def _read(store: Store, folders: bool = False) -> int:
    """What any index has to do: the bytes of every run.json, by the quickest calls Python has."""
    total = 0
    with os.scandir(layout.runs_folder(store.path)) as entries:
        for entry in entries:
            if folders:
                with os.scandir(entry.path) as files:
                    total += sum(1 for _ in files)
            file = os.open(f"{entry.path}/{layout.RECORD}", os.O_RDONLY)
            total += len(os.read(file, 1 << 16))
            os.close(file)
    return total


def _index_anew(store: Store) -> None:
    folder = cache.folder(store)
    assert folder is not None
    shutil.rmtree(folder)
    select(store, limit=1)


def _to_plain_table(runs: Runs, path: Path) -> None:
    frame = runs.to_pandas()
    frame["started"] = frame["started"].astype("int64")
    with closing(sqlite3.connect(path)) as connection:
        frame.to_sql("runs", connection, index=False)


def _plain_frame(path: Path) -> pandas.DataFrame:
    with closing(sqlite3.connect(path)) as connection:
        return pandas.read_sql_query("SELECT * FROM runs", connection)


def _plain_top(path: Path) -> list[Any]:
    sql = (
        'SELECT id FROM runs WHERE "metrics.metric_1" > 0.5 AND "params.parameter_2" < 0.5 '
        'ORDER BY "metrics.metric_3" DESC LIMIT 10'
    )
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def _process(store: Store) -> None:
    command = [sys.executable, "-c", LISTING, str(store.path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def make_store(store: Store, count: int) -> None:
    """Finished runs with ten parameters and ten metrics each, and the files a real one has."""
    draw = random.Random(1)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    runs = layout.runs_folder(store.path)
    runs.mkdir(parents=True)
    for number in range(count):
        started = begin + timedelta(minutes=number)
        record = make_record(draw, number, started)
        folder = f"{runs}/{record.id}"
        os.mkdir(folder)
        write(f"{folder}/{layout.RECORD}", msgspec.json.format(msgspec.json.encode(record), indent=2))
        for name in (layout.SOURCE, layout.METRICS, layout.OUTPUT, layout.REPLAY):
            write(f"{folder}/{name}", b"")


def make_record(draw: random.Random, number: int, started: datetime) -> Record:
    experiment = f"experiment{number % 5}"
    parameters: dict[str, Any] = {f"parameter_{index}": draw.random() for index in range(NAMES - 2)}
    parameters |= {"optimizer": draw.choice(["adam", "sgd"]), "depth": draw.randrange(10)}
    metrics = {}
    for index in range(NAMES):
        last = draw.random()
        metrics[f"metric_{index}"] = Summary(last, last - 0.1, last + 0.1, last, 1000, 999, 3, 500)
    return Record(
        id=layout.new_run_id(experiment, started),
        experiment=experiment,
        what="whether more of it helps",
        status="finished",
        parameters=parameters,
        parameter_sources=dict.fromkeys(parameters, "assigned"),
        metrics=metrics,
        metric_sources=dict.fromkeys(metrics, "logged"),
        started=started.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        ended=(started + timedelta(seconds=30)).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        duration=30.0,
        seed=number % 5,
        host="host",
    )


def write(path: str, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(file, data)
    os.close(file)


if __name__ == "__main__":
    sys.exit(main())
