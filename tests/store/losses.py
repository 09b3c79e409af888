"""What a labbook holds, byte by byte and point by point, to see whether anything was lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_labbook.run import stored
from jupyter_labbook.store import history, layout
from jupyter_labbook.store.repair import Action

LONG_AGO = 1_600_000_000.0


def contents(home: Path) -> dict[str, bytes]:
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def points(home: Path) -> dict[tuple[str, str], list[Any]]:
    """Every point of every table of a run."""
    found: dict[tuple[str, str], list[Any]] = {}
    folders = home / "runs"
    is_there = folders.is_dir() and not folders.is_symlink()
    for folder in sorted(folders.iterdir()) if is_there else ():
        for name in history.names(folder) if layout.is_run_id(folder.name) else ():
            found[folder.name, name] = [
                (point.step, point.time, stored(point.value)) for point in history.history(folder, name)
            ]
    return found


def assert_no_byte_was_lost(before: dict[str, bytes], home: Path, actions: list[Action]) -> None:
    """Each file is still somewhere, as it was; of a table what was cut out is in its side file."""
    after = contents(home)
    for action in actions:
        if action.kind == "run-misnamed":
            new = f"runs/{action.message.split()[1]}"
            before = {path.replace(f"{action.path}/", f"{new}/", 1): data for path, data in before.items()}
    everywhere = set(after.values())
    for path, data in before.items():
        if data in everywhere:
            continue
        assert layout.is_metrics_table(Path(path).name) or Path(path).name == layout.SYSTEM, path
        kept = after[path], after[layout.torn_file(path)]
        for line in data.split(b"\n"):
            assert line in kept[0].split(b"\n") or line in kept[1], (path, line)


def old(home: Path) -> None:
    for path in home.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
