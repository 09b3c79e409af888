"""Whoever annotates writes files of their own, and readers merge them in the order of their times."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from jupyter_labbook.errors import RunNotFound, StoreTooNew, StoreUnwritable, UsageError
from jupyter_labbook.run import Record
from jupyter_labbook.store import annotations as beside
from jupyter_labbook.store import layout, runs
from jupyter_labbook.store.annotations import add_lesson, add_note, annotate, merge
from jupyter_labbook.store.store import Store

MakeRun = Callable[..., str]


def folder_of(store: Store, id: str) -> Path:
    return layout.run_folder(store.path, id)


def written(store: Store, id: str) -> list[Path]:
    return sorted(path for path in folder_of(store, id).iterdir() if layout.is_annotation(path.name))


def test_an_annotation_is_a_file_of_its_own_and_the_record_stays_as_it_is(store: Store, make_run: MakeRun) -> None:
    id = make_run(tags=["first"])
    before = (folder_of(store, id) / "run.json").read_bytes()
    annotate(store, id, add_tags=["second"], conclusion="it works", archived=True)
    assert (folder_of(store, id) / "run.json").read_bytes() == before
    (file,) = written(store, id)
    facts = json.loads(file.read_text())
    assert facts.pop("time").endswith("Z")
    assert "@" in facts.pop("by")
    assert facts == {"format": 1, "add_tags": ["second"], "conclusion": "it works", "archived": True}
    record = runs.read(store, id).record
    assert (record.tags, record.conclusion, record.archived) == (["first", "second"], "it works", True)


def test_later_annotations_win(store: Store, make_run: MakeRun) -> None:
    id = make_run(tags=["a", "b"], conclusion="from the record")
    annotate(store, id, remove_tags=["a", "never there"], conclusion="one", archived=True)
    annotate(store, id, add_tags=["c", "b", "c"])
    annotate(store, id, conclusion="two", archived=False)
    record = runs.read(store, id).record
    assert (record.tags, record.conclusion, record.archived) == (["b", "c"], "two", False)
    annotate(store, id, conclusion="")
    assert runs.read(store, id).conclusion is None


def test_nothing_changes_what_is_not_named(store: Store, make_run: MakeRun) -> None:
    id = make_run(tags=["a"], conclusion="kept", archived=True)
    annotate(store, id)
    record = runs.read(store, id).record
    assert (record.tags, record.conclusion, record.archived) == (["a"], "kept", True)


def test_a_clock_that_was_set_back_does_not_bring_back_what_was_removed(
    store: Store, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = make_run()

    class Clock(datetime):
        moment = datetime(2026, 11, 21, 12, tzinfo=UTC)

        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return cls.moment

    monkeypatch.setattr(beside, "datetime", Clock)
    annotate(store, id, add_tags=["wrong"])
    Clock.moment -= timedelta(hours=1)
    annotate(store, id, remove_tags=["wrong"])
    annotate(store, id, add_tags=["right"])
    assert runs.read(store, id).tags == ["right"]


def test_an_annotation_from_the_far_future_does_not_hold_the_clock_for_ever(store: Store, make_run: MakeRun) -> None:
    id = make_run()
    future = folder_of(store, id) / layout.new_annotation(datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
    future.write_text('{"time": "9999-12-31T23:59:59Z", "add_tags": ["future"]}')
    annotate(store, id, add_tags=["now"])
    assert sorted(runs.read(store, id).tags) == ["future", "now"]


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"\0" * 90, b'{"time": 3}', b'{"time": "x", "add_tags": "abc"}',
     b'{"time": "x", "archived": "yes"}', b"[" * 100_000, b'{"time": "x", "conclusion": "\xff"}'],
)  # fmt: skip
def test_a_damaged_annotation_hides_no_other(store: Store, make_run: MakeRun, data: bytes) -> None:
    id = make_run()
    annotate(store, id, add_tags=["good"])
    (folder_of(store, id) / layout.new_annotation(datetime.now(UTC))).write_bytes(data)
    assert runs.read(store, id).tags == ["good"]


def test_links_and_pipes_in_place_of_annotations_are_not_followed(
    store: Store, make_run: MakeRun, tmp_path: Path
) -> None:
    id = make_run()
    (tmp_path / "elsewhere").write_text('{"time": "x", "add_tags": ["evil"]}')
    (tmp_path / "notes").write_text("evil")
    (folder_of(store, id) / layout.new_annotation(datetime.now(UTC))).symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder_of(store, id) / layout.new_annotation(datetime.now(UTC)))
    (folder_of(store, id) / "notes.md").symlink_to(tmp_path / "notes")
    record = runs.read(store, id).record
    assert (record.tags, record.notes) == ([], [])
    add_note(store, id, "mine")
    assert (tmp_path / "notes").read_text() == "evil"
    assert [note.text for note in runs.read(store, id).notes] == ["mine"]


def test_unfinished_annotations_are_not_read(store: Store, make_run: MakeRun) -> None:
    id = make_run()
    (folder_of(store, id) / ".new-123").write_text('{"time": "x", "add_tags": ["half"]}')
    assert runs.read(store, id).tags == []


@pytest.mark.parametrize("id", ["", "../..", "20261121-031502-dropout-k3f9x"])
def test_only_runs_are_annotated(store: Store, id: str) -> None:
    with pytest.raises(RunNotFound):
        annotate(store, id, add_tags=["x"])
    with pytest.raises(RunNotFound):
        add_note(store, id, "x")


def test_a_link_in_place_of_a_run_is_not_annotated(store: Store, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    id = "20261121-031502-dropout-k3f9x"
    folder_of(store, id).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunNotFound):
        annotate(store, id, add_tags=["x"])
    assert os.listdir(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("tag", ["", "  ", "\0", "\n"])
def test_an_empty_tag_is_refused(store: Store, make_run: MakeRun, tag: str) -> None:
    id = make_run()
    with pytest.raises(UsageError):
        annotate(store, id, add_tags=[tag])
    assert written(store, id) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=some.text(some.characters(), min_size=1, max_size=20))
@example(text="\ud83d\ude00 \ud83d <b>&</b> \x1b[31m ../ =1+1")
def test_any_text_is_kept(store: Store, make_run: MakeRun, text: str) -> None:
    id = make_run()
    annotate(store, id, conclusion=text)
    kept = runs.read(store, id).conclusion
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "").strip()
    assert kept == (expected or None)
    try:
        annotate(store, id, add_tags=[text])
    except UsageError:
        assert not expected.strip()
    else:
        assert runs.read(store, id).tags == [" ".join(expected.split())]


def test_a_newer_store_is_not_annotated(store: Store, make_run: MakeRun) -> None:
    id = make_run()
    (store.path / "labbook.json").write_text('{"format": 2}')
    newer = Store.open(store.path)
    with pytest.raises(StoreTooNew):
        annotate(newer, id, add_tags=["x"])
    with pytest.raises(StoreTooNew):
        add_note(newer, id, "x")
    with pytest.raises(StoreTooNew):
        add_lesson(newer, "x")
    assert os.listdir(folder_of(store, id)) == ["run.json"]


def test_a_full_disk_says_that_nothing_was_changed(
    store: Store, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = make_run()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: 0)
        with pytest.raises(StoreUnwritable, match="Nothing was changed"):
            annotate(store, id, add_tags=["x"])
    assert os.listdir(folder_of(store, id)) == ["run.json"]


def test_merging_nothing_gives_the_same_record(tmp_path: Path) -> None:
    record = Record(id="x", experiment="x")
    assert merge(record, tmp_path, ["run.json", "cell.py"]) is record


def test_processes_that_annotate_at_once_lose_nothing(
    store: Store, make_run: MakeRun, python: Callable[..., subprocess.Popen[str]]
) -> None:
    id = make_run()
    code = """
