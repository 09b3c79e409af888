"""Everything that can be wrong inside the folder of one run.

**Invariant**: nothing is written, no link is followed, and whatever lies there is named and not
raised. What a living process is writing is not judged: its last line, its summary, its end.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final

import msgspec

from jupyter_labbook.run import Record, parse_time
from jupyter_labbook.store import layout, upgrade
from jupyter_labbook.store.annotations import Annotation
from jupyter_labbook.store.check_tables import check_tables
from jupyter_labbook.store.damage import Fault
from jupyter_labbook.store.findings import Findings
from jupyter_labbook.store.held import Held
from jupyter_labbook.store.liveness import derive_status
from jupyter_labbook.store.runs import Folder
from jupyter_labbook.store.salvage import json_object, misfits, salvage

_TRIES: Final = 3
_decode = msgspec.json.Decoder(Record).decode
_decode_annotation = msgspec.json.Decoder(Annotation).decode


class Look:
    """One look at one run: what lies in its folder, what its record says, what is wrong.

    `record` is None where there is none to speak of; `needs` are the objects that it names, and
    what they are to it.
    """

    def __init__(self, store: Path, id: str, held: Held, full: bool) -> None:
        self.id = id
        self.held = held
        self.full = full
        self.findings = Findings(store, id)
        self.entries: dict[str, os.stat_result] = {}
        self.record: Record | None = None
        self.needs: dict[str, str] = {}

    @property
    def folder(self) -> str:
        return self.findings.path(self.where())

    @property
    def found(self) -> list[Fault]:
        return self.findings.found

    def where(self, name: str = "") -> str:
        return f"{layout.RUNS}/{self.id}/{name}".rstrip("/")

    def add(self, kind: str, name: str, message: str, *, repairable: bool = False) -> None:
        self.findings.add(kind, self.where(name), message, repairable=repairable)

    def read(self, name: str) -> bytes | None:
        """A file's content; None where it is missing, and where it cannot be read, which is named."""
        status = self.entries.get(name)
        if status is None or not S_ISREG(status.st_mode):
            return None
        return self.findings.read(self.where(name))

    def is_busy(self) -> bool:
        """Whether somebody writes to the run right now."""
        if self.record is not None and self.record.status == "running":
            return derive_status(self.record, self.folder, list(self.entries)) == "running"
        return self.id in self.held


def check_run(store: Path, id: str, held: Held, *, full: bool = True) -> Look:
    """Look at run `id` until two looks agree on what is damaged, or the run has gone."""
    look = look_once(store, id, held, full=full)
    for _ in range(_TRIES):
        if not look.found:
            return look
        again = look_once(store, id, held, full=full)
        if again.found == look.found:
            return again
        look = again
    return look


def look_once(store: Path, id: str, held: Held, *, full: bool = False) -> Look:
    """One look; somebody may be writing while it is taken."""
    look = Look(store, id, held, full)
    if not _list(look):
        return look
    if _check_record(look):
        for part in _PARTS:
            part(look)
    return look


def _list(look: Look) -> bool:
    """Note what lies in the folder; False where the folder itself is gone or cannot be listed."""
    entries = look.findings.listed(look.where())
    if entries is None:
        return False
    look.entries = dict(entries)
    for name, status in entries:
        path = look.where(name)
        if look.findings.is_temporary(path, status):
            continue
        if not is_ours(name):
            look.add("foreign", name, "no file of a run")
        elif name == layout.FIGURES:
            look.findings.is_folder(path, status)
        else:
            look.findings.is_file(path, status)
    return True


def is_ours(name: str) -> bool:
    """Whether a file or folder of a run has this name."""
    fixed = (layout.RECORD, layout.SOURCE, layout.SYSTEM, layout.OUTPUT, layout.REPLAY, layout.FIGURES)
    tests = (layout.is_metrics_table, layout.is_notes, layout.is_annotation, layout.is_torn_file)
    return name in fixed or any(test(name) for test in tests)


def _check_record(look: Look) -> bool:
    """Read run.json; False where nothing more can be said about the run."""
    if layout.RECORD not in look.entries:
        _missing_record(look)
        return True
    data = look.read(layout.RECORD)
    if data is None:
        return True
    raw = json_object(data)
    if raw is not None and upgrade.read_format(raw) > layout.FORMAT:
        format = upgrade.read_format(raw)
        look.add("newer-format", layout.RECORD, f"format {format}; this version knows format {layout.FORMAT}")
        return False
    if raw is None or not isinstance(raw.get("id"), str):
        what = "no JSON object" if raw is None else "it names no run"
        look.add("record-garbled", layout.RECORD, what, repairable=True)
        return True
    if raw["id"] != look.id:
        # Readers go by the folder's name, so does repair.
        if layout.is_run_id(raw["id"]) and layout.run_folder(look.findings.store, raw["id"]).is_dir():
            look.add("duplicate-id", layout.RECORD, f"a copy of {raw['id']}", repairable=True)
        else:
            look.add("record-id", layout.RECORD, f"it says {raw['id'][:80]!r}", repairable=True)
    look.record = _strictly(data) or _salvaged(look, raw)
    for name in ("started", "ended"):
        value = getattr(look.record, name)
        if value is not None and value != "" and parse_time(value) is None:
            look.add("record-types", layout.RECORD, f"{name} is no time", repairable=True)
    return True


