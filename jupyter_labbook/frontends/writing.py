"""The verbs that write down: note, conclude, tag, archive, lesson. Each adds a file, none changes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

from jupyter_labbook.errors import LabbookError, UsageError
from jupyter_labbook.frontends.lessons import Lessons
from jupyter_labbook.frontends.place import StoreLike, the_store
from jupyter_labbook.frontends.reading import RunLike, find
from jupyter_labbook.record import current
from jupyter_labbook.record.redact import redact
from jupyter_labbook.render.html import paragraph
from jupyter_labbook.render.text import plain
from jupyter_labbook.run import Run
from jupyter_labbook.store import index, notes
from jupyter_labbook.store.annotations import annotate
from jupyter_labbook.store.store import Store


@dataclass(frozen=True)
class Change:
    """What was written down, and of which run (None: of none)."""

    run: Run | None
    said: str

    def __str__(self) -> str:
        return plain(f"{self.run.id}: {self.said}" if self.run else self.said)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return paragraph(str(self))


@overload
def note(text: str, /) -> None: ...
@overload
def note(run: RunLike, text: str, *, store: StoreLike = None) -> Change: ...
def note(run: RunLike, text: str | None = None, *, store: StoreLike = None) -> Change | None:
    """Write a note, in markdown: `note("text")` into this cell's run, `note("last", "text")` into any."""
    if text is None:
        current.note(str(run))
        return None
    home, chosen = _open(run, store)
    notes.add_note(home, chosen.id, _clean(text))
    return Change(find(home, chosen.id), "note added")


def conclude(run: RunLike, text: str, *, store: StoreLike = None) -> Change:
    """Write what was learned from a run; a later conclusion replaces an earlier one."""
    home, chosen = _open(run, store)
    annotate(home, chosen.id, conclusion=_clean(text))
    return Change(_annotated(home, chosen.id), "concluded")


def tag(run: RunLike, *tags: str, remove: bool = False, store: StoreLike = None) -> Change:
    """Give a run tags, or take them away with `remove=True`."""
    home, chosen = _open(run, store)
    cleaned = [_clean(tag) for tag in tags]
    if not cleaned:
        raise UsageError("Name one tag or more.")
    if remove:
        annotate(home, chosen.id, remove_tags=cleaned)
    else:
        annotate(home, chosen.id, add_tags=cleaned)
    after = _annotated(home, chosen.id)
    return Change(after, "tags " + ", ".join(after.tags) if after.tags else "no tags")


def archive(run: RunLike, *, undo: bool = False, store: StoreLike = None) -> Change:
    """Put a run out of sight, or bring it back with `undo=True`; nothing is deleted."""
    home, chosen = _open(run, store)
    annotate(home, chosen.id, archived=not undo)
    return Change(_annotated(home, chosen.id), "back in the lists" if undo else "archived")


def lesson(*words: str, store: StoreLike = None) -> Change | Lessons:
    """Write down a lesson learned: `lesson("text")`, or of a run, `lesson("last", "text")`.

    Without words it is the list of lessons.
    """
    home = the_store(store)
    if not words:
        return lessons(store=home)
    chosen = _lesson_of(home, words)
    text = _clean(words[-1] if chosen else " ".join(words))
    notes.add_lesson(home, text, chosen.id if chosen else None)
    return Change(chosen, "lesson written down")


def lessons(*, store: StoreLike = None) -> Lessons:
    """The lessons learned, newest first."""
    return Lessons(notes.lessons(the_store(store))[::-1])


def _lesson_of(store: Store, words: tuple[str, ...]) -> Run | None:
    """The run that the first of two words names. Of more words, the first belongs to a sentence."""
    if len(words) != 2:
        return None
    try:
        return find(store, words[0])
    except LabbookError:
        if " " in words[1]:  # the text stood in quotes, so the word before it was meant as a run
            raise
        return None


def _open(run: RunLike, store: StoreLike) -> tuple[Store, Run]:
    home = the_store(store)
    return home, run if isinstance(run, Run) else find(home, run)


def _annotated(store: Store, id: str) -> Run:
    """The run as it is now, which the index shows at once, however old the run is."""
    index.changed(store, id)
    return find(store, id)


def _clean(text: str) -> str:
    text = redact(text).strip()
    if not text:
        raise UsageError("There is no text to write down.")
    return text
