"""What came before: the earlier runs of an experiment, for claims, for the card and for names.

What a session recorded itself it remembers; the store's index is asked for the rest, once an
experiment, so that a card costs no look at the disk from the second run on.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from jupyter_labbook.compare.direction import direction
from jupyter_labbook.errors import LabbookError
from jupyter_labbook.run import Run
from jupyter_labbook.store import reference, runs, selection

if TYPE_CHECKING:
    from jupyter_labbook.store.store import Store

REMEMBERED: Final = 10
"""How many earlier runs say what is usual."""


class Experiment(Struct):
    """Earlier finished runs of one experiment, newest first, and the names the store knows."""

    recent: deque[Run] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @property
    def last(self) -> Run | None:
        return self.recent[0] if self.recent else None


_experiments: dict[tuple[str, str], Experiment] = {}
_names: dict[str, set[str]] = {}


def of(store: Store, experiment: str) -> Experiment:
    """The earlier runs of `experiment`; empty where the store cannot be asked."""
    key = (str(store.path), experiment)
    known = _experiments.get(key)
    if known is None:
        known = _experiments[key] = Experiment()
        try:
            query = f'experiment == {experiment!r} and status == "finished"'
            known.recent.extend(selection.select(store, query, limit=REMEMBERED))
        except (LabbookError, OSError):
            pass
    return known


def remember(store: Store, run: Run) -> None:
    """A run of this session has ended."""
    if run.status == "finished":
        of(store, run.experiment).recent.appendleft(run)
    names_of(store).update(run.record.metrics, run.record.parameters)


def names_of(store: Store) -> set[str]:
    """Names of parameters and metrics that the store's runs have used."""
    key = str(store.path)
    known = _names.get(key)
    if known is None:
        known = _names[key] = set()
        try:
            known.update(selection.names(store))
        except (LabbookError, OSError):
            pass
    return known


class Others:
    """The other runs a claim speaks of: `baseline`, `last` and `best`, looked up when asked for."""

    def __init__(self, store: Store, experiment: str, baseline: str | None, own: str) -> None:
        self._store = store
        self._experiment = experiment
        self._baseline = baseline
        self._own = own

    @property
    def baseline(self) -> Run | None:
        if self._baseline is None:
            return None
        try:
            return runs.read(self._store, self._baseline)
        except LabbookError:
            return None

    @property
    def last(self) -> Run | None:
        return self._first(None)

    def best(self, metric: str, larger: bool | None, /) -> Run | None:
        """The earlier finished run of the experiment with the largest or smallest `metric`."""
        if larger is None:
            larger = direction(metric) == "larger"
        return self._first(f"{'-' if larger else ''}metrics[{metric!r}]")

    def _first(self, sort: str | None) -> Run | None:
        query = f'experiment == {self._experiment!r} and status == "finished" and id != {self._own!r}'
        try:
            return next(iter(selection.select(self._store, query, sort=sort, limit=1)), None)
        except LabbookError:
            return None


def resolve(store: Store, wanted: str) -> str:
    """The id that a reference such as `last`, `best:acc` or `k3f9x` stands for; RunNotFound, RunAmbiguous."""
    return reference.resolve(store, wanted, facts=selection.facts(store))
