"""The index on many runs, against what the disk and SQLite cost without it: a table of ratios.

    python -m tests.benchmarks.bench_index [--runs 100000] [--store FOLDER]

Each pair is measured in turns, several times, and the best of each is taken: what a machine does
besides is added to a measurement, and never taken from it.
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
from collections.abc import Callable
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

NAMES = 10
QUERY = "metrics.metric_1 > 0.5 and params.parameter_2 < 0.5"
START = "from pathlib import Path; from jupyter_labbook.store.store import Store; "
START += "from jupyter_labbook.store.selection import select; import sys; "
START += "print(len(select(Store(Path(sys.argv[1])), limit=20)))"


class Line(msgspec.Struct):
    what: str
    floor: float
    ours: float
    target: str

    def __str__(self) -> str:
        ratio = self.ours / self.floor
        return f"{self.what:58} {self.floor:9.1f} {self.ours:9.1f} {ratio:7.2f}  {self.target}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=100_000)
    arguments.add_argument("--store", type=Path, help="a folder to make the store in, or with one in it")
    given = arguments.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="labbook-bench-"))
    os.environ["LABBOOK_CACHE"] = str(scratch / "cache")
    try:
        store = Store((given.store or scratch / "store").absolute())
        if not store.path.is_dir():
            print(f"making {given.runs:,} runs …", flush=True)
            make_store(store, given.runs)
            time.sleep(2.5)  # until no file is so new that it has to be looked at twice
        empty = Store(scratch / "empty")
        layout.runs_folder(empty.path).mkdir(parents=True)
        print(f"{'':58} {'floor ms':>9} {'ours ms':>9} {'ratio':>7}  target")
        for line in measure(store, empty, scratch):
            print(line, flush=True)
    finally:
        shutil.rmtree(scratch)


def measure(store: Store, empty: Store, scratch: Path) -> list[Line]:
    lines = []
    floor, folders, cold = best(
        lambda: read_records(store), lambda: read_records(store, folders=True), lambda: cold_index(store)
    )
    lines.append(Line("cold index / scandir + read of every run.json", floor, cold, "≤ 2"))
    lines.append(Line("cold index / the same + scandir of every folder", folders, cold, ""))
    plain = scratch / "plain.sqlite"
    to_plain_table(select(store), plain)
    floor, ours = best(
        lambda: plain_top(plain), lambda: select(store, QUERY, sort="-metrics.metric_3", limit=10), times=9
    )
    lines.append(Line("query, sort, top 10, warm / the same of a plain table", floor, ours, "ours ≤ 50 ms"))
    runs = select(store)
    floor, ours = best(lambda: plain_frame(plain), runs.to_pandas)
    lines.append(Line("all to pandas / SELECT of a plain table to pandas", floor, ours, "≤ 3"))
    select(empty)
    floor, ours = best(lambda: started(empty), lambda: started(store), times=9)
    lines.append(Line("process that lists 20 runs, all of them / at 0 runs", floor, ours, "1"))
    floor, ours = best(lambda: select(empty, limit=20), lambda: select(store, limit=20), times=15)
    lines.append(Line("the listing alone / at 0 runs", floor, ours, ""))
    return lines


def best(*functions: Callable[[], Any], times: int = 5) -> list[float]:
    """The shortest time of each, in milliseconds, measured in turns."""
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(times):
        for function, mine in zip(functions, taken, strict=True):
            begin = time.perf_counter()
            function()
            mine.append((time.perf_counter() - begin) * 1000)
    return [min(mine) for mine in taken]


def read_records(store: Store, folders: bool = False) -> int:
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


def cold_index(store: Store) -> None:
    folder = cache.folder(store)
    assert folder is not None
    shutil.rmtree(folder)
    select(store, limit=1)


def to_plain_table(runs: Runs, path: Path) -> None:
    frame = runs.to_pandas()
    frame["started"] = frame["started"].astype("int64")
    with closing(sqlite3.connect(path)) as connection:
        frame.to_sql("runs", connection, index=False)


def plain_frame(path: Path) -> pandas.DataFrame:
    with closing(sqlite3.connect(path)) as connection:
        return pandas.read_sql_query("SELECT * FROM runs", connection)


def plain_top(path: Path) -> list[Any]:
    sql = (
        'SELECT id FROM runs WHERE "metrics.metric_1" > 0.5 AND "params.parameter_2" < 0.5 '
        'ORDER BY "metrics.metric_3" DESC LIMIT 10'
    )
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def started(store: Store) -> None:
    subprocess.run([sys.executable, "-c", START, str(store.path)], check=True, stdout=subprocess.DEVNULL)


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
    main()
