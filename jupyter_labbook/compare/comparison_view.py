"""A comparison as text for a terminal and as static HTML for a notebook."""

from __future__ import annotations

from jupyter_labbook.compare.comparison import Comparison
from jupyter_labbook.compare.comparison_tables import group_table, run_table
from jupyter_labbook.compare.values import shown
from jupyter_labbook.render import html, text
from jupyter_labbook.render.layout import cut
from jupyter_labbook.render.text import plain, shorten
from jupyter_labbook.run import Run

MOST_FAILURES = 5
MOST_SHARED = 8
"""How many of the parameters that are the same everywhere are named on one line."""


def as_text(comparison: Comparison, width: int | None = None, color: bool = False) -> str:
    blocks = [_wrapped(_headline(comparison), width)]
    table = group_table(comparison) if comparison.by else run_table(comparison)
    blocks.append(table.text(width, color))
    blocks.append("\n".join(_wrapped(line, width) for line in _remarks(comparison)))
    return "\n\n".join(block for block in blocks if block)


def as_html(comparison: Comparison) -> str:
    parts = [html.heading(_headline(comparison))]
    failures = "".join(map(html.paragraph, _failures(comparison)))
    legend = failures + "".join(html.paragraph(line, dim=True) for line in _legend(comparison, "★"))
    if comparison.by:
        every = html.details(f"the {_count(comparison)}", run_table(comparison)._repr_html_())
        parts += [group_table(comparison)._repr_html_(), legend, every]
    else:
        parts += [run_table(comparison)._repr_html_(), legend]
    if comparison.shared and len(comparison.runs) > 1:
        entries = [(name, shown(value)) for name, value in comparison.shared.items()]
        parts.append(html.details(_shared_title(comparison), html.definitions(entries)))
    return f"<div>{''.join(parts)}</div>"


def _count(comparison: Comparison) -> str:
    count = len(comparison.runs)
    return "1 run" if count == 1 else f"{count} runs"


def _headline(comparison: Comparison) -> str:
    experiments = list(dict.fromkeys(run.experiment for run in comparison.runs))
    several = f"{len(experiments)} experiments"
    whose = shorten(plain(experiments[0]), 60) if len(experiments) == 1 else several
    by = f" by {', '.join(shorten(plain(name), 40) for name in comparison.by)}" if comparison.by else ""
    return f"{_count(comparison)} of {whose}{by}"


def _shared_title(comparison: Comparison) -> str:
    count = len(comparison.shared)
    return f"{count} parameter{'' if count == 1 else 's'} the same in all"


def _remarks(comparison: Comparison) -> list[str]:
    """What a terminal shows below the table."""
    lines = _failures(comparison)
    if comparison.shared and len(comparison.runs) > 1:
        entries = [f"{name}={shorten(shown(value), 30)}" for name, value in comparison.shared.items()]
        more = len(entries) - MOST_SHARED
        named = ", ".join(shorten(plain(entry), 60) for entry in entries[:MOST_SHARED])
        lines.append(f"same in all: {named}{f' and {more} more' if more > 0 else ''}")
    return lines + _legend(comparison, "*")


def _failures(comparison: Comparison) -> list[str]:
    """Why runs failed, in a line each."""
    failed = [run for run in comparison.runs if run.record.error is not None]
    lines = [f"{run.short_id} failed: {_error(run)}" for run in failed[:MOST_FAILURES]]
    more = len(failed) - MOST_FAILURES
    return [*lines, *([f"and {more} more failed"] if more > 0 else [])]


def _error(run: Run) -> str:
    error = run.record.error
    return plain(shorten(f"{error.type}: {error.message}" if error.message else error.type, 160)) if error else ""


def _legend(comparison: Comparison, star: str) -> list[str]:
    """What the signs mean, and how far the numbers go."""
    if len(comparison.runs) < 2:
        return []
    signs = ["↑ ↓ which way is better", f"{star} the best"] if comparison.metrics else []
    if comparison.differences:
        group = "the group of " if comparison.by else ""
        signs.append(f"Δ difference to {group}{comparison.baseline.short_id}, {comparison.why}")
    lines = ["; ".join(signs)] if signs else []
    verdict = comparison.verdict
    if comparison.by and verdict is not None:
        lines.append(str(verdict["statement"]))
    left_out = sum(len(group.runs) - len(group.counted) for group in comparison.groups)
    if left_out:
        runs = "1 run that" if left_out == 1 else f"{left_out} runs that"
        lines.append(f"{runs} did not finish: not counted")
    return lines


def _wrapped(line: str, width: int | None) -> str:
    """A line broken at spaces, its continuation indented."""
    if width is None or text.display_width(line) <= width:
        return line
    lines, current = [], ""
    for part in line.split(" "):
        word = cut(part, width - 2)
        longer = f"{current} {word}" if current else word
        if current and text.display_width(longer) > width:
            lines.append(current)
            longer = f"  {word}"
        current = longer
    return "\n".join([*lines, current])
