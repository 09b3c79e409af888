"""Notes and lessons come back as they went in, whoever wrote beside whom."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from jupyter_labbook.errors import StoreUnwritable, UsageError
from jupyter_labbook.run import Note
from jupyter_labbook.store import layout
from jupyter_labbook.store.annotations import add_lesson, add_note, lessons, notes
from jupyter_labbook.store.notes import write_note
from jupyter_labbook.store.store import Store

MakeRun = Callable[..., str]
MARK = "<!-- note 2026-11-21T03:15:02.123456Z -->"


@pytest.fixture
def folder(store: Store, make_run: MakeRun) -> Path:
    return layout.run_folder(store.path, make_run())


def test_a_note_stands_under_a_line_with_its_time(folder: Path) -> None:
    write_note(folder, "odd spike", datetime(2026, 11, 21, 3, 15, 2, 123456, tzinfo=UTC))
    assert (folder / "notes.md").read_text() == f"{MARK}\nodd spike\n"
    assert notes(folder) == [Note("odd spike", "2026-11-21T03:15:02.123456Z")]


def test_one_writer_keeps_to_one_file(folder: Path) -> None:
    for number in range(5):
        write_note(folder, f"note {number}")
    assert sorted(os.listdir(folder)) == ["notes.md", "run.json"]
    assert [note.text for note in notes(folder)] == [f"note {number}" for number in range(5)]


def test_somebody_elses_notes_are_not_written_to(folder: Path) -> None:
    (folder / "notes.md").write_text("written by hand")
    write_note(folder, "mine")
    write_note(folder, "mine too")
    assert (folder / "notes.md").read_text() == "written by hand"
    assert notes(folder)[0] == Note("written by hand", None)
    assert [note.text for note in notes(folder)[1:]] == ["mine", "mine too"]
    assert len(os.listdir(folder)) == 3


def test_notes_are_sorted_by_time_over_all_files(folder: Path) -> None:
    (folder / "notes.md").write_text(f"by hand\n\n{MARK}\nthird\n<!-- note 2020-01-01T00:00:00Z -->\nfirst")
    (folder / "notes-20261121T031502123456Z-abcde.md").write_text("<!-- note 2021-01-01T00:00:00Z -->\r\nsecond\r\n")
    assert [note.text for note in notes(folder)] == ["by hand", "first", "second", "third"]


def test_a_note_goes_on_in_a_new_file_where_ours_was_taken_away(folder: Path) -> None:
    write_note(folder, "one")
    (folder / "notes.md").rename(folder / "elsewhere")
    write_note(folder, "two")
    (folder / "notes.md").unlink()
    (folder / "notes.md").symlink_to(folder / "elsewhere")
    write_note(folder, "three")
    assert "three" not in (folder / "elsewhere").read_text()
    assert [note.text for note in notes(folder)] == ["three"]


def test_an_edit_of_our_file_by_hand_is_kept(folder: Path) -> None:
    write_note(folder, "one")
    (folder / "notes.md").write_text((folder / "notes.md").read_text() + "and more, without a newline")
    write_note(folder, "two")
    assert [note.text for note in notes(folder)] == ["one\nand more, without a newline", "two"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=some.lists(
        some.text(some.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
        | some.sampled_from([MARK, f"\\{MARK}", f"a\n{MARK}\nb", f"\\\\{MARK}\n\\{MARK}", "<!-- note "]),
        max_size=4,
    )
)
@example(texts=[MARK, MARK + MARK, "\r" + MARK, "x\r\n" + MARK, "\u2028" + MARK, "\x0b" + MARK])
def test_every_text_comes_back_as_it_went_in(store: Store, make_run: MakeRun, texts: list[str]) -> None:
    folder = layout.run_folder(store.path, make_run())
    expected = []
    for text in texts:
        text = text.replace("\0", "").strip()
        if text:
            write_note(folder, text)
            expected.append(text)
    assert [note.text for note in notes(folder)] == expected


@pytest.mark.parametrize("text", ["", " \n\t", "\0"])
def test_an_empty_note_is_refused(folder: Path, text: str) -> None:
    with pytest.raises(UsageError):
        write_note(folder, text)
    assert os.listdir(folder) == ["run.json"]


@pytest.mark.parametrize("room", range(0, 50, 7))
def test_a_full_disk_leaves_no_half_of_a_note(folder: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    real, left = os.write, room

    def full(fd: int, data: bytes) -> int:
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = real(fd, data[:left])
        left -= written
        return written

    write_note(folder, "first")
    before = (folder / "notes.md").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StoreUnwritable, match="not kept"):
            write_note(folder, "a note that does not fit on this disk any more")
    assert (folder / "notes.md").read_bytes() == before
    write_note(folder, "second")
    assert [note.text for note in notes(folder)] == ["first", "second"]


def test_a_forked_child_writes_notes_of_its_own(folder: Path) -> None:
    write_note(folder, "parent")
    child = os.fork()
    if not child:
        try:
            write_note(folder, "child")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    write_note(folder, "parent again")
    assert [note.text for note in notes(folder)] == ["parent", "child", "parent again"]
    assert "child" not in (folder / "notes.md").read_text()


def test_threads_note_at_once_and_lose_nothing(folder: Path) -> None:
    def work(letter: str) -> None:
        for number in range(50):
            write_note(folder, f"{letter}{number}")

    threads = [threading.Thread(target=work, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [note.text for note in notes(folder)]
    assert sorted(found) == sorted(f"{letter}{number}" for letter in "abcd" for number in range(50))
    assert len(os.listdir(folder)) == 2


def test_bytes_that_are_no_text_and_strange_files_hide_nothing(folder: Path) -> None:
    (folder / "notes.md").write_bytes(b"\xff\0 by hand\n" + MARK.encode() + b"\nread")
    (folder / "notes-20261121T031502123456Z-abcde.md").mkdir()
    os.mkfifo(folder / "notes-20261121T031502123456Z-abcdf.md")
    assert [note.text for note in notes(folder)] == ["\ufffd by hand", "read"]
    assert notes(folder / "missing") == []


def test_a_mark_with_no_time_in_it_is_a_note_without_one(folder: Path) -> None:
    (folder / "notes.md").write_text("<!-- note yesterday -->\ntext")
    assert notes(folder) == [Note("text", None)]


def test_lessons_are_files_of_their_own_and_know_their_run(store: Store, make_run: MakeRun) -> None:
    id = make_run()
    add_lesson(store, "warm up first", id)
    add_lesson(store, f"two lines\n{MARK}")
    first, second = lessons(store)
    assert (first.text, first.run) == ("warm up first", id)
    assert (second.text, second.run) == (f"two lines\n{MARK}", None)
    assert first.time
    assert second.time
    assert first.time <= second.time
    assert len(os.listdir(store.path / "lessons")) == 2


def test_a_store_without_lessons_has_none_and_strange_files_are_passed_over(store: Store) -> None:
    assert lessons(store) == []
    add_lesson(store, "kept")
    (store.path / "lessons" / "README.md").write_text("not a lesson")
    (store.path / "lessons" / layout.new_lesson(datetime.now(UTC))).symlink_to(store.path / "labbook.json")
    assert [lesson.text for lesson in lessons(store)] == ["kept"]


def test_a_lesson_about_no_run_says_so(store: Store) -> None:
    add_lesson(store, "text", "not --> an id")
    assert lessons(store)[0].run is None


def test_notes_are_added_by_id(store: Store, make_run: MakeRun) -> None:
    id = make_run()
    add_note(store, id, "*markdown*")
    assert [note.text for note in notes(layout.run_folder(store.path, id))] == ["*markdown*"]
