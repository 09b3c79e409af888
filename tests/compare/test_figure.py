"""Learning curves: which are drawn, that they read on light and dark, and that peaks survive."""

from __future__ import annotations

import io
import math
import subprocess
import sys

import numpy
import pytest
from matplotlib.colors import to_rgb

from jupyter_labbook.compare.comparison import compare
from jupyter_labbook.compare.figure import INK, MOST_PANELS, PALETTE
from jupyter_labbook.compare.thinning import thinned
from jupyter_labbook.errors import UsageError
from tests.memory import make_run

CURVES = {"loss": [2.0, 1.0, 0.5], "acc": [0.1, 0.5, 0.8], "once": 1.0}


def two() -> list:  # type: ignore[type-arg]
    return [
        make_run("aaaaa", CURVES, parameters={"lr": 0.1}),
        make_run("bbbbb", {"loss": [2.0, math.nan, 9.0]}, status="failed", parameters={"lr": 5.0}),
    ]


def test_every_metric_with_a_history_has_a_panel_and_every_run_a_line() -> None:
    figure = compare(two()).plot()
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["loss ↓", "acc ↑"]
    assert [len(axis.get_lines()) for axis in figure.axes] == [2, 1]
    (legend,) = figure.legends
    assert [entry.get_text() for entry in legend.get_texts()] == ["aaaaa  lr=0.1", "bbbbb  lr=5.0"]


def test_one_metric_can_be_asked_for_and_a_wrong_one_answers_with_the_nearest() -> None:
    comparison = compare(two())
    assert len(comparison.plot("acc").axes) == 1
    assert len(comparison.plot("-loss").axes) == 1
    with pytest.raises(UsageError, match="Did you mean 'loss'"):
        comparison.plot("los")
    with pytest.raises(UsageError, match="was logged once"):
        comparison.plot("once")
    with pytest.raises(UsageError, match="no curve to draw"):
        compare([make_run("aaaaa", {"once": 1.0})]).plot()


def test_a_run_that_diverged_does_not_flatten_the_others() -> None:
    axis = compare(two(), metric="loss").plot("loss").axes[0]
    assert axis.get_ylim()[1] < 3


def test_lines_differ_in_colour_and_in_style() -> None:
    runs = [make_run(f"run{i:02}", CURVES, parameters={"seed": i}) for i in range(12)]
    lines = compare(runs).plot("loss").axes[0].get_lines()
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 12


def test_of_many_runs_the_best_and_the_baseline_stand_out() -> None:
    runs = [make_run(f"run{i:02}", {"acc": [0.1, 0.01 * i]}, minute=i, parameters={"seed": i}) for i in range(30)]
    figure = compare(runs).plot()
    (legend,) = figure.legends
    assert [entry.get_text() for entry in legend.get_texts()] == [
        "run00  seed=0",
        "run29  seed=29",
        "the other runs",
    ]


def test_there_are_never_more_panels_than_can_be_read() -> None:
    run = make_run("aaaaa", {f"metric_{i}": [1.0, 2.0] for i in range(20)})
    assert sum(axis.get_visible() for axis in compare([run]).plot().axes) == MOST_PANELS


@pytest.mark.parametrize("color", [INK, *PALETTE])
def test_every_colour_is_seen_on_white_and_on_black(color: str) -> None:
    linear = [value / 12.92 if value <= 0.04 else ((value + 0.055) / 1.055) ** 2.4 for value in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert 1.05 / (luminance + 0.05) > 3
    assert (luminance + 0.05) / 0.05 > 3


def test_the_figure_is_transparent_and_draws_any_name() -> None:
    name = "$\\frac{ _<b>\n\x1b[31m" + "n" * 5000
    run = make_run("aaaaa", {name: [1.0, 2.0]}, parameters={"$p": "$v_"})
    figure = compare([run, make_run("bbbbb", {name: [2.0, 1.0]}, parameters={"$p": "^"})]).plot()
    figure.savefig(buffer := io.BytesIO(), format="png", dpi=30)
    assert buffer.getvalue().startswith(b"\x89PNG")
    assert figure.patch.get_alpha() == 0


def test_pyplot_is_never_loaded() -> None:
    program = (
        "import sys; from tests.memory import make_run\n"
        "from jupyter_labbook.compare.comparison import compare\n"
        "compare([make_run('aaaaa', {'a': [1.0, 2.0]})]).plot(); print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_comparing_without_drawing_loads_nothing_heavy() -> None:
    program = (
        "import sys; from jupyter_labbook.compare import comparison, comparison_view, difference;"
        "print([name for name in ('numpy', 'pandas', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_long_history_keeps_its_peaks_its_ends_and_its_gaps() -> None:
    value = numpy.sin(numpy.arange(100_000) / 500.0)
    value[[12_345, 54_321]] = [7.0, -7.0]
    value[777] = numpy.nan
    step, kept = thinned(numpy.arange(100_000), value)
    assert len(kept) <= 2100
    assert {7.0, -7.0} <= set(kept.tolist())
    assert (step[0], step[-1]) == (0, 99_999)
    assert numpy.isnan(kept).sum() == 1
    assert (numpy.diff(step) > 0).all()


def test_a_short_history_is_left_alone() -> None:
    step, value = numpy.arange(10), numpy.arange(10.0)
    assert thinned(step, value) == (step, value)
