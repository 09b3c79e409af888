"""Summaries kept while points arrive: whole columns are folded in, so that the loop runs in C."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_labbook.run import Number, Summary, stored


class Tally:
    """The summary of one metric in one table, kept as points arrive."""

    __slots__ = ("count", "last", "last_step", "last_time", "max", "max_step", "min", "min_step", "real", "total")

    def __init__(self) -> None:
        self.count = 0
        self.real = 0
        self.total: Number = 0
        self.last: Number = 0
        self.last_step: Number = 0
        self.last_time = 0.0
        self.min: Number | None = None
        self.max: Number | None = None
        self.min_step: Number | None = None
        self.max_step: Number | None = None

    def add(self, steps: tuple[Number, ...], times: tuple[float, ...], values: tuple[Number, ...]) -> None:
        """Fold a block of points in; whole columns, so that the loop runs in C."""
        self.count += len(values)
        self.last, self.last_step, self.last_time = values[-1], steps[-1], times[-1]
        total = sum(values)
        if total != total:
            pairs = [(step, value) for step, value in zip(steps, values, strict=True) if value == value]
            if not pairs:
                return
            steps, values = zip(*pairs, strict=True)
            total = sum(values)
        self.real += len(values)
        self.total += total
        low, high = min(values), max(values)
        if self.min is None or low < self.min:
            self.min, self.min_step = low, steps[values.index(low)]
        if self.max is None or high > self.max:
            self.max, self.max_step = high, steps[values.index(high)]


def summary_of(tallies: Iterable[Tally]) -> Summary:
    """One summary from the tallies of the same metric in several tables; the last in time is `last`."""
    some = [tally for tally in tallies if tally.count]
    latest = max(reversed(some), key=lambda tally: tally.last_time)  # of equals the later table, as readers do
    real = sum(tally.real for tally in some)
    nan = float("nan")
    lowest = min((tally for tally in some if tally.min is not None), key=lambda tally: tally.min or 0, default=None)
    highest = max((tally for tally in some if tally.max is not None), key=lambda tally: tally.max or 0, default=None)
    return Summary(
        last=stored(latest.last),
        min=stored(nan if lowest is None or lowest.min is None else lowest.min),
        max=stored(nan if highest is None or highest.max is None else highest.max),
        mean=stored(_mean(sum(tally.total for tally in some), real)),
        count=sum(tally.count for tally in some),
        last_step=latest.last_step,
        min_step=None if lowest is None else lowest.min_step,
        max_step=None if highest is None else highest.max_step,
    )


def _mean(total: Number, count: int) -> float:
    try:
        return total / count if count else float("nan")
    except OverflowError:
        return float("nan")
