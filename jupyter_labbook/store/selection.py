"""Choosing runs: by a query, in an order, at most so many; and what the chosen ones are together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, overload

from jupyter_labbook.errors import RunDamaged, RunNotFound, UsageError
from jupyter_labbook.render.cells import Table
from jupyter_labbook.run import Run
from jupyter_labbook.store.expression import Kind, Node
from jupyter_labbook.store.index import Index, ask
from jupyter_labbook.store.query import parse, parse_name
from jupyter_labbook.store.runs import read
from jupyter_labbook.store.store import Store

if TYPE_CHECKING:
    import pandas

SHOWN: Final = 20
"""Runs that a table of them shows unless a limit says how many; the rest are counted."""

_FIRST: Final = 100
"""Where no limit was given, so many ids are fetched; the others when somebody wants more of them."""


class Runs(Sequence[Run]):
    """Runs in an order, chosen once and read from the disk as they are asked for.

    Attributes
    ----------
    ids : tuple of str
        The chosen runs. Of very many, all but the first are looked up when they are first wanted.
    unreadable : int
        How many runs of the store are damaged beyond reading and so could not be chosen.
    """

    def __init__(
        self,
        store: Store,
        ids: Sequence[str],
        *,
        unreadable: int = 0,
        shown: int = SHOWN,
        count: int | None = None,
        all_ids: Callable[[], Sequence[str]] | None = None,
    ) -> None:
        self.unreadable = unreadable
        self._store = store
        self._first = tuple(ids)
        self._count = len(ids) if count is None else count
        self._shown = shown
        self._all_ids = all_ids

    @property
    def ids(self) -> tuple[str, ...]:
        if self._all_ids is not None:
            self._first = tuple(self._all_ids())
            self._count = len(self._first)
            self._all_ids = None
        return self._first

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Run]:
        """The runs; those that were removed or damaged since they were chosen are passed over."""
        first, complete = self._first, self._all_ids is None
        yield from self._readable(first)
        if not complete:
            before = set(first)
            yield from self._readable(id for id in self.ids if id not in before)

    def _readable(self, ids: Iterable[str]) -> Iterator[Run]:
        for id in ids:
            try:
                yield read(self._store, id)
            except (RunNotFound, RunDamaged):
                continue

    @overload
    def __getitem__(self, index: int) -> Run: ...

    @overload
    def __getitem__(self, index: slice) -> Runs: ...

    def __getitem__(self, index: int | slice) -> Run | Runs:
        places = range(len(self))[index]
        if isinstance(places, int):
            return read(self._store, self._at(places)[places])
        last = max(places[0], places[-1]) if places else 0
        ids = self._at(last)
        return Runs(self._store, [ids[place] for place in places if place < len(ids)], unreadable=self.unreadable)

    def _at(self, place: int) -> Sequence[str]:
        """The ids, at least up to `place`."""
        return self._first if place < len(self._first) else self.ids

    def to_pandas(self) -> pandas.DataFrame:
        """A frame with a row a run.

        Columns: id, experiment, status, verdict, started (datetime64, UTC), duration (seconds),
        `params.…`, and the last values as `metrics.…`. A column that none of these runs has a
        value in is left out.
        """
        from jupyter_labbook.store.frame import frame  # pandas is heavy

        return ask(self._store, lambda index: frame(index, self.ids))

    def table(self) -> Table:
        """The first runs as a table, with the parameters that differ and the metrics."""
        from jupyter_labbook.store.runs_table import runs_table

        return runs_table(list(self[: self._shown]))

    def text(self, width: int | None = None, color: bool = False) -> str:
        return "\n".join([*([self.table().text(width, color)] if self else []), *self._remarks()])

    def __str__(self) -> str:
        from jupyter_labbook.render.text import terminal_width

        return self.text(terminal_width())

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from jupyter_labbook.render.html import paragraph

        shown = self.table()._repr_html_() if self else ""
        return shown + "".join(paragraph(remark, dim=True) for remark in self._remarks())

    def _remarks(self) -> list[str]:
        """What the table does not say."""
        more, lost = len(self) - self._shown, self.unreadable
        remarks = [] if self else ["No runs."]
        if more > 0:
            remarks.append(f"… and {more:,} more.")
        if lost:
            one = lost == 1
            remarks.append(f"{lost:,} run{'' if one else 's'} cannot be read: `labbook check` says what can be mended.")
        return remarks


def select(
    store: Store,
    query: str | None = None,
    *,
    sort: str | None = None,
    limit: int | None = None,
    archived: bool = False,
    now: datetime | None = None,
) -> Runs:
    """The runs that fit `query`, newest first.

    `sort` names what to order by instead, from the largest with `-` in front; a run that lacks it
    comes last. Archived runs are left out unless `archived`, or the query speaks of them.
    QueryError where the query or `sort` cannot be understood.
    """
    if limit is not None and limit < 0:
        raise UsageError(f"At most {limit} runs cannot be shown: a limit is 0 or more.")
    parsed = parse(query, now) if query and query.strip() else None
    with_archived = archived or (parsed is not None and "archived" in parsed.fields)

    def chosen(index: Index, most: int | None) -> tuple[Node | None, list[str]]:
        condition = parsed.bind(index) if parsed else None
        order = None if sort is None else (parse_name(sort.removeprefix("-"), index), sort.startswith("-"))
        return condition, index.ids(condition, sort=order, limit=most, archived=with_archived)

    def question(index: Index) -> Runs:
        condition, ids = chosen(index, _FIRST if limit is None else limit)
        if limit is not None or len(ids) < _FIRST:
            shown = SHOWN if limit is None else limit
            return Runs(store, ids, unreadable=index.unreadable, shown=shown)
        count = index.count(condition, archived=with_archived)
        return Runs(store, ids, unreadable=index.unreadable, count=count, all_ids=all_ids)

    def all_ids() -> list[str]:
        return ask(store, lambda index: chosen(index, None)[1])

    return ask(store, question)


def names(store: Store) -> list[str]:
    """Names of the parameters and metrics that runs have, those of runs since removed left out."""
    kinds: tuple[Kind, ...] = ("parameter", "metric")
    return ask(store, lambda index: [name for kind in kinds for name in index.all(kind) if index.has(kind, name)])


def facts(store: Store) -> IndexFacts:
    """What `reference.resolve` has to know, without reading every record."""
    return IndexFacts(store)


class IndexFacts:
    """What has to be known of all runs to find one by its name: `reference.Facts`, from the index."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def newest(self, count: int) -> Sequence[str]:
        return ask(self._store, lambda index: index.ids(limit=count, archived=False))

    def best(self, metric: str, smallest: bool) -> str | None:
        return ask(self._store, lambda index: index.best(metric, smallest))

    def matching(self, piece: str) -> Sequence[str]:
        return ask(self._store, lambda index: index.matching(piece))

    def metrics(self) -> Sequence[str]:
        return ask(self._store, lambda index: list(index.all("metric")))
