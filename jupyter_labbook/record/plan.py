"""What a run sets out to do, as its cell's first line, its comments or the caller said it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from jupyter_labbook.run import Notebook


class Plan(Struct, frozen=True, kw_only=True):
    """Everything that is known of a run before its first line executes.

    `source` is what runs, `magic` the `%%experiment` line above it, `code` the same source as
    plain Python (magics translated), for the analysis of names. `namespace` is where the cell's
    variables live; None in a script, where parameters and metrics are given, not found.
    """

    experiment: str
    source: str = ""
    magic: str | None = None
    code: str = ""
    what: str | None = None
    why: str | None = None
    expect: tuple[str, ...] = ()
    prose: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    params: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    each: dict[str, Any] = field(default_factory=dict)
    group: str | None = None
    seed: int | None = None
    data: tuple[str, ...] = ()
    given_data: dict[str, Any] = field(default_factory=dict)
    baseline: str | None = None
    parent: str | None = None
    tags: tuple[str, ...] = ()
    quiet: bool = False
    notebook: Notebook = Notebook()
    namespace: dict[str, Any] | None = None
