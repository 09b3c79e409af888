"""Notes and lessons: markdown files in which a line before each entry says when it was written.

**Invariant**: each file has one writer. The first process to note something about a run owns
`notes.md`; every other one writes a file of its own beside it. A line of the text that looks like
such a mark is stored behind a backslash, so that a text always comes back as it went in.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from jupyter_labbook.errors import StoreUnwritable, UsageError
from jupyter_labbook.run import Note, parse_time
from jupyter_labbook.store import files, layout
from jupyter_labbook.store.store import Store

_MARK: Final = re.compile(r"^<!-- note (\S+?)(?: (\S+?))? -->[ \t]*\r?$", re.MULTILINE)
_LOOKALIKE: Final = re.compile(r"^(\\*<!-- note )", re.MULTILINE)
_HIDDEN: Final = re.compile(r"^\\(\\*<!-- note )", re.MULTILINE)
_MOST: Final = 16 << 20

_mine: dict[tuple[int, str], str] = {}
"""Files that this process made, by process and folder: it appends to those, and to no others."""

_lock = threading.Lock()


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()  # a fork in the middle of a note must not lock the child out


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Lesson(msgspec.Struct, frozen=True):
    """Something learned, markdown; `run` is the id of the run that taught it, if any."""

    text: str
    time: str | None = None
    run: str | None = None


def clean(text: str) -> str:
    """The text as it can be stored: without NUL, and with U+FFFD for what UTF-8 cannot say."""
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "")


def add_note(store: Store, id: str, text: str) -> None:
    """Add a note, markdown, to run `id`. RunNotFound, StoreTooNew, StoreUnwritable, UsageError."""
    write_note(store.run_to_write(id), text)


def write_note(folder: Path | str, text: str, time: datetime | None = None) -> None:
    """Add a note to the run in `folder`, without looking whether it is one. StoreUnwritable, UsageError."""
    folder = os.fspath(folder)
    time = time or datetime.now(UTC)
    entry = _entry(text, time)
    owner = os.getpid(), folder
    try:
        with _lock:
            if owner in _mine and _append(_mine[owner], b"\n" + entry):
                return
            path = os.path.join(folder, layout.NOTES)
            try:
                files.create(path, entry)
            except FileExistsError:
                path = os.path.join(folder, layout.new_notes(time))
                files.create(path, entry)
            if len(_mine) >= 256:
                _mine.pop(next(iter(_mine)))
            _mine[owner] = path
    except OSError as error:
        raise _unwritable(folder, error) from error


def notes(folder: Path | str, names: Sequence[str] | None = None) -> list[Note]:
    """All notes of a run: those without a time (a person's own file) first, then by time."""
    found: list[Note] = []
    for name in sorted(filter(layout.is_notes, _entries(folder) if names is None else names)):
        found += [Note(text, time) for text, time, _ in _parse(os.path.join(folder, name))]
    return sorted(found, key=lambda note: note.time or "")


def add_lesson(store: Store, text: str, run_id: str | None = None) -> None:
    """Write down a lesson, about run `run_id` where one taught it."""
    store.require_writable()
    folder = store.path / layout.LESSONS
    time = datetime.now(UTC)
    entry = _entry(text, time, run_id if run_id and layout.is_run_id(run_id) else None)
    try:
        folder.mkdir(exist_ok=True)
        files.create(folder / layout.new_lesson(time), entry)
    except OSError as error:
        raise _unwritable(os.fspath(folder), error) from error


def lessons(store: Store) -> list[Lesson]:
    """All lessons, oldest first."""
    folder = store.path / layout.LESSONS
    found: list[Lesson] = []
    if os.path.islink(folder):
        return []
    for name in sorted(filter(layout.is_lesson, _entries(folder))):
        found += [Lesson(text, time, run) for text, time, run in _parse(folder / name)]
    return sorted(found, key=lambda lesson: lesson.time or "")


def _entry(text: str, time: datetime, run_id: str | None = None) -> bytes:
    text = clean(text).strip()
    if not text:
        raise UsageError("There is nothing to write down: the text is empty.")
    stamp = time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    mark = f"<!-- note {stamp} {run_id} -->" if run_id else f"<!-- note {stamp} -->"
    return f"{mark}\n{_LOOKALIKE.sub(_hide, text)}\n".encode()


def _hide(match: re.Match[str]) -> str:
    return "\\" + match[1]


def _parse(path: Path | str) -> list[tuple[str, str | None, str | None]]:
    """Text, time and run of each entry of a file; whatever is before the first mark has no time."""
    data = files.read(path, _MOST)
    if data is None:
        return []
    text = data.decode("utf-8-sig", "replace").replace("\0", "")
    found: list[tuple[str, str | None, str | None]] = []
    start, time, run = 0, None, None
    for match in (*_MARK.finditer(text), None):
        body = _HIDDEN.sub(r"\1", text[start : match.start() if match else len(text)]).strip()
        if body:
            found.append((body, time, run))
        if match:
            start = match.end()
            time = match[1] if parse_time(match[1]) else None
            run = match[2] if match[2] and layout.is_run_id(match[2]) else None
    return found


def _append(path: str, entry: bytes) -> bool:
    """Append to a file of our own; False where it is gone. A write that fails leaves no half of it."""
    flags = os.O_WRONLY | os.O_APPEND
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):  # somebody may have put a link or a pipe there
        flags |= getattr(os, name, 0)
    try:
        fd = os.open(path, flags)
    except OSError:  # renamed, removed, or somebody put a link there
        return False
    try:
        size = os.fstat(fd).st_size
        try:
            files.append(fd, entry)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, size)
            raise
    finally:
        os.close(fd)
    return True


def _entries(folder: Path | str) -> list[str]:
    try:
        return os.listdir(folder)
    except (OSError, ValueError):
        return []


def _unwritable(folder: str, error: OSError) -> StoreUnwritable:
    return StoreUnwritable(f"Nothing can be written to {folder}: {error.strerror or error}. The text was not kept.")
