"""Every kind of damage is found and named, nothing else is, and a run that lives is never called damaged."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_labbook.store import damage, layout, liveness, objects, runs, tables, upgrade
from jupyter_labbook.store.check import check
from jupyter_labbook.store.repair import repair
from jupyter_labbook.store.store import Store
from tests.store.damages import (
    CASES,
    FULL,
    LOST,
    MODEL,
    NAN,
    NIGHT,
    OBJECT,
    RECORD,
    SECOND,
    Damage,
    R,
    appended,
    other_content,
    replaced,
    rewritten,
)

HOUR_AGO = time.time() - 3700


def found(store: Store) -> list[tuple[str, str]]:
    return [(fault.kind, fault.path) for fault in check(store).faults]


def remarked(store: Store) -> list[tuple[str, str]]:
    return [(remark.kind, remark.path) for remark in check(store).remarks if remark.kind != "lost"]


# one damage each --------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "path", "repairable", "do"), CASES)
def test_each_damage_is_named_once_and_where_it_is(
    kind: str, path: str, repairable: bool, do: Damage, sound: Store
) -> None:
    do(sound.path)
    for file in (sound.path / NIGHT).iterdir():  # by the times of its files it is known to be lost
        os.utime(file, (HOUR_AGO, HOUR_AGO))
    report = check(sound)
    assert [(fault.kind, fault.path, fault.repairable) for fault in report.faults] == [(kind, path, repairable)]
    assert str(report).startswith("1 fault")
    assert f"{kind} (1): {damage.FAULTS[kind]}\n    {path}: " in str(report)
    assert json.loads(json.dumps(report.to_dict()))["faults"][0]["path"] == path


def test_every_kind_of_fault_has_a_test() -> None:
    elsewhere = {"unreadable", "case-collision", "object-misplaced"}
    assert {kind for kind, *_ in CASES} | elsewhere == set(damage.FAULTS)


def test_an_object_in_the_wrong_folder_is_misplaced_and_missing(sound: Store) -> None:
    (sound.path / "objects/sha256/41").mkdir()
    layout.object_path(sound.path, MODEL).rename(sound.path / "objects/sha256/41" / MODEL)
    assert found(sound) == [("object-missing", f"{R}/run.json"), ("object-misplaced", f"objects/sha256/41/{MODEL}")]


def test_a_lock_file_that_only_a_snapshot_names_is_missed(sound: Store) -> None:
    lock = "a30eb4ee3bcd0f7a3768ccc92471c69e29fd7377aa6d73397ce673aafdbaa1be"
    layout.object_path(sound.path, lock).unlink()
    [fault] = check(sound).faults
    assert fault.kind == "object-missing"
    assert f"lock file requirements.txt: object {lock}" in fault.message


def test_names_that_differ_in_case_alone_are_named(sound: Store) -> None:
    other = FULL.replace("dropout", "Dropout")
    shutil.copytree(sound.path / R, sound.path / "runs" / other)
    if len(list((sound.path / "runs").iterdir())) == 5:
        pytest.skip("this file system does not tell them apart")
    rewritten(sound.path / "runs" / other / "run.json", id=other)
    assert found(sound) == [("case-collision", f"runs/{FULL}")]


def test_what_the_file_system_refuses_is_named(sound: Store) -> None:
    check(sound)  # what is imported late is imported now, while that is allowed
    paths = (RECORD, f"{NAN}/metrics.csv", NIGHT, OBJECT)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        home = shutil.copytree(sound.path, Path(folder) / "labbook")
        for path in paths:
            (home / path).chmod(0)
        with as_nobody():
            report = check(Store.open(home))
        (home / NIGHT).chmod(0o755)
    assert {fault.path for fault in report.faults if fault.kind == "unreadable"} == set(paths)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Root is refused nothing: be nobody for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


# what is no damage ------------------------------------------------------------------------------


def test_a_sound_labbook_has_no_faults_and_says_so(sound: Store) -> None:
    report = check(sound)
    assert report.to_dict()["faults"] == []
    assert (report.runs, report.objects) == (5, 4)
    assert str(report).startswith("No damage: 5 runs and 4 objects looked at.")
    assert "No damage" in report._repr_html_()


def test_an_empty_labbook_is_sound(store: Store) -> None:
    assert check(store).to_dict() == {"faults": []}
    (store.path / "runs").rmdir()
    assert check(store).to_dict() == {"faults": []}


def test_lost_runs_are_remarked_upon_and_no_fault(sound: Store) -> None:
    assert [remark.run for remark in check(sound).remarks] == [LOST, "20261121-060000-live-b2c3d"]
    assert {remark["kind"] for remark in check(sound).to_dict()["remarks"]} == {"lost"}


def test_what_is_not_ours_is_remarked_upon(sound: Store) -> None:
    for path in ("todo.txt", "runs/.DS_Store", f"{R}/model.bin", "lessons/x", "objects/sha256/40/short"):
        (sound.path / path).write_text("")
    (sound.path / "README.md").write_text("how we work")
    assert found(sound) == []
    assert {path for kind, path in remarked(sound) if kind == "foreign"} == {
        "todo.txt",
        "runs/.DS_Store",
        f"{R}/model.bin",
        "lessons/x",
        "objects/sha256/40/short",
    }


def test_temporary_names_are_left_over_after_an_hour(sound: Store) -> None:
    places = [f"{R}/.new-1", "objects/sha256/.new-2", "runs/.new-x", ".new-3", "lessons/.new-4"]
    for path in places:
        (sound.path / path).write_text("")
    assert remarked(sound) == []
    for path in places:
        os.utime(sound.path / path, (HOUR_AGO, HOUR_AGO))
    assert remarked(sound) == [("leftover", path) for path in sorted(places)]
    assert found(sound) == []


def test_a_newer_labbook_is_not_judged(sound: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "_told", set())
    rewritten(sound.path / "labbook.json", format=2)
    (sound.path / R / "run.json").unlink()
    with pytest.warns(match="format 2"):
        report = check(sound)
    assert report.faults == ()
    assert [remark.kind for remark in report.remarks] == ["newer-format"]


def test_a_newer_record_is_not_judged(sound: Store) -> None:
    rewritten(sound.path / R / "run.json", format=2, tags=None, status="paused")
    assert found(sound) == []
    assert remarked(sound) == [("newer-format", f"{R}/run.json")]


def test_missing_points_whose_lines_lie_beside_are_known(sound: Store) -> None:
    replaced(sound.path / R / "metrics-2.csv", b"0,3.4,0.95\n", b"")
    (sound.path / R / "metrics-2.csv.torn").write_text("# 11 bytes\n0,3.4,0.95\n\n")
    assert found(sound) == []
    assert remarked(sound) == [("points-aside", f"{R}/run.json")]


def test_what_a_thread_logged_after_the_end_is_no_damage(sound: Store) -> None:
    appended(sound.path / SECOND, b"1,3.530865,0.97\n")
    (sound.path / R / "metrics-3.csv").write_text("step,time,late\n0,9.5,1\n1,9.6,2\n")
    report = check(sound)
    assert report.faults == ()
    assert [(remark.kind, remark.message) for remark in report.remarks if remark.kind != "lost"] == [
        ("summary-behind", "late was logged 2 times after the end"),
        ("summary-behind", "val_acc was logged 1 times after the end"),
    ]
    repair(sound)
    assert check(sound).remarks == tuple(remark for remark in report.remarks if remark.kind == "lost")
    assert runs.read(sound, FULL).metrics["late"] == 2


def test_a_table_that_has_no_line_yet_is_sound(sound: Store) -> None:
    (sound.path / NIGHT / "metrics-2.csv").write_text("")
    (sound.path / NIGHT / "metrics-3.csv").write_text("step,time,late\n")
    assert found(sound) == []


def test_tables_edited_by_hand_are_sound_where_they_can_be_read(sound: Store) -> None:
    table = sound.path / NIGHT / "metrics.csv"
    table.write_bytes(b"\xef\xbb\xbfstep,time,loss\r\n0, 10.0 ,0.5\r\n1,20.0,1E-3\r\n")
    assert found(sound) == []


def test_a_quick_look_reads_neither_tables_nor_objects(sound: Store) -> None:
    other_content(sound.path)
    appended(sound.path / R / "metrics.csv", b"3,3.5,0.2")
    assert check(sound, full=False).faults == ()
    (sound.path / R / "run.json").write_text("")
    assert [fault.kind for fault in check(sound, full=False).faults] == ["record-garbled"]


def test_text_of_a_labbook_cannot_play_tricks_on_a_terminal_or_a_page(sound: Store) -> None:
    (sound.path / "\x1b[31m<b>").write_text("")
    report = check(sound)
    assert "\x1b" not in str(report)
    assert "\\x1b[31m<b>" in str(report)
    assert "&lt;b&gt;" in report._repr_html_()


def test_long_reports_are_cut_in_text_and_whole_in_json(sound: Store) -> None:
    for number in range(50):
        (sound.path / f"file {number}").write_text("")
    report = check(sound)
    assert "… and 30 more" in str(report)
    assert len(report.to_dict()["remarks"]) == 52


def test_an_object_of_a_running_process_is_sound(store: Store, make_run: Callable[..., str]) -> None:
    digest, size = objects.put(store, b"kept")
    make_run(artifacts=[{"name": "a", "sha256": digest, "bytes": size}])
    assert check(store).to_dict() == {"faults": []}


# what is being written --------------------------------------------------------------------------

WRITER = """
import os, sys, time
import msgspec
from pathlib import Path
from jupyter_labbook.store import files, layout, liveness
folder = Path(sys.argv[1])
facts = {"format": 1, "id": folder.name, "experiment": "live", "started": "2026-11-21T06:00:00.000000Z",
         "status": "running", "host": liveness.host(), "process": liveness.this_process()}
