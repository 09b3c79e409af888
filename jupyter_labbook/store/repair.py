"""Mends what `check` finds and can be mended, without losing a byte.

**Invariant**: nothing is deleted: what has to give way goes to `lost+found`, or into a side file
beside its table. A run that a living process writes is not touched, nor is a newer format.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Final

from jupyter_labbook.render.text import plain
from jupyter_labbook.store import files, layout
from jupyter_labbook.store.check import check, reopened
from jupyter_labbook.store.check_objects import WRITABLE
from jupyter_labbook.store.check_run import look_once
from jupyter_labbook.store.damage import Fault, Report
from jupyter_labbook.store.held import Held
from jupyter_labbook.store.lost_and_found import LostAndFound
from jupyter_labbook.store.repair_record import encoded, mended_record
from jupyter_labbook.store.repair_table import mend_table
from jupyter_labbook.store.salvage import json_object
from jupyter_labbook.store.store import Store, store_file

ROUNDS: Final = 5
"""Mending one thing can bring another to light: a record that can be read again names objects."""


@dataclass(frozen=True)
class Action:
    """One thing that was mended, or, with `done` False, could not be: `message` says why."""

    kind: str
    path: str
    message: str
    done: bool = True

    def __str__(self) -> str:
        return plain(f"{'mended' if self.done else 'not mended'}: {self.path}: {self.message}")


@dataclass
class Bench:
    """One repair of one store: what was tried in this round, and where things are put."""

    store: Path
    aside: LostAndFound
    held: Held
    tried: set[tuple[str, str]] = field(default_factory=set)

    def path(self, path: str) -> str:
        return os.path.join(self.store, path)


Mender = Callable[[Bench, Fault], str | None]
"""Mends a fault and says what was done; None where there was nothing to do. May raise OSError."""


def repair(store: Store) -> list[Action]:
    """Mend what can be mended. StoreTooNew, StoreUnwritable.

    Returns
    -------
    list of Action
        What was done, in order. What is left is what `check` names afterwards.
    """
    store = reopened(store)
    store.require_writable()
    bench = Bench(store.path, LostAndFound(store.path), Held(store.path))
    actions: dict[Action, None] = {}
    for _ in range(ROUNDS):
        bench.tried.clear()
        faults = _mendable(check(store))
        done = [action for fault in faults if (action := _mend(bench, fault)) is not None]
        actions.update(dict.fromkeys(done))
        if not any(action.done for action in done):
            break
    return list(actions)


def _mendable(report: Report) -> list[Fault]:
    """What to mend; in a run whose record is of a newer format nothing is."""
    kinds = ("newer-format", layout.RECORD)
    newer = {remark.run for remark in report.remarks if (remark.kind, remark.path.rpartition("/")[2]) == kinds}
    return [fault for fault in (*report.faults, *report.remarks) if fault.repairable and fault.run not in newer]


def _mend(bench: Bench, fault: Fault) -> Action | None:
    mender = MENDERS.get(fault.kind)
    key = (getattr(mender, "__name__", ""), fault.path)
    if mender is None or key in bench.tried:
        return None
    bench.tried.add(key)
    if fault.run is not None and _is_living(bench, fault.run):
        return None
    try:
        message = mender(bench, fault)
    except (OSError, RecursionError) as error:
        return Action(fault.kind, fault.path, getattr(error, "strerror", None) or str(error), done=False)
    return None if message is None else Action(fault.kind, fault.path, message)


def _is_living(bench: Bench, run: str) -> bool:
    return look_once(bench.store, run, bench.held).is_busy() or run in bench.held


def _store_file(bench: Bench, fault: Fault) -> str:
    data = files.read(bench.path(fault.path))
    kept = "" if data is None else f"; as it was it is in {bench.aside.keep(fault.path, data)}"
    known = (json_object(data) if data is not None else None) or {}
    known.pop("format", None)
    (files.create if data is None else files.replace)(bench.path(fault.path), store_file(known))
    return f"written again{kept}"


def _record(bench: Bench, fault: Fault) -> str | None:
    id = str(fault.run)
    path = f"{layout.RUNS}/{id}/{layout.RECORD}"
    folder = bench.path(f"{layout.RUNS}/{id}")
    if not os.listdir(folder):
        return f"an empty folder, moved to {bench.aside.move(f'{layout.RUNS}/{id}')}"
    data = files.read(bench.path(path))
    if data is None and os.path.lexists(bench.path(path)):
        return None
    raw, done = mended_record(folder, id, data)
    if not done:
        return None
    if data is None:
        kept, times = "", None
    else:
        kept = f"; as it was it is in {bench.aside.keep(path, data)}"
        status = os.lstat(bench.path(path))
        times = status.st_atime_ns, status.st_mtime_ns
    files.replace(bench.path(path), encoded(raw), sync=True)
    if times is not None:  # by the time of its last change a run is known to be lost
        os.utime(bench.path(path), ns=times)
    return "; ".join(done) + kept


def _table(bench: Bench, fault: Fault) -> str | None:
    return mend_table(bench.path(fault.path))


def _misnamed(bench: Bench, fault: Fault) -> str | None:
    raw = json_object(files.read(bench.path(f"{fault.path}/{layout.RECORD}")) or b"")
    id = (raw or {}).get("id")
    if not isinstance(id, str) or not layout.is_run_id(id):
        return None
    home = f"{layout.RUNS}/{id}"
    if os.path.lexists(bench.path(home)):
        return None
    os.rename(bench.path(fault.path), bench.path(home))
    return f"named {id} again"


def _put_aside(bench: Bench, fault: Fault) -> str:
    return f"moved to {bench.aside.move(fault.path)}"


def _protected(bench: Bench, fault: Fault) -> str | None:
    opened = files.open_regular(bench.path(fault.path))
    if opened is None:
        return None
    try:
        mode = os.fstat(opened[0]).st_mode
        os.fchmod(opened[0], mode & 0o7777 & ~WRITABLE)
    finally:
        os.close(opened[0])
    return "made read-only"


def _in_place(bench: Bench, fault: Fault) -> str | None:
    name = fault.path.rpartition("/")[2]
    home = layout.object_path(bench.store, name)
    if os.path.lexists(home) or not S_ISREG(os.lstat(bench.path(fault.path)).st_mode):
        return None
    home.parent.mkdir(parents=True, exist_ok=True)
    os.rename(bench.path(fault.path), home)
    return f"moved to {name[:2]}"


MENDERS: Final[dict[str, Mender]] = {
    "store-file-missing": _store_file,
    "store-file-garbled": _store_file,
    "run-misnamed": _misnamed,
    "record-missing": _record,
    "record-garbled": _record,
    "record-types": _record,
    "record-id": _record,
    "duplicate-id": _record,
    "summary-missing": _record,
    "summary-differs": _record,
    "summary-behind": _record,
    "table-torn": _table,
    "table-garbled": _table,
    "table-zeros": _table,
    "object-differs": _put_aside,
    "object-misplaced": _in_place,
    "object-writable": _protected,
    "leftover": _put_aside,
}
"""What mends which kind of fault."""
