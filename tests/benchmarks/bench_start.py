"""What a notebook pays for `%load_ext`, and a terminal for `labbook runs`, at few runs and at many."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_labbook.store import layout
from jupyter_labbook.store.store import Store
from tests.benchmarks.bench_index import make_store
from tests.benchmarks.report import Row, duration, times
from tests.benchmarks.timing import environment, in_turns, processor, python, wall

BARE = "from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell.instance()"
LOADED = f"{BARE}; shell.run_line_magic('load_ext', 'jupyter_labbook')"
MODULES = f"""
import json, sys
{BARE}
before = set(sys.modules)
shell.run_line_magic("load_ext", "jupyter_labbook")
print(json.dumps(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})))
"""
HEAVY = {
    "anywidget", "ipywidgets", "matplotlib", "nbclient", "nbformat", "numpy", "optuna", "pandas", "papermill",
    "psutil", "scipy", "sqlite3", "tornado",
}  # fmt: skip
ADDED = 0.080
"""Seconds of processor time that `%load_ext` may add."""

FEW, MANY = 20, 5_000
THE_SAME = 1.25
"""What two medians of the same thing may differ by on a machine that does other things besides."""

ROUNDS = 15


def rows(scratch: Path) -> Iterator[Row]:
    yield from _load_ext(scratch)
    few, many = _store(scratch / "few", FEW), _store(scratch / "many", MANY)
    listing, none = in_turns(wall(_labbook("runs"), few), wall(python("pass"), few), rounds=ROUNDS)
    yield times("labbook runs, the whole process", "python -c pass", listing, none, at_most=8)
    at_many, at_few = in_turns(wall(_labbook("runs"), many), wall(_labbook("runs"), few), rounds=ROUNDS)
    yield times(f"labbook runs at {MANY:,} runs", f"at {FEW} runs", at_many, at_few, at_most=THE_SAME)
    at_many, at_few = in_turns(processor(python(LOADED), many), processor(python(LOADED), few), rounds=ROUNDS)
    yield times(f"a kernel with the extension at {MANY:,} runs", f"at {FEW} runs", at_many, at_few, at_most=THE_SAME)


def _load_ext(scratch: Path) -> Iterator[Row]:
    folder = scratch / "load-ext"
    folder.mkdir()
    loaded, bare = in_turns(processor(python(LOADED), folder), processor(python(BARE), folder), rounds=ROUNDS)
    added = loaded - bare
    target = f"+ ≤ {ADDED * 1000:.0f} ms"
    what = "%load_ext, processor time"
    yield Row(what, "bare IPython", f"+ {duration(added)}", duration(bare), loaded / bare, target, added <= ADDED)
    done = subprocess.run(python(MODULES), cwd=folder, env=environment(folder), capture_output=True, check=True)
    heavy = sorted(HEAVY & set(json.loads(done.stdout)))
    yield Row(
        "%load_ext, heavy modules imported", "bare IPython", ", ".join(heavy) or "none", "", None, "none", not heavy
    )


def _labbook(*words: str) -> list[str]:
    """The terminal command as it is installed here, else the function behind it."""
    installed = shutil.which("labbook", path=str(Path(sys.executable).parent))
    if installed:
        return [installed, *words]
    return [*python("import sys; from jupyter_labbook.frontends.cli import main; sys.exit(main())"), *words]


def _store(folder: Path, count: int) -> Path:
    """A folder with a store of so many runs in it, and its index made."""
    store = Store.create(folder)
    shutil.rmtree(layout.runs_folder(store.path))
    make_store(store, count)
    wall(_labbook("runs"), folder)()
    return folder
