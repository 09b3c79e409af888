"""What differs between two runs: what went in, the code, the surroundings, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from jupyter_labbook.compare.context import SHORT
from jupyter_labbook.compare.direction import better, direction
from jupyter_labbook.compare.groups import jsonable
from jupyter_labbook.compare.lines import Line, line_difference, patch_lines
from jupyter_labbook.compare.outputs import shown_text
from jupyter_labbook.compare.values import MISSING, Missing, identity, measured
from jupyter_labbook.run import Data, Run, shown_metrics

Environments = tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]


class Change(NamedTuple):
    """One thing that is not the same; `before` or `after` is MISSING where a run has none."""

    name: str
    before: Any
    after: Any

    def to_dict(self) -> dict[str, Any]:
        sides = {"a": self.before, "b": self.after}
        return {side: jsonable(value) for side, value in sides.items() if not isinstance(value, Missing)}


class MetricChange(NamedTuple):
    """A metric in both runs or in one; `better` says whether the second is, where that can be said."""

    name: str
    before: Any
    after: Any
    difference: float | int | None
    better: bool | None

    def to_dict(self) -> dict[str, Any]:
        difference = None if self.difference is None else jsonable(self.difference)
        sides = Change(self.name, self.before, self.after).to_dict()
        return {**sides, "difference": difference, "better": self.better}


@dataclass(frozen=True)
class Difference:
    """What `labbook.diff` returns; each part is empty where the two runs are the same in it."""

    a: Run
    b: Run
    parameters: tuple[Change, ...]
    metrics: tuple[MetricChange, ...]
    source: tuple[Line, ...]
    code: tuple[Change, ...]
    patch: tuple[Line, ...]
    packages: tuple[Change, ...]
    data: tuple[Change, ...]
    outputs: tuple[Line, ...]
    claims: tuple[Change, ...]
    facts: tuple[Change, ...]

    @property
    def identical(self) -> bool:
        """Whether nothing differs, of what went in and of what came out; times and ids aside."""
        return not any(self.parts.values())

    @property
    def parts(self) -> dict[str, tuple[Change | MetricChange | Line, ...]]:
        """Every part by its name, in the order in which they are shown."""
        return {
            "facts": self.facts,
            "parameters": self.parameters,
            "metrics": self.metrics,
            "claims": self.claims,
            "source": self.source,
            "code": self.code,
            "patch": self.patch,
            "data": self.data,
            "packages": self.packages,
            "outputs": self.outputs,
        }

    def to_dict(self) -> dict[str, Any]:
        """Changes by name, lines of texts as a list of strings."""
        document: dict[str, Any] = {"a": self.a.id, "b": self.b.id, "identical": self.identical}
        for name, part in self.parts.items():
            if name in ("source", "patch", "outputs"):
                document[name] = [str(line) for line in part]
            else:
                document[name] = {change.name: change.to_dict() for change in part if not isinstance(change, Line)}
        return document

    def text(self, width: int | None = None, color: bool = False) -> str:
        from jupyter_labbook.compare import difference_view  # only when it is looked at

        return difference_view.as_text(self, width, color)

    def __str__(self) -> str:
        from jupyter_labbook.render.text import terminal_width

        return self.text(terminal_width())

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from jupyter_labbook.compare import difference_view

        return difference_view.as_html(self)


def difference(a: Run, b: Run, *, environments: Environments = (None, None)) -> Difference:
    """What is different in `b`, seen from `a`.

    Parameters
    ----------
    environments : pair of mappings, optional
        What the environment snapshots of the two hold, such as the versions of all installed
        packages. Without them only whether the environments differ is told.
    """
    return Difference(
        a=a,
        b=b,
        parameters=_changes(a.parameters, b.parameters),
        metrics=_metrics(a, b),
        source=line_difference(a.source, b.source),
        code=_facts(a, b, CODE),
        patch=_patch(_read_patch(a), _read_patch(b)),
        packages=_packages(a, b, environments),
        data=_changes(_data(a), _data(b)),
        outputs=line_difference(_outputs(a), _outputs(b)),
        claims=_changes(_claims(a), _claims(b)),
        facts=_facts(a, b, FACTS),
    )


FACTS: Mapping[str, Callable[[Run], Any]] = {
    "experiment": lambda run: run.experiment,
    "status": lambda run: run.status,
    "error": lambda run: f"{run.record.error.type}: {run.record.error.message}" if run.record.error else None,
    "seed": lambda run: run.record.seed,
    "verdict": lambda run: None if run.verdict == "none" else run.verdict,
    "notebook": lambda run: run.record.notebook.path,
    "host": lambda run: run.record.host,
}

CODE: Mapping[str, Callable[[Run], Any]] = {
    "commit": lambda run: run.record.code.commit,
    "branch": lambda run: run.record.code.branch,
    "remote": lambda run: run.record.code.remote,
    "patch": lambda run: run.record.code.patch and run.record.code.patch[:SHORT],
}


def _facts(a: Run, b: Run, readers: Mapping[str, Callable[[Run], Any]]) -> tuple[Change, ...]:
    found = [{name: value for name, read in readers.items() if (value := read(run)) is not None} for run in (a, b)]
    return _changes(found[0], found[1])


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What is not the same in two mappings, in the order of their keys."""
    names = dict.fromkeys([*before, *after])
    pairs = ((name, before.get(name, MISSING), after.get(name, MISSING)) for name in names)
    return tuple(Change(*pair) for pair in pairs if identity(pair[1]) != identity(pair[2]))


