"""Parameters and metrics that a cell has without saying so."""

from __future__ import annotations

import enum
import json
import math
import os
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy
import pytest

from jupyter_labbook.record.history import ExecutedCell
from jupyter_labbook.record.parameters import declared, found, metrics_from
from jupyter_labbook.record.plan import Plan
from jupyter_labbook.record.tagged import INJECTED, parameter_cells


class Cells:
    """What a session has executed."""

    def __init__(self, *cells: ExecutedCell) -> None:
        self.cells = cells


def write_notebook(path: Path, *cells: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def code(source: str | list[str], *tags: str, id: str = "abc") -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": id,
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [{"data": 1}],
    }


# where parameters come from


def test_the_literals_of_the_cell_are_its_parameters() -> None:
    plan = Plan(experiment="x", code="lr = 0.1\nacc = f(lr)", namespace={"lr": 5, "depth": 3})
    assert found(plan, None, Cells()) == {"lr": (0.1, "cell")}


def test_each_wins_over_the_literal_in_the_cell() -> None:
    plan = Plan(experiment="x", code="lr = 0.1\nseed = 0", each={"lr": 0.5}, namespace={})
    assert found(plan, None, None) == {"lr": (0.5, "each"), "seed": (0, "cell")}


def test_names_declared_on_the_line_are_the_only_ones_besides_each() -> None:
    plan = Plan(experiment="x", code="lr = 0.1\nother = 1\nwide = depth * 2", params=("lr", "depth", "wide", "gone"),
                each={"seed": 1}, namespace={"depth": 3, "wide": 99})  # fmt: skip
    assert found(plan, None, Cells()) == {
        "lr": (0.1, "declared"),
        "depth": (3, "declared"),
        "seed": (1, "each"),
    }


def test_a_declared_name_that_the_cell_works_out_is_read_at_the_end() -> None:
    source = "lr = 0.1\nwide = depth * 2"
    after = {"lr": 0.1, "depth": 3, "wide": 6}
    assert declared(("lr", "depth", "wide", "gone"), source, after, at_end=True) == {"wide": (6, "declared")}


def test_what_papermill_injected_is_found_in_the_session() -> None:
    cells = Cells(
        ExecutedCell("lr = 0.1\nn = 1"),
        ExecutedCell("# Parameters\nlr = 0.5\nclip = float('nan')\nxs = []\n"),
    )
    result = found(
        Plan(experiment="x", code="n = 2", namespace={"lr": 0.5, "clip": math.nan, "n": 1, "xs": []}), None, cells
    )
    assert result.keys() == {"lr", "clip", "xs", "n"}
    assert result["lr"] == (0.5, "papermill")
    assert math.isnan(result["clip"][0])
    assert result["xs"] == ([], "papermill")
    assert result["n"] == (2, "cell")


def test_tagged_cells_are_found_by_id_and_by_source(tmp_path: Path) -> None:
    notebook = write_notebook(
        tmp_path / "n.ipynb",
        code("lr = 0.1", "parameters", id="one"),
        code(["depth = 3\n", "wide = 1"], "injected-parameters", "other", id="two"),
        code("x = 1", "something"),
    )
    cells = Cells(
        ExecutedCell("lr = 0.2", "one"), ExecutedCell("depth = 3\nwide = 1\n"), ExecutedCell("x = 1", "three")
    )
    namespace = {"lr": 0.2, "depth": 3, "wide": 1, "x": 1}
    assert found(Plan(experiment="x", namespace=namespace), notebook, cells) == {
        "lr": (0.2, "parameters cell"),
        "depth": (3, "papermill"),
        "wide": (1, "papermill"),
    }


def test_a_parameter_changed_since_its_cell_ran_has_the_value_it_has_now(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "n.ipynb", code("lr = 0.1\nmodel = 'net'\ngone = 1", "parameters"))
    cells = Cells(ExecutedCell("lr = 0.1\nmodel = 'net'\ngone = 1", "abc"))
    namespace = {"lr": 0.3, "model": object()}
    assert found(Plan(experiment="x", namespace=namespace), notebook, cells) == {
        "lr": (0.3, "parameters cell"),
        "model": ("net", "parameters cell"),
    }


