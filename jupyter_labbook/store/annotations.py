"""What is written down about a run by whoever comes later: tags, conclusions, notes, lessons.

**Invariant**: an annotator makes files of its own and changes nobody else's, so any number of
kernels, terminals and people may annotate at once, also while the run is being recorded. Readers
merge: the record first, then the annotations in the order of their times.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from jupyter_labbook.errors import StoreUnwritable, UsageError
from jupyter_labbook.run import Record
from jupyter_labbook.store import files, layout
from jupyter_labbook.store.notes import Lesson, add_lesson, add_note, clean, lessons, notes
from jupyter_labbook.store.store import Store

__all__ = ["Lesson", "add_lesson", "add_note", "annotate", "lessons", "merge", "notes"]


class Annotation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One `annotation-….json`; what is None or empty is not changed. An empty conclusion takes it away."""

    time: str
    by: str | None = None
    add_tags: list[str] = []
    remove_tags: list[str] = []
    conclusion: str | None = None
    archived: bool | None = None


_decode = msgspec.json.Decoder(Annotation).decode


def annotate(
    store: Store,
    id: str,
    *,
    add_tags: Iterable[str] = (),
    remove_tags: Iterable[str] = (),
    conclusion: str | None = None,
    archived: bool | None = None,
) -> None:
    """Write one annotation of run `id`. RunNotFound, StoreTooNew, StoreUnwritable, UsageError."""
    folder = store.run_to_write(id)
    time = _after_the_others(folder)
    annotation = Annotation(
        time=time.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        by=_author(),
        add_tags=[_tag(tag) for tag in add_tags],
        remove_tags=[_tag(tag) for tag in remove_tags],
        conclusion=None if conclusion is None else clean(conclusion).strip(),
        archived=archived,
    )
    facts = {"format": layout.FORMAT, **msgspec.to_builtins(annotation)}
    data = msgspec.json.format(msgspec.json.encode(facts)) + b"\n"
    try:
        files.create(folder / layout.new_annotation(time), data)
    except OSError as error:
        raise StoreUnwritable(
            f"Nothing can be written to {folder}: {error.strerror or error}. Nothing was changed."
        ) from error


def merge(record: Record, folder: Path, names: Sequence[str]) -> Record:
    """The record with the annotations and notes that lie in its folder, whose entries are `names`."""
    annotations = sorted(filter(layout.is_annotation, names))
    changes: dict[str, Any] = {}
    if annotations:
        tags = dict.fromkeys(record.tags)
        for name in annotations:
            annotation = _read(os.path.join(folder, name))
            if annotation is None:
                continue
            for tag in annotation.remove_tags:
                tags.pop(tag, None)
            tags.update(dict.fromkeys(annotation.add_tags))
            if annotation.conclusion is not None:
                changes["conclusion"] = annotation.conclusion or None
            if annotation.archived is not None:
                changes["archived"] = annotation.archived
        if list(tags) != record.tags:
            changes["tags"] = list(tags)
    if any(map(layout.is_notes, names)):
        found = [note for note in notes(folder, names) if note not in record.notes]
        if found:
            changes["notes"] = [*record.notes, *found]
    return msgspec.structs.replace(record, **changes) if changes else record


def _read(path: str) -> Annotation | None:
    data = files.read(path, most=16 << 20)
    try:
        return None if data is None else _decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError):  # `check` names it
        return None


def _after_the_others(folder: Path) -> datetime:
    """Now; a moment behind the latest annotation where the clock has been set back since."""
    now = datetime.now(UTC)
    for name in os.listdir(folder):
        other = layout.annotation_time(name)
        if other is not None and now <= other < now + timedelta(days=365):
            now = other + timedelta(microseconds=1)
    return now


def _tag(tag: str) -> str:
    text = " ".join(clean(tag).split())
    if not text:
        raise UsageError("A tag needs at least one letter.")
    return text


def _author() -> str | None:
    import getpass

    from jupyter_labbook.store.liveness import host

    try:
        return clean(f"{getpass.getuser()}@{host()}")
    except (KeyError, OSError):  # a user without a name, as in many containers
        return clean(f"{os.getuid() if hasattr(os, 'getuid') else ''}@{host()}")
