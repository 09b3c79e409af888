"""Metrics are appended whole, survive a refusing disk, and are summarised as numpy would."""

from __future__ import annotations

import errno
import math
import os
import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.run import Summary, number
from jupyter_labbook.store import history, layout, tables
from jupyter_labbook.store.tables import MetricTables

numbers = st.one_of(st.floats(), st.integers(-(2**63), 2**63 - 1))


def test_values_logged_together_stand_on_one_line(tmp_path: Path) -> None:
    metrics = MetricTables(tmp_path)
    metrics.append({"loss": 0.5, "acc": 1}, 3, 0.25)
    metrics.append({"acc": 0, "loss": 0.25}, 4, 0.5)
    assert (tmp_path / "metrics.csv").read_text() == "step,time,loss,acc\n3,0.25,0.5,1\n4,0.5,0.25,0\n"


def test_each_set_of_names_has_a_table(tmp_path: Path) -> None:
    metrics = MetricTables(tmp_path)
    metrics.append({"loss": 0.5}, 0, 0.1)
    metrics.append({"val,acc": 0.9}, 0, 0.2)
    metrics.append({"loss": 0.4}, 1, 0.3)
    assert (tmp_path / "metrics-2.csv").read_text() == 'step,time,"val,acc"\n0,0.2,0.9\n'
    assert len(history.history(tmp_path, "loss")) == 2


def test_steps_are_counted_for_each_table_where_none_is_given(tmp_path: Path) -> None:
    metrics = MetricTables(tmp_path)
    for step in (None, None, 10, None):
        metrics.append({"loss": 1.0}, step, 0.0)
    assert history.history(tmp_path, "loss").step.tolist() == [0, 1, 10, 11]


@given(st.lists(numbers, min_size=1, max_size=60), st.integers(1, 7))
def test_summaries_agree_with_what_a_reader_finds(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], every: int
) -> None:
    folder = tmp_path_factory.mktemp("run")
    metrics = MetricTables(folder)
    for step, value in enumerate(values):
        metrics.append({"x": value} if step % every else {"x": value, "y": 1}, step, step / 10)
    mine, read = metrics.summaries(), history.summarise(folder)
    metrics.close()
    assert mine is not None
    _same(mine["x"], read["x"])
    assert mine["x"].count == len(values)
    real = [value for value in values if value == value]
    if real:
        assert number(mine["x"].min) == min(real)
        assert number(mine["x"].max) == max(real)


def _same(one: Summary, other: Summary) -> None:
    assert one.count == other.count
    assert str(one.last) == str(other.last)
    assert (one.last_step, one.min_step, one.max_step) == (other.last_step, other.min_step, other.max_step)
    for name in ("min", "max", "mean"):
        a, b = number(getattr(one, name)), number(getattr(other, name))
        assert a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=1e-9), name


class Disk:
    """A disk that takes `room` bytes and then refuses, as a full one does: short writes first."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, descriptor: int, content: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = os.write(descriptor, content[: self.room])
        self.room -= written
        return written


@pytest.mark.parametrize("room", range(0, 120, 1))
def test_a_disk_full_at_any_byte_tears_no_line_and_loses_no_value(
    tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(room)
    monkeypatch.setattr(tables, "_write", disk.write)
    metrics = MetricTables(tmp_path)
    for step in range(6):
        metrics.append({"loss": step / 3}, step, 0.1)
    if metrics.failure is not None:
        for line in (tmp_path / "metrics.csv").read_bytes().split(b"\n")[1:-1]:
            assert line.count(b",") == 2
    disk.room = 10_000
    metrics.append({"loss": 2.0}, 6, 0.2)
    assert metrics.failure is None
    assert history.history(tmp_path, "loss").value.tolist() == [0 / 3, 1 / 3, 2 / 3, 1.0, 4 / 3, 5 / 3, 2.0]
    assert (tmp_path / "metrics.csv").read_text().count("\n") == 8


def test_values_wait_until_the_folder_is_there(tmp_path: Path) -> None:
    metrics = MetricTables(tmp_path / "later")
    metrics.append({"loss": 1.0}, 0, 0.0)
    assert isinstance(metrics.failure, FileNotFoundError)
    (tmp_path / "later").mkdir()
    metrics.retry()
    assert metrics.failure is None
    assert (tmp_path / "later" / "metrics.csv").read_text() == "step,time,loss\n0,0.0,1.0\n"


def test_what_finds_no_room_in_memory_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "BACKLOG", 100)
    metrics = MetricTables(tmp_path / "never")
    for step in range(100):
        metrics.append({"loss": 1.0}, step, 0.0)
    assert metrics.dropped > 0
    assert metrics.waiting <= 100


def test_threads_that_log_at_once_never_share_a_line(tmp_path: Path) -> None:
    metrics = MetricTables(tmp_path)

    def work(number: int) -> None:
        for step in range(500):
            metrics.append({"x": number + step / 1000}, step, 0.0)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = history.history(tmp_path, "x").value.tolist()
    assert sorted(found) == sorted(number + step / 1000 for number in range(8) for step in range(500))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_writes_tables_of_its_own(tmp_path: Path) -> None:
    metrics = MetricTables(tmp_path)
    metrics.append({"x": 1}, 0, 0.0)
    child = os.fork()
    if child == 0:
        try:
            metrics.forked()
            metrics.append({"x": 2}, 0, 0.1)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    metrics.append({"x": 3}, 1, 0.2)
    assert history.history(tmp_path, "x").value.tolist() == [1, 2, 3]
    assert (tmp_path / layout.metrics_table(2)).read_text() == "step,time,x\n0,0.1,2\n"
    assert metrics.summaries() is None


def test_many_tables_do_not_use_up_the_file_descriptors(tmp_path: Path) -> None:
    metrics = MetricTables(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    for turn in range(3):
        for index in range(200):
            metrics.append({f"m{index}": turn}, turn, turn / 10)
    assert len(os.listdir("/proc/self/fd")) - before <= tables.OPEN_TABLES
    assert history.history(tmp_path, "m7").value.tolist() == [0, 1, 2]
    metrics.close()


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 201, "tab\there", "\0"])
def test_a_name_that_spoils_a_table_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        MetricTables(tmp_path).append({name: 1.0}, 0, 0.0)
    assert list(tmp_path.iterdir()) == []


def test_memory_stays_flat_however_many_points_are_logged(tmp_path: Path) -> None:
    metrics = MetricTables(tmp_path)
    for step in range(5000):
        metrics.append({"loss": step * 0.1}, step, 0.1)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for step in range(50_000):
        metrics.append({"loss": step * 0.1}, step, 0.1)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 400_000


def test_sync_brings_every_table_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    metrics = MetricTables(tmp_path)
    metrics.append({"a": 1}, 0, 0.0)
    metrics.append({"b": 1}, 0, 0.0)
    metrics.sync()
    metrics.sync()
    assert len(synced) == 2
