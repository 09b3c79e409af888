"""Files and folders as content: a file that is read whole has the hash that `sha256sum` gives.

A folder is the names in it and their contents, sorted. Links in it count as what they say and are
not followed, nothing but files is opened, and what systems and notebooks leave behind is left out.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from jupyter_labbook.errors import LabbookError, did_you_mean
from jupyter_labbook.record.data_content import FULL, SAMPLE, framed, spans
from jupyter_labbook.run import Data
from jupyter_labbook.store import layout

LEFT_OUT: Final = frozenset({".DS_Store", ".git", ".ipynb_checkpoints", "Thumbs.db", "__pycache__", "desktop.ini"})
"""Names in a folder that come and go without its data changing; a labbook in it is left out too."""

MOST_ENTRIES: Final = 1_000_000
"""Names in a folder beyond which somebody gave their whole disk by mistake."""

MOST_FILES: Final = 10_000
"""Files of a folder up to which all are opened; of more, as of more than `FULL` bytes, some are."""

SAMPLED_FILES: Final = 1000

_PIECE: Final = 1 << 20
_LONGEST_NAME: Final = 200


class _Entry(NamedTuple):
    """Something in a folder; `detail` is the size of a file and the target of a link."""

    label: str
    kind: str
    detail: str | int | None
    path: str


def of_path(name: str, value: str | os.PathLike[Any]) -> Data:
    """Fingerprint of a file or folder. FileNotFoundError where there is none, with the names that are near."""
    path, status = _found(value)
    if stat.S_ISDIR(status.st_mode):
        entries = list(islice(_entries(str(path), ""), MOST_ENTRIES + 1))
        if len(entries) > MOST_ENTRIES:
            raise LabbookError(f"{shown(path)} holds more than {MOST_ENTRIES:,} files: give the part that is data")
        return _of_entries(name, "folder", sorted(entries), shown(path))
    whole = status.st_size <= FULL
    return Data(
        name=name,
        sha256=_digest(str(path), status.st_size, FULL if whole else SAMPLE),
        bytes=status.st_size,
        coverage="full" if whole else "sampled",
        kind="file",
        path=shown(path),
    )


def of_several(name: str, files: Mapping[str, str | os.PathLike[Any]]) -> Data:
    """Fingerprint of files, each under a label. Where they lie and their own names do not count."""
    entries = []
    for label, value in sorted(files.items()):
        path, status = _found(value)
        if stat.S_ISDIR(status.st_mode):
            raise LabbookError(f"{shown(path)} is a folder among files: give the folder by itself")
        entries.append(_Entry(label, "file", status.st_size, str(path)))
    return _of_entries(name, "files", entries, None)


def _found(value: str | os.PathLike[Any]) -> tuple[Path, os.stat_result]:
    given = os.fsdecode(value)
    path = Path(os.path.abspath(given))
    try:
        status = os.stat(path if given else "")
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise FileNotFoundError(_missing(given, path)) from None
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise FileNotFoundError(_missing(given, path)) from None
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise LabbookError(f"{shown(path)} is neither a file nor a folder: give what was read from it")
    return path, status


def shown(path: Path) -> str:
    """From the working folder where it lies in there, else as a whole."""
    try:
        return path.relative_to(os.getcwd()).as_posix()
    except (ValueError, OSError):
        return str(path)


def _missing(given: str, path: Path) -> str:
    short = given if len(given) <= _LONGEST_NAME else given[:_LONGEST_NAME] + "…"
    if "://" in given[:20]:
        return f"{short!r} is an address, and labbook does not go to the network: give a local copy or what was read"
    try:
        near = did_you_mean(path.name, os.listdir(path.parent))
    except (OSError, ValueError):
        near = ""
    return f"there is no file or folder {short!r} in {os.getcwd()}.{near} A text that is data itself is given as bytes"


def _of_entries(name: str, kind: str, entries: list[_Entry], path: str | None) -> Data:
    found = [entry for entry in entries if isinstance(entry.detail, int)]
    size = sum(int(entry.detail or 0) for entry in found)
    whole = size <= FULL and len(found) <= MOST_FILES
    most = FULL if whole else SAMPLE // min(SAMPLED_FILES, len(found))
    ranges = spans(len(found), len(found) if whole else SAMPLED_FILES)
    opened = {found[at] for start, stop in ranges for at in range(start, stop)}
    running = sha256(framed(f"labbook {kind} 1", "full" if whole else "sampled"))
    for label, what, detail, place in entries:
        content = _digest(place, int(detail or 0), most) if (label, what, detail, place) in opened else None
        running.update(framed(label, what, detail, content))
    return Data(
        name=name,
        sha256=running.hexdigest(),
        bytes=size,
        coverage="full" if whole else "sampled",
        kind=kind,
        path=path,
    )


def _entries(folder: str, prefix: str) -> Iterator[_Entry]:
    """Everything in a folder and below, by its path from there with `/`, in no order."""
    with os.scandir(folder) as found:
        for entry in found:
            if entry.name in LEFT_OUT:
                continue
            label = prefix + entry.name
            if entry.is_symlink():
                yield _Entry(label, "link", os.readlink(entry.path), entry.path)
            elif entry.is_dir(follow_symlinks=False):
                if os.path.lexists(os.path.join(entry.path, layout.STORE_FILE)):
                    continue
                yield _Entry(label, "folder", None, entry.path)
                yield from _entries(entry.path, label + "/")
            elif entry.is_file(follow_symlinks=False):
                yield _Entry(label, "file", entry.stat(follow_symlinks=False).st_size, entry.path)
            else:
                yield _Entry(label, "other", None, entry.path)


def _digest(path: str, size: int, most: int) -> str:
    """Of a file's content; of more than `most` bytes, of its size and of pieces from head to tail."""
    running = sha256() if size <= most else sha256(framed("labbook file 1", "sampled", size))
    with open(path, "rb", buffering=0) as file:
        for start, stop in spans(size, most):
            file.seek(start)
            for piece in _pieces(file, stop - start):
                running.update(piece)
        if os.fstat(file.fileno()).st_size != size:
            raise _changed(path)
    return running.hexdigest()


def _pieces(file: Any, length: int) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(min(_PIECE, length)))
    while length:
        count = file.readinto(buffer[: min(_PIECE, length)])
        if not count:
            raise _changed(file.name)
        length -= count
        yield buffer[:count]


def _changed(path: str) -> LabbookError:
    return LabbookError(f"{shown(Path(path))} was written to while it was read: fingerprint it once it is complete")
