"""The names a query may use: the fields of a record, and what parameters and metrics there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final, Protocol

from jupyter_labbook.errors import QueryError, did_you_mean
from jupyter_labbook.run import STATUSES, VERDICTS, Record, number, restore_value
from jupyter_labbook.store.expression import Kind, Lookup, Name, Value, follow
from jupyter_labbook.store.moments import moment

FIELDS: Final[dict[str, Callable[[Record], Value]]] = {
    "id": lambda record: record.id,
    "experiment": lambda record: record.experiment,
    "what": lambda record: record.what,
    "why": lambda record: record.why,
    "status": lambda record: record.status,
    "verdict": lambda record: record.verdict,
    "conclusion": lambda record: record.conclusion,
    "tags": lambda record: record.tags,
    "archived": lambda record: record.archived,
    "group": lambda record: record.group,
    "sweep": lambda record: record.sweep,
    "trial": lambda record: record.trial,
    "parent": lambda record: record.parent,
    "baseline": lambda record: record.baseline,
    "seed": lambda record: record.seed,
    "started": lambda record: moment(record.started),
    "ended": lambda record: moment(record.ended),
    "duration": lambda record: record.duration,
    "notebook": lambda record: record.notebook.path,
    "host": lambda record: record.host,
}
TIMES: Final = ("started", "ended")
PARTS: Final = ("last", "min", "max", "mean", "count", "last_step")
ROOTS: Final[dict[str, Kind]] = {"params": "parameter", "parameters": "parameter", "metrics": "metric"}
_CONSTANTS: Final = {"true": "True", "false": "False", "null": "None", "none": "None", "nil": "None"}

Path = tuple[str | int, ...]


class Names(Protocol):
    """What parameters and metrics the runs have. **Guarantee**: `has` is exact, as of the last look."""

    def has(self, kind: Kind, name: str) -> bool: ...

    def all(self, kind: Kind) -> Collection[str]: ...

    @property
    def empty(self) -> bool:
        """There are no runs, so that no name can be called wrong."""


class RecordNames:
    """`Names` of records that are at hand."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._names: dict[Kind, dict[str, None]] = {"parameter": {}, "metric": {}}
        self.empty = True
        for record in records:
            self.empty = False
            self._names["parameter"].update(dict.fromkeys(record.parameters))
            self._names["metric"].update(dict.fromkeys(record.metrics))

    def has(self, kind: Kind, name: str) -> bool:
        return name in self._names.get(kind, ())

    def all(self, kind: Kind) -> Collection[str]:
        return self._names[kind]


def resolve(path: Path, names: Names) -> Name:
    """What a name such as `("params", "model", "depth")` stands for. QueryError, with the nearest."""
    root, rest = str(path[0]), path[1:]
    if root in ROOTS:
        if not rest:
            raise QueryError(f'{root!r} needs a name: {root}.NAME or {root}["NAME"].')
        found = _longest(ROOTS[root], rest, names)
        return found or _missing(root, rest, names)
    if root in FIELDS:
        return _field(root, rest)
    parameter = _longest("parameter", path, names)
    metric = None if names.empty else _longest("metric", path, names)
    if parameter and metric:
        both = written("params", path), written("metrics", path)
        raise QueryError(f"{root!r} is a parameter and a metric: write {' or '.join(both)}.", nearest=both)
    return parameter or metric or _unknown(path, names)


def written(root: str, path: Path) -> str:
    """A name as it is written in a query."""
    for step in path:
        root += f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{step!r}]"
    return root


def lookup(record: Record) -> Lookup:
    """What names stand for in one record."""

    def value(name: Name) -> Value:
        if name.kind == "field":
            return FIELDS[name.name](record)
        if name.kind == "metric":
            return metric_value(record, name.name, name.part)
        return follow(parameter_value(record, name.name), name.path)

    return value


def parameter_value(record: Record, name: str) -> Value:
    given = record.parameters.get(name)
    if name in record.parameter_types:
        given = restore_value(given, record.parameter_types[name])
    return list(given) if isinstance(given, tuple) else given


def metric_value(record: Record, name: str, part: str) -> Value:
    summary = record.metrics.get(name)
    found: Any = getattr(summary, part or "last", None)
    return None if found is None else number(found)


def _field(root: str, rest: Path) -> Name:
    if rest and (root, rest) != ("notebook", ("path",)):
        raise QueryError(f"{written(root, rest)!r}: {root!r} has no parts.")
    return Name("field", root)


def _longest(kind: Kind, path: Path, names: Names) -> Name | None:
    """The longest beginning of `path` that is a name: `model.depth` before `depth` in `model`."""
    for length in range(len(path), 0, -1):
        begin, rest = path[:length], path[length:]
        if not all(isinstance(step, str) for step in begin):
            continue
        name = ".".join(map(str, begin))
        if not (names.has(kind, name) or (names.empty and length == 1)):
            continue
        if kind == "parameter":
            return Name(kind, name, path=rest)
        if not rest:
            return Name(kind, name, "last")
        if len(rest) == 1 and rest[0] in PARTS:
            return Name(kind, name, str(rest[0]))
        raise QueryError(
            f"{name!r} has no {'.'.join(map(str, rest))!r}: a metric has {', '.join(PARTS)}."
            + did_you_mean(str(rest[0]), PARTS),
            nearest=PARTS,
        )
    return None


def _missing(root: str, path: Path, names: Names) -> Name:
    kind = ROOTS[root]
    wanted = str(path[0])
    near = [written(root, (name,)) for name in _nearest(wanted, names.all(kind))]
    other: Kind = "metric" if kind == "parameter" else "parameter"
    if not near and names.has(other, wanted):
        near = [_prefixed(other, wanted)]
    raise QueryError(f"No run has a {kind} {_short(wanted)!r}.{_hint(near)}", nearest=near)


def _unknown(path: Path, names: Names) -> Name:
    wanted = str(path[0])
    folded = wanted.casefold()
    if wanted in (*STATUSES, *VERDICTS):
        raise QueryError(f'{wanted!r} is text, and text goes in quotes: "{wanted}".', nearest=(f'"{wanted}"',))
    if folded in _CONSTANTS:
        raise QueryError(f"{wanted!r} is written {_CONSTANTS[folded]}.", nearest=(_CONSTANTS[folded],))
    known: dict[str, str] = {name: name for name in (*FIELDS, *ROOTS)}
    for kind in ("metric", "parameter"):
        for name in names.all(kind):
            known.setdefault(name, name if name.isidentifier() else _prefixed(kind, name))
    near = [known[name] for name in _nearest(wanted, known)]
    hint = _hint(near) or f' Text goes in quotes: "{_short(wanted)}".'
    raise QueryError(f"There is no field, parameter or metric {_short(wanted)!r}.{hint}", nearest=near)


def _prefixed(kind: Kind, name: str) -> str:
    return written("metrics" if kind == "metric" else "params", (name,))


def _hint(near: Sequence[str]) -> str:
    return f" Did you mean {' or '.join(near)}?" if near else ""


def _short(name: str) -> str:
    return name if len(name) <= 80 else name[:79] + "…"


def _nearest(wanted: str, known: Collection[str]) -> list[str]:
    """At most three of `known`: the nearest in spelling, else those of which `wanted` is a part."""
    wanted = wanted[:200]
    some = list(dict.fromkeys(known))
    near = get_close_matches(wanted, some, n=3, cutoff=0.6)
    if not near:
        folded = wanted.casefold()
        near = [name for name in some if folded in name.casefold()]
    return near[:3]
