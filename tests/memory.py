"""Runs whose folder is a dictionary: the whole `RunFiles` protocol without a disk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy

from jupyter_labbook.run import History, Record, Run, Summary, stored

BEGINNING = datetime(2026, 11, 21, 3, 15, 2, tzinfo=UTC)


class MemoryFiles:
    """Files of a run by name, histories by metric, objects by sha256."""

    def __init__(
        self,
        texts: Mapping[str, str],
        histories: Mapping[str, Sequence[float]],
        objects: Mapping[str, Path],
    ) -> None:
        self._texts = texts
        self._histories = histories
        self._objects = objects

    @property
    def folder(self) -> Path:
        return Path("memory")

    def history(self, name: str) -> History:
        values = numpy.asarray(self._histories.get(name, ()), dtype=float)
        steps = numpy.arange(len(values))
        return History(name, steps, steps * 0.5, values)

    def text(self, file: str) -> str:
        return self._texts.get(file, "")

    def raw(self) -> dict[str, Any]:
        return {}

    def content(self, sha256: str | None, file: str | None = None) -> Path:
        return self._objects.get(sha256 or "", Path("memory") / "missing")


def summary(values: Sequence[float]) -> Summary:
    """The summary of a history, as the store makes it."""
    real = [value for value in values if value == value] or [math.nan]
    low, high = min(real), max(real)
    try:
        mean = math.fsum(real) / len(real)
    except (OverflowError, ValueError):  # whole numbers beyond a float, inf beside -inf
        mean = math.inf
    return Summary(
        stored(values[-1]),
        stored(low),
        stored(high),
        stored(mean),
        len(values),
        len(values) - 1,
    )


def make_run(
    letters: str = "k3f9x",
    metrics: Mapping[str, float | Sequence[float]] | None = None,
    *,
    minute: int = 0,
    files: Mapping[str, str] | None = None,
    objects: Mapping[str, Path] | None = None,
    experiment: str = "digits",
    status: str = "finished",
    duration: float | None = 12.0,
    **record: Any,
) -> Run:
    """A run that began `minute` minutes after the others, its metrics single values or histories."""
    histories = {
        name: list(value) if isinstance(value, Sequence) else [value] for name, value in (metrics or {}).items()
    }
    started = BEGINNING + timedelta(minutes=minute)
    made = Record(
        id=f"{started:%Y%m%d-%H%M%S}-{experiment}-{letters}",
        experiment=experiment,
        status=status,  # type: ignore[arg-type]
        started=started.isoformat(),
        duration=duration,
        metrics={name: summary(values) for name, values in histories.items()},
        **record,
    )
    return Run(made, MemoryFiles(files or {}, histories, objects or {}))
