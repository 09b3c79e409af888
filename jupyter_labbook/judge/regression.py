"""Signs that something went wrong unnoticed: a run slower than usual, far too many points, NaN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from jupyter_labbook.render.text import duration as shown
from jupyter_labbook.render.text import number as figure
from jupyter_labbook.run import Run, Summary, number

SLOWER: Final = 1.5
"""A run is slower than usual beyond this many times the median of the earlier ones …"""
SLOWER_BY: Final = 1.0
"""… and by at least this many seconds."""
MOST_RUNS: Final = 10
FEWEST_RUNS: Final = 3
TOO_MANY_POINTS: Final = 100_000
"""More points of one metric than anyone will read or a screen can show."""


class Slower(NamedTuple):
    """How long a run took beside what is usual, in seconds."""

    duration: float
    usual: float
    runs: int
    same_cell: bool

    @property
    def factor(self) -> float:
        return self.duration / self.usual if self.usual else float("inf")

    def __str__(self) -> str:
        of = "this cell" if self.same_cell else "this experiment"
        return (
            f"slower than usual: {shown(self.duration)}, {figure(round(self.factor, 1))} times the "
            f"{shown(self.usual)} of the last {self.runs} runs of {of}"
        )


def slower_than_usual(
    duration: float | None, cell: str | None, experiment: str, earlier: Iterable[Run]
) -> Slower | None:
    """Whether `duration` is beyond `SLOWER` times the median of up to `MOST_RUNS` finished runs.

    `earlier` is newest first. Runs of the same cell (`cell` is the sha256 of its source) are
    taken where there are at least `FEWEST_RUNS` of them, else runs of the same experiment.
    """
    if duration is None:
        return None
    finished = [run for run in earlier if run.status == "finished" and run.record.duration is not None]
    of_cell = [run for run in finished if cell and run.record.cell.sha256 == cell]
    same_cell = len(of_cell) >= FEWEST_RUNS
    usual = of_cell if same_cell else [run for run in finished if run.experiment == experiment]
    seconds = list(islice((run.record.duration or 0.0 for run in usual), MOST_RUNS))
    if len(seconds) < FEWEST_RUNS:
        return None
    middle = _median(seconds)
    if duration <= SLOWER * middle or duration < middle + SLOWER_BY:
        return None
    return Slower(duration, middle, len(seconds), same_cell)


def _median(values: Sequence[float]) -> float:
    """As `statistics.median`, whose import takes as long as judging a hundred runs."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def logged_too_much(count: int) -> bool:
    """Whether one metric has more than `TOO_MANY_POINTS` points."""
    return count > TOO_MANY_POINTS


def not_finite(metrics: Mapping[str, Summary]) -> Sequence[str]:
    """Metrics whose last value is NaN or infinite, in the order of the record."""
    return [name for name, summary in metrics.items() if not abs(number(summary.last)) < float("inf")]
