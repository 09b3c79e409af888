"""Records of older formats, made to say what today's say; nothing on the disk changes by it.

A new format is one commit: a number in `layout`, a frozen schema, a function here, a golden store,
an entry in FORMAT.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

from jupyter_labbook.errors import LabbookWarning
from jupyter_labbook.store import layout

Raw = dict[str, Any]
"""run.json as it stands on the disk."""

UPGRADES: Final[dict[int, Callable[[Raw], Raw]]] = {}
"""By format: what makes a record of the next format out of one of this. Format 1 is the first."""

_told: set[int] = set()


def read_format(raw: Raw) -> int:
    """The format that a file names; 1 where it names none that can be."""
    format = raw.get("format")
    return format if isinstance(format, int) and not isinstance(format, bool) and format >= 1 else 1


def upgrade(raw: Raw) -> Raw:
    """The record in today's format. One of a newer format is left as it is, and that is said once."""
    format = read_format(raw)
    if format > layout.FORMAT:
        tell_newer(format)
        return raw
    while format < layout.FORMAT:
        raw = {**UPGRADES[format](raw), "format": format + 1}
        format += 1
    return raw


def tell_newer(format: int) -> None:
    """Warn, once a process, that something of a newer format is being read."""
    if format in _told:
        return
    _told.add(format)
    try:
        warnings.warn(
            f"labbook: something here was written in format {format}, and this version knows format "
            f"{layout.FORMAT}: it is read as far as it is understood, and never changed. "
            "Upgrade jupyter_labbook to read all of it.",
            LabbookWarning,
            stacklevel=4,
        )
    except LabbookWarning:  # where warnings are errors, reading is none all the same
        pass
