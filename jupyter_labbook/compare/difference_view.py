"""The difference of two runs as text for a terminal and as static HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from jupyter_labbook.compare.difference import Change, Difference, MetricChange
from jupyter_labbook.compare.lines import Line, counted
from jupyter_labbook.compare.values import MISSING, shown
from jupyter_labbook.render import html
from jupyter_labbook.render.cells import Cell, Column, Mark, Row, Table
from jupyter_labbook.render.text import NOTHING, decimals, fixed, plain, shorten, signed, when
from jupyter_labbook.run import Run

MOST_LINES = 400
"""How many lines of one text are shown; `to_dict` has them all."""
LONGEST_LINE = 500
MOST_CHANGES = 30
"""How many rows of one part, such as of packages."""

COMMIT = re.compile("[0-9a-f]{40}")
TITLES = {"facts": "run", "code": "git", "patch": "uncommitted changes", "outputs": "output"}
TEXTS = ("source", "patch", "outputs")
_COLORS = {"+": "32", "-": "31", "@": "2"}


def as_text(difference: Difference, width: int | None = None, color: bool = False) -> str:
    blocks = [f"{_headline(difference)}\n  - {_who(difference.a)}\n  + {_who(difference.b)}"]
    table = _table(difference)
    if table.rows:
        blocks.append(table.text(width, color))
    for title, _, lines in _texts(difference):
        blocks.append("\n".join([title, *(_painted(line, color) for line in lines)]))
    return "\n\n".join([*blocks, *filter(None, [_alike(difference)])])


def as_html(difference: Difference) -> str:
    parts = [html.heading(_headline(difference))]
    parts += [html.paragraph(f"− {_who(difference.a)}"), html.paragraph(f"+ {_who(difference.b)}")]
    table = _table(difference)
    if table.rows:
        parts.append(table._repr_html_())
    for title, open_at_once, lines in _texts(difference):
        parts.append(html.details(title, _marked(lines), open=open_at_once))
    alike = _alike(difference)
    return f"<div>{''.join(parts)}{html.paragraph(alike, dim=True) if alike else ''}</div>"


def _texts(difference: Difference) -> Iterator[tuple[str, bool, Sequence[Line]]]:
    """Title, whether it is shown at once, and lines of each text that differs."""
    for name in TEXTS:
        lines = [entry for entry in difference.parts[name] if isinstance(entry, Line)]
        if lines:
            more = len(lines) - MOST_LINES
            rest = [Line("@", f"and {more} lines more")] if more > 0 else []
            title = f"{TITLES.get(name, name)}: {counted(lines)}"
            yield title, name != "patch", [*lines[:MOST_LINES], *rest]


def _table(difference: Difference) -> Table:
    """Everything that is not a text: a part begins with a row of its name."""
    columns = [
        Column("", most=48, least=12),
        Column(difference.a.short_id, most=40, least=12),
        Column(difference.b.short_id, most=40, least=12),
        Column("Δ"),
    ]
    rows: list[Row] = []
    for name, part in difference.parts.items():
        entries = [_row(name, entry) for entry in part[:MOST_CHANGES] if not isinstance(entry, Line)]
        if entries:
            rows += [[Cell(TITLES.get(name, name), "strong"), "", "", ""], *entries]
            if len(part) > MOST_CHANGES:
                rows.append([Cell(f"  and {len(part) - MOST_CHANGES} more", "dim"), "", "", ""])
    if not difference.metrics:
        return Table(columns[:3], [row[:3] for row in rows])
    return Table(columns, rows)


def _row(part: str, change: Change | MetricChange) -> Row:
    if isinstance(change, Change):
        write = shown if part == "parameters" else _fact
        return [f"  {change.name}", _side(change.before, write), _side(change.after, write), ""]
    values = [None if value is MISSING else value for value in (change.before, change.after)]
    places = decimals(values)
    before, after = fixed(values, places)
    return [f"  {change.name}", before, after, _delta(change, places)]


def _side(value: object, write: Callable[[object], str]) -> Cell:
    return Cell(NOTHING, "dim") if value is MISSING else Cell(write(value))


def _fact(value: object) -> str:
    """Hashes of a commit by their beginning, everything else as it is."""
    text = str(value)
    return text[:12] if COMMIT.fullmatch(text) else text


def _delta(change: MetricChange, places: int | None) -> Cell:
    if change.difference is None or change.difference != change.difference:
        return Cell("")
    marks: dict[bool | None, Mark] = {True: "good", False: "bad", None: ""}
    word = {True: " better", False: " worse", None: ""}[change.better]
    return Cell(signed(change.difference, places) + word, marks[change.better])


def _headline(difference: Difference) -> str:
    if difference.identical:
        return "no difference"
    return f"{difference.a.short_id} and {difference.b.short_id} differ"


def _who(run: Run) -> str:
    started = f", {when(run.record.started)}" if run.record.started else ""
    return f"{run.short_id}  {plain(shorten(run.experiment, 60))}, {run.status}{started}"


def _alike(difference: Difference) -> str:
    """What was compared and found the same."""
    names = {
        "parameters": bool(difference.a.parameters or difference.b.parameters),
        "metrics": bool(difference.a.metrics or difference.b.metrics),
        "source": bool(difference.a.source or difference.b.source),
        "code": bool(difference.a.record.code.commit or difference.b.record.code.commit),
        "data": bool(difference.a.record.data or difference.b.record.data),
        "packages": bool(difference.a.record.environment.snapshot),
    }
    parts = difference.parts
    same = [TITLES.get(name, name) for name, known in names.items() if known and not parts[name]]
    return f"the same: {', '.join(same)}" if same else ""


def _painted(line: Line, color: bool) -> str:
    text = plain(str(Line(line.sign, shorten(line.text, LONGEST_LINE))), newlines=True)
    return f"\x1b[{_COLORS[line.sign]}m{text}\x1b[0m" if color and line.sign in _COLORS else text


def _marked(lines: Sequence[Line]) -> str:
    """Signs and `<ins>`/`<del>` carry the meaning; the tint makes it pleasant."""
    block = "display:block;text-decoration:none;color:inherit"
    opened = {
        "+": (f'<ins style="{block};{html.INSERTED}">', "</ins>"),
        "-": (f'<del style="{block};{html.DELETED}">', "</del>"),
        "@": (f'<span style="display:block;{html.DIM}">', "</span>"),
        " ": ('<span style="display:block">', "</span>"),
    }
    markup = []
    for line in lines:
        before, after = opened.get(line.sign, opened[" "])
        text = html.escape(str(Line(line.sign, shorten(line.text, LONGEST_LINE))), newlines=True)
        markup.append(f"{before}{text}\n{after}")
    return html.block("".join(markup))
