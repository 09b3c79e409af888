"""One run, whole, as `show` displays it: what was tested, what came of it, and where everything is from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from jupyter_labbook.render import html
from jupyter_labbook.render.text import (
    Cell,
    Column,
    Row,
    Table,
    duration,
    number,
    plain,
    shorten,
    size,
    terminal_width,
    when,
)
from jupyter_labbook.run import Note, Run, Verdict, shown_metrics

LONGEST: Final = 500
"""How many characters of one value are shown; the record has all of it."""

_MARKS: Final[Mapping[Verdict, str]] = {"supported": "✓", "refuted": "✗", "inconclusive": "?", "none": "–"}


Facts = tuple[tuple[str, str], ...]
"""Names and what is known of them."""


class Part(NamedTuple):
    """A piece of the page; of a text the lines are kept. `folded` ones open on a click in HTML."""

    title: str
    body: Table | Facts | str
    folded: bool = False


@dataclass(frozen=True)
class RunPage:
    """A run that shows all there is to read about it."""

    run: Run

    def text(self, width: int | None = None, color: bool = False) -> str:
        blocks = [f"{self.run.id}\n{_headline(self.run)}"]
        for title, body, _ in _parts(self.run):
            lines = _as_text(body, None if width is None else width - 2, color).split("\n")
            blocks.append(f"{title}\n" + "\n".join(f"  {line}".rstrip() for line in lines))
        return "\n\n".join(blocks)

    def __str__(self) -> str:
        return self.text(terminal_width())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        blocks = [html.heading(self.run.id) + html.paragraph(_headline(self.run))]
        for title, body, folded in _parts(self.run, source=True):
            markup = _as_html(body)
            blocks.append(html.details(title, markup) if folded else html.heading(title) + markup)
        return "".join(blocks)


def _as_text(body: Table | Facts | str, width: int | None, color: bool) -> str:
    if isinstance(body, Table):
        return body.text(width, color)
    if isinstance(body, str):
        return plain(body, newlines=True)
    longest = max(len(name) for name, _ in body)
    return "\n".join(f"{name:<{longest}}  {plain(fact)}" for name, fact in body)


def _as_html(body: Table | Facts | str) -> str:
    if isinstance(body, Table):
        return body._repr_html_()
    return html.preformatted(body) if isinstance(body, str) else html.definitions(body)


def _headline(run: Run) -> str:
    record = run.record
    facts = [run.status, f"verdict {run.verdict}" if run.claims else "", when(record.started)]
    facts += [f"took {duration(record.duration)}" if record.duration is not None else ""]
    facts += ["archived" if record.archived else "", ", ".join(f"#{tag}" for tag in run.tags)]
    return plain(" · ".join(fact for fact in facts if fact))


def _parts(run: Run, source: bool = False) -> Iterator[Part]:
    record = run.record
    for title, text in (("What", run.what), ("Why", run.why), ("Conclusion", run.conclusion)):
        if text:
            yield Part(title, text)
    if record.error:
        yield Part("Error", f"{record.error.type}: {record.error.message}")
    for title, build in _TABLES.items():
        table = build(run)
        if table.rows:
            yield Part(title, table)
    warnings = [*record.warnings, *(f"not recorded: {missing}" for missing in record.degraded)]
    if warnings:
        yield Part("Warnings", "\n".join(warnings))
    if run.notes:
        yield Part("Notes", "\n\n".join(map(_note, run.notes)))
    yield Part("Origin", _origin(run))
    if source and run.source:
        yield Part("Source", run.source, folded=True)
    if record.error and record.error.traceback:
        yield Part("Traceback", record.error.traceback, folded=True)


def _claims(run: Run) -> Table:
    columns = [Column("claim", most=80), Column("verdict"), Column("observed", "right")]
    columns += [Column("why", most=120)]
    rows: list[Row] = [
        (
            claim.claim,
            Cell(f"{_MARKS[claim.verdict]} {claim.verdict}", _tone(claim.verdict)),
            number(claim.observed),
            claim.reason or "",
        )
        for claim in run.claims
    ]
    return Table(columns, rows)


def _tone(verdict: Verdict) -> Any:
    return {"supported": "good", "refuted": "bad"}.get(verdict, "dim")


def _parameters(run: Run) -> Table:
    sources, values = run.record.parameter_sources, run.parameters
    columns = [Column("parameter"), Column("value", most=LONGEST), Column("from")]
    rows: list[Row] = [(name, shorten(_value(value), LONGEST), sources.get(name, "")) for name, value in values.items()]
    return Table(columns, rows)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _metrics(run: Run) -> Table:
    """Those that people look at; what the machine was busy with stands after them."""
    shown = [*shown_metrics(run.metrics), *(name for name in run.metrics if name.startswith("system/"))]
    numbers = [Column(title, "right") for title in ("last", "min", "max", "mean", "points")]
    columns = [Column("metric"), *numbers, Column("from")]
    rows: list[Row] = []
    for name in shown:
        of = run.summary(name)
        values = [number(value) for value in (of.last, of.min, of.max, of.mean)]
        rows.append((name, *values, str(of.count), run.record.metric_sources.get(name, "")))
    missing = run.record.missing_metrics
    rows += [(name, Cell("not logged", "bad"), "", "", "", "", "declared") for name in missing]
    return Table(columns, rows)


def _data(run: Run) -> Table:
    columns = [Column("data"), Column("rows", "right"), Column("columns", "right"), Column("size", "right")]
    columns += [Column("coverage"), Column("sha256", most=12)]
    rows: list[Row] = []
    for data in run.record.data:
        counts = [_count(data.rows), _count(data.columns), size(data.bytes)]
        rows.append((data.name, *counts, data.coverage or "", data.sha256 or ""))
    return Table(columns, rows)


def _artifacts(run: Run) -> Table:
    columns = [Column("artifact"), Column("kind"), Column("size", "right"), Column("sha256", most=12)]
    rows: list[Row] = [
        (artifact.name, artifact.kind or "", size(artifact.bytes), artifact.sha256 or "")
        for artifact in run.record.artifacts
    ]
    return Table(columns, rows)


def _count(value: int | None) -> str:
    return "" if value is None else str(value)


_TABLES: Final[dict[str, Callable[[Run], Table]]] = {
    "Claims": _claims,
    "Parameters": _parameters,
    "Metrics": _metrics,
    "Data": _data,
    "Artifacts": _artifacts,
}


def _note(note: Note) -> str:
    return f"{when(note.time)}: {note.text}" if note.time else note.text


def _origin(run: Run) -> Facts:
    record = run.record
    commit = record.code.commit
    facts: dict[str, Any] = {
        "notebook": record.notebook.path,
        "parent": record.parent,
        "baseline": record.baseline,
        "group": record.group,
        "sweep": record.sweep,
        "trial": record.trial,
        "seed": record.seed,
        "commit": commit and f"{commit[:12]}{' with uncommitted changes' if record.code.dirty else ''}",
        "branch": record.code.branch,
        "python": record.environment.python,
        "platform": record.environment.platform,
        "host": record.host,
        "folder": run.path,
    }
    return tuple((name, str(fact)) for name, fact in facts.items() if fact is not None)
