"""The verbs that look at runs: run, compare, diff. They write nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from jupyter_labbook.errors import QueryError, RunNotFound, UsageError
from jupyter_labbook.frontends.place import StoreLike, the_store
from jupyter_labbook.run import Run
from jupyter_labbook.store import objects, reference
from jupyter_labbook.store.runs import read
from jupyter_labbook.store.salvage import json_object
from jupyter_labbook.store.selection import facts, select
from jupyter_labbook.store.store import Store

if TYPE_CHECKING:
    from jupyter_labbook.compare.comparison import Comparison
    from jupyter_labbook.compare.difference import Difference

RunLike = Run | str

NEWEST: Final = 20
"""How many runs are compared where nobody said which."""

_REFERENCE: Final = re.compile(r"[\w.:/-]+")


def run(run: RunLike = "last", *, store: StoreLike = None) -> Run:
    """One run: by its id or any unambiguous piece of it, `last`, `last-2`, `best:METRIC`, `best:-METRIC`."""
    return run if isinstance(run, Run) else find(the_store(store), run)


def find(store: Store, name: str) -> Run:
    """The run that `name` refers to, as it is on the disk now."""
    return read(store, reference.resolve(store, name, facts=facts(store)))


def compare(
    *what: RunLike | Iterable[Run],
    by: str | Sequence[str] = (),
    metric: str | None = None,
    baseline: RunLike | None = None,
    store: StoreLike = None,
) -> Comparison:
    """Runs side by side: what differs between them, their metrics with the best marked, their curves.

    Parameters
    ----------
    *what
        Runs, references to runs, or one query. Nothing means the newest 20 runs of the
        experiment that ran last.
    by
        Group the runs by these parameters.
    metric
        The metric that decides; `-name` where smaller is better.
    baseline
        The run that the others are measured against.
    store
        The folder of a labbook; found upwards from here where not given.
    """
    from jupyter_labbook.compare import comparison  # `labbook runs` is to start without it

    chosen = _chosen(what, store)
    names = [name.strip() for name in by.split(",")] if isinstance(by, str) else list(by)
    against = None if baseline is None else run(baseline, store=store)
    return comparison.compare(chosen, by=names, metric=metric, baseline=against)


def _chosen(what: Sequence[RunLike | Iterable[Run]], store: StoreLike) -> list[Run]:
    if not what:
        return _newest_of_last_experiment(the_store(store))
    chosen: list[Run] = []
    words: list[str] = []
    for part in what:
        if isinstance(part, str):
            words.append(part)
        elif isinstance(part, Run):
            chosen.append(part)
        else:
            chosen.extend(part)
    if words:
        chosen.extend(_referred(the_store(store), words))
    if not chosen:
        raise RunNotFound(f"No run fits {' '.join(words)!r}.", reference=" ".join(words))
    return list(dict.fromkeys(chosen))


def _newest_of_last_experiment(store: Store) -> list[Run]:
    last = find(store, "last")
    return list(select(store, f"experiment == {last.experiment!r}", limit=NEWEST))


def _referred(store: Store, words: Sequence[str]) -> list[Run]:
    """Runs by their names where every word names one, else what the words say as a query."""
    try:
        return [find(store, word.strip("\"'")) for word in words]
    except RunNotFound as unknown:
        query = " ".join(words)
        try:
            return list(select(store, query))
        except QueryError:
            # `compare k3f9x lsat` is two names, one of them wrong, and no query that went wrong
            if all(_REFERENCE.fullmatch(word) for word in words):
                raise unknown from None
            raise


def diff(a: RunLike, b: RunLike, *, store: StoreLike = None) -> Difference:
    """What differs between two runs: parameters, source, git commit and patch, packages, data, outputs."""
    from jupyter_labbook.compare import difference  # `labbook runs` is to start without it

    first, second = run(a, store=store), run(b, store=store)
    if first == second:
        raise UsageError(f"{a} and {b} are one and the same run, {first.id}.")
    return difference.difference(first, second, environments=(_environment(first), _environment(second)))


def _environment(run: Run) -> dict[str, Any] | None:
    """The snapshot of the run's environment, with every installed package; None where it cannot be read."""
    snapshot = run.record.environment.snapshot
    content = objects.get(Store(run.path.parents[1]), snapshot) if snapshot else None
    return None if content is None else json_object(content)
