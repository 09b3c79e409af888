"""Which metrics come first, which group stands best, and how much that says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from jupyter_labbook.compare.direction import Direction
from jupyter_labbook.compare.groups import Group, jsonable
from jupyter_labbook.run import Run, stored

_SINGLE: Final = "one run each: these are values; whether a difference is chance cannot be told from them"
_SEVERAL: Final = "means over several runs; whether a difference is chance has not been tested"
_HELD_OUT: Final = re.compile(r"(^|[_/.\W])(val|valid|validation|test|eval|dev)([_/.\W]|$)", re.IGNORECASE)


def interesting(names: Iterable[str], runs: Sequence[Run], asked: str | None) -> list[str]:
    """Names with the one asked for first, then claimed ones, held-out ones, and those most runs have."""
    claims = " ".join(claim.claim for run in runs for claim in run.claims)
    having = {name: sum(name in run.metrics for run in runs) for name in names}

    def place(name: str) -> tuple[bool, bool, bool, int]:
        claimed = re.search(rf"(?<![\w./]){re.escape(name)}(?![\w/])", claims) is not None
        return name != asked, not claimed, _HELD_OUT.search(name) is None, -having[name]

    return sorted(having, key=place)


def standing(groups: Sequence[Group], metric: str, ways: Mapping[str, Direction]) -> dict[str, Any] | None:
    """The group with the best mean of `metric`, and a sentence on how far that goes."""
    samples = [(group, sample) for group in groups if (sample := group.sample(metric)) is not None]
    if len(samples) < 2:
        return None
    real = [(group, sample) for group, sample in samples if not math.isnan(sample.mean)]
    sign = 1 if ways[metric] == "larger" else -1
    best = max(real, key=lambda entry: sign * entry[1].mean, default=None)
    tied = best is not None and sum(sample.mean == best[1].mean for _, sample in real) > 1
    single = all(len(sample.values) == 1 for _, sample in samples)
    return {
        "metric": metric,
        "better": ways[metric],
        "best": {name: jsonable(value) for name, value in best[0].key.items()} if best and not tied else None,
        "value": stored(best[1].mean) if best else None,
        "n": [len(sample.values) for _, sample in samples],
        "statement": _SINGLE if single else _SEVERAL,
    }
