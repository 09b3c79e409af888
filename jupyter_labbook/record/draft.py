"""`run.json` while its run is alive: one dictionary, always written whole.

**Invariant**: the file on the disk is a complete record at every moment; when the disk refuses,
the older record stays, and `write` is tried again until one gets through.
"""

from __future__ import annotations

import math
import os
import threading
from pathlib import Path
from typing import Any

import msgspec

from jupyter_labbook.store import files, layout

_encode = msgspec.json.Encoder().encode


class Draft:
    """The record of a run that this process writes."""

    def __init__(self, store: Path, fields: dict[str, Any]) -> None:
        self.fields = fields
        self.store = store
        self.folder = f"{store}/{layout.RUNS}/{fields['id']}"
        self.born = False
        self.unwritten = True
        self._lock = threading.RLock()

    def create(self, others: dict[str, bytes]) -> None:
        """Make the run's folder appear, complete with `run.json` and `others`. Raises OSError."""
        fresh = f"{self.store}/{layout.RUNS}/{layout.TEMPORARY}{self.fields['id']}"
        with self._lock:
            try:
                os.mkdir(fresh)
            except FileExistsError:  # a try that the disk cut short
                pass
            except FileNotFoundError:  # the store was removed while the kernel lived
                os.makedirs(fresh)
            for name, content in others.items():
                _fill(f"{fresh}/{name}", content)
            _fill(f"{fresh}/{layout.RECORD}", self.encoded())
            os.rename(fresh, self.folder)
            self.born = True
            self.unwritten = False

    def update(self, **fields: Any) -> None:
        """Change fields in memory; `write` brings them to the disk."""
        with self._lock:
            self.fields.update(fields)
            self.unwritten = True

    def write(self) -> None:
        """Replace `run.json` by what the fields say now. Raises OSError."""
        with self._lock:
            if not self.born:
                raise FileNotFoundError(f"the run's folder {self.folder} could not be made yet")
            self.unwritten = True
            files.replace(f"{self.folder}/{layout.RECORD}", self.encoded())
            self.unwritten = False

    def forked(self) -> None:
        """In a forked child: a lock that another thread held is nobody's now."""
        self._lock = threading.RLock()

    def encoded(self) -> bytes:
        try:
            content = _encode(self.fields)
        except UnicodeEncodeError:  # a lone surrogate somewhere in a text of the user's
            content = _encode(_clean(self.fields))
        return msgspec.json.format(content, indent=2) + b"\n"


def _fill(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        files.append(descriptor, content)
    finally:
        os.close(descriptor)


def _clean(value: Any) -> Any:
    """The same value with characters that UTF-8 cannot hold made visible."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return _clean(msgspec.to_builtins(value))
    return value
