"""What the index keeps of a record: decoded without the rest, which takes a tenth less time."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from jupyter_labbook.run import Notebook, Record, Status, Summary, Verdict

PLAIN: Final = 15
"""So many of the first fields go into their columns as they are."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a `Record` that can be asked for. The order of the fields is `columns.FIELDS`'."""

    id: str
    experiment: str
    status: Status = "running"
    verdict: Verdict = "none"
    duration: float | None = None
    what: str | None = None
    why: str | None = None
    conclusion: str | None = None
    group: str | None = None
    sweep: str | None = None
    parent: str | None = None
    baseline: str | None = None
    host: str | None = None
    seed: int | None = None
    trial: int | str | None = None
    started: str = ""
    ended: str | None = None
    tags: list[str] = []
    archived: bool = False
    notebook: Notebook = Notebook()
    parameters: dict[str, Any] = {}
    parameter_types: dict[str, str] = {}
    metrics: dict[str, Summary] = {}
    format: int = 1


decode: Final = msgspec.json.Decoder(Brief).decode


def brief(record: Record) -> Brief:
    """The same of a whole record."""
    return Brief(**{name: getattr(record, name) for name in Brief.__struct_fields__})
