"""The tables of a comparison: one row a run, and one row a group."""

from __future__ import annotations

from jupyter_labbook.compare.comparison import Comparison
from jupyter_labbook.compare.groups import Group, Sample
from jupyter_labbook.compare.values import measured, shown
from jupyter_labbook.render.cells import Align, Cell, Column, Mark, Row, Table
from jupyter_labbook.render.text import NOTHING, decimals, duration, fixed, shorten, signed
from jupyter_labbook.run import Number, Run

MOST_DIFFERENCES = 2
"""With more metrics than this, only the one that matters has a column of differences."""

WIDEST_PARAMETERS = 40
"""Where parameters take more characters, the metric that matters stands before them, to be seen at once."""

MOST_GROUP_METRICS = 4

_VERDICT_MARKS: dict[str, Mark] = {"supported": "good", "refuted": "bad", "none": "dim"}
ARROWS = {"larger": "↑", "smaller": "↓"}

Part = tuple[Column, list[Cell]]


def run_table(comparison: Comparison) -> Table:
    """One row a run: what differs, the metrics with the best marked, and what else is not the same."""
    runs, principal = comparison.runs, comparison.metric
    parts: list[Part] = [(Column("run", least=5), [Cell(run.short_id, "strong") for run in runs])]
    if any(run.status != "finished" for run in runs):
        parts.append((Column("status"), [_status(run) for run in runs]))
    parameters = [
        (Column(name, _align(values), most=24), [_value(value) for value in values])
        for name, values in comparison.parameters.items()
    ]
    results = {name: _metric(comparison, name) for name in comparison.metrics}
    if principal is not None and _width(parameters) > WIDEST_PARAMETERS:
        parts += results.pop(principal)
    parts += parameters
    parts += [part for metric in results.values() for part in metric]
    parts.append((Column("took", "right"), [Cell(duration(run.record.duration)) for run in runs]))
    return _table([*parts, *_outcomes(comparison)])


def _width(parts: list[Part]) -> int:
    return sum(max(len(column.title), *(min(len(cell.text), column.most) for cell in cells)) for column, cells in parts)


def _outcomes(comparison: Comparison) -> list[Part]:
    """What became of claims, and what else is not the same in all runs."""
    runs = comparison.runs
    parts: list[Part] = []
    if any(run.verdict != "none" for run in runs):
        verdicts = [Cell(run.verdict, _VERDICT_MARKS.get(run.verdict, "")) for run in runs]
        parts.append((Column("claims"), verdicts))
    for name, facts in comparison.context.items():
        parts.append((Column(name, most=24), [Cell(str(fact), "dim") for fact in facts]))
    return parts


def group_table(comparison: Comparison) -> Table:
    """One row a group: its key, how many runs, and of each metric the mean, sd and all points."""
    groups = comparison.groups
    parts: list[Part] = []
    for position, name in enumerate(comparison.by):
        values = tuple(group.key[name] for group in groups)
        column = Column(name, _align(values), most=24, joined=position > 0)
        parts.append((column, [_value(value) for value in values]))
    parts.append((Column("n", "right"), [Cell(str(len(group.counted))) for group in groups]))
    for name in _metrics_of_groups(comparison):
        parts += _group_metric(comparison, name)
    return _table(parts)


def _metrics_of_groups(comparison: Comparison) -> list[str]:
    names = [comparison.metric] if comparison.metric else []
    others = [name for name in comparison.metrics if name not in names]
    return [*names, *others][:MOST_GROUP_METRICS]


