"""What a run needs before it can begin: its store, its references, a line that makes sense."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from msgspec.structs import replace

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.judge import claim
from jupyter_labbook.record import current, earlier
from jupyter_labbook.record.arguments import Arguments, parse
from jupyter_labbook.record.plan import Plan
from jupyter_labbook.store import layout
from jupyter_labbook.store.store import Store

_opened: dict[tuple[str, str | None], tuple[Store, str, tuple[int, ...]]] = {}
"""By folder and choice: the store, its file, and that file's state when the store was opened."""


def open_store(folder: Path, chosen: str | None) -> Store:
    """The store for what is recorded from `folder`: chosen, found upwards, or made there.

    One that was opened before is opened again only where its file has changed: that is a tenth of
    the time for which starting a run holds up a cell.
    """
    chosen = chosen or os.environ.get("LABBOOK_STORE") or None
    asked = str(folder), chosen
    store, file, state = _opened.get(asked, (None, "", ()))
    if store is None or not state or _state(file) != state:
        store = Store.ensure(folder, Path(chosen).expanduser() if chosen else None)
        if chosen or store.path.parent == folder:  # else one that is nearer may come
            file = str(layout.store_file(store.path))
            _opened[asked] = store, file, _state(file)
    store.require_writable()
    return store


def _state(file: str) -> tuple[int, ...]:
    """What changes when a file does; empty where there is none."""
    try:
        found = os.lstat(file)
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def with_references(store: Store, plan: Plan, baseline: str | None, parent: str | None) -> tuple[Plan, list[str]]:
    """The plan with its baseline and parent as ids, and a sentence for each that no run answers to."""
    notices: list[str] = []

    def resolved(role: str, wanted: str | None) -> str | None:
        try:
            return earlier.resolve(store, wanted) if wanted else None
        except LabbookError as error:
            notices.append(f"--{role} {wanted}: {error}")
            return None

    around = current.current()
    before = resolved("parent", parent) or (around.id if around else None)
    return replace(plan, baseline=resolved("baseline", baseline), parent=before), notices


def understood(line: str) -> Arguments:
    """The arguments of a magic's line, its claims included. Raises UsageError, before anything runs."""
    arguments = parse(line)
    for text in arguments.expect:
        if "{" not in text and "$" not in text:  # known only when the values are put in
            claim.parse(text)
    return arguments


def tell(error: Exception) -> None:
    """One line about something of ours that failed; the user's cell goes on."""
    text = str(error) if isinstance(error, LabbookError) else f"{type(error).__name__}: {error}"
    print(f"labbook: this run is not recorded as it should be: {text}", file=sys.stderr)