def _metrics(a: Run, b: Run) -> tuple[MetricChange, ...]:
    claims = [claim.claim for run in (a, b) for claim in run.claims]
    names = dict.fromkeys([*shown_metrics(a.metrics), *shown_metrics(b.metrics)])
    changes = []
    for name in names:
        before, after = measured(a, name), measured(b, name)
        if before is None or after is None:
            one, two = (MISSING if value is None else value for value in (before, after))
            changes.append(MetricChange(name, one, two, None, None))
        elif identity(before) != identity(after):
            change = after - before
            decided = None if change != change else better(after, before, direction(name, claims))
            changes.append(MetricChange(name, before, after, change, decided))
    return tuple(changes)


def _packages(a: Run, b: Run, environments: Environments) -> tuple[Change, ...]:
    """What differs in the two environments; only that they do, where they cannot be looked into."""
    before, after = environments
    if before is not None and after is not None:
        return _changes(dict(_leaves(before)), dict(_leaves(after)))
    known = [run.record.environment for run in (a, b)]
    facts = [{"python": each.python, "platform": each.platform} for each in known]
    changes = _changes(*({name: value for name, value in each.items() if value} for each in facts))
    if known[0].snapshot != known[1].snapshot and not changes:
        one, two = (each.snapshot[:SHORT] if each.snapshot else MISSING for each in known)
        return (Change("environment", one, two),)
    return changes


def _leaves(mapping: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value in nested mappings, by its own name; by its path where that is not its own alone."""
    for name, value in mapping.items():
        if isinstance(value, Mapping) and depth < 4:
            yield from _leaves(value, "" if name in INSTALLED else f"{prefix}{name} ", depth + 1)
        else:
            yield f"{prefix}{name}", value


INSTALLED = ("packages", "distributions", "versions")
"""Keys of a snapshot under which names speak for themselves."""


def _data(run: Run) -> dict[str, Any]:
    return {data.name: _fingerprint(data) for data in run.record.data}


def _fingerprint(data: Data) -> str:
    parts = [data.sha256[:SHORT] if data.sha256 else "no fingerprint"]
    if data.rows is not None:
        parts.append(f"{data.rows} rows")
    if data.columns is not None:
        parts.append(f"{data.columns} columns")
    if data.coverage and data.coverage != "full":
        parts.append(data.coverage)
    return ", ".join(parts)


def _claims(run: Run) -> dict[str, str]:
    return {claim.claim: claim.verdict for claim in run.claims}


def _read_patch(run: Run) -> str:
    """What was uncommitted; empty where the object is gone."""
    try:
        return run.patch
    except OSError:
        return ""


def _patch(before: str, after: str) -> tuple[Line, ...]:
    """Of two patches what differs; a patch that only one run has, as it is."""
    if before and after:
        return line_difference(before, after)
    return patch_lines(before or after) if before or after else ()


def _outputs(run: Run) -> str:
    return shown_text(run._files.text("output.ipynb"))
