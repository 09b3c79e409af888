"""A labbook that is taken away, blocked or replaced under a kernel: its cells run, and it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_labbook.store import runs
from jupyter_labbook.store.check import check
from jupyter_labbook.store.store import Store
from tests.faults.robbed import robbed
from tests.faults.victims import Victim


def rob(folder: Path, robbery: str) -> tuple[Store | None, list[list[str]], list[str | None]]:
    """The store after it, what was said in each of the four cells, and the runs that were recorded."""
    victim = Victim(robbed, folder, robbery)
    assert victim.last_words() == 0, victim.said()
    results: list[Any] = [answer[1:] for answer in victim.answers if answer[0] == "result"]
    assert [result[:3] for result in results] == [[59, 59, "None"]] * 4
    return Store.find(folder), [result[3] for result in results], [result[4] for result in results]


@pytest.mark.parametrize("robbery", ["the store removed", "the runs removed"])
def test_a_removed_labbook_is_made_again_by_the_next_run(robbery: str, tmp_path: Path) -> None:
    store, said, ids = rob(tmp_path / "project", robbery)
    assert [len(lines) for lines in said] == [0, 1, 0, 0]
    assert store is not None
    assert store.path == tmp_path / "project" / "labbook"
    assert runs.ids(store) == sorted(id for id in ids[2:] if id)
    assert len(runs.read(store, ids[3] or "").history("loss")) == 60
    assert check(store).faults == ()


def test_a_file_in_the_place_of_the_runs_is_left_alone(tmp_path: Path) -> None:
    store, said, _ = rob(tmp_path / "project", "the runs replaced by a file")
    assert [len(lines) for lines in said] == [0, 1, 1, 1]
    assert store is not None
    assert (store.path / "runs").read_text() == "no folder"
    assert runs.ids(store) == []


def test_a_labbook_without_its_labbook_json_goes_on(tmp_path: Path) -> None:
    store, said, ids = rob(tmp_path / "project", "labbook.json removed")
    assert [len(lines) for lines in said] == [0, 0, 0, 0]
    assert store is not None
    assert store.format == 1
    assert runs.ids(store) == sorted(id for id in ids if id)
    assert check(store).faults == ()


@pytest.mark.filterwarnings("ignore::jupyter_labbook.LabbookWarning")
def test_a_newer_labbook_is_read_and_not_written(tmp_path: Path) -> None:
    store, said, ids = rob(tmp_path / "project", "a newer format")
    assert [len(lines) for lines in said] == [0, 0, 1, 1]
    assert all("format 2" in line and "Upgrade" in line for line in (said[2][0], said[3][0]))
    assert ids[2:] == [None, None]
    assert store is not None
    assert (store.path / "labbook.json").read_text() == '{"format": 2, "new": true}'
    assert runs.ids(store) == sorted(id for id in ids if id)
    assert len(runs.read(store, ids[1] or "").history("loss")) == 60
