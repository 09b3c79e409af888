"""Which labbook a call means: the one that is named, else the one found from where the caller stands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from jupyter_labbook.store.store import Store

StoreLike = Store | Path | str | None


class Place:
    """Where this process stands. A notebook's extension says so; a script stands in its working directory."""

    def __init__(self) -> None:
        self.start: Callable[[], Path] = Path.cwd
        self.chosen: Callable[[], Path | None] = lambda: None

    def move(self, start: Callable[[], Path], chosen: Callable[[], Path | None]) -> None:
        """From now on search upwards from `start()`, unless `chosen()` names a labbook."""
        self.start = start
        self.chosen = chosen


here = Place()


def the_store(given: StoreLike) -> Store:
    """The store for a verb; StoreNotFound where there is none."""
    _settle()
    if isinstance(given, Store):
        return given
    chosen = Path(given) if given is not None else here.chosen()
    return Store.locate(here.start(), chosen)


def _settle() -> None:
    """Wait until what this process records itself is on the disk; a terminal records nothing and loads nothing."""
    recording = sys.modules.get("jupyter_labbook.record.background")
    if recording is not None:
        recording.background.settle()
