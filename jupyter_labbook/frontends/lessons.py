"""Lessons learned, as a list that shows itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from jupyter_labbook.render import html
from jupyter_labbook.render.text import plain, when
from jupyter_labbook.store.notes import Lesson

_NONE = "No lessons yet. Write one down with `lesson TEXT`, or `lesson RUN TEXT`."


@dataclass(frozen=True)
class Lessons:
    """All lessons of a labbook, newest first."""

    lessons: Sequence[Lesson]

    def __iter__(self) -> Iterator[Lesson]:
        return iter(self.lessons)

    def __len__(self) -> int:
        return len(self.lessons)

    def __getitem__(self, index: int) -> Lesson:
        return self.lessons[index]

    def to_dict(self) -> dict[str, Any]:
        return {"lessons": msgspec.to_builtins(self.lessons)}

    def __str__(self) -> str:
        if not self.lessons:
            return _NONE
        return "\n\n".join(f"{_origin(lesson)}\n{_indented(lesson.text)}" for lesson in self.lessons)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self.lessons:
            return html.paragraph(_NONE)
        return "".join(html.heading(_origin(lesson)) + html.preformatted(lesson.text) for lesson in self.lessons)


def _origin(lesson: Lesson) -> str:
    written = when(lesson.time) if lesson.time else "some time"
    return f"{written}, from {lesson.run}" if lesson.run else written


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in plain(text, newlines=True).splitlines())
