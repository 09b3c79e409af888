"""What the index has to agree with: every record read from its file, every query by the reference."""

from __future__ import annotations

from typing import Any

from jupyter_labbook.errors import RunDamaged, RunNotFound
from jupyter_labbook.run import Record
from jupyter_labbook.store import runs
from jupyter_labbook.store.moments import moment
from jupyter_labbook.store.query import parse
from jupyter_labbook.store.selection import select
from jupyter_labbook.store.store import Store
from jupyter_labbook.store.vocabulary import RecordNames, metric_value, parameter_value

QUERIES = (
    "archived or not archived",
    'status == "finished"',
    'status == "running" or status == "lost"',
    '"keep" in tags or conclusion != None',
    "duration > 1",
    "started > '2026-11-21T12:00Z'",
)


def records(store: Store) -> list[Record]:
    """Those that can be read, newest first."""
    found = []
    for id in runs.ids(store):
        try:
            found.append(runs.read_record(store, id))
        except (RunDamaged, RunNotFound):
            continue
    return sorted(found, key=_age, reverse=True)


def _age(record: Record) -> tuple[int, str]:
    started = moment(record.started)
    return -1 if started is None else started.at, record.id


def scan(store: Store, query: str) -> list[str]:
    """The ids that `query` chooses, newest first."""
    read = records(store)
    fits = parse(query).matcher(RecordNames(read))
    return [record.id for record in read if fits(record)]


def index_equals_scan(store: Store, *queries: str) -> bool:
    """Whether the index says of these and a few more queries what the files say. Raises where not."""
    for query in (*QUERIES, *queries):
        assert list(select(store, query, archived=True).ids) == scan(store, query), query
    assert _frame(store) == _values(store)
    unreadable = len(runs.ids(store)) - len(records(store))
    assert select(store).unreadable == unreadable
    return True


def _frame(store: Store) -> dict[str, dict[str, str]]:
    """What a frame holds of parameters and metrics, by run."""
    frame = select(store, archived=True).to_pandas()
    names = [name for name in frame.columns if name.startswith(("params.", "metrics."))]
    found: dict[str, dict[str, str]] = {id: {} for id in frame["id"]}
    for name in names:
        for id, value in zip(frame["id"], frame[name], strict=True):
            if value is not None and value == value:
                found[id][name] = _number_or_repr(value)
    return found


def _values(store: Store) -> dict[str, dict[str, str]]:
    """The same as the records have it."""
    found: dict[str, dict[str, str]] = {}
    for record in records(store):
        values = {f"params.{name}": parameter_value(record, name) for name in record.parameters}
        values |= {f"metrics.{name}": metric_value(record, name, "last") for name in record.metrics}
        real = {name: value for name, value in values.items() if value is not None and value == value}
        found[record.id] = {name: _number_or_repr(value) for name, value in real.items()}
    return found


def _number_or_repr(value: Any) -> str:
    """Equal for equal values: a frame makes floats of integers where one is missing, and 1 of True."""
    if isinstance(value, (bool, int, float)) and abs(value) < 2**53:
        return repr(float(value))
    return repr(value)
