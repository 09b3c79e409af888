"""Bytes to and from the disk, so that nobody ever sees half of a file or loses an acknowledged line.

**Invariants**: a file written by `replace` or `create` is seen whole or not at all; what `append`
returned from has been passed to the kernel; reading follows no link and waits on no pipe.

Every run passes through here several times, so it is plain `os` calls on `str` paths.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import Final

from jupyter_labbook.store.layout import TEMPORARY

MOST: Final = 64 << 20
"""Bytes of a file that is read whole; whatever is larger is no file of ours."""

_BINARY: Final[int] = getattr(os, "O_BINARY", 0)
_READ: Final[int] = (
    os.O_RDONLY | _BINARY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)
_WRITE: Final[int] = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | getattr(os, "O_CLOEXEC", 0)
_NO_LINKS: Final = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV}


def append(fd: int, line: bytes) -> None:
    """Pass all of `line` to the kernel; OSError where the disk took only a part of it or nothing."""
    written = os.write(fd, line)
    while written < len(line):  # a full disk answers short first and raises on the next call
        taken = os.write(fd, line[written:])
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written += taken


def replace(path: Path | str, data: bytes, *, sync: bool = False) -> None:
    """Make `path` hold `data`: readers see the old file or the new one. `sync` waits for the disk."""
    temporary = _write_beside(path, data, 0o644, sync)
    try:
        os.replace(temporary, path)
    except BaseException:
        discard(temporary)
        raise
    if sync:
        sync_folder(os.path.dirname(os.fspath(path)))


def create(path: Path | str, data: bytes, *, mode: int = 0o644) -> None:
    """Make `path`, which must not exist yet: FileExistsError where it does, whatever it is."""
    temporary = _write_beside(path, data, mode, False)
    try:
        place(temporary, path)
    except BaseException:
        discard(temporary)
        raise


def place(temporary: str, path: Path | str) -> None:
    """Give a finished file its name unless somebody has it; FileExistsError then."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A disk without hard links (exFAT, some network mounts) has no atomic "only if absent".
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path)) from None
        os.rename(temporary, path)
    else:
        discard(temporary)


def read(path: Path | str, most: int = MOST) -> bytes | None:
    """The bytes of a regular file; None where it is missing, a link, unreadable or longer than `most`."""
    opened = open_regular(path)
    if opened is None:
        return None
    fd, size = opened
    try:
        if size > most:
            return None
        data = os.read(fd, size + 1)
        if len(data) == size:
            return data
        pieces = [data]
        while pieces[-1] and sum(map(len, pieces)) <= most:  # it grew, or a network disk answered short
            pieces.append(os.read(fd, 1 << 20))
        return None if pieces[-1] else b"".join(pieces)
    except OSError:
        return None
    finally:
        os.close(fd)


def pieces(path: Path | str, size: int, most: int, *, start: int = 0) -> Iterator[bytes]:
    """A regular file in pieces of at most `size` bytes, from `start`, `most` bytes in all.

    Nothing where it cannot be read.
    """
    opened = open_regular(path)
    if opened is None:
        return
    fd, _ = opened
    try:
        if start:
            os.lseek(fd, start, os.SEEK_SET)
        while most > 0 and (piece := os.read(fd, min(size, most))):
            most -= len(piece)
            yield piece
    except OSError:
        return
    finally:
        os.close(fd)


def open_regular(path: Path | str) -> tuple[int, int] | None:
    """Descriptor and size of a regular file; None for anything else. The caller closes it."""
    try:
        fd = os.open(path, _READ)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    try:
        status = os.fstat(fd)
        if S_ISREG(status.st_mode):
            return fd, status.st_size
    except OSError:
        pass
    os.close(fd)
    return None


def is_linked(path: Path, above: int) -> bool:
    """Whether `path` or one of so many folders above it is a link."""
    return any(map(os.path.islink, (path, *path.parents[:above])))


def temporary_name(folder: str) -> str:
    """A name in `folder` that no reader looks at and nobody else will choose."""
    return os.path.join(folder, TEMPORARY + os.urandom(6).hex())


def discard(path: str) -> None:
    """Remove a temporary file, if that is possible."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def sync_folder(folder: str) -> None:
    """Wait until names in `folder` are on the disk, where the system can do that."""
    try:
        fd = os.open(folder or ".", os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise
    finally:
        os.close(fd)


def _write_beside(path: Path | str, data: bytes, mode: int, sync: bool) -> str:
    temporary = temporary_name(os.path.dirname(os.fspath(path)))
    fd = os.open(temporary, _WRITE, mode)
    try:
        try:
            append(fd, data)
            if sync:
                os.fsync(fd)
        finally:
            os.close(fd)
    except BaseException:
        discard(temporary)
        raise
    return temporary
