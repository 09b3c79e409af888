"""Where `repair` puts what it takes away: every byte of it, under the path at which it was."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISDIR

from jupyter_labbook.store import files, layout


class LostAndFound:
    """One repair's folder in `lost+found`, made when something is put there. Raises OSError."""

    def __init__(self, store: Path) -> None:
        self._store = os.fspath(store)
        self._folder = f"{layout.LOST_AND_FOUND}/{layout.new_repair(datetime.now(UTC))}"

    def move(self, path: str) -> str:
        """Move what is at `path`; both are relative to the store."""
        kept = self._place(path)
        os.rename(os.path.join(self._store, path), os.path.join(self._store, kept))
        return kept

    def keep(self, path: str, data: bytes) -> str:
        """Keep a copy of what `path` held, and wait until it is on the disk."""
        kept = self._place(path)
        files.replace(os.path.join(self._store, kept), data, sync=True)
        return kept

    def _place(self, path: str) -> str:
        """A path there that is free, in a folder that exists."""
        home = os.path.join(self._store, layout.LOST_AND_FOUND)
        os.makedirs(home, exist_ok=True)
        if not S_ISDIR(os.lstat(home).st_mode):
            raise NotADirectoryError(f"{layout.LOST_AND_FOUND} is a link")
        kept, number = f"{self._folder}/{path}", 1
        os.makedirs(os.path.join(self._store, os.path.dirname(kept)), exist_ok=True)
        while os.path.lexists(os.path.join(self._store, kept)):
            number += 1
            kept = f"{self._folder}/{path}-{number}"
        return kept
