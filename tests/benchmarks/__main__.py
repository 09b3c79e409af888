"""The speed table: `python -m tests.benchmarks [NAME …] [--markdown]`.

Every row is a ratio to a floor or to a peer that was measured in the same run, in turns with it.
Peers that are not installed are said to be absent.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import (
    bench_capture,
    bench_history,
    bench_index,
    bench_log,
    bench_run,
    bench_size,
    bench_start,
    report,
)
from tests.benchmarks.report import Row

BENCHMARKS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "log": bench_log.rows,
    "run": bench_run.rows,
    "start": bench_start.rows,
    "index": bench_index.rows,
    "history": bench_history.rows,
    "size": bench_size.rows,
    "capture": bench_capture.rows,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all where none is given")
    parser.add_argument("--markdown", action="store_true", help="the table as the README shows it")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    found: list[Row] = []
    for name in given.names or BENCHMARKS:
        begin = time.perf_counter()
        found += _measured(name)
        print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    print(report.markdown(found) if given.markdown else report.text(found))
    return 1 if any(row.ok is False for row in found) else 0


def _measured(name: str) -> list[Row]:
    scratch = Path(tempfile.mkdtemp(prefix=f"labbook-bench-{name}-"))
    os.environ["LABBOOK_CACHE"] = str(scratch / "cache")
    try:
        return list(BENCHMARKS[name](scratch))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
