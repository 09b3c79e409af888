"""Contents named by their hash: each kept once, read-only, never seen half-written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG

from jupyter_labbook.errors import StoreUnwritable
from jupyter_labbook.store import files, layout
from jupyter_labbook.store.store import Store

_PIECE = 1 << 20
_BELOW = layout.OBJECTS.count("/") + 2
"""Folders between an object and its store."""


def path(store: Store, sha256: str) -> Path:
    """Where content `sha256` is or would be; ValueError where that is no hash."""
    return layout.object_path(store.path, sha256)


def get(store: Store, sha256: str, most: int = 1 << 30) -> bytes | None:
    """The content whose hash is `sha256`; None where it is missing, damaged or longer than `most`."""
    if not layout.is_sha256(sha256) or files.is_linked(path(store, sha256), _BELOW):
        return None
    data = files.read(path(store, sha256), most)
    return data if data is not None and _digest(data) == sha256 else None


def put(store: Store, data: bytes | Path, *, sync: bool = False) -> tuple[str, int]:
    """Keep a content, given as bytes or as a file, and return its hash and its size in bytes.

    A file is hashed while it is copied, so what is kept is what the hash names even where someone
    writes to it meanwhile. OSError where the file cannot be read, StoreUnwritable where the store
    cannot be written.
    """
    store.require_writable()
    if isinstance(data, bytes):
        digest = _digest(data)
        if _is_kept(os.fspath(path(store, digest)), len(data)):
            return digest, len(data)
        return _copy(store, iter((data,)), sync)
    fd = os.open(data, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not S_ISREG(os.fstat(fd).st_mode):
            raise OSError(f"{data} is not a file, and cannot be kept")
        return _copy(store, _read(fd), sync)
    finally:
        os.close(fd)


def keep(store: Store, sha256: str) -> bool:
    """Whether a content is there; `gc` leaves it alone for the while that a run takes to name it."""
    store.require_writable()
    final = path(store, sha256)
    try:
        return _is_kept(os.fspath(final), os.lstat(final).st_size)
    except OSError:
        return False


def _copy(store: Store, source: Iterator[bytes], sync: bool) -> tuple[str, int]:
    folder = os.path.join(store.path, layout.OBJECTS)
    temporary = files.temporary_name(folder)
    try:
        try:
            os.makedirs(folder, exist_ok=True)
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o444)
        except OSError as error:
            raise _unwritable(store, error) from error
        try:
            digest, size = _write(store, fd, source, sync)
        finally:
            os.close(fd)
        _settle(store, temporary, digest, size, sync)
    except BaseException:
        files.discard(temporary)
        raise
    return digest, size


def _write(store: Store, fd: int, source: Iterator[bytes], sync: bool) -> tuple[str, int]:
    running = sha256()
    size = 0
    for piece in source:
        running.update(piece)
        size += len(piece)
        try:
            files.append(fd, piece)
        except OSError as error:
            raise _unwritable(store, error) from error
    if sync:
        os.fsync(fd)
    return running.hexdigest(), size


def _settle(store: Store, temporary: str, digest: str, size: int, sync: bool) -> None:
    final = os.fspath(path(store, digest))
    if _is_kept(final, size):
        files.discard(temporary)
        return
    try:
        os.makedirs(os.path.dirname(final), exist_ok=True)
        if os.path.islink(os.path.dirname(final)):
            raise OSError(errno.ELOOP, "a link stands where a folder belongs", os.path.dirname(final))
        # Over a cut or foreign file too: what comes here has been hashed on its way.
        os.replace(temporary, final)
        if sync:
            files.sync_folder(os.path.dirname(final))
    except OSError as error:
        if not _is_kept(final, size):  # Windows: another process has the same content open
            raise _unwritable(store, error) from error
        files.discard(temporary)


def _is_kept(final: str, size: int) -> bool:
    """Whether the content is there. It is touched then: `gc` leaves alone what a run is about to name."""
    try:
        status = os.lstat(final)
        if os.path.islink(os.path.dirname(final)) or not S_ISREG(status.st_mode) or status.st_size != size:
            return False
        os.utime(final)
    except OSError:
        return False
    return True


def _read(fd: int) -> Iterator[bytes]:
    while piece := os.read(fd, _PIECE):
        yield piece


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _unwritable(store: Store, error: OSError) -> StoreUnwritable:
    return StoreUnwritable(f"{store.path} cannot be written: {error.strerror or error}")
