"""Where the runs are: finding, making and opening a store.

**Invariant**: whatever has become of `labbook.json`, the store can be read; only a newer format
and a read-only disk keep it from being written.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from jupyter_labbook.errors import RunNotFound, StoreNotFound, StoreTooNew, StoreUnwritable
from jupyter_labbook.store import files, layout
from jupyter_labbook.store.upgrade import tell_newer

_ENTERED: Final = (layout.RUNS, os.path.dirname(layout.OBJECTS), layout.OBJECTS, layout.LESSONS)
"""Folders that are written into: a link in the place of one would lead out of the labbook."""


class Store(msgspec.Struct, frozen=True):
    """The folder that holds `labbook.json` and `runs/`; `fault` says what is wrong with the former."""

    path: Path
    format: int = layout.FORMAT
    id: str | None = None
    fault: str | None = None

    @property
    def writable(self) -> bool:
        return self.format <= layout.FORMAT and os.access(self.path, os.W_OK | os.X_OK)

    def require_writable(self) -> None:
        """StoreTooNew or StoreUnwritable, saying what to do, where nothing may be written."""
        if self.format > layout.FORMAT:
            raise StoreTooNew(
                f"The labbook {self.path} has format {self.format} and this version writes format "
                f"{layout.FORMAT}: it is read and not written. Upgrade jupyter_labbook, or choose "
                "another labbook with LABBOOK_STORE."
            )
        if not os.access(self.path, os.W_OK | os.X_OK):
            state = "is read-only" if self.path.is_dir() else "is gone"
            raise StoreUnwritable(
                f"The labbook {self.path} {state}. Choose another folder with LABBOOK_STORE or --store."
            )
        for folder in _ENTERED:
            if os.path.islink(os.path.join(self.path, folder)):
                raise StoreUnwritable(
                    f"{folder} of the labbook {self.path} is a link, and nothing is written through links. "
                    "Move the whole labbook where that leads, and put a link to it here."
                )

    def run_to_write(self, id: str) -> Path:
        """The folder of run `id`, to write beside its record. RunNotFound, StoreTooNew, StoreUnwritable."""
        self.require_writable()
        if layout.is_run_id(id):
            folder = layout.run_folder(self.path, id)
            if folder.is_dir() and not folder.is_symlink():
                return folder
        raise RunNotFound(f"There is no run {id[:80]!r} in {self.path}.", reference=id)

    @staticmethod
    def find(start: Path, *, tell: bool = True) -> Store | None:
        """The store of folder `start` or of the nearest folder above it; None where there is none.

        `tell` says whether to warn about a newer format.
        """
        # absolute(), not resolve(): a notebook behind a link belongs to the project it is seen in
        start = start.absolute()
        # plain strings: this is asked before every run
        folder, above = "", str(start)
        while folder != above:
            folder, above = above, os.path.dirname(above)
            for candidate in (folder, os.path.join(folder, layout.STORE_FOLDER)):
                if _is_store(candidate):
                    return _opened(Path(candidate), tell)
        return None

    @staticmethod
    def open(path: Path, *, tell: bool = True) -> Store:
        """The store at `path`, or the folder `labbook` in it; StoreNotFound where neither is one."""
        path = path.expanduser().absolute()
        for candidate in (path, path / layout.STORE_FOLDER):
            if _is_store(candidate):
                return _opened(candidate, tell)
        if layout.runs_folder(path).is_dir():  # only labbook.json was lost
            return Store(path, fault=f"{layout.STORE_FILE} is missing")
        raise StoreNotFound(
            f"There is no labbook at {path}. Record a run there first, or name another folder "
            "with LABBOOK_STORE or --store."
        )

    @staticmethod
    def create(folder: Path) -> Store:
        """The store `labbook` in `folder`, made where it does not exist."""
        return Store.create_at(folder / layout.STORE_FOLDER)

    @staticmethod
    def create_at(path: Path) -> Store:
        """The store whose folder is `path` itself, made where it does not exist."""
        path = path.expanduser().absolute()
        try:
            os.makedirs(layout.runs_folder(path), exist_ok=True)
            try:
                files.create(layout.store_file(path), store_file({}))
            except FileExistsError:
                pass  # another process was first, and its id stands
        except OSError as error:
            raise StoreUnwritable(
                f"No labbook can be made at {path}: {error.strerror or error}. "
                "Choose another folder with LABBOOK_STORE or --store."
            ) from error
        return _opened(path)

    @staticmethod
    def locate(start: Path, chosen: Path | None = None) -> Store:
        """The store to read: `chosen`, else LABBOOK_STORE, else the nearest upwards from `start`."""
        named = _named(chosen)
        if named is not None:
            return Store.open(named)
        found = Store.find(start)
        if found is None:
            raise StoreNotFound(
                f"There is no labbook in {start.absolute()} or in any folder above. One is made when the "
                "first experiment runs; to use one elsewhere, name it with LABBOOK_STORE or --store."
            )
        return found

    @staticmethod
    def ensure(start: Path, chosen: Path | None = None) -> Store:
        """The store to write: as `locate`, and made beside `start` (or where named) if there is none.

        Of a newer format it does not warn: whoever wants to write is told by `require_writable`.
        """
        named = _named(chosen)
        if named is not None:
            try:
                return Store.open(named, tell=False)
            except StoreNotFound:
                return Store.create_at(named)
        return Store.find(start, tell=False) or Store.create(start)


def store_file(known: dict[str, Any]) -> bytes:
    """A `labbook.json` of today's format, with the keys that are `known` from an earlier one."""
    facts = {
        "id": os.urandom(8).hex(),
        "created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        **known,
    }
    return msgspec.json.format(msgspec.json.encode({"format": layout.FORMAT, **facts})) + b"\n"


def _named(chosen: Path | None) -> Path | None:
    if chosen is not None:
        return chosen
    named = os.environ.get("LABBOOK_STORE")
    return Path(named) if named else None


def _is_store(folder: Path | str) -> bool:
    # lexists: a link or garbage under the name is damage, and no reason to make a second store
    return os.path.lexists(os.path.join(folder, layout.STORE_FILE))


def _opened(path: Path, tell: bool = True) -> Store:
    data = files.read(layout.store_file(path), most=1 << 20)
    if data is None:
        return Store(path, fault=f"{layout.STORE_FILE} cannot be read")
    facts: Any = None
    try:
        facts = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError):
        pass
    if not isinstance(facts, dict):
        return Store(path, fault=f"{layout.STORE_FILE} is not a JSON object")
    id = facts.get("id") if isinstance(facts.get("id"), str) else None
    format = facts.get("format")
    if isinstance(format, bool) or not isinstance(format, int) or format < 1:
        return Store(path, id=id, fault=f"{layout.STORE_FILE} names no format")
    if tell and format > layout.FORMAT:
        tell_newer(format)
    return Store(path, format, id)
