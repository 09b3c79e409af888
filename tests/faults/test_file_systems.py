"""A file system that is full, read-only or failing costs neither the cell its result nor the user his points."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_labbook.store import runs
from jupyter_labbook.store.check import check
from jupyter_labbook.store.store import Store
from tests.faults import disks, mounted, tracing
from tests.faults.acknowledged import look
from tests.faults.disks import Remount
from tests.faults.starving import wrong_with
from tests.faults.victims import Victim


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[Path, Remount]]:
    """A folder on a file system of its own, and what changes how it is mounted."""
    reason = disks.cannot_mount()
    if reason:
        pytest.skip(reason)
    folder = tmp_path / "small"
    folder.mkdir()
    with disks.mounted(folder, "16m") as remount:
        yield folder, remount


def test_a_full_file_system_costs_neither_the_result_nor_a_point(small: tuple[Path, Remount], tmp_path: Path) -> None:
    project = small[0] / "project"
    victim = Victim(mounted.filled, project)
    assert victim.last_words() == 0, victim.said()
    results = [answer for answer in victim.answers if answer[0] == "result"]
    assert [wrong_with([result]) for result in results] == [[], [], []]
    count = look(project, victim.answers)
    assert count.wrong == []
    assert (count.runs, count.finished, count.points) == (3, 3, 3 * 61)


def test_a_read_only_file_system_stops_no_cell_and_no_reader(small: tuple[Path, Remount]) -> None:
    folder, remount = small
    victim = Victim(mounted.forbidden, folder / "project", False, home=folder.parent / "home")
    assert victim.hear("recorded"), victim.said()
    remount("ro")
    assert_it_runs_and_reads(victim)


def test_a_folder_that_may_not_be_written_stops_no_cell_and_no_reader(tmp_path: Path) -> None:
    victim = Victim(mounted.forbidden, tmp_path / "project", True)
    assert victim.hear("recorded"), victim.said()
    assert_it_runs_and_reads(victim)
    for path in (tmp_path / "project", *(tmp_path / "project").rglob("*")):
        path.chmod(path.stat().st_mode | 0o700)


def test_runs_that_cannot_be_listed_cost_a_claim_its_verdict_and_not_the_run_its_end(tmp_path: Path) -> None:
    victim = Victim(mounted.unlistable, tmp_path / "project")
    assert victim.last_words() == 0, victim.said()
    results = [answer for answer in victim.answers if answer[0] == "result"]
    assert [result[1:4] for result in results] == [[59, 59, "None"]] * 2
    count = look(tmp_path / "project", victim.answers)
    assert count.wrong == []
    assert (count.runs, count.finished) == (2, 2)


def test_what_a_full_file_system_refused_is_tried_once_more_when_python_exits(small: tuple[Path, Remount]) -> None:
    project = small[0] / "project"
    victim = Victim(mounted.leaving, project)
    assert victim.last_words() == 0, victim.said()
    count = look(project, victim.answers)
    assert count.wrong == []
    assert (count.runs, count.finished, count.points) == (1, 1, 61)


def test_what_memory_does_not_hold_while_a_file_system_is_full_is_counted(small: tuple[Path, Remount]) -> None:
    project = small[0] / "project"
    victim = Victim(mounted.flooded, project)
    assert victim.last_words() == 0, victim.said()
    _, result, error, said, id, dropped = victim.answers[-1]
    assert (result, error, len(said)) == (mounted.FLOOD - 1, "None", 1)
    assert 0 < dropped < mounted.FLOOD
    store = Store.open(project)
    run = runs.read(store, id)
    values = run.history("loss").value
    assert len(values) == mounted.FLOOD - dropped
    assert (values[1:] > values[:-1]).all()
    assert values[150_000] == 150_000
    assert run.summary("loss").count == mounted.FLOOD
    assert any(f"{dropped:,} points found no room" in line for line in run.record.degraded)
    assert check(store).faults == ()


def assert_it_runs_and_reads(victim: Victim) -> None:
    victim.go.send_bytes(b"go")
    assert victim.last_words() == 0, victim.said()
    results = [answer for answer in victim.answers if answer[0] == "result"]
    assert [wrong_with([result]) for result in results] == [[], []]
    assert victim.answers[-1] == ["read", [1, 60, []], "None", []]


@pytest.mark.parametrize("how", ["by strace", "by a shim"])
def test_a_sync_that_fails_is_said_once_and_the_cell_goes_on(how: str, tmp_path: Path) -> None:
    reason = tracing.untraceable() if how == "by strace" else None
    if reason and not os.environ.get("CI"):
        pytest.skip(reason)
    victim = Victim(mounted.syncing, tmp_path / "project", how == "by a shim")
    if how == "by a shim":
        victim.go.send_bytes(b"go")
        victim.last_words()
    else:
        with tracing.traced(victim, tmp_path / "log", "-e", "inject=?fsync,?fdatasync:error=EIO"):
            victim.go.send_bytes(b"go")
            victim.last_words()
    result = victim.answers[-1]
    assert result[:3] == ["result", 2, "None"], victim.said()
    assert len(result[3]) == 1
    assert "Input/output error" in result[3][0]
    count = look(tmp_path / "project", victim.answers)
    assert count.wrong == []
    assert count.points == 3
