"""Stands where a run would be that could not begin: takes what a run takes, and keeps nothing.

What kept the run from beginning has been said in one line; the cell's own code is not told again
with every `log` that there is nowhere to log to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_labbook.record import current


class Unrecorded:
    """The current run from its making until `end`; a false one: it has no id and no path."""

    id = ""
    path = None
    outputs = None

    def __init__(self) -> None:
        self._before = current.current()
        current.enter(self)

    def end(self, _: BaseException | None) -> None:
        current.leave(self, self._before)

    def log(self, metrics: Mapping[str, Any] | None = None, /, *, step: Any = None, **values: Any) -> None:
        """Nothing is logged."""

    def log_values(self, values: Mapping[str, Any], step: Any = None) -> None:
        """Nothing is logged."""

    def sync(self) -> None:
        """There is nothing to wait for."""

    def param(self, values: Mapping[str, Any]) -> None:
        """No parameter is kept."""

    def data(self, name: str, value: Any) -> None:
        """No data is looked at."""

    def artifact(self, content: Any, *, name: str | None = None, kind: str | None = None) -> None:
        """No artifact is kept."""

    def note(self, text: str) -> None:
        """No note is kept."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "<not recorded>"
