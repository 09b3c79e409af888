"""What the index has to agree with: every record read from its file, every query by the reference."""

from __future__ import annotations

from jupyter_labbook.errors import RunDamaged, RunNotFound
from jupyter_labbook.run import Record
from jupyter_labbook.store import runs
from jupyter_labbook.store.moments import moment
from jupyter_labbook.store.query import parse
from jupyter_labbook.store.selection import select
from jupyter_labbook.store.store import Store
from jupyter_labbook.store.vocabulary import RecordNames

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
    unreadable = len(runs.ids(store)) - len(records(store))
    assert select(store).unreadable == unreadable
    return True
