"""What a look through a labbook has found so far, and how it looks at one file or folder.

**Invariant**: links are named and never followed, a refusal of the file system is a finding and
no exception, and a name that vanishes between two looks was somebody's own doing.
"""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Final

from jupyter_labbook.store import files, layout
from jupyter_labbook.store.damage import Fault

LEFTOVER_AFTER: Final = 3600.0
"""Seconds without a change after which a temporary name counts as left over."""

Entry = tuple[str, os.stat_result]


class Findings:
    """Paths are relative to the store, with slashes. `run` is the run that is being looked at."""

    def __init__(self, store: Path, run: str | None = None) -> None:
        self.store = store
        self.run = run
        self.found: list[Fault] = []

    def add(self, kind: str, path: str, message: str, *, repairable: bool = False) -> None:
        self.found.append(Fault(kind, path, message, self.run, repairable))

    def path(self, path: str) -> str:
        return os.path.join(self.store, path)

    def listed(self, folder: str) -> list[Entry] | None:
        """Names in a folder, sorted, and what they are; None where the folder is gone or cannot be listed."""
        some: list[Entry] = []
        try:
            with os.scandir(self.path(folder)) as names:
                for entry in names:
                    try:
                        some.append((entry.name, entry.stat(follow_symlinks=False)))
                    except FileNotFoundError:
                        continue
        except FileNotFoundError:
            return None
        except OSError as error:
            self.add("unreadable", folder, f"the folder cannot be listed: {error.strerror or error}")
            return None
        return sorted(some, key=lambda entry: entry[0])

    def is_temporary(self, path: str, status: os.stat_result) -> bool:
        """Whether the name is one that is being written; one that nobody touches any more is named."""
        if not layout.is_temporary(path.rpartition("/")[2]):
            return False
        if time.time() - status.st_mtime > LEFTOVER_AFTER:
            self.add("leftover", path, "left by a write that was cut short", repairable=True)
        return True

    def is_file(self, path: str, status: os.stat_result) -> bool:
        return self._is("not-a-file", S_ISREG(status.st_mode), path, status)

    def is_folder(self, path: str, status: os.stat_result) -> bool:
        return self._is("not-a-folder", S_ISDIR(status.st_mode), path, status)

    def _is(self, kind: str, fits: bool, path: str, status: os.stat_result) -> bool:
        if S_ISLNK(status.st_mode):
            self.add("link", path, "a symbolic link is not followed")
        elif not fits:
            self.add(kind, path, "something else is in its place")
        return fits

    def has_folder(self, path: str) -> bool:
        """Whether a folder is there; what stands in its place is named."""
        try:
            return self.is_folder(path, os.lstat(self.path(path)))
        except OSError:
            return False

    def read(self, path: str) -> bytes | None:
        """A regular file's content; None where it is gone, and where it cannot be read, which is named."""
        full = self.path(path)
        data = files.read(full)
        if data is None and os.path.lexists(full):
            self.add("unreadable", path, refusal(full))
        return data

    def digest(self, path: str) -> str | None:
        """The sha256 of a regular file; None as in `read`."""
        full = self.path(path)
        digest = digest_of(full)
        if digest is None and os.path.lexists(full):
            self.add("unreadable", path, refusal(full))
        return digest


def digest_of(path: str) -> str | None:
    """The sha256 of a regular file; None where it cannot be read."""
    opened = files.open_regular(path)
    if opened is None:
        return None
    running = sha256()
    try:
        while piece := os.read(opened[0], 1 << 20):
            running.update(piece)
    except OSError:
        return None
    finally:
        os.close(opened[0])
    return running.hexdigest()


def refusal(path: str) -> str:
    """Why a file cannot be read."""
    opened = files.open_regular(path)
    if opened is not None:
        os.close(opened[0])
        return "larger than any file of its kind" if opened[1] > files.MOST else "it cannot be read"
    try:
        os.close(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)))
    except (OSError, ValueError) as error:
        return f"it cannot be opened: {getattr(error, 'strerror', None) or error}"
    return "it is no file"
