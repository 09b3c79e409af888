"""How a comparison looks on a terminal and in a notebook, and that no text in it does harm."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from jupyter_labbook.compare.comparison import Comparison, compare
from jupyter_labbook.render.text import display_width
from jupyter_labbook.run import Code, Data, Environment, Error
from tests.markup import HOSTILE, Tags
from tests.memory import make_run


def digits() -> Comparison:
    shared = {"epochs": 40, "optimizer": "adam"}
    return compare(
        [
            make_run("k3f9x", {"val_acc": 0.9513, "val_loss": 0.2172}, parameters={"lr": 0.1, **shared}),
            make_run("ab2cd", {"val_acc": 0.9793, "val_loss": 0.16}, minute=3, parameters={"lr": 0.01, **shared}),
            make_run(
                "m7xqt",
                {"val_acc": 0.4, "val_loss": math.nan},
                minute=6,
                status="failed",
                duration=2.0,
                error=Error("FloatingPointError", "loss is nan"),
                parameters={"lr": 3.0, **shared},
            ),
        ]
    )


def test_a_comparison_fits_a_terminal_and_reads_from_left_to_right() -> None:
    assert (
        digits().text(100)
        == """\
3 runs of digits

run    status      lr  val_acc ↑        Δ  val_loss ↓        Δ    took
─────  ────────  ────  ─────────  ───────  ──────────  ───────  ──────
k3f9x  finished   0.1     0.9513               0.2172           12.0 s
ab2cd  finished  0.01   * 0.9793  +0.0280    * 0.1600  -0.0572  12.0 s
m7xqt  failed     3.0     0.4000  -0.5513         nan            2.0 s

m7xqt failed: FloatingPointError: loss is nan
same in all: epochs=40, optimizer=adam
↑ ↓ which way is better; * the best; Δ difference to k3f9x, the oldest"""
    )


def test_no_line_is_wider_than_the_terminal() -> None:
    lines = digits().text(60).splitlines()
    assert max(map(display_width, lines)) <= 60
    assert sum(line.startswith("ab2cd") for line in lines) == 2


def test_the_metric_that_matters_is_seen_before_many_parameters() -> None:
    many = [
        make_run(letters, {"acc": acc, "f1": 0.5}, parameters={f"parameter_{i}": i * acc for i in range(12)})
        for letters, acc in (("aaaaa", 0.9), ("bbbbb", 0.8))
    ]
    heading = compare(many).text(80).splitlines()[2]
    assert heading.split()[:4] == ["run", "acc", "↑", "Δ"]


def test_groups_show_mean_deviation_and_all_points() -> None:
    runs = [
        make_run(f"run{i}{seed}", {"acc": 0.9 + 0.01 * (i + seed)}, parameters={"lr": lr, "seed": seed})
        for i, lr in enumerate((0.1, 0.01))
        for seed in range(3)
    ]
    assert (
        compare(runs, by=["lr"]).text(80)
        == """\
6 runs of digits by lr

  lr  n   acc ↑    sd      Δ  values
────  ─  ──────  ────  ─────  ──────────────
0.01  3  * 0.92  0.01  +0.01  0.91 0.92 0.93
 0.1  3    0.91  0.01         0.90 0.91 0.92

↑ ↓ which way is better; * the best; Δ difference to the group of run00, the
  oldest
means over several runs; whether a difference is chance has not been tested"""
    )


def test_colour_is_for_terminals_that_ask_for_it() -> None:
    assert "\x1b[32m+0.0280\x1b[0m" in digits().text(100, color=True)
    assert "\x1b" not in str(digits())


def test_html_is_static_and_tells_all_without_styles() -> None:
    markup = digits()._repr_html_()
    tags = Tags(markup)
    assert not tags.open
    assert set(tags.tags) <= {
        "div", "b", "table", "thead", "tbody", "tr", "th", "td", "span", "details", "summary",
    }  # fmt: skip
    assert "epochs" in tags.text
    assert "★\xa00.9793" in tags.text
    bare = re.sub(r' style="[^"]*"', "", markup)
    assert "<b>★&nbsp;0.9793</b>" in bare
    assert '<td align="right">' in bare


def user_texts(text: str) -> Comparison:
    def run(letters: str, other: str, **more: Any) -> Any:
        return make_run(
            letters,
            {text: len(other), "m": 1.0},
            experiment=text,
            parameters={text: other + text, "p": {text: [text]}, "same": text},
            code=Code(commit=other + text, patch=text),
            environment=Environment(python=other + text, snapshot=other + text),
            data=[Data(text, sha256=other + text, rows=3)],
            error=Error(text, text),
            host=other + text,
            **more,
        )

    return compare([run("aaaaa", "x"), run("bbbbb", "xy", status="failed")])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_of_a_user_becomes_markup(hostile: str) -> None:
    harmless, seen = Tags(user_texts("words")._repr_html_()), Tags(user_texts(hostile)._repr_html_())
    assert sorted(seen.tags) == sorted(harmless.tags)
    assert seen.attributes == harmless.attributes <= {"style", "align", "open"}
    grouped = [compare(user_texts(text).runs, by=[text])._repr_html_() for text in ("words", hostile)]
    assert sorted(Tags(grouped[0]).tags) == sorted(Tags(grouped[1]).tags)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_of_a_user_controls_the_terminal(hostile: str) -> None:
    for comparison in (user_texts(hostile), compare(user_texts(hostile).runs, by=[hostile])):
        shown = comparison.text(80)
        assert all(char == "\n" or char.isprintable() for char in shown)
        assert all(display_width(line) <= 80 for line in shown.split("\n"))


def test_twenty_runs_of_many_parameters_stay_readable() -> None:
    runs = [
        make_run(f"run{i:02}", {"acc": i / 100}, parameters={f"p{j}": (i * j) % 7 for j in range(1, 9)})
        for i in range(20)
    ]
    lines = compare(runs).text(80).splitlines()
    assert max(map(display_width, lines)) <= 80
    assert sum(line.startswith("run07") for line in lines) == 1