def test_a_notebook_is_read_again_when_it_changed(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "n.ipynb", code("lr = 0.1", "parameters", id="one"))
    assert parameter_cells(notebook) == {"one": "parameters cell", "lr = 0.1": "parameters cell"}
    write_notebook(notebook, code("depth = 1234", "parameters", id="two"))
    assert "two" in parameter_cells(notebook)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"cells": 3, "x": "parameters"}',
        b'{"cells": [{"metadata": {"tags": "parameters"}}]}',
        b'{"cells": [{"metadata": {"tags": ["parameters"]}, "source": {"a": 1}}]}',
        b'\xff"parameters"',
    ],
)
def test_a_notebook_that_cannot_be_read_has_no_tagged_cells(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "n.ipynb").write_bytes(content)
    assert parameter_cells(tmp_path / "n.ipynb") == {}
    assert parameter_cells(tmp_path / "missing.ipynb") == {}
    assert parameter_cells(tmp_path) == {}


def test_what_papermill_writes_is_recognised(tmp_path: Path) -> None:
    import nbformat
    import papermill

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("lr = 0.1", metadata={"tags": ["parameters"]})],
        metadata={"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}},
    )
    source, target = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    nbformat.write(notebook, source)
    papermill.execute_notebook(source, target, {"lr": 0.5, "names": ["a"], "clip": math.inf}, prepare_only=True)
    injected = nbformat.read(target, 4).cells[1]
    assert injected.source.startswith(INJECTED)
    assert parameter_cells(target)[injected.id] == "papermill"
    namespace = {"lr": 0.5, "names": ["a"], "clip": math.inf}
    cells = Cells(ExecutedCell("lr = 0.1"), ExecutedCell(injected.source))
    assert found(Plan(experiment="x", namespace=namespace), target, cells) == {
        "lr": (0.5, "papermill"),
        "names": (["a"], "papermill"),
        "clip": (math.inf, "papermill"),
    }


# metrics


class Colour(enum.IntEnum):
    RED = 1


class Weight(float):
    def __float__(self) -> float:
        raise AssertionError("the user's own code ran")


class Greedy:
    """Answers to every question, and remembers that it was asked."""

    asked: ClassVar[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return 1.0

    @property
    def dtype(self) -> str:
        self.asked.append("dtype")
        return "float64"

    def __float__(self) -> float:
        self.asked.append("float")
        return 1.0

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        self.asked.append("class")
        return float


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.5, 0.5),
        (3, 3),
        (Decimal("0.25"), 0.25),
        (numpy.float32(0.5), 0.5),
        (numpy.float64(0.5), 0.5),
        (numpy.int64(4), 4),
        (numpy.array(0.75), 0.75),
        (Weight(0.5), 0.5),
        (math.inf, math.inf),
    ],
)
def test_a_scalar_is_a_metric(value: Any, number: float) -> None:
    result = metrics_from({"m": value}, ("m",))
    assert result == {"m": number}
    assert type(result["m"]) is type(number)


@pytest.mark.parametrize(
    "value",
    [
        True,
        None,
        "0.5",
        1 + 2j,
        [1],
        10**400,
        Colour.RED,
        numpy.bool_(True),
        numpy.array(True),
        numpy.array([1.0]),
        numpy.ones((2, 2)),
        numpy.datetime64("2026-01-01"),
        numpy.str_("a"),
        object(),
        float,
    ],
)
def test_what_is_no_number_is_no_metric(value: Any) -> None:
    assert metrics_from({"m": value}, ("m", "missing")) == {}


def test_looking_for_metrics_runs_nothing_of_the_users() -> None:
    Greedy.asked.clear()
    assert metrics_from({"m": Greedy()}, ("m",)) == {}
    assert Greedy.asked == []


def test_a_name_that_was_not_assigned_anew_is_left_out_where_asked() -> None:
    stale, fresh = float("0.9"), float("0.8")
    assert metrics_from({"a": stale, "b": fresh}, ("a", "b"), {"a": stale, "b": 0.1}) == {"b": 0.8}


def test_a_tensor_of_torchs_is_a_metric() -> None:
    torch = pytest.importorskip("torch")
    assert metrics_from({"a": torch.tensor(0.5), "b": torch.tensor(True), "c": torch.ones(1)}, "abc") == {"a": 0.5}


def test_the_modification_time_alone_decides_whether_a_file_is_read(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "n.ipynb", code("lr = 0.1", "parameters", id="one"))
    first = parameter_cells(notebook)
    assert parameter_cells(notebook) is first
    os.utime(notebook, ns=(1, 1))
    assert parameter_cells(notebook) is not first
