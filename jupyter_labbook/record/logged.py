"""What a call of `log` gives, made into names and numbers that a table can hold."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jupyter_labbook.record.values import number_of
from jupyter_labbook.run import Number
from jupyter_labbook.store.tables import LONGEST_NAME


def checked(
    values: Mapping[str, Any], step: Any, warn: Callable[[str, str], None]
) -> tuple[dict[str, Number], Number | None]:
    """The values that are numbers, and the step; what is none is told to `warn` by a key and a sentence."""
    accepted: dict[str, Number] = {}
    for name, value in _flat(values):
        try:
            accepted[_metric_name(name)] = number_of(value)
        except (TypeError, ValueError) as error:
            warn(f"metric:{name}", f"{name!r} was not logged: {error}")
    if step is None:
        return accepted, None
    try:
        step = number_of(step)
    except (TypeError, ValueError) as error:
        warn("step", f"step {step!r} is not a number and is counted instead: {error}")
        return accepted, None
    return accepted, step if math.isfinite(step) else None


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Names and values; a dictionary inside gives names with a slash, `val/acc`."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value


def _metric_name(name: str) -> str:
    """A name that fits on one line of a table's header and on a screen."""
    if name.isprintable() and 0 < len(name) <= LONGEST_NAME:
        return name
    visible = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name[:400])
    if 0 < len(visible) <= LONGEST_NAME:
        return visible
    digest = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"{visible[: LONGEST_NAME - 20]}-{digest}"
