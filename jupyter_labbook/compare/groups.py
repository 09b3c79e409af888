"""Runs that share a parameter's value taken together, and how groups differ from the baseline's.

Values, mean and standard deviation only: nothing here says whether a difference is chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from jupyter_labbook.compare.direction import Direction, better
from jupyter_labbook.compare.values import MISSING, identity, measured
from jupyter_labbook.run import Number, Run, stored


class Sample(NamedTuple):
    """All values of one metric in one group; `sd` (ddof=1) only where there are two or more."""

    values: tuple[Number, ...]

    @property
    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values) if self._finite else sum(map(float, self.values))

    @property
    def sd(self) -> float | None:
        if len(self.values) < 2:
            return None
        if not self._finite:
            return math.nan
        mean = self.mean
        return math.sqrt(math.fsum((value - mean) ** 2 for value in self.values) / (len(self.values) - 1))

    @property
    def _finite(self) -> bool:
        return all(math.isfinite(value) for value in self.values)


@dataclass(frozen=True)
class Group:
    """Runs with the same `key`; `counted` are those whose metrics are taken together."""

    key: Mapping[str, Any]
    runs: tuple[Run, ...]

    @property
    def counted(self) -> tuple[Run, ...]:
        """The finished ones; where none finished, all."""
        return tuple(run for run in self.runs if run.status == "finished") or self.runs

    def sample(self, metric: str) -> Sample | None:
        """The values of `metric`; None where no run has one."""
        found = [measured(run, metric) for run in self.counted]
        values = tuple(value for value in found if value is not None)
        return Sample(values) if values else None


@dataclass(frozen=True)
class Delta:
    """How the mean of one group differs from the baseline group's."""

    metric: str
    baseline: Group
    group: Group
    difference: float
    relative: float | None
    better: bool | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "metric": self.metric,
            "baseline": _plain_key(self.baseline),
            "group": _plain_key(self.group),
            "difference": stored(self.difference),
            "relative": None if self.relative is None else stored(self.relative),
            "better": self.better,
        }


def group_by(runs: Sequence[Run], by: Sequence[str]) -> tuple[Group, ...]:
    """Groups in the order of their keys; without `by`, every run is a group of its own."""
    if not by:
        return tuple(Group({"run": run.id}, (run,)) for run in runs)
    together: dict[Any, list[Run]] = {}
    for run in runs:
        key = tuple(identity(grouping_value(run, name)) for name in by)
        together.setdefault(key, []).append(run)
    groups = [
        Group({name: grouping_value(members[0], name) for name in by}, tuple(members)) for members in together.values()
    ]
    return tuple(sorted(groups, key=_place))


def grouping_value(run: Run, name: str) -> Any:
    """A parameter, or one of the few facts of the record that runs are grouped by."""
    if name in run.parameters:
        return run.parameters[name]
    if name in GROUPABLE:
        value = getattr(run.record, name)
        return MISSING if value is None else value
    return MISSING


GROUPABLE = ("experiment", "seed", "group", "status", "verdict", "host", "sweep")
"""What else than a parameter runs may be grouped by."""


def _place(group: Group) -> tuple[Any, ...]:
    """Numbers by size before texts, missing ones last."""
    places: list[Any] = []
    for value in group.key.values():
        if isinstance(value, (int, float)) and value == value:
            places.append((0, value, ""))
        else:
            places.append((2 if value is MISSING else 1, 0, str(value)))
    return tuple(places)


def deltas(groups: Sequence[Group], baseline: Group, metrics: Mapping[str, Direction]) -> tuple[Delta, ...]:
    """For every metric, each other group beside the baseline, where both have values."""
    found = []
    for metric, way in metrics.items():
        reference = baseline.sample(metric)
        for group in groups:
            sample = group.sample(metric)
            if group is baseline or sample is None or reference is None:
                continue
            found.append(_delta(metric, way, baseline, group, reference.mean, sample.mean))
    return tuple(found)


def _delta(metric: str, way: Direction, baseline: Group, group: Group, reference: float, mean: float) -> Delta:
    difference = mean - reference
    relative = difference / abs(reference) if reference and math.isfinite(reference) else None
    comparable = difference == difference and difference != 0
    return Delta(metric, baseline, group, difference, relative, better(mean, reference, way) if comparable else None)


def to_dict(group: Group, metrics: Sequence[str]) -> dict[str, Any]:
    """A group as JSON has it: every value, its mean and standard deviation."""
    samples = {name: group.sample(name) for name in metrics}
    return {
        "key": _plain_key(group),
        "runs": [run.id for run in group.runs],
        "n": len(group.counted),
        "metrics": {
            name: {
                "values": [stored(value) for value in sample.values],
                "mean": stored(sample.mean),
                "sd": None if sample.sd is None else stored(sample.sd),
            }
            for name, sample in samples.items()
            if sample is not None
        },
    }


def _plain_key(group: Group) -> dict[str, Any]:
    return {name: jsonable(value) for name, value in group.key.items()}


def jsonable(value: Any) -> Any:
    """A parameter's value as `run.json` has it: NaN by name, a missing one as null."""
    if value is MISSING:
        return None
    if isinstance(value, float):
        return stored(value)
    if isinstance(value, int) and abs(value) >= 2**63:  # more than most readers of JSON hold
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    return value
