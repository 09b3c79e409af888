"""Runs side by side: what differs among what went in, and what came out, the best marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_labbook.compare.context import context
from jupyter_labbook.compare.direction import Direction, better, direction
from jupyter_labbook.compare.groups import GROUPABLE, Delta, Group, deltas, group_by, to_dict
from jupyter_labbook.compare.ranking import interesting, standing
from jupyter_labbook.compare.values import MISSING, differ, measured
from jupyter_labbook.errors import UsageError, did_you_mean
from jupyter_labbook.run import Number, Run, shown_metrics

if TYPE_CHECKING:
    import matplotlib.figure
    import pandas


@dataclass(frozen=True)
class Comparison:
    """What `labbook.compare` returns: prints as a table, shows as one in a notebook.

    Attributes
    ----------
    runs : tuple of Run
        In the order asked for; with `metric`, the best first.
    parameters : dict of str to tuple
        Those that are not the same in all runs, one value a run; `MISSING` where it has none.
    shared : dict
        Parameters that are the same in all runs.
    context : dict of str to tuple
        What else differs: experiment, seed, source, commit, data, packages.
    metrics : dict of str to "larger" or "smaller"
        Each metric and which way is better, the most interesting first.
    metric : str or None
        The one that matters: asked for, claimed, or the first.
    baseline : Run
        The run that differences are taken to, and `why` it is that one.
    groups, differences
        Runs taken together `by` the values of parameters, and how their means differ.
    """

    runs: tuple[Run, ...]
    parameters: Mapping[str, tuple[Any, ...]]
    shared: Mapping[str, Any]
    context: Mapping[str, tuple[object, ...]]
    metrics: Mapping[str, Direction]
    metric: str | None
    baseline: Run
    why: str
    by: tuple[str, ...]
    groups: tuple[Group, ...]
    differences: tuple[Delta, ...]

    @property
    def best(self) -> Run | None:
        """The best by `metric` among the runs that finished; None where there is none."""
        leading = self.leaders(self.metric) if self.metric else frozenset()
        return next((run for run in self.runs if run.id in leading), None)

    def leaders(self, metric: str) -> frozenset[str]:
        """The ids of the best by `metric`: none where one run alone has it, or all are equal."""
        finished = [run for run in self.runs if run.status == "finished"] or self.runs
        values = {run.id: value for run in finished if (value := measured(run, metric)) is not None}
        real = {id: value for id, value in values.items() if value == value}
        if len(set(real.values())) < 2:
            return frozenset()
        top = max(real.values()) if self.metrics[metric] == "larger" else min(real.values())
        return frozenset(id for id, value in real.items() if value == top)

    def difference(self, run: Run, metric: str) -> Number | None:
        """By how much `metric` differs from the baseline's; None where one of them lacks it."""
        value, reference = measured(run, metric), measured(self.baseline, metric)
        return None if value is None or reference is None or run == self.baseline else value - reference

    def is_better(self, run: Run, metric: str) -> bool:
        """Whether the run is better than the baseline."""
        return better(run.metrics[metric], self.baseline.metrics[metric], self.metrics[metric])

    @property
    def verdict(self) -> dict[str, Any] | None:
        """What can be said of `metric` over the groups, and how far that goes; None for less than two."""
        return standing(self.groups, self.metric, self.metrics) if self.metric else None

    def curves(self) -> list[str]:
        """Metrics with a history of more than one point, the most interesting first."""
        records = [run.record.metrics for run in self.runs]
        counts = {name: sum(name in each and each[name].count > 1 for each in records) for name in self.metrics}
        drawn = [name for name in self.metrics if counts[name]]
        return sorted(drawn, key=lambda name: (name != self.metric, -counts[name]))

    def to_dict(self) -> dict[str, Any]:
        """Groups, their differences and the verdict, as `--json` gives them."""
        names = list(self.metrics)
        return {
            "groups": [to_dict(group, names) for group in self.groups],
            "comparisons": [delta.to_dict() for delta in self.differences],
            "verdict": self.verdict,
        }

    def to_pandas(self) -> pandas.DataFrame:
        """One row a run: id, experiment, status, verdict, started, duration, params.*, metrics.*."""
        import pandas  # heavy, and only wanted here

        rows = [
            {
                "id": run.id,
                "experiment": run.experiment,
                "status": run.status,
                "verdict": run.verdict,
                "started": run.started,
                "duration": run.duration,
                **{f"params.{name}": run.parameters.get(name) for name in self.parameters},
                **{f"metrics.{name}": run.metrics.get(name, math.nan) for name in self.metrics},
            }
            for run in self.runs
        ]
        return pandas.DataFrame(rows)

    def plot(self, metric: str | None = None) -> matplotlib.figure.Figure:
        """Learning curves, one panel a metric; of `metric` alone where it is given."""
        from jupyter_labbook.compare import figure  # brings matplotlib, which is heavy

        return figure.draw(self, metric)

    def text(self, width: int | None = None, color: bool = False) -> str:
        from jupyter_labbook.compare import comparison_view  # only when it is looked at

        return comparison_view.as_text(self, width, color)

    def __str__(self) -> str:
        from jupyter_labbook.render.text import terminal_width

        return self.text(terminal_width())

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from jupyter_labbook.compare import comparison_view

        return comparison_view.as_html(self)


