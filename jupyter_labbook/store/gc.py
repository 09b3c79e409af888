"""Finds, and on demand removes, what nothing in a labbook needs any more.

**Invariant**: without `delete=True` nothing is touched. While a run cannot be read nothing is
removed, because nobody knows what it needs; nor is anything that was made within the last hour,
which a run may be about to name. No link is followed.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any, Final

from jupyter_labbook.errors import LabbookError, StoreError
from jupyter_labbook.render import html
from jupyter_labbook.render.text import plain, size
from jupyter_labbook.store import files, layout
from jupyter_labbook.store.check import reopened
from jupyter_labbook.store.damage import storable
from jupyter_labbook.store.references import unreadable, walk, wanted
from jupyter_labbook.store.runs import ids, read_record
from jupyter_labbook.store.store import Store

OBJECT_AFTER: Final = 3600.0
"""Seconds that an object is kept although nothing names it."""

TEMPORARY_AFTER: Final = 86400.0
"""Seconds after which a temporary name is nobody's any more."""

SHOWN: Final = 20


@dataclass(frozen=True)
class Garbage:
    """What nothing needs any more; `deleted` says whether it has been removed.

    Attributes
    ----------
    objects
        Hashes that no run, sweep, note or other object names.
    temporaries
        Paths, relative to the labbook, that a crash has left half-written.
    bytes
        What both take on the disk.
    """

    objects: tuple[str, ...] = ()
    temporaries: tuple[str, ...] = ()
    bytes: int = 0
    deleted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "objects": list(self.objects),
            "temporaries": [storable(path) for path in self.temporaries],
            "bytes": self.bytes,
            "deleted": self.deleted,
        }

    def __str__(self) -> str:
        if not self.objects and not self.temporaries:
            return "Nothing to remove: everything here is needed."
        counts = f"{len(self.objects)} unused objects, {len(self.temporaries)} leftovers, {size(self.bytes)}"
        if self.deleted:
            return f"Removed: {counts}."
        names = [f"  object {digest}" for digest in self.objects] + [f"  {path}" for path in self.temporaries]
        more = [f"  … and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
        last = "Nothing was touched. `labbook gc --delete` removes them."
        return "\n".join([f"{counts}:", *map(plain, names[:SHOWN]), *more, last])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html.preformatted(str(self))


def collect(store: Store, *, delete: bool = False) -> Garbage:
    """What nothing needs any more; with `delete`, it is removed.

    StoreTooNew, StoreUnwritable, and StoreError where a run cannot be read.
    """
    store = reopened(store)
    if delete or store.format > layout.FORMAT:
        store.require_writable()
    now = time.time()
    _require_readable(store)
    kept = _objects(store.path)
    needed = wanted(store.path, set(kept))
    objects = {
        name: status.st_size
        for name, status in sorted(kept.items())
        if name not in needed and _is_old(status, now, OBJECT_AFTER)
    }
    temporaries = _temporaries(store.path, now)
    if delete:
        objects = {name: taken for name, taken in objects.items() if _remove_object(store.path, name)}
        temporaries = {path: taken for path, taken in temporaries.items() if _remove(store.path / path)}
    taken = sum(objects.values()) + sum(temporaries.values())
    return Garbage(tuple(objects), tuple(temporaries), taken, delete)


def _require_readable(store: Store) -> None:
    """StoreError naming the runs that cannot be read."""
    unreadable = []
    for name in _run_names(store.path):
        if not layout.is_run_id(name):
            unreadable.append(name)
            continue
        try:
            read_record(store, name)
        except LabbookError:
            unreadable.append(name)
    if unreadable:
        names = plain(", ".join(unreadable[:5]) + (" …" if len(unreadable) > 5 else ""))
        raise StoreError(
            f"Nothing can be removed while nobody knows what a run needs that cannot be read: {names}. "
            "`labbook check` says what is wrong, `labbook check --repair` mends what can be mended."
        )


def _run_names(store: Path) -> list[str]:
    """Folders and links among the runs, save what is being written: a run under any name counts."""
    runs = layout.runs_folder(store)
    if runs.is_symlink():
        raise unreadable(layout.RUNS, "it is a symbolic link")
    found = set(ids(Store(store)))
    try:
        with os.scandir(runs) as entries:
            for entry in entries:
                if layout.is_temporary(entry.name) or entry.name in found:
                    continue
                if layout.is_run_id(entry.name) or entry.is_symlink() or _holds_a_record(entry.path):
                    found.add(entry.name)
    except (FileNotFoundError, NotADirectoryError):
        pass
    return sorted(found)


def _holds_a_record(folder: str) -> bool:
    return os.path.lexists(os.path.join(folder, layout.RECORD))


def _objects(store: Path) -> dict[str, os.stat_result]:
    found: dict[str, os.stat_result] = {}
    for folder in (layout.OBJECTS.partition("/")[0], layout.OBJECTS):
        if (store / folder).is_symlink():
            raise unreadable(folder, "it is a symbolic link")
    for path, status in walk(store, layout.OBJECTS):
        name = path.rpartition("/")[2]
        in_place = layout.is_sha256(name) and path == f"{layout.OBJECTS}/{name[:2]}/{name}"
        if in_place and S_ISREG(status.st_mode):
            found[name] = status
    return found


def _is_old(status: os.stat_result, now: float, seconds: float) -> bool:
    return now - status.st_mtime > seconds


def _temporaries(store: Path, now: float) -> dict[str, int]:
    """Left-over temporary names, and the bytes under each."""
    found: dict[str, int] = {}
    for path, status in walk(store, ""):
        parts = path.split("/")
        if parts[0] == layout.LOST_AND_FOUND or not layout.is_temporary(parts[-1]):
            continue
        if any(map(layout.is_temporary, parts[:-1])):
            continue
        inner = list(walk(store, path)) if S_ISDIR(status.st_mode) else []
        if all(_is_old(its, now, TEMPORARY_AFTER) for _, its in [(path, status), *inner]):
            found[path] = sum(its.st_size for _, its in [(path, status), *inner] if not S_ISDIR(its.st_mode))
    return dict(sorted(found.items()))


def _remove_object(store: Path, name: str) -> bool:
    """Remove an object, unless somebody keeps the same content again right now: `objects.put` touches it."""
    path = layout.object_path(store, name)
    going = files.temporary_name(os.fspath(path.parent))
    try:
        os.rename(path, going)
        if _is_old(os.lstat(going), time.time(), OBJECT_AFTER):
            os.unlink(going)
            return True
        os.rename(going, path)
    except OSError:
        pass
    return False


def _remove(path: Path) -> bool:
    try:
        mode = os.lstat(path).st_mode
        if S_ISDIR(mode) and not S_ISLNK(mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    except OSError:
        return False
    return True
