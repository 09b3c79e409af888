"""Code and environment of a run, found out beside the cell and added to its record when known.

git runs in processes of its own; the list of installed packages is read once for each distinct
environment and stored once. A short cell may end first: its record is then completed a moment
later, and at the latest when Python exits. What looks is itself loaded beside the first cell:
that takes 11 ms, which `%load_ext` and the cell are spared.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from jupyter_labbook.record.background import background
from jupyter_labbook.run import Code, Environment
from jupyter_labbook.store import objects

if TYPE_CHECKING:
    from jupyter_labbook.record import code
    from jupyter_labbook.record.recorder import Recorder

DELAY: Final = 0.01
"""Seconds after the start: starting a process holds the interpreter, and many cells are short."""

_known: dict[tuple[object, ...], tuple[Environment, list[str]]] = {}
_lock = threading.Lock()


def find_out(recorder: Recorder, folder: Path) -> None:
    """Capture the state of the code around `folder` and the environment, beside the cell."""
    background.call(lambda: _find_out(recorder, folder), after=DELAY)


def _find_out(recorder: Recorder, folder: Path) -> None:
    if os.getpid() != recorder.pid:
        return
    from jupyter_labbook.record import code

    state = code.capture(folder, recorder.store.path)
    recorder.delivery.keep("code and environment", lambda: _note_down(recorder, folder, state))
    recorder.write_when_complete()


def _note_down(recorder: Recorder, folder: Path, state: code.CodeState) -> None:
    patch = objects.put(recorder.store, state.patch)[0] if state.patch else None
    recorder.draft.update(
        code=Code(state.commit, state.branch, state.remote, state.dirty, patch, state.reason),
        environment=_environment(recorder, folder),
    )


def _environment(recorder: Recorder, folder: Path) -> Environment:
    from jupyter_labbook.record import environment

    locks = environment.lock_files(folder, recorder.store.path.parent)
    key = (str(recorder.store.path), environment.fingerprint(), tuple(map(_mark, locks.items())))
    with _lock:
        known = _known.get(key)
        if known is not None and all(objects.keep(recorder.store, sha256) for sha256 in known[1]):
            return known[0]  # not so where the store was removed since, or what nobody used in it
        facts = environment.snapshot()
        contents = {name: environment.lock_file_content(path) for name, path in locks.items()}
        facts["lock_files"] = {
            name: objects.put(recorder.store, content)[0] for name, content in contents.items() if content is not None
        }
        content = msgspec.json.format(msgspec.json.encode(facts, order="sorted"), indent=2) + b"\n"
        snapshot = objects.put(recorder.store, content)[0]
        found = Environment(python=facts.get("python"), platform=facts.get("platform"), snapshot=snapshot)
        _known[key] = found, [snapshot, *facts["lock_files"].values()]
        return found


def _mark(lock_file: tuple[str, Path]) -> tuple[str, int, int]:
    """What tells one state of a lock file from another; zeros for one that is gone meanwhile."""
    name, path = lock_file
    try:
        found = path.stat()
    except OSError:
        return name, 0, 0
    return name, found.st_mtime_ns, found.st_size