fresh = folder.with_name(".new-" + folder.name)
fresh.mkdir()
(fresh / "run.json").write_bytes(msgspec.json.encode(facts))
fresh.rename(folder)
table = os.open(folder / "metrics.csv", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(table, b"step,time,loss")
print("ready", flush=True)
os.write(table, b"\\n")
step = 0
while os.getppid() == int(sys.argv[2]):
    line = b"%d,%f,%f\\n" % (step, step, step)
    os.write(table, line[: len(line) // 2])
    time.sleep(0.0005)
    os.write(table, line[len(line) // 2 :])
    step += 1
    if step % 20 == 0:
        files.replace(folder / "run.json", msgspec.json.encode(facts))
"""


def test_a_run_that_is_being_written_is_never_called_damaged(store: Store, python: Callable[..., Any]) -> None:
    folder = layout.run_folder(store.path, "20261121-060000-live-b2c3d")
    writer = python(WRITER, folder, os.getpid())
    assert writer.stdout.readline() == "ready\n"
    for _ in range(60):
        assert check(store).to_dict() == {"faults": []}
    assert writer.poll() is None
    assert (folder / "metrics.csv").stat().st_size > 100


def test_a_run_whose_writer_was_killed_is_lost_and_its_half_line_is_damage(
    store: Store, python: Callable[..., Any]
) -> None:
    folder = layout.run_folder(store.path, "20261121-060000-live-b2c3d")
    writer = python(WRITER, folder, os.getpid())
    writer.stdout.readline()
    writer.kill()
    writer.wait()
    appended(folder / "metrics.csv", b"7,7.0,7")
    report = check(store)
    assert [fault.kind for fault in report.faults] == ["table-torn"]
    assert [remark.kind for remark in report.remarks] == ["lost"]


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="only Linux says who has a file open")
def test_a_run_that_has_ended_and_is_still_logged_to_is_not_judged(store: Store, make_run: Callable[..., str]) -> None:
    id = make_run(process=liveness.this_process(), host=liveness.host())
    late = tables.MetricTables(layout.run_folder(store.path, id))
    late.append({"loss": 1.0}, None, 0.5)
    try:
        assert check(store).to_dict() == {"faults": []}
    finally:
        late.close()
    assert [fault.kind for fault in check(store).faults] == ["summary-missing"]


def test_runs_and_files_that_vanish_while_they_are_looked_at_are_no_damage(
    store: Store, make_run: Callable[..., str], python: Callable[..., Any]
) -> None:
    """Another process makes runs and removes them, as `rm -rf` does, for as long as this one looks."""
    code = """
import os, shutil, sys
from pathlib import Path
runs = Path(sys.argv[1])
template = next(runs.iterdir())
print("ready", flush=True)
number = 0
while os.getppid() == int(sys.argv[2]):
    number += 1
    id = f"20261121-07{number // 60 % 60:02}{number % 60:02}-demo-{number % 10}bcde"
    shutil.copytree(template, runs / f".new-{id}")
    text = (runs / f".new-{id}" / "run.json").read_text().replace(template.name, id)
    (runs / f".new-{id}" / "run.json").write_text(text)
    os.rename(runs / f".new-{id}", runs / id)
    os.rename(runs / id, runs / f".new-{id}")
    shutil.rmtree(runs / f".new-{id}")
"""
    make_run(files={"metrics.csv": "step,time,a\n"})
    worker = python(code, store.path / "runs", os.getpid())
    assert worker.stdout.readline() == "ready\n"
    until = time.monotonic() + 2
    while time.monotonic() < until:
        assert check(store).faults == ()
    assert worker.poll() is None