def compare(
    runs: Sequence[Run],
    *,
    by: Sequence[str] = (),
    metric: str | None = None,
    baseline: Run | None = None,
) -> Comparison:
    """Put runs side by side.

    Parameters
    ----------
    by : names of parameters, optional
        Runs with the same values of them are taken together: all points, mean, sd, n.
    metric : str, optional
        The one that matters; `-name` where smaller is better.
    baseline : Run, optional
        What differences are taken to. Else the run that another names as its baseline, else
        the oldest that finished, else the oldest.

    Raises
    ------
    UsageError
        There are no runs, or none has that metric or parameter; the nearest names are told.
    """
    together = list(dict.fromkeys([*([baseline] if baseline and baseline not in runs else []), *runs]))
    if not together:
        raise UsageError("there is nothing to compare: no run was named or found")
    by = tuple(dict.fromkeys(by))
    _check_names(together, by)
    name, asked_way = _metric_asked_for(metric, together)
    ways = _ways(together, name, asked_way)
    principal = name or next(iter(ways), None)
    if name is not None:
        together.sort(key=lambda run: _rank(run, name, ways[name]))
    reference, why = _choose_baseline(together, baseline)
    varying, shared = _parameters(together)
    groups = group_by(together, by)
    home = next(group for group in groups if reference in group.runs)
    asked = {name: ways[name]} if name else ways
    return Comparison(
        runs=tuple(together),
        parameters=varying,
        shared=shared,
        context=context(together),
        metrics=ways,
        metric=principal,
        baseline=reference,
        why=why,
        by=by,
        groups=groups,
        differences=deltas(groups, home, asked),
    )


def _check_names(runs: Sequence[Run], by: Sequence[str]) -> None:
    known = dict.fromkeys([*(name for run in runs for name in run.parameters), *GROUPABLE])
    for name in by:
        if name not in known:
            raise UsageError(f"none of these runs has a parameter {name!r}." + did_you_mean(name, list(known)))


def _metric_asked_for(metric: str | None, runs: Sequence[Run]) -> tuple[str | None, Direction | None]:
    if metric is None:
        return None, None
    logged = dict.fromkeys(name for run in runs for name in run.metrics)
    if metric in logged:
        return metric, None
    if metric.startswith("-") and metric[1:] in logged:
        return metric[1:], "smaller"
    raise UsageError(f"none of these runs logged {metric!r}." + did_you_mean(metric.lstrip("-"), list(logged)))


def _ways(runs: Sequence[Run], asked: str | None, way: Direction | None) -> dict[str, Direction]:
    claims = [claim.claim for run in runs for claim in run.claims]
    names = dict.fromkeys(name for run in runs for name in shown_metrics(run.metrics))
    ordered = interesting([*([asked] if asked else []), *names], runs, asked)
    return {name: way if name == asked and way else direction(name, claims) for name in ordered}


def _rank(run: Run, metric: str, way: Direction) -> tuple[bool, float]:
    value = measured(run, metric)
    if value is None or value != value:
        return True, 0.0
    return False, -value if way == "larger" else value


def _choose_baseline(runs: Sequence[Run], given: Run | None) -> tuple[Run, str]:
    if given is not None:
        return next(run for run in runs if run == given), "the baseline"
    named = {run.record.baseline for run in runs}
    for run in runs:
        if run.id in named:
            return run, "the baseline"
    oldest = min(runs, key=lambda run: (run.status != "finished", run.record.started, run.id))
    return oldest, "the oldest"


def _parameters(runs: Sequence[Run]) -> tuple[dict[str, tuple[Any, ...]], dict[str, Any]]:
    """Those that differ, and those that are the same in all."""
    columns = {
        name: tuple(run.parameters.get(name, MISSING) for run in runs)
        for name in dict.fromkeys(name for run in runs for name in run.parameters)
    }
    varying = {name: values for name, values in columns.items() if differ(values)}
    shared = {name: values[0] for name, values in columns.items() if name not in varying}
    return varying, shared
