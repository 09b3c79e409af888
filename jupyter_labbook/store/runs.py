"""Reading runs: which there are, what each recorded, and what lies in its folder.

**Invariant**: reading never writes, never follows a link inside the store, and a damaged run
neither hides another nor takes more with it than what is damaged: a part of a record that cannot
be understood is left out and named in `degraded`.
"""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import TYPE_CHECKING, Any, Final

import msgspec

from jupyter_labbook.errors import RunDamaged, RunNotFound, StoreError
from jupyter_labbook.run import History, Record, Run
from jupyter_labbook.store import files, layout
from jupyter_labbook.store.annotations import merge
from jupyter_labbook.store.liveness import alive, derive_status
from jupyter_labbook.store.salvage import json_object, salvage
from jupyter_labbook.store.upgrade import upgrade

if TYPE_CHECKING:
    from jupyter_labbook.store.store import Store

__all__ = ["Folder", "alive", "derive_status", "files_of", "ids", "read", "read_record"]

_NOWHERE: Final = layout.TEMPORARY + "missing"

_decode = msgspec.json.Decoder(Record).decode


def ids(store: Store) -> list[str]:
    """Ids of all runs, oldest first by name; StoreError where the folder cannot be listed."""
    folder = layout.runs_folder(store.path)
    if os.path.islink(folder):
        return []
    try:
        with os.scandir(folder) as entries:
            found = [
                entry.name for entry in entries if layout.is_run_id(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:  # an empty answer would make an index forget everything
        raise StoreError(f"{folder} cannot be listed: {error.strerror or error}") from error
    return sorted(found)


def read(store: Store, id: str) -> Run:
    """Run `id`, as of now. RunNotFound, RunDamaged."""
    record = read_record(store, id)
    return Run(record, Folder(store.path, id))


def files_of(store: Store, id: str) -> Folder:
    """What lies in the folder of run `id`."""
    return Folder(store.path, id)


def read_record(store: Store, id: str) -> Record:
    """The record of run `id`, merged with its annotations; status and metrics of a running one derived."""
    if not layout.is_run_id(id):
        raise RunNotFound(f"There is no run {id[:80]!r}.", reference=id)
    folder = os.path.join(store.path, layout.RUNS, id)
    names = _names(folder, id)
    data = files.read(os.path.join(folder, layout.RECORD))
    if data is None:
        raise _damaged(id, "is missing or cannot be read")
    try:
        record = _decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        record = _salvaged(data, id)
    if record.format != layout.FORMAT:
        record = _upgraded(record, data, id)
    if record.id != id:  # a copied folder: the name is what everybody refers to
        record = msgspec.structs.replace(record, id=id)
    if record.status == "running":
        record = _derived(record, folder, names)
    return merge(record, Path(folder), names)


def _derived(record: Record, folder: str, names: list[str]) -> Record:
    from jupyter_labbook.store.history import summarise

    return msgspec.structs.replace(
        record,
        status=derive_status(record, folder, names),
        metrics={**record.metrics, **summarise(folder)},
    )


def _names(folder: str, id: str) -> list[str]:
    try:
        status = os.lstat(folder)
        if S_ISDIR(status.st_mode):
            if os.path.islink(os.path.dirname(folder)):
                raise RunNotFound(f"{layout.RUNS} is a link, and links are not followed.", reference=id)
            return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        raise RunNotFound(f"There is no run {id} in this labbook.", reference=id) from None
    except OSError as error:
        raise _damaged(id, f"cannot be read: {error.strerror or error}", "") from error
    what = "a link, and links are not followed" if S_ISLNK(status.st_mode) else "not a folder"
    raise RunNotFound(f"runs/{id} is {what}.", reference=id)


def _salvaged(data: bytes, id: str) -> Record:
    raw = json_object(data)
    if raw is None:
        raise _damaged(id, "is not a JSON object")
    if not isinstance(raw.get("id"), str):
        raise _damaged(id, "names no run")
    return salvage(raw, experiment=id[16:-6])


def _upgraded(record: Record, data: bytes, id: str) -> Record:
    """A record of an older format as today's would be; one of a newer as far as it is understood."""
    raw = json_object(data)
    if raw is None:
        return record
    today = upgrade(raw)
    return record if today is raw else salvage(today, experiment=id[16:-6])


def _damaged(id: str, what: str, file: str = layout.RECORD) -> RunDamaged:
    where = f"runs/{id}/{file}".rstrip("/")
    return RunDamaged(f"{where} {what}. `labbook check` says what can be mended.", id=id)


class Folder:
    """A run's `RunFiles`: the port through which it reads the rest of its folder."""

    __slots__ = ("_id", "_store")

    def __init__(self, store: Path, id: str) -> None:
        layout.run_folder(store, id)  # refuses what is no id
        self._store = store
        self._id = id

    @property
    def folder(self) -> Path:
        return layout.run_folder(self._store, self._id)

    def history(self, name: str) -> History:
        from jupyter_labbook.store.history import history

        return history(self.folder, name)

    def text(self, file: str) -> str:
        """The text of a file of the run; empty where there is none."""
        path = self._inside(file)
        data = files.read(path) if path else None
        return "" if data is None else data.decode("utf-8", "replace")

    def raw(self) -> dict[str, Any]:
        """`run.json` as it stands, unknown keys included; empty where it cannot be read."""
        path = self._inside(layout.RECORD)
        data = files.read(path) if path else None
        return (json_object(data) if data is not None else None) or {}

    def content(self, sha256: str | None, file: str | None = None) -> Path:
        """Where a content is: in the run's folder as `file`, else the object `sha256`.

        A path at which nothing is, where there is no such content or something else stands in its place:
        whoever opens it follows no link and waits on no pipe.
        """
        if file is not None:
            path = self._inside(file)
            if path is not None:
                return Path(path)
        if sha256 is not None and layout.is_sha256(sha256):
            object_path = layout.object_path(self._store, sha256)
            linked = files.is_linked(object_path, layout.OBJECTS.count("/") + 2)
            if not linked and (object_path.is_file() or not os.path.lexists(object_path)):
                return object_path
        return self.folder / _NOWHERE

    def _inside(self, file: str) -> str | None:
        """The path of a regular file in this folder, with no link on the way; None where it is not one."""
        parts = file.split("/")
        if any(part in ("", ".", "..") or "\0" in part or "\\" in part or ":" in part for part in parts):
            return None
        path = os.path.join(self._store, layout.RUNS, self._id)
        try:
            for part in parts:
                if not S_ISDIR(os.lstat(path).st_mode):
                    return None
                path = os.path.join(path, part)
            return path if S_ISREG(os.lstat(path).st_mode) else None
        except (OSError, ValueError):
            return None
