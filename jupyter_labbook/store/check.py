"""Looks through a whole labbook and names everything that is wrong with it.

**Invariant**: nothing is written, no link inside the labbook is followed, nothing that is found
there is raised, and what a living process is writing is not called damage.
"""

from __future__ import annotations

import os
from collections import defaultdict
from stat import S_ISDIR, S_ISLNK
from typing import Any, Final

from jupyter_labbook.errors import StoreNotFound
from jupyter_labbook.store import files, layout
from jupyter_labbook.store.check_objects import check_needs, check_objects, check_snapshots
from jupyter_labbook.store.check_run import check_run, is_text
from jupyter_labbook.store.damage import Fault, Report
from jupyter_labbook.store.findings import Entry, Findings
from jupyter_labbook.store.held import Held
from jupyter_labbook.store.salvage import json_object
from jupyter_labbook.store.store import Store

__all__ = ["Fault", "Report", "check"]

FOLDERS: Final = (
    layout.RUNS,
    layout.OBJECTS.partition("/")[0],
    layout.SWEEPS,
    layout.LESSONS,
    layout.LOST_AND_FOUND,
)
_AT_HOME: Final = frozenset({".gitignore", ".gitattributes", "README.md"})
"""Not ours, and expected in a folder that people keep under version control."""


def check(store: Store, *, full: bool = True) -> Report:
    """Look at everything in a labbook.

    Parameters
    ----------
    store
        Whatever has become of it, its folder is enough.
    full
        Read tables and objects to their last byte. Without it only what is quick is looked at.

    Returns
    -------
    Report
        Its `faults` are empty where the labbook is sound.
    """
    store = reopened(store)
    findings = Findings(store.path)
    if store.format > layout.FORMAT:
        # Whatever a newer version keeps here, this one cannot tell what is right.
        known = f"format {store.format}; this version knows format {layout.FORMAT}"
        findings.add("newer-format", layout.STORE_FILE, known)
        return Report.of(findings.found)
    _check_top(findings)
    needs, runs = _check_runs(findings, full)
    here = check_objects(findings, full=full)
    check_needs(findings, needs, here)
    check_snapshots(findings, needs, here)
    _check_lessons(findings)
    _check_store_file(store, findings)
    return Report.of(findings.found, runs, len(here))


def reopened(store: Store) -> Store:
    """The store as it is now: `labbook.json` may have changed since it was opened."""
    path = store.path.absolute()
    try:
        again = Store.open(path)
    except StoreNotFound:
        again = None
    if again is None or again.path != path:
        return Store(path, fault=f"{layout.STORE_FILE} is missing")
    return again


def _check_store_file(store: Store, findings: Findings) -> None:
    if store.fault is None:
        return
    # Whoever wrote records of a newer format made this file too, and it is not ours to write.
    mendable = all(fault.kind != "newer-format" for fault in findings.found)
    try:
        status = os.lstat(layout.store_file(store.path))
    except OSError:
        findings.add("store-file-missing", layout.STORE_FILE, "not there", repairable=mendable)
        return
    if findings.is_file(layout.STORE_FILE, status) and findings.read(layout.STORE_FILE) is not None:
        findings.add("store-file-garbled", layout.STORE_FILE, store.fault, repairable=mendable)


def _check_top(findings: Findings) -> None:
    for name, status in findings.listed("") or ():
        if findings.is_temporary(name, status) or name == layout.STORE_FILE or name in _AT_HOME:
            continue
        if name not in FOLDERS:
            findings.add("foreign", name, "no file of a labbook")
        elif name in (layout.SWEEPS, layout.LOST_AND_FOUND):  # the others are entered below
            findings.is_folder(name, status)


def _check_runs(findings: Findings, full: bool) -> tuple[list[tuple[str, str, str]], int]:
    """Look at every run; what they need from the objects, and how many there are."""
    held = Held(findings.store)
    needs: list[tuple[str, str, str]] = []
    folded: dict[str, list[str]] = defaultdict(list)
    if not findings.has_folder(layout.RUNS):
        return [], 0
    for name in _run_names(findings, findings.listed(layout.RUNS) or []):
        folded[name.casefold()].append(name)
        look = check_run(findings.store, name, held, full=full)
        findings.found += look.found
        needs += [(name, digest, what) for digest, what in look.needs.items()]
    for first, *others in folded.values():
        for name in others:
            path = f"{layout.RUNS}/{name}"
            findings.found.append(Fault("case-collision", path, f"there is {first} as well", name))
    return needs, sum(map(len, folded.values()))


def _run_names(findings: Findings, entries: list[Entry]) -> list[str]:
    """The names that are runs; everything else among them is named."""
    names = []
    for name, status in entries:
        path = f"{layout.RUNS}/{name}"
        if findings.is_temporary(path, status):
            continue
        if layout.is_run_id(name):
            if findings.is_folder(path, status):
                names.append(name)
        elif S_ISLNK(status.st_mode):
            findings.add("link", path, "a symbolic link is not followed")
        elif S_ISDIR(status.st_mode) and (record := _record_in(findings, path)) is not None:
            id = record.get("id")
            free = isinstance(id, str) and layout.is_run_id(id) and id not in dict(entries)
            findings.add("run-misnamed", path, "a run under a name by which nobody finds it", repairable=free)
        else:
            findings.add("foreign", path, "no folder of a run")
    return names


def _record_in(findings: Findings, folder: str) -> dict[str, Any] | None:
    data = files.read(findings.path(f"{folder}/{layout.RECORD}"))
    return None if data is None else json_object(data) or {}


def _check_lessons(findings: Findings) -> None:
    if not findings.has_folder(layout.LESSONS):
        return
    for name, status in findings.listed(layout.LESSONS) or ():
        path = f"{layout.LESSONS}/{name}"
        if findings.is_temporary(path, status):
            continue
        if not layout.is_lesson(name):
            findings.add("foreign", path, "no lesson")
        elif findings.is_file(path, status):
            data = findings.read(path)
            if data is not None and not is_text(data):
                findings.add("text-garbled", path, "not UTF-8, or zero bytes in it")
