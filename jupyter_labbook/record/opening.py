"""What a run needs before it can begin: its store, its references, a line that makes sense."""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec.structs import replace

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.judge import claim
from jupyter_labbook.record import current, earlier
from jupyter_labbook.record.arguments import Arguments, parse
from jupyter_labbook.record.plan import Plan
from jupyter_labbook.store.store import Store


def open_store(folder: Path, chosen: str | None) -> Store:
    """The store for what is recorded from `folder`: chosen, found upwards, or made there."""
    store = Store.ensure(folder, Path(chosen).expanduser() if chosen else None)
    store.require_writable()
    return store


def with_references(store: Store, plan: Plan, baseline: str | None, parent: str | None) -> tuple[Plan, list[str]]:
    """The plan with its baseline and parent as ids, and a sentence for each that no run answers to."""
    notices: list[str] = []

    def resolved(role: str, wanted: str | None) -> str | None:
        try:
            return earlier.resolve(store, wanted) if wanted else None
        except LabbookError as error:
            notices.append(f"--{role} {wanted}: {error}")
            return None

    around = current.current()
    before = resolved("parent", parent) or (around.id if around else None)
    return replace(plan, baseline=resolved("baseline", baseline), parent=before), notices


def understood(line: str) -> Arguments:
    """The arguments of a magic's line, its claims included. Raises UsageError, before anything runs."""
    arguments = parse(line)
    for text in arguments.expect:
        if "{" not in text and "$" not in text:  # known only when the values are put in
            claim.parse(text)
    return arguments


def tell(error: Exception) -> None:
    """One line about something of ours that failed; the user's cell goes on."""
    text = str(error) if isinstance(error, LabbookError) else f"{type(error).__name__}: {error}"
    print(f"labbook: this run is not recorded as it should be: {text}", file=sys.stderr)
