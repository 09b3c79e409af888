"""Disks that refuse: a shim between this process and what it writes, and real file systems where we may mount."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jupyter_labbook.store import tables

_REAL = {name: getattr(os, name) for name in ("open", "close", "write", "replace", "rename", "link", "mkdir")}
Remount = Callable[[str], None]
_SYNCS = {name: getattr(os, name) for name in ("fsync", "fdatasync") if hasattr(os, name)}


class Disk:
    """What this process writes under `folder` goes through here, as if it were a disk of its own.

    Attributes
    ----------
    bytes_left, changes_left
        How many bytes, and how many new names, it still takes; None for any number. A write of
        which only a part fits is taken in part, as a real disk does it.
    error
        What it answers then.
    shortest
        No write takes more bytes at once than this, where it is not None.
    written, changed
        How many it has taken.
    refused
        How often it answered with an error.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = f"{folder}/"
        self.bytes_left: int | None = None
        self.changes_left: int | None = None
        self.error = errno.ENOSPC
        self.shortest: int | None = None
        self.written = self.changed = self.refused = 0
        self._mine: set[int] = set()

    def install(self) -> None:
        for name in _REAL:
            setattr(os, name, getattr(self, f"_{name}"))
        tables._write = self._write

    def enlarge(self) -> None:
        """There is space again."""
        self.bytes_left = self.changes_left = None

    def _is_here(self, path: Any) -> bool:
        return not isinstance(path, int) and os.path.join(os.getcwd(), os.fsdecode(path)).startswith(self.folder)

    def _change(self, path: Any) -> None:
        if not self._is_here(path):
            return
        if self.changes_left == 0 or self.bytes_left == 0:
            self.refused += 1
            raise OSError(self.error, os.strerror(self.error), path)
        if self.changes_left is not None:
            self.changes_left -= 1
        self.changed += 1

    def _open(self, path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if flags & os.O_CREAT and not os.path.lexists(path):
            self._change(path)
        fd: int = _REAL["open"](path, flags, *rest, **named)
        if flags & (os.O_WRONLY | os.O_RDWR) and self._is_here(path):
            self._mine.add(fd)
        return fd

    def _close(self, fd: int) -> None:
        self._mine.discard(fd)
        _REAL["close"](fd)

    def _write(self, fd: int, data: bytes) -> int:
        if fd not in self._mine:
            return int(_REAL["write"](fd, data))
        if self.bytes_left is not None:
            if self.bytes_left == 0:
                self.refused += 1
                raise OSError(self.error, os.strerror(self.error))
            data = data[: self.bytes_left]
        if self.shortest is not None:
            data = data[: self.shortest]
        taken = int(_REAL["write"](fd, data))
        if self.bytes_left is not None:
            self.bytes_left -= taken
        self.written += taken
        return taken

    def _mkdir(self, path: Any, *rest: Any, **named: Any) -> None:
        if not os.path.lexists(path):
            self._change(path)
        _REAL["mkdir"](path, *rest, **named)

    def _replace(self, old: Any, new: Any, **named: Any) -> None:
        self._change(new)
        _REAL["replace"](old, new, **named)

    def _rename(self, old: Any, new: Any, **named: Any) -> None:
        self._change(new)
        _REAL["rename"](old, new, **named)

    def _link(self, old: Any, new: Any, **named: Any) -> None:
        self._change(new)
        _REAL["link"](old, new, **named)


def fail_to_sync() -> None:
    """From here on the disk answers every sync of this process with an input/output error."""

    def refuse(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for name in _SYNCS:
        setattr(os, name, refuse)


def sync_again() -> None:
    for name, real in _SYNCS.items():
        setattr(os, name, real)


# real ones ---------------------------------------------------------------------------------------


def cannot_mount() -> str | None:
    """Why no file system can be mounted here; None where one can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "only root can mount a file system"
    here = Path(f"/tmp/labbook-mount-{os.getpid()}")
    here.mkdir()
    try:
        with mounted(here, "64k"):
            return None
    except subprocess.CalledProcessError as error:
        return f"nothing can be mounted here: {error.stderr.strip()}"
    finally:
        here.rmdir()


@contextlib.contextmanager
def mounted(folder: Path, size: str) -> Iterator[Remount]:
    """A file system of `size` at `folder`; call what is given with `ro` or `rw` to change how it is mounted."""
    _call("mount", "-t", "tmpfs", "-o", f"size={size}", "labbook-test", str(folder))
    try:
        yield lambda mode: _call("mount", "-o", f"remount,{mode}", str(folder))
    finally:
        _call("umount", "-l", str(folder))


def _call(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def fill(folder: Path) -> Path:
    """Write a file until there is no space left; remove it to have it again."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return ballast
