"""What differs between two runs, part by part."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from jupyter_labbook.compare.difference import difference
from jupyter_labbook.render.text import display_width
from jupyter_labbook.run import Claim, Code, Data, Environment, Error, Notebook, Run
from tests.markup import HOSTILE, Tags
from tests.memory import make_run

SOURCE = "lr = 0.1\nepochs = 40\nmodel.fit()\n"


def notebook(*outputs: dict[str, Any]) -> str:
    return json.dumps({"cells": [{"outputs": list(outputs)}]})


def printed(text: str | list[str]) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Run, Run]:
    (tmp_path / "patch").write_text("diff --git a/m.py b/m.py\n@@ -1 +1 @@\n-WIDTH = 64\n+WIDTH = 128\n")
    a = make_run(
        "aaaaa",
        {"acc": 0.9, "loss": 0.3, "system/cpu": 50.0},
        parameters={"lr": 0.1, "epochs": 40, "old": math.nan},
        files={"cell.py": SOURCE, "output.ipynb": notebook(printed("epoch 1\nacc 0.9\n"))},
        expect=[Claim("acc > 0.8", "supported", 0.9)],
        verdict="supported",
        code=Code(commit="a" * 40, branch="main"),
        environment=Environment(python="3.11.4", snapshot="1" * 64),
        data=[Data("train", sha256="d" * 64, rows=100, columns=3, coverage="full")],
    )
    b = make_run(
        "bbbbb",
        {"acc": 0.95, "f1": 0.5, "system/cpu": 60.0},
        minute=2,
        status="failed",
        error=Error("ValueError", "no"),
        parameters={"lr": 0.01, "epochs": 40, "new": [1, 2]},
        files={
            "cell.py": SOURCE.replace("0.1", "0.01"),
            "output.ipynb": notebook(printed(["epoch 1\n", "acc 0.95\n"])),
        },
        objects={"f" * 64: tmp_path / "patch"},
        expect=[Claim("acc > 0.8", "inconclusive", 0.95)],
        verdict="inconclusive",
        code=Code(commit="b" * 40, branch="main", dirty=True, patch="f" * 64),
        environment=Environment(python="3.11.4", snapshot="2" * 64),
        data=[Data("train", sha256="e" * 64, rows=90, columns=3, coverage="sampled")],
    )
    return a, b


def test_every_part_that_differs_is_in_the_json_and_nothing_else(pair: tuple[Run, Run]) -> None:
    environments = (
        {"python": "3.11.4", "packages": {"numpy": "2.1", "pandas": "2.2"}, "cpu": {"count": 2}},
        {"python": "3.11.4", "packages": {"numpy": "2.2", "torch": "2.5"}, "cpu": {"count": 4}},
    )
    document = json.loads(json.dumps(difference(*pair, environments=environments).to_dict(), allow_nan=False))
    assert document == {
        "a": pair[0].id,
        "b": pair[1].id,
        "identical": False,
        "facts": {
            "status": {"a": "finished", "b": "failed"},
            "error": {"b": "ValueError: no"},
            "verdict": {"a": "supported", "b": "inconclusive"},
        },
        "parameters": {"lr": {"a": 0.1, "b": 0.01}, "old": {"a": "nan"}, "new": {"b": [1, 2]}},
        "metrics": {
            "acc": {"a": 0.9, "b": 0.95, "difference": pytest.approx(0.05), "better": True},
            "loss": {"a": 0.3, "difference": None, "better": None},
            "f1": {"b": 0.5, "difference": None, "better": None},
        },
        "claims": {"acc > 0.8": {"a": "supported", "b": "inconclusive"}},
        "source": ["@@ -1,4 +1,4 @@", "-lr = 0.1", "+lr = 0.01", " epochs = 40", " model.fit()", " "],
        "code": {"commit": {"a": "a" * 40, "b": "b" * 40}, "patch": {"b": "fffffff"}},
        "patch": ["diff --git a/m.py b/m.py", "@@ -1 +1 @@", "-WIDTH = 64", "+WIDTH = 128"],
        "data": {"train": {"a": "ddddddd, 100 rows, 3 columns", "b": "eeeeeee, 90 rows, 3 columns, sampled"}},
        "packages": {
            "numpy": {"a": "2.1", "b": "2.2"},
            "pandas": {"a": "2.2"},
            "torch": {"b": "2.5"},
            "cpu count": {"a": 2, "b": 4},
        },
        "outputs": ["@@ -1,2 +1,2 @@", " epoch 1", "-acc 0.9", "+acc 0.95"],
    }


def test_without_snapshots_only_that_environments_differ_is_told(pair: tuple[Run, Run]) -> None:
    (change,) = difference(*pair).packages
    assert (change.name, change.before, change.after) == ("environment", "1111111", "2222222")


def test_a_run_repeated_exactly_is_identical_whatever_its_times(pair: tuple[Run, Run]) -> None:
    a = pair[0]
    again = make_run(
        "zzzzz",
        {"acc": 0.9, "loss": 0.3, "system/cpu": 99.0},
        minute=99,
        duration=1.0,
        parameters={"lr": 0.1, "epochs": 40, "old": math.nan},
        files={name: a._files.text(name) for name in ("cell.py", "output.ipynb")},
        expect=a.claims,
        verdict="supported",
        code=a.record.code,
        environment=a.record.environment,
        data=a.record.data,
    )
    same = difference(a, again)
    assert same.identical
    assert str(same).startswith("no difference")
    assert "the same: parameters, metrics, source, git, data, packages" in str(same)


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"lr": 1}},
        {"metrics": {"acc": 0.1}},
        {"files": {"cell.py": "x"}},
        {"files": {"output.ipynb": notebook(printed("x"))}},
        {"seed": 3},
        {"experiment": "other"},
        {"notebook": Notebook(path="x.ipynb")},
        {"data": [Data("train", sha256="a" * 64)]},
        {"code": Code(commit="a" * 40)},
        {"environment": Environment(snapshot="a" * 64)},
        {"expect": [Claim("a > 1", "refuted")]},
    ],
)
def test_any_one_change_is_a_difference(change: dict[str, Any]) -> None:
    assert not difference(make_run("aaaaa"), make_run("bbbbb", **change)).identical
    assert not difference(make_run("bbbbb", **change), make_run("aaaaa")).identical


def test_two_patches_are_compared_with_each_other(tmp_path: Path) -> None:
    paths = {letter * 64: tmp_path / letter for letter in "ab"}
    for letter in "ab":
        (tmp_path / letter).write_text(f"diff\n+{letter}\n")
    a, b = (make_run(letter * 5, code=Code(commit="c" * 40, patch=letter * 64), objects=paths) for letter in "ab")
    assert [str(line) for line in difference(a, b).patch] == ["@@ -1,3 +1,3 @@", " diff", "-+a", "++b", " "]


def test_a_patch_whose_object_is_gone_is_no_error() -> None:
    a = make_run("aaaaa", code=Code(commit="c" * 40, patch="a" * 64))
    assert difference(a, make_run("bbbbb")).patch == ()


def test_text_shows_parts_under_their_names_and_lines_with_their_signs(pair: tuple[Run, Run]) -> None:
    lines = difference(*pair).text(80).splitlines()
    assert lines[0] == "aaaaa and bbbbb differ"
    assert {"run", "parameters", "metrics", "claims", "git", "data", "packages"} <= set(lines)
    assert "  lr           0.1                       0.01" in lines
    assert "-lr = 0.1" in lines
    assert "+lr = 0.01" in lines
    assert "source: 1 line less, 1 more" in lines
    assert any(line.startswith("  acc") and line.endswith("+0.05 better") for line in lines)
    assert max(map(display_width, lines)) <= 80


def test_terminal_colours_follow_the_signs(pair: tuple[Run, Run]) -> None:
    coloured = difference(*pair).text(80, color=True)
    assert "\x1b[31m-lr = 0.1\x1b[0m" in coloured
    assert "\x1b[32m+lr = 0.01\x1b[0m" in coloured
    assert "\x1b" not in str(difference(*pair))


def test_html_marks_lines_as_inserted_and_deleted(pair: tuple[Run, Run]) -> None:
    markup = difference(*pair)._repr_html_()
    tags = Tags(markup)
    assert not tags.open
    assert tags.tags.count("ins") == tags.tags.count("del") == 3
    assert "<script" not in markup
    assert "+lr = 0.01\n</ins>" in markup


def test_hundreds_of_packages_are_summed_up(pair: tuple[Run, Run]) -> None:
    environments = ({f"p{i}": "1" for i in range(300)}, {f"p{i}": "2" for i in range(300)})
    different = difference(*pair, environments=environments)
    assert "and 270 more" in str(different)
    assert len(different.to_dict()["packages"]) == 300


def hostile_pair(text: str) -> tuple[Run, Run]:
    def run(letters: str, other: str) -> Run:
        return make_run(
            letters,
            {text: float(len(other))},
            experiment=text,
            parameters={text: other + text},
            files={
                "cell.py": f"{other}\n{text}\n",
                "output.ipynb": notebook(printed(other + text), {"output_type": "error", "ename": text}),
            },
            expect=[Claim(text, "supported" if other == "x" else "refuted", None, text)],
            code=Code(commit=other + text, branch=other + text, remote=other + text),
            data=[Data(text, sha256=other + text)],
            error=Error(text, other + text),
            notebook=Notebook(path=other + text),
            host=other + text,
        )

    return run("aaaaa", "x"), run("bbbbb", "xy")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_of_a_user_becomes_markup_or_controls_the_terminal(hostile: str) -> None:
    environments = ({hostile: "1"}, {hostile: "2"})
    different = difference(*hostile_pair(hostile), environments=environments)
    harmless = difference(*hostile_pair("words"), environments=({"words": "1"}, {"words": "2"}))
    seen, expected = Tags(different._repr_html_()), Tags(harmless._repr_html_())
    assert set(seen.tags) == set(expected.tags)
    assert seen.tags.count("tr") == expected.tags.count("tr")
    assert seen.attributes == expected.attributes <= {"style", "align", "open"}
    assert not seen.open
    assert all(char in "\n\t" or char.isprintable() for char in different.text(80))


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{",
        "[]",
        "null",
        '{"cells": 3}',
        '{"cells": [3, {"outputs": {}}]}',
        '{"cells": [{"outputs": [1, {}]}]}',
    ],
)
def test_a_damaged_notebook_of_outputs_is_read_as_far_as_it_goes(damaged: str) -> None:
    a = make_run("aaaaa", files={"output.ipynb": damaged})
    b = make_run("bbbbb", files={"output.ipynb": notebook(printed("hello"))})
    assert [str(line) for line in difference(a, b).outputs][1:] == ["-", "+hello"]


def test_displayed_values_and_errors_are_outputs_too() -> None:
    shown = {"output_type": "execute_result", "data": {"text/plain": ["1", "2"], "text/html": "<b>12</b>"}}
    image = {"output_type": "display_data", "data": {"image/png": "AAAA"}}
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no"}
    a = make_run("aaaaa", files={"output.ipynb": notebook(shown, image, error)})
    lines = [str(line) for line in difference(a, make_run("bbbbb")).outputs]
    assert lines[1:-1] == ["-12", "-[image/png]", "-ValueError: no"]
