"""Runs for other programs: what CSV and JSON hold, and what a spreadsheet is kept from."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from pathlib import Path
from typing import Any

import pandas
import pytest

import jupyter_labbook as labbook
from jupyter_labbook.errors import UsageError
from jupyter_labbook.store.store import Store
from tests.frontends.conftest import FAILED, FIRST, OTHER, SECOND, write_run


def rows(exported: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(str(exported))))


def test_csv_has_a_row_for_each_run_and_a_column_for_each_name(store: Store) -> None:
    found = rows(labbook.export())
    assert [row["id"] for row in found] == [FAILED, SECOND, FIRST, OTHER]
    assert found[1]["params.p"] == "0.2"
    assert found[1]["metrics.val_acc"] == "0.91"
    assert found[0]["metrics.val_acc"] == ""
    assert found[3]["params.depth"] == "2"
    assert found[2]["started"] == "2026-11-20T20:00:00.000000Z"
    assert found[2]["duration"] == "12.5"


def test_csv_has_the_columns_of_to_pandas(store: Store) -> None:
    frame = labbook.runs().to_pandas()
    read = pandas.read_csv(io.StringIO(str(labbook.export())))
    assert set(read.columns) == set(frame.columns)
    assert read["metrics.loss"].tolist()[:3] == frame["metrics.loss"].tolist()[:3]


def test_what_is_exported_is_what_the_query_asks_for(store: Store) -> None:
    found = rows(labbook.export("p > 0", sort="-val_acc"))
    assert [row["id"] for row in found] == [SECOND, FIRST]
    assert list(found[0])[6:] == ["params.p", "params.lr", "params.name", "metrics.loss", "metrics.val_acc"]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_becomes_a_formula(store: Store, first: str) -> None:
    evil = first + 'HYPERLINK("http://evil","x")'
    write_run(
        store,
        "20261121-010000-evil-eeeee",
        points={},
        source="",
        experiment=evil,
        parameters={evil: evil, "listed": [evil], "negative": -1.5},
    )
    text = str(labbook.export("id == '20261121-010000-evil-eeeee'"))
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            assert not cell.startswith(first) or cell == "-1.5"
    assert f"'{evil}" in next(iter(rows_of(text)))["experiment"]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_numbers_are_not_touched(store: Store) -> None:
    numbers = {"negative": -1, "small": -1e-9, "huge": 2**60, "yes": True, "infinite": "-inf", "bad": "nan"}
    write_run(
        store,
        "20261121-010000-numbers-eeeee",
        points={"m": [-math.inf]},
        source="",
        parameters={**numbers, "wide": str(-(2**100))},
        parameter_types={"infinite": "float", "bad": "float", "wide": "int"},
    )
    row = rows(labbook.export("experiment == 'numbers'"))[0]
    values = {name: row[f"params.{name}"] for name in (*numbers, "wide")}
    assert values == {
        "negative": "-1",
        "small": "-1e-09",
        "huge": str(2**60),
        "yes": "True",
        "infinite": "-inf",
        "bad": "nan",
        "wide": str(-(2**100)),
    }
    assert row["metrics.m"] == "-inf"


def test_json_holds_the_whole_records(store: Store) -> None:
    shown = json.loads(str(labbook.export(format="json")))
    assert [record["id"] for record in shown["runs"]] == [FAILED, SECOND, FIRST, OTHER]
    assert shown["runs"][2] == labbook.run(FIRST).to_dict()


@pytest.mark.parametrize("format", ["csv", "json"])
def test_a_file_is_there_whole_or_not_at_all(store: Store, tmp_path: Path, format: Any, monkeypatch: Any) -> None:
    target = tmp_path / "runs.out"
    target.write_text("what was there before")
    fails = store.path / "runs" / FIRST / "run.json"
    done = labbook.export(format=format, to=target)
    assert str(done) == f"{target}: 4 runs"
    assert target.read_text().rstrip("\n") == str(labbook.export(format=format))
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".new-")) == []
    fails.chmod(0o600)


def test_an_empty_answer_is_a_header_alone(store: Store) -> None:
    assert str(labbook.export("p > 100")) == "id,experiment,status,verdict,started,duration"
    assert json.loads(str(labbook.export("p > 100", format="json"))) == {"runs": []}


def test_a_folder_that_is_not_there_is_said(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        labbook.export(to=tmp_path / "nowhere" / "runs.csv")
    with pytest.raises(UsageError, match="csv, json"):
        labbook.export(format="xlsx")  # type: ignore[arg-type]


def test_a_device_is_written_to_and_not_replaced(store: Store, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    labbook.export(to=fifo)
    assert os.read(reader, 1 << 20).decode().rstrip("\n") == str(labbook.export())
    os.close(reader)
    assert fifo.is_fifo()
