"""Where a claim's values come from: this run's metrics, and the runs it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from jupyter_labbook.errors import did_you_mean
from jupyter_labbook.judge.claim import ParsedClaim
from jupyter_labbook.judge.expression import DURATION, CannotJudge, Number, Value
from jupyter_labbook.run import Run, StoredNumber, Summary, number


class Others(Protocol):
    """The runs a claim may refer to, looked up when asked and not before.

    **Guarantee**: all are earlier than the run that is judged; `last` and `best` are finished
    runs of its experiment. `larger` is None where the claim does not say which way is better.
    """

    @property
    def baseline(self) -> Run | None: ...

    @property
    def last(self) -> Run | None: ...

    def best(self, metric: str, larger: bool | None, /) -> Run | None: ...


class NoOthers:
    """What a run that has no predecessors is judged beside."""

    baseline: None = None
    last: None = None

    def best(self, _metric: str, _larger: bool | None, /) -> None:
        return None


class Values:
    """The numbers of this run and of those it is compared with."""

    def __init__(self, metrics: Mapping[str, Summary | StoredNumber], duration: float | None, others: Others) -> None:
        self._metrics = metrics
        self._duration = duration
        self._others = others
        self._found: dict[Value, Run | None] = {}
        self.claim: ParsedClaim | None = None

    def knows(self, value: Value) -> bool:
        run = self._run(value) if value.whose else None
        if value.whose and run is None:
            return False
        if value.name == DURATION:
            return (run.record.duration if run else self._duration) is not None
        metrics = run.record.metrics if run else self._metrics
        return value.name in metrics or _full_name(value) in metrics

    def number(self, value: Value) -> Number:
        run = self._run(value) if value.whose else None
        if value.whose and run is None:
            raise CannotJudge(_no_run(value))
        if value.name == DURATION:
            return self._seconds(value, run)
        metrics: Mapping[str, Summary | StoredNumber] = run.record.metrics if run else self._metrics
        if _full_name(value) in metrics:  # a metric that is really called `acc.max`
            return _statistic(metrics[_full_name(value)], "last")
        if value.name not in metrics:
            by = f" by {value.whose}, {run.short_id}" if run else ""
            hint = did_you_mean(value.name, list(metrics), most=1)
            raise CannotJudge(f"{value.name} was not logged{by}" + (f".{hint}" if hint else ""))
        return _statistic(metrics[value.name], value.statistic or "last")

    def whose(self, value: Value) -> str:
        """` (last is k3f9x)` for a value of another run."""
        run = self._run(value) if value.whose else None
        return f" ({value.whose} is {run.short_id})" if run else ""

    def _seconds(self, value: Value, run: Run | None) -> Number:
        seconds = run.record.duration if run else self._duration
        if seconds is None:
            raise CannotJudge(f"how long {f'{value.whose} took' if run else 'the run took'} is not known")
        return seconds

    def _run(self, value: Value) -> Run | None:
        key = value._replace(statistic=None) if value.whose == "best" else Value(value.whose, "")
        if key not in self._found:
            self._found[key] = self._look_up(value)
        return self._found[key]

    def _look_up(self, value: Value) -> Run | None:
        if value.whose == "baseline":
            return self._others.baseline
        if value.whose == "last":
            return self._others.last
        way = self.claim.better(value.name) if self.claim else None
        return self._others.best(value.name, None if way is None else way == "larger")


def _no_run(value: Value) -> str:
    if value.whose == "baseline":
        return "no baseline was named: --baseline RUN"
    with_metric = f" with {value.name}" if value.whose == "best" else ""
    return f"there is no earlier finished run of this experiment{with_metric}"


def _full_name(value: Value) -> str:
    return f"{value.name}.{value.statistic}" if value.statistic else value.name


def _statistic(entry: Summary | StoredNumber, statistic: str) -> Number:
    if not isinstance(entry, Summary):
        return 1 if statistic == "count" else number(entry)
    figure: StoredNumber = getattr(entry, statistic)
    return number(figure)