def _group_metric(comparison: Comparison, name: str) -> list[Part]:
    samples = [group.sample(name) for group in comparison.groups]
    means = [sample.mean if sample else None for sample in samples]
    spread = [sample.sd if sample else None for sample in samples]
    places = decimals(means)
    leading = _leading_groups(comparison, name)
    cells = [
        Cell(text, "best" if group in leading else "")
        for text, group in zip(fixed(means, places), comparison.groups, strict=True)
    ]
    parts: list[Part] = [(Column(_heading(comparison, name), "right"), cells)]
    if any(sd is not None for sd in spread):
        deviations = [Cell(text, "dim") for text in fixed(spread, places)]
        parts.append((Column("sd", "right", joined=True), deviations))
    if name != comparison.metric:
        return parts
    if any(delta.metric == name for delta in comparison.differences):
        differences = [_group_difference(comparison, group, name, places) for group in comparison.groups]
        parts.append((Column("Δ", "right", joined=True), differences))
    if any(sd is not None for sd in spread):
        points = [_points(sample, places) for sample in samples]
        parts.append((Column("values", most=60, least=24), points))
    return parts


def _group_difference(comparison: Comparison, group: Group, name: str, places: int | None) -> Cell:
    for delta in comparison.differences:
        if delta.metric == name and delta.group is group:
            return _signed(delta.difference, places, bool(delta.better))
    return Cell("")


def _leading_groups(comparison: Comparison, name: str) -> list[Group]:
    means = [(sample.mean, group) for group in comparison.groups if (sample := group.sample(name))]
    real = [(mean, group) for mean, group in means if mean == mean]
    if len({mean for mean, _ in real}) < 2:
        return []
    pick = max if comparison.metrics[name] == "larger" else min
    top = pick(mean for mean, _ in real)
    return [group for mean, group in real if mean == top]


def _points(sample: Sample | None, places: int | None) -> Cell:
    return Cell(" ".join(fixed(sample.values, places)) if sample else NOTHING, "dim")


def _metric(comparison: Comparison, name: str) -> list[Part]:
    values = [measured(run, name) for run in comparison.runs]
    leaders, places = comparison.leaders(name), decimals(values)
    cells = [
        Cell(text, _metric_mark(value, run.id in leaders))
        for text, value, run in zip(fixed(values, places), values, comparison.runs, strict=True)
    ]
    parts: list[Part] = [(Column(_heading(comparison, name), "right"), cells)]
    compared = len(comparison.metrics) <= MOST_DIFFERENCES or name == comparison.metric
    differences = [comparison.difference(run, name) for run in comparison.runs]
    if compared and any(difference is not None for difference in differences):
        column = Column("Δ", "right", joined=True)
        parts.append((column, [_difference(comparison, run, name, places) for run in comparison.runs]))
    return parts


def _heading(comparison: Comparison, name: str) -> str:
    return f"{shorten(name, 36)} {ARROWS[comparison.metrics[name]]}"


def _metric_mark(value: Number | None, leads: bool) -> Mark:
    if value is None:
        return "dim"
    return "best" if leads else "bad" if value != value else ""


def _difference(comparison: Comparison, run: Run, name: str, places: int | None) -> Cell:
    difference = comparison.difference(run, name)
    return Cell("") if difference is None else _signed(difference, places, comparison.is_better(run, name))


def _signed(difference: float, places: int | None, is_better: bool) -> Cell:
    if difference != difference:
        return Cell("")
    if not difference:
        return Cell(signed(difference), "dim")
    return Cell(signed(difference, places), "good" if is_better else "bad")


def _status(run: Run) -> Cell:
    marks: dict[str, Mark] = {"finished": "dim", "running": ""}
    return Cell(run.status, marks.get(run.status, "bad"))


def _value(value: object) -> Cell:
    text = shown(value)
    return Cell(text, "dim" if text == NOTHING else "")


def _align(values: tuple[object, ...]) -> Align:
    """Numbers to the right, everything else to the left."""
    numeric = [isinstance(value, (int, float)) and not isinstance(value, bool) for value in values]
    return "right" if any(numeric) and sum(numeric) * 2 > len(values) else "left"


def _table(parts: list[Part]) -> Table:
    columns = [column for column, _ in parts]
    rows: list[Row] = [list(row) for row in zip(*(cells for _, cells in parts), strict=True)]
    return Table(columns, rows)