import sys
from pathlib import Path
from jupyter_labbook.store import annotations
from jupyter_labbook.store.store import Store
store = Store.open(Path(sys.argv[1]))
sys.stdin.read(1)
for number in range(40):
    annotations.annotate(store, sys.argv[2], add_tags=[f"{sys.argv[3]}{number}"])
    annotations.add_note(store, sys.argv[2], f"note {sys.argv[3]}{number}")
"""
    processes = [python(code, store.path, id, letter) for letter in "abc"]
    for process in processes:
        assert process.stdin
        process.stdin.write("g")
        process.stdin.flush()
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    run = runs.read(store, id)
    assert sorted(run.tags) == sorted(f"{letter}{number}" for letter in "abc" for number in range(40))
    assert sorted(note.text for note in run.notes) == sorted(f"note {tag}" for tag in run.tags)
    assert len([name for name in os.listdir(folder_of(store, id)) if layout.is_notes(name)]) == 3


def test_a_killed_annotator_leaves_whole_files_or_none(
    store: Store, make_run: MakeRun, python: Callable[..., subprocess.Popen[str]]
) -> None:
    id = make_run()
    code = """
import sys
from pathlib import Path
from jupyter_labbook.store import annotations
from jupyter_labbook.store.store import Store
store = Store.open(Path(sys.argv[1]))
for number in range(100_000):
    annotations.annotate(store, sys.argv[2], add_tags=[f"t{number}"])
    print(number, flush=True)
"""
    process = python(code, store.path, id)
    assert process.stdout
    for _ in range(50):
        process.stdout.readline()
    process.kill()
    acknowledged = 50 + len(process.communicate()[0].split())
    for file in written(store, id):
        assert msgspec.json.decode(file.read_bytes())["add_tags"]
    assert len(runs.read(store, id).tags) in (acknowledged, acknowledged + 1)
