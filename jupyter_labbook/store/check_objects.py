"""Whether every object is what its name says, and whether all that runs refer to are there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from stat import S_ISDIR, S_ISLNK, S_IWGRP, S_IWOTH, S_IWUSR
from typing import Final

from jupyter_labbook.store import files, layout
from jupyter_labbook.store.damage import Fault
from jupyter_labbook.store.findings import Entry, Findings
from jupyter_labbook.store.salvage import json_object

SNAPSHOT: Final = "environment.snapshot"
WRITABLE: Final = S_IWUSR | S_IWGRP | S_IWOTH


def check_objects(findings: Findings, *, full: bool) -> set[str]:
    """Look at every object, and return the hashes that are there. With `full`, their content is read."""
    here: set[str] = set()
    for path, status in object_entries(findings):
        name = path.rpartition("/")[2]
        if findings.is_temporary(path, status):
            continue
        if not layout.is_sha256(name):
            findings.add("link" if S_ISLNK(status.st_mode) else "foreign", path, "no name of an object")
        elif findings.is_file(path, status) and _is_in_place(findings, path, name):
            here.add(name)
            _check_object(findings, path, status, full)
    return here


def check_needs(findings: Findings, needs: Iterable[tuple[str, str, str]], here: set[str]) -> None:
    """Each need is (run, hash, what for); those that `here` does not hold are named."""
    for run, digest, what in needs:
        if digest not in here:
            where = f"{layout.RUNS}/{run}/{layout.RECORD}"
            findings.found.append(Fault("object-missing", where, f"{what}: object {digest} is not here", run))


def check_snapshots(findings: Findings, needs: Iterable[tuple[str, str, str]], here: set[str]) -> None:
    """Name the lock files that the snapshots of environments refer to and that are not `here`."""
    snapshots = {digest for _, digest, what in needs if what == SNAPSHOT and digest in here}
    for digest in sorted(snapshots):
        path = f"{layout.OBJECTS}/{digest[:2]}/{digest}"
        facts = json_object(files.read(findings.path(path)) or b"") or {}
        locks = facts.get("lock_files")
        for name, lock in locks.items() if isinstance(locks, dict) else ():
            if not isinstance(lock, str) or lock not in here:
                findings.add("object-missing", path, f"lock file {name[:80]}: object {str(lock)[:80]} is not here")


def object_entries(findings: Findings) -> Iterator[Entry]:
    """All that lies where objects lie, one folder deep."""
    for folder in (layout.OBJECTS.partition("/")[0], layout.OBJECTS):
        if not findings.has_folder(folder):
            return
    for name, status in findings.listed(layout.OBJECTS) or ():
        path = f"{layout.OBJECTS}/{name}"
        if S_ISDIR(status.st_mode) and not layout.is_temporary(name):
            yield from ((f"{path}/{inner}", its) for inner, its in findings.listed(path) or ())
        else:
            yield path, status


def _is_in_place(findings: Findings, path: str, name: str) -> bool:
    belongs = f"{layout.OBJECTS}/{name[:2]}/{name}"
    if path == belongs:
        return True
    free = not os.path.lexists(findings.path(belongs))
    findings.add("object-misplaced", path, f"it belongs into {name[:2]}", repairable=free)
    return False


def _check_object(findings: Findings, path: str, status: os.stat_result, full: bool) -> None:
    if full:
        digest = findings.digest(path)
        if digest is not None and digest != path.rpartition("/")[2]:
            findings.add("object-differs", path, f"its content is {digest}", repairable=True)
    if os.name == "posix" and status.st_mode & WRITABLE:
        findings.add("object-writable", path, "it can be written to", repairable=True)