def _missing_record(look: Look) -> None:
    if look.entries and not any(map(_is_evidence, look.entries)):
        look.add("annotation-orphaned", "", "what was written down about a run that is not here")
    else:
        look.add("record-missing", layout.RECORD, "the folder holds no record", repairable=True)


def _is_evidence(name: str) -> bool:
    return not (layout.is_annotation(name) or layout.is_notes(name) or layout.is_temporary(name))


def _strictly(data: bytes) -> Record | None:
    try:
        return _decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _salvaged(look: Look, raw: dict[str, Any]) -> Record:
    names = misfits(raw)
    message = f"{', '.join(names)} cannot be read" if names else "not JSON as the standard has it"
    look.add("record-types", layout.RECORD, message, repairable=True)
    record = salvage(raw, layout.experiment_of(look.id))
    # No writer of ours leaves a status that is none: nobody is waited for.
    return msgspec.structs.replace(record, status="lost") if "status" in names else record


def _check_status(look: Look) -> None:
    record = look.record
    if record is not None and record.status == "running" and not look.is_busy():
        writer = f"process {record.process.pid} on {record.host or 'an unknown host'}"
        look.add("lost", "", f"{writer} recorded it and is gone")


def _check_source(look: Look) -> None:
    data = look.read(layout.SOURCE)
    record = look.record
    if data is None:
        if layout.SOURCE not in look.entries and record is not None and record.cell.sha256:
            look.add("source-missing", layout.SOURCE, "not there")
    elif record is not None and record.cell.sha256 and sha256(data).hexdigest() != record.cell.sha256:
        look.add("source-differs", layout.SOURCE, "not the source whose hash was recorded")


def _check_notebooks(look: Look) -> None:
    for name in (layout.OUTPUT, layout.REPLAY):
        data = look.read(name)
        if data is not None and not _is_notebook(data):
            look.add("notebook-garbled", name, "no JSON object with cells")


def _is_notebook(data: bytes) -> bool:
    try:
        notebook = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return False
    return isinstance(notebook, dict) and isinstance(notebook.get("cells"), list)


def _check_annotations(look: Look) -> None:
    for name in sorted(look.entries):
        if layout.is_annotation(name):
            data = look.read(name)
            if data is None:
                continue
            raw = json_object(data)
            if raw is not None and upgrade.read_format(raw) > layout.FORMAT:
                look.add("newer-format", name, f"format {upgrade.read_format(raw)}")
                continue
            try:
                _decode_annotation(data)
            except (msgspec.MsgspecError, RecursionError, ValueError) as error:
                look.add("annotation-garbled", name, str(error)[:200])
        elif layout.is_notes(name):
            data = look.read(name)
            if data is not None and not is_text(data):
                look.add("text-garbled", name, "not UTF-8, or zero bytes in it")


def is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _check_artifacts(look: Look) -> None:
    record = look.record
    if record is None:
        return
    named: list[tuple[str, str | None]] = [
        ("code.patch", record.code.patch),
        ("environment.snapshot", record.environment.snapshot),
    ]
    for artifact in record.artifacts:
        if artifact.file is None:
            named.append((f"artifact {artifact.name[:80]}", artifact.sha256))
        else:
            _check_file(look, artifact.file, artifact.sha256)
    for what, digest in named:
        if digest is None:
            continue
        if layout.is_sha256(digest):
            look.needs.setdefault(digest, what)
        else:
            look.add("object-missing", layout.RECORD, f"{what} names {digest[:80]!r}, which is no sha256")


def _check_file(look: Look, file: str, digest: str | None) -> None:
    path = Folder(look.findings.store, look.id).content(None, file)
    if not path.exists():
        look.add("artifact-missing", file[:200], "not in the run's folder")
    elif look.full and digest is not None and look.findings.digest(look.where(file)) not in (digest, None):
        look.add("artifact-differs", file, "not the content whose hash was recorded")


_PARTS: Final[tuple[Callable[[Look], None], ...]] = (
    _check_status,
    _check_source,
    check_tables,
    _check_notebooks,
    _check_annotations,
    _check_artifacts,
)
