"""Many processes ask while others record, annotate and remove runs: each is right, and none fails."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_labbook.store import cache, layout
from jupyter_labbook.store.annotations import annotate
from jupyter_labbook.store.selection import select
from jupyter_labbook.store.store import Store
from tests.store.scan import index_equals_scan

RUNS = 150
READERS = 8

WRITER = """
import json, os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from jupyter_labbook.store import layout
store, letter, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    started = datetime.now(UTC)
    id = layout.new_run_id("written", started)
    facts = {"id": id, "experiment": "written", "status": "finished", "parameters": {letter: number}}
    summary = dict.fromkeys(("last", "min", "max", "mean", "count"), number)
    facts |= {"started": started.isoformat(), "metrics": {f"m{number % 7}": summary}}
    new = layout.runs_folder(store) / f".new-{id}"
    new.mkdir()
    (new / "run.json").write_text(json.dumps(facts))
    new.rename(layout.run_folder(store, id))
    print(id, flush=True)
"""

READER = """
import sys
from pathlib import Path
from jupyter_labbook.store.selection import select
from jupyter_labbook.store.store import Store
store, count = Store(Path(sys.argv[1])), int(sys.argv[2])
before, looks = set(), 0
while len(before) < count:
    now = set(select(store).ids)
    if not before <= now:
        sys.exit(f"lost sight of {before - now}")
    before, looks = now, looks + 1
    select(store, "status == 'finished'", sort="started", limit=3).to_pandas()
print(looks)
"""

Python = Callable[..., subprocess.Popen[str]]


def test_readers_see_every_run_that_writers_write(store: Store, python: Python) -> None:
    writers = [python(WRITER, store.path, letter, RUNS) for letter in "ab"]
    readers = [python(READER, store.path, 2 * RUNS) for _ in range(READERS)]
    ids = {line.strip() for writer in writers for line in writer.communicate(timeout=120)[0].splitlines()}
    for reader in readers:
        looks = reader.communicate(timeout=240)[0]
        assert reader.returncode == 0
        assert int(looks) > 0
    assert set(select(store).ids) == ids
    assert len(ids) == 2 * RUNS
    assert index_equals_scan(store, "a > 100", "m3 > 50")


def test_a_run_is_seen_by_everybody_as_soon_as_it_is_written(store: Store, python: Python) -> None:
    writer = python(WRITER, store.path, "a", 60)
    assert writer.stdout is not None
    for line in writer.stdout:
        assert line.strip() in select(store).ids


def test_the_index_is_removed_again_and_again_while_everybody_asks(store: Store, python: Python) -> None:
    writer = python(WRITER, store.path, "a", RUNS)
    readers = [python(READER, store.path, RUNS) for _ in range(4)]
    folder = cache.folder(store)
    assert folder is not None
    while any(reader.poll() is None for reader in readers):
        shutil.rmtree(folder, ignore_errors=True)
        assert len(select(store)) <= RUNS
    assert [reader.returncode for reader in readers] == [0] * 4
    writer.communicate(timeout=60)
    assert index_equals_scan(store, "a > 100")


def test_runs_are_removed_and_annotated_while_everybody_asks(store: Store, make_run: Any, python: Python) -> None:
    ids = [make_run(parameters={"number": number}) for number in range(60)]
    keep = python(READER, store.path, 10**9)
    for number, id in enumerate(ids):
        if number % 3 == 0:
            shutil.rmtree(layout.run_folder(store.path, id))
            assert id not in select(store).ids
        elif number % 3 == 1:
            annotate(store, id, add_tags=["seen"])
            assert id in select(store, '"seen" in tags').ids
    keep.kill()
    assert index_equals_scan(store, "number > 30")


FORK = """
import os, sys
from pathlib import Path
from jupyter_labbook.store.selection import select
from jupyter_labbook.store.store import Store
store = Store(Path(sys.argv[1]))
counts = [len(select(store))]
child = os.fork()
counts.append(len(select(store, "number >= 0")))
if child == 0:
    os._exit(counts != [3, 3])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or counts != [3, 3])
"""


@pytest.mark.parametrize("place", ["cache", "nowhere"])
def test_a_forked_process_asks_as_well(
    store: Store, make_run: Any, python: Python, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        make_run(parameters={"number": number})
    if place == "nowhere":
        monkeypatch.setenv("LABBOOK_CACHE", str(store.path / "labbook.json" / "below"))
    process = python(FORK, store.path)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_what_killed_builds_and_old_versions_left_is_swept_away(store: Store, make_run: Any) -> None:
    make_run()
    folder = cache.folder(store)
    assert folder is not None
    others = ((".new-old", 7200), (".new-now", 0), ("index-7-0.sqlite", 10**7), ("index-8-0.sqlite", 7200))
    for name, ago in others:
        (folder / name).write_text(json.dumps({}))
        os.utime(folder / name, (time.time() - ago, time.time() - ago))
    assert len(select(store)) == 1
    left = {path.name for path in folder.iterdir() if not path.name.startswith(f"index-{cache.VERSION}")}
    assert left == {".new-now", "index-8-0.sqlite"}
