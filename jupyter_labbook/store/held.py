"""Which runs have a file open for writing in some process of this machine.

A run that has ended is still written to where a thread or a forked process of it logs on; such a
run is not judged by its tables, and never mended. Linux says which; elsewhere nobody is asked.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jupyter_labbook.store import layout

_FRESH: Final = 0.5


class Held:
    """Looks at all processes when first asked, and again when the answer is older than half a second."""

    def __init__(self, store: Path) -> None:
        self._runs = os.path.join(os.path.realpath(store), layout.RUNS) + os.sep
        self._ids: frozenset[str] = frozenset()
        self._looked = float("-inf")

    def __contains__(self, id: str) -> bool:
        if time.monotonic() - self._looked > _FRESH:
            self._ids = frozenset(self._held())
            self._looked = time.monotonic()
        return id in self._ids

    def _held(self) -> Iterator[str]:
        for process in filter(str.isdigit, _names("/proc")):
            for descriptor in _names(f"/proc/{process}/fd"):
                try:
                    path = os.readlink(f"/proc/{process}/fd/{descriptor}")
                except OSError:  # closed meanwhile
                    continue
                if path.startswith(self._runs) and _for_writing(process, descriptor):
                    yield path[len(self._runs) :].partition(os.sep)[0]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # no /proc, the process is gone, or another user's
        return []


def _for_writing(process: str, descriptor: str) -> bool:
    try:
        with open(f"/proc/{process}/fdinfo/{descriptor}", "rb") as file:
            flags = next(line for line in file if line.startswith(b"flags:"))
        return int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY
    except (OSError, StopIteration, ValueError, IndexError):
        return False
