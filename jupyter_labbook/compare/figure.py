"""Learning curves of a comparison as a matplotlib figure: one panel a metric, one line a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import matplotlib.figure
import numpy
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.ticker import MaxNLocator

from jupyter_labbook.compare.comparison import Comparison
from jupyter_labbook.compare.thinning import thinned
from jupyter_labbook.compare.values import shown
from jupyter_labbook.errors import UsageError, did_you_mean
from jupyter_labbook.render.text import plain, shorten
from jupyter_labbook.run import Run, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS: Final = 6
MOST_NAMED: Final = 12
"""With more runs than this, only the best and the baseline are named and drawn strongly."""

INK: Final = "#7a7a7a"
"""Grey that reads on white and on black."""

PALETTE: Final = ("#0f82c7", "#d9730d", "#1a9b6e", "#c2579a", "#8a7cc8", "#a68400", "#d1483f", "#3d9aa8")
"""Told apart with any of the usual kinds of colour blindness, and by the style of the line as well."""

STYLES: Final = ("-", "--", "-.", ":")

OTHERS: Final = "the other runs"
"""What the legend calls the runs that are not told apart."""


def draw(comparison: Comparison, metric: str | None = None) -> matplotlib.figure.Figure:
    """The figure; UsageError where `metric` was not logged or nothing has more than one point."""
    names = _panels(comparison, metric)
    columns = 1 if len(names) == 1 else 2 if len(names) in (2, 4) else 3
    rows = -(-len(names) // columns)
    figure = matplotlib.figure.Figure(figsize=_size(columns, rows), layout="constrained")
    FigureCanvasAgg(figure)
    figure.patch.set_alpha(0)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis, name in zip(axes.flat, names, strict=False):  # the last row may have room for more
        _panel(axis, comparison, name)
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    _legend(figure, comparison, names)
    return figure


def _panels(comparison: Comparison, metric: str | None) -> list[str]:
    curves = comparison.curves()
    if metric is None:
        if not curves:
            raise UsageError("there is no curve to draw: no metric was logged more than once")
        return curves[:MOST_PANELS]
    metric = metric if metric in comparison.metrics else metric.removeprefix("-")
    logged = dict.fromkeys(name for run in comparison.runs for name in run.record.metrics)
    if metric not in logged:
        near = did_you_mean(metric, list(logged))
        raise UsageError(f"none of these runs logged {metric!r}.{near}")
    if not any(run.record.metrics[metric].count > 1 for run in comparison.runs if metric in run.metrics):
        raise UsageError(f"there is no curve of {metric!r}: it was logged once")
    return [metric]


def _size(columns: int, rows: int) -> tuple[float, float]:
    """Inches. One panel is wide enough for its legend beside it."""
    return 6.4 if columns == 1 else 8.8, 0.5 + {1: 3.4, 2: 2.8, 3: 2.3}[columns] * rows


def _panel(axis: Axes, comparison: Comparison, name: str) -> None:
    way = {"larger": " ↑", "smaller": " ↓"}.get(comparison.metrics.get(name, ""), "")
    axis.set_title(_literal(shorten(plain(name), 50)) + way, fontsize=10, color=INK, loc="left")
    strong = _strong(comparison)
    for position, run in enumerate(comparison.runs):
        _line(axis, comparison, run, name, position, run in strong)
    _limit(axis, comparison, name)
    axis.patch.set_alpha(0)
    axis.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=_whole_steps(axis)))
    axis.tick_params(colors=INK, labelsize=8)
    axis.set_xlabel("step", color=INK, fontsize=8)
    axis.grid(True, color=INK, alpha=0.2, linewidth=0.6)
    for side, spine in axis.spines.items():
        spine.set_color(INK)
        spine.set_visible(side in ("left", "bottom"))


def _line(axis: Axes, comparison: Comparison, run: Run, name: str, position: int, strong: bool) -> None:
    if name not in run.metrics:
        return
    history = run.history(name)
    if not len(history):
        return
    step, value = thinned(history.step, history.value)
    turn = position // len(PALETTE)
    axis.plot(
        step,
        value,
        color=PALETTE[position % len(PALETTE)] if strong else INK,
        linestyle=STYLES[(position + turn) % len(STYLES)] if strong else "-",
        linewidth=1.6 if strong else 0.8,
        alpha=1.0 if strong else 0.4,
        marker="o" if len(value) == 1 else None,
        markersize=4,
        label=_label(comparison, run) if strong else OTHERS,
        zorder=3 if strong else 2,
    )


def _limit(axis: Axes, comparison: Comparison, name: str) -> None:
    """A run that diverged leaves the panel, so that those that finished can be told apart."""
    finished = [run for run in comparison.runs if run.status == "finished" and name in run.metrics]
    if not finished or len(finished) == len(comparison.runs):
        return
    bounds = [number(bound) for run in finished for bound in (run.summary(name).min, run.summary(name).max)]
    real = [bound for bound in bounds if math.isfinite(bound)]
    if not real or min(real) == max(real):
        return
    margin = 0.1 * (max(real) - min(real))
    low, high = axis.get_ylim()
    axis.set_ylim(max(low, min(real) - 3 * margin), min(high, max(real) + 3 * margin))


def _whole_steps(axis: Axes) -> bool:
    steps = [numpy.asarray(line.get_xdata(), dtype=float) for line in axis.get_lines()]
    return all(bool((step % 1 == 0).all()) for step in steps)


def _strong(comparison: Comparison) -> Sequence[Run]:
    """The runs that are told apart: all of a few, else the best and the baseline."""
    if len(comparison.runs) <= MOST_NAMED:
        return comparison.runs
    best = comparison.best
    return [comparison.baseline, *([best] if best and best != comparison.baseline else [])]


def _label(comparison: Comparison, run: Run) -> str:
    """The short id and what is different about the run."""
    position = comparison.runs.index(run)
    values = [(name, shown(values[position])) for name, values in comparison.parameters.items()]
    told = ", ".join(f"{shorten(plain(name), 20)}={shorten(plain(value), 16)}" for name, value in values[:3])
    more = ", …" if len(values) > 3 else ""
    return _literal(f"{run.short_id}  {told}{more}" if told else run.short_id)


def _literal(text: str) -> str:
    """Text in which matplotlib finds no formula."""
    return text.replace("$", r"\$")


def _legend(figure: matplotlib.figure.Figure, comparison: Comparison, names: Sequence[str]) -> None:
    """One legend below all panels; the runs that are not told apart share an entry."""
    lines = [line for axis in figure.axes[: len(names)] for line in axis.get_lines()]
    handles = {str(line.get_label()): line for line in sorted(lines, key=lambda line: -line.get_zorder())}
    if len(comparison.runs) < 2 or not handles:
        return
    widest = max(map(len, handles))
    columns = max(1, int(figure.get_figwidth() * 14 // (widest + 8)))
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside lower left",
        ncols=min(columns, len(handles)),
        fontsize=8,
        frameon=False,
        labelcolor=INK,
        handlelength=2.4,
    )
