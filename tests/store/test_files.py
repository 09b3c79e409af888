"""Half of a file is never seen, and an acknowledged line is never lost."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jupyter_labbook.store import files, layout


class FullDisk:
    """An `os.write` for a disk with so much room: it answers short, and then that it is full."""

    def __init__(self, room: int, write: Callable[[int, bytes], int]) -> None:
        self.room = room
        self.write = write

    def __call__(self, fd: int, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self.write(fd, data[: self.room])
        self.room -= written
        return written


@given(sizes=some.lists(some.integers(1, 5), max_size=30), line=some.binary(max_size=60))
def test_a_line_arrives_whole_however_short_the_disk_answers(sizes: list[int], line: bytes) -> None:
    answers = iter(sizes)
    real = os.write
    reading, writing = os.pipe()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "write", lambda fd, data: real(fd, data[: next(answers, 9)]))
            files.append(writing, line)
        os.close(writing)
        assert b"".join(iter(lambda: os.read(reading, 100), b"")) == line
    finally:
        os.close(reading)


def test_a_disk_that_takes_nothing_and_says_nothing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fd = os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
    monkeypatch.setattr(os, "write", lambda fd, data: 0)
    with pytest.raises(OSError, match="space"):
        files.append(fd, b"line\n")
    os.close(fd)


@pytest.mark.parametrize("room", range(12))
@pytest.mark.parametrize("verb", [files.replace, files.create])
def test_a_full_disk_changes_nothing_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, verb: Callable[[Path, bytes], None]
) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"old")
    target = other if verb is files.replace else tmp_path / "new"
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", FullDisk(room, os.write))
        with pytest.raises(OSError, match="space"):
            verb(target, b"twelve bytes")
    assert os.listdir(tmp_path) == ["other"]
    assert other.read_bytes() == b"old"
    verb(target, b"twelve bytes")
    assert target.read_bytes() == b"twelve bytes"


def test_a_failing_fsync_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(fd: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    file = tmp_path / "file"
    file.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="input/output"):
        files.replace(file, b"new", sync=True)
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_replacing_with_sync_works_and_takes_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files.replace("file", b"one", sync=True)
    files.replace("file", b"two", sync=True)
    assert files.read("file") == b"two"


def test_replacing_a_link_leaves_what_it_pointed_to(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"keep")
    (tmp_path / "file").symlink_to(target)
    files.replace(tmp_path / "file", b"new")
    assert target.read_bytes() == b"keep"
    assert not (tmp_path / "file").is_symlink()


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling link"])
def test_create_takes_no_name_that_is_taken(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "file"
    if kind == "file":
        file.write_bytes(b"first")
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to(tmp_path if kind == "link" else tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        files.create(file, b"second")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP])
def test_create_works_on_a_disk_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuses(source: str, target: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuses)
    files.create(tmp_path / "file", b"first")
    with pytest.raises(FileExistsError):
        files.create(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["file"]


def test_create_sets_the_mode(tmp_path: Path) -> None:
    files.create(tmp_path / "file", b"", mode=0o444)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o444


def test_of_many_processes_that_create_a_file_one_wins_and_the_file_is_whole(
    tmp_path: Path, python: Callable[..., subprocess.Popen[str]]
) -> None:
    code = """
import sys
from jupyter_labbook.store import files
sys.stdin.read(1)
won = 0
for number in range(200):
    try:
        files.create(f"{sys.argv[1]}/{number}", sys.argv[2].encode() * 1000)
        won += 1
    except FileExistsError:
        pass
print(won)
"""
    processes = [python(code, tmp_path, letter) for letter in "abcd"]
    for process in processes:
        assert process.stdin
        process.stdin.write("g")
        process.stdin.flush()
    won = [int(process.communicate()[0]) for process in processes]
    assert sum(won) == 200
    assert sorted(os.listdir(tmp_path), key=int) == [str(number) for number in range(200)]
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        assert len(data) == 1000
        assert len(set(data)) == 1


def test_reading_takes_regular_files_only_and_never_waits(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    assert files.read(file) == b"12345"
    assert files.read(str(file)) == b"12345"
    for strange in ("link", "pipe", ".", "missing", "na\0me", "a" * 5000, "\udc80"):
        assert files.read(tmp_path / strange) is None


def test_reading_stops_at_the_most_that_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert files.read(file, most=5) == b"12345"
    assert files.read(file, most=4) is None
    os.truncate(file, 1 << 40)
    assert files.read(file) is None


def test_reading_returns_what_is_there_when_the_file_grew_or_shrank_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    real = os.fstat

    def changed(size: int) -> Callable[[int], os.stat_result]:
        def fstat(fd: int) -> os.stat_result:
            status = real(fd)
            os.truncate(file, size)
            return status

        return fstat

    monkeypatch.setattr(os, "fstat", changed(3))
    assert files.read(file) == b"123"
    monkeypatch.setattr(os, "fstat", changed(9))
    assert files.read(file) == b"123" + bytes(6)


def test_pieces_together_are_the_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(range(100)))
    assert b"".join(files.pieces(file, 7, 1000)) == bytes(range(100))
    assert b"".join(files.pieces(file, 7, 50, start=10)) == bytes(range(10, 60))
    assert list(files.pieces(tmp_path, 7, 1000)) == []


def test_nothing_is_left_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    os.mkfifo(tmp_path / "pipe")
    for name in ("a", "b"):
        files.create(tmp_path / name, b"data")
        files.replace(tmp_path / name, b"data", sync=True)
        files.read(tmp_path / name, most=1)
        files.read(tmp_path / "pipe")
        list(files.pieces(tmp_path / name, 2, 10))
        with pytest.raises(FileExistsError):
            files.create(tmp_path / name, b"data")
    assert len(os.listdir("/proc/self/fd")) == before


def test_temporary_names_are_those_that_readers_pass_over() -> None:
    assert layout.is_temporary(os.path.basename(files.temporary_name("/folder")))
