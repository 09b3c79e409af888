"""Some runs as a table: what each is, the parameters in which they differ, their metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from jupyter_labbook.render.cells import Cell, Column, Mark, Table
from jupyter_labbook.render.text import NOTHING, duration, number, numbers, shorten, when
from jupyter_labbook.run import Run, shown_metrics

PARAMETERS: Final = 6
METRICS: Final = 6
"""Columns of each: a list is for finding a run, `compare` and `to_pandas()` have all of them."""

_LONGEST: Final = 40
_MARKS: Final[dict[str, Mark]] = {"supported": "good", "refuted": "bad", "failed": "bad", "lost": "bad"}

_Cells = list["str | Cell"]


def runs_table(runs: Sequence[Run]) -> Table:
    """The table of `runs`, a row a run, in their order."""
    columns: list[tuple[Column, _Cells]] = [
        (Column("run"), [run.short_id for run in runs]),
        (Column("started"), [when(run.record.started) for run in runs]),
        (Column("experiment"), [run.experiment for run in runs]),
        (Column("status"), [_marked(run.status) for run in runs]),
        (Column("took", "right"), [duration(run.record.duration) for run in runs]),
    ]
    if any(run.claims for run in runs):
        columns.append((Column("verdict"), [_marked(run.verdict) if run.claims else NOTHING for run in runs]))
    parameters = _differing(runs)[:PARAMETERS]
    columns += [_column(name, [run.parameters.get(name) for run in runs]) for name in parameters]
    metrics = _names(shown_metrics(run.metrics) for run in runs)[:METRICS]
    columns += [_column(name, [run.metrics.get(name) for run in runs]) for name in metrics]
    if any(run.tags for run in runs):
        columns.append((Column("tags"), [", ".join(run.tags) for run in runs]))
    rows = list(zip(*(cells for _, cells in columns), strict=True))
    return Table([column for column, _ in columns], rows)


def _marked(word: str) -> Cell:
    return Cell(word, _MARKS.get(word, ""))


def _names(mappings: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def _differing(runs: Sequence[Run]) -> list[str]:
    """Parameters that are not the same in all runs; all of them where there is one run."""
    names = _names(run.parameters for run in runs)
    return [name for name in names if len(runs) == 1 or len({_identity(run, name) for run in runs}) > 1]


def _identity(run: Run, name: str) -> str:
    return repr(run.parameters[name]) if name in run.parameters else ""


def _column(name: str, values: Sequence[Any]) -> tuple[Column, _Cells]:
    """A column of values, to the right and with the same decimals where they are numbers."""
    if all(value is None or _is_number(value) for value in values):
        return Column(name, "right"), list(numbers(values))
    return Column(name), [_text(value) for value in values]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, float)):
        return number(value)
    return shorten(value if isinstance(value, str) else repr(value), _LONGEST)
