"""A query asked of the index chooses the very runs that the scan, which is the reference, chooses."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from jupyter_labbook.errors import QueryError
from jupyter_labbook.run import Notebook, Record, Summary, stored
from jupyter_labbook.store import cache
from jupyter_labbook.store.brief import brief
from jupyter_labbook.store.columns import INDEXES, WIDEST, Columns
from jupyter_labbook.store.expression import Name
from jupyter_labbook.store.folders import Seen
from jupyter_labbook.store.index import Index
from jupyter_labbook.store.index_state import keep_parts
from jupyter_labbook.store.moments import Moment, moment
from jupyter_labbook.store.query import parse, parse_name
from jupyter_labbook.store.row_writer import RowWriter
from jupyter_labbook.store.vocabulary import PARTS, RecordNames, lookup

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

numbers = (
    some.integers(-3, 3)
    | some.sampled_from([2**53, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 2**64, 10**30, 10**400])
    | some.sampled_from([0.0, -0.0, 0.1, 0.5, 1.0, 2.0, -1.5, 1e300, float(2**53), float(2**63), 2.0**64])
    | some.sampled_from([math.nan, math.inf, -math.inf])
)
texts = some.sampled_from(
    ["", "a", "b", "ab", "aba", "é", "nan", "NaN", "null", "1", "\0", "a\0b", "'\"\\", "\U0001f600"]
)
scalars = some.none() | some.booleans() | numbers | texts
values = scalars | some.recursive(
    some.integers(-2, 2) | texts | some.booleans() | some.none(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from(["a", "b", "depth"]), inner),
    max_leaves=4,
)
parameter_names = some.sampled_from(["lr", "depth", "model", "model.depth", "a b", "both", "é"])
metric_names = some.sampled_from(["loss", "val/acc", "both", "system/cpu"])
maybe_text = some.none() | texts


@some.composite
def summaries(draw: some.DrawFn) -> Summary:
    last, low, high, mean = (stored(draw(numbers)) for _ in range(4))
    return Summary(last, low, high, mean, draw(some.integers(0, 5)), draw(some.none() | some.integers(0, 9)))


@some.composite
def records(draw: some.DrawFn, number: int) -> Record:
    given = draw(some.dictionaries(parameter_names, values, max_size=5))
    times = some.sampled_from(
        ["", "no time", "2026-11-20T23:59:59.999999Z", "2026-11-21T00:00:00Z", "2026-11-21T01:00:00+01:00"]
    )
    return Record(
        id=f"20261121-0315{number:02}-demo-k3f9x",
        experiment=draw(texts),
        what=draw(maybe_text),
        status=draw(some.sampled_from(["finished", "failed", "lost"])),
        conclusion=draw(maybe_text),
        tags=draw(some.lists(texts, max_size=2)),
        archived=draw(some.booleans()),
        parameters={name: written(value) for name, value in given.items()},
        parameter_types={name: type(value).__name__ for name, value in given.items() if value != written(value)},
        metrics=draw(some.dictionaries(metric_names, summaries(), max_size=3)),
        started=draw(times),
        ended=draw(some.none() | times),
        duration=draw(some.none() | some.floats(0, 100)),
        trial=draw(some.none() | some.integers(0, 2) | some.just(2**70) | texts),
        seed=draw(some.none() | some.integers(0, 2) | some.just(2**70)),
        notebook=Notebook(draw(maybe_text)),
        group=draw(maybe_text),
    )


def written(value: Any) -> Any:
    """A parameter as `run.json` has it."""
    return stored(value) if isinstance(value, float) else value


def index_of(records: Iterable[Record], parts: Sequence[str] = PARTS) -> Index:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    cache.set_up(connection)
    writer = RowWriter(connection, Columns(connection), parts)
    for record in records:
        writer.put(record.id, Seen(brief(record), 1, True))
    writer.flush()
    for statement in INDEXES:
        connection.execute(statement)
    keep_parts(connection, parts)
    return Index(connection)


names = some.sampled_from(
    [
        *("params.lr", "params.depth", "params.model", "params.model.depth", 'params.model["depth"]', "params.é"),
        *('params["a b"]', "params.both", "metrics.both", "metrics.loss", 'metrics["val/acc"]', "lr", "loss"),
        *("model.a", "model[0]", "model[-1]", "model.a.b", "metrics.loss.min", "loss.max", "loss.mean"),
        *("loss.count", "loss.last_step", 'metrics["system/cpu"]', "id", "experiment", "what", "status", "tags"),
        *("conclusion", "archived", "started", "ended", "duration", "trial", "seed", "notebook", "group"),
    ]
)
times = some.sampled_from(['"2026-11-21"', '"yesterday"', '"2026-11-21T00:00:00Z"', '"2026-11"', '"12 hours ago"'])
constants = scalars.map(lambda value: "1e999" if value == math.inf else "-1e999" if value == -math.inf else repr(value))
constants = constants.filter(lambda text: text != "nan")
lists = some.lists(constants, max_size=3).map(lambda items: f"[{', '.join(items)}]")
atoms = names | constants | lists
signs = some.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in"])


def expressions(inner: some.SearchStrategy[str]) -> some.SearchStrategy[str]:
    def joined(*parts: Any) -> some.SearchStrategy[str]:
        return some.tuples(*(some.just(part) if isinstance(part, str) else part for part in parts)).map(" ".join)

    return (
        joined("(", inner, signs, inner, ")")
        | joined("(", inner, signs, inner, signs, inner, ")")
        | joined("(", inner, some.sampled_from(["and", "or"]), inner, ")")
        | joined("(", inner, some.sampled_from(["+", "-", "*", "/"]), inner, ")")
        | joined("( not", inner, ")")
        | joined("( -", inner, ")")
    )


comparisons = some.tuples(names, signs, constants | lists | names).map(" ".join)
mirrored = some.tuples(constants | lists, signs, names).map(" ".join)
in_time = some.tuples(some.sampled_from(["started", "ended"]), signs, times).map(" ".join)
queries = comparisons | mirrored | in_time | some.recursive(atoms | comparisons | in_time, expressions, max_leaves=8)


@some.composite
def stores(draw: some.DrawFn) -> list[Record]:
    return [draw(records(number)) for number in range(draw(some.integers(0, 6)))]


@settings(max_examples=250, deadline=None)
@given(stores(), queries)
def test_the_index_and_the_scan_choose_the_same_runs(records: list[Record], query: str) -> None:
    index, known = index_of(records), RecordNames(records)
    try:
        fits = parse(query, NOW).matcher(known)
    except QueryError as error:
        with pytest.raises(QueryError, match=re.escape(str(error))):
            parse(query, NOW).bind(index)
        return
    chosen = {record.id for record in records if fits(record)}
    assert set(index.ids(parse(query, NOW).bind(index))) == chosen


sorts = some.tuples(some.sampled_from(["", "-"]), names.filter(lambda name: name != "tags"))


@settings(max_examples=150, deadline=None)
@given(stores(), sorts, some.none() | some.integers(0, 4))
def test_runs_come_in_the_order_asked_for_and_the_newest_of_equals_first(
    records: list[Record], sort: tuple[str, str], limit: int | None
) -> None:
    index = index_of(records)
    try:
        name = parse_name(sort[1], index)
    except QueryError:
        return
    newest = sorted(records, key=lambda record: (began(record), record.id), reverse=True)
    found = [(sortable(lookup(record)(name)), record.id) for record in newest]
    # sorted() keeps the order of equals, reversed too, so that the newest stay first
    present = sorted((one for one in found if one[0]), key=lambda one: one[0], reverse=bool(sort[0]))
    wanted = [id for _, id in present] + [id for key, id in found if not key]
    assert index.ids(sort=(name, bool(sort[0])), limit=limit) == wanted[:limit]


def began(record: Record) -> int:
    started = moment(record.started)
    return -1 if started is None else started.at


def sortable(value: Any) -> tuple[int, Any] | None:
    """Numbers before texts; None for what comes last either way."""
    if isinstance(value, Moment):
        return 0, value.at
    if isinstance(value, str):
        return 1, value
    if not isinstance(value, (int, float)) or value != value:
        return None
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return 0, float(value) if abs(value) < 10**308 else math.inf if value > 0 else -math.inf
    return 0, value


@given(stores(), metric_names, some.booleans())
@settings(max_examples=100, deadline=None)
def test_the_best_run_is_the_first_of_those_with_a_number(records: list[Record], metric: str, smallest: bool) -> None:
    values = {record.id: lookup(record)(Name("metric", metric, "last")) for record in records}
    found = index_of(records).best(metric, smallest)
    real = [
        values[record.id]
        for record in records
        if not record.archived and values[record.id] is not None and values[record.id] == values[record.id]
    ]
    assert (values[found] if found else None) == ((min(real) if smallest else max(real)) if real else None)


def test_more_names_than_sqlite_has_columns_are_all_there() -> None:
    many = {f"name {number}": number for number in range(WIDEST + 50)}
    odd = {"name 1501": math.inf, "name 1502": None, "name 1503": [1, 2], "name 1504": "text", "name 1505": True}
    index = index_of([record(1, many), record(2, {**many, **odd, "name 1506": "nan"}, {"name 1506": "float"})])
    first, second = record(1, {}).id, record(2, {}).id
    for query, wanted in {
        'params["name 3"] == 3': {first, second},
        'params["name 1549"] == 1549': {first, second},
        'params["name 1501"] > 1501': {second},
        'params["name 1502"] == None': {second},
        'params["name 1503"] == [1, 2]': {second},
        'params["name 1504"] < "u"': {second},
        'params["name 1505"] == True': {second},
        'params["name 1506"] != params["name 1506"]': {second},
    }.items():
        assert set(index.ids(parse(query).bind(index))) == wanted, query
    assert index.ids(sort=(parse_name("name 1501", index), True)) == [second, first]


def record(number: int, parameters: dict[str, Any], types: dict[str, str] | None = None) -> Record:
    return Record(
        id=f"20261121-0315{number:02}-demo-k3f9x",
        experiment="demo",
        status="finished",
        parameters={name: written(value) for name, value in parameters.items()},
        parameter_types={"name 1501": "float", **(types or {})} if "name 1506" in parameters else {},
        started=f"2026-11-21T03:15:{number:02}Z",
    )


@pytest.mark.parametrize(
    "query",
    [
        " or ".join(["params.x == 1"] * 3000),
        " and ".join([f"params.x + {number} > 0" for number in range(300)]),
        "(" * 50 + "params.x > 0" + ")" * 50,
        "not (" * 60 + "params.x > 0" + ")" * 60,
        "(" * 30 + "params.x > 0" + " or params.x < 3) and (params.x != 2)" * 15 + ")" * 15,
        f"params.x in {list(range(-2000, 2000))}",
        f"id in {[f'20261121-0315{number:02}-demo-k3f9x' for number in range(3)] * 300}",
        "params.x" + " + 1" * 90 + " > 0",
        "0 < params.x" + " < 5 > params.x" * 200,
    ],
)
def test_long_and_deep_queries_are_answered_alike(query: str) -> None:
    records = [record(number, {"x": number}) for number in range(3)]
    index = index_of(records)
    fits = parse(query).matcher(RecordNames(records))
    assert set(index.ids(parse(query).bind(index))) == {one.id for one in records if fits(one)}


def test_too_many_names_at_once_are_an_error_of_the_query() -> None:
    parameters = {f"x{number}": number for number in range(200)}
    index = index_of([record(1, parameters)])
    with pytest.raises(QueryError, match="too many names"):
        index.ids(parse(f"[{', '.join(parameters)}] == 1").bind(index))
