"""The fingerprint of files and folders changes with their content, and reading them harms nobody."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record.data import fingerprint
from jupyter_labbook.record.data_content import FULL
from jupyter_labbook.record.data_files import MOST_FILES


def of(value: Any) -> str:
    digest = fingerprint("x", value).sha256
    assert digest is not None
    return digest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set in a folder, which lies in the working folder."""
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    for name, content in {"a.csv": "1,2\n", "b.csv": "3,4\n", "more/c.csv": "", "more/deep/d.csv": "5"}.items():
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return data


# a file


@pytest.mark.parametrize("content", [b"", b"1,2\n", os.urandom(3 << 20)], ids=["empty", "small", "of several blocks"])
def test_the_hash_of_a_file_is_the_one_that_sha256sum_gives(folder: Path, content: bytes) -> None:
    (folder / "a.csv").write_bytes(content)
    data = fingerprint("train", folder / "a.csv")
    assert (
        data.sha256 == sha256(content).hexdigest() == of(content) == of(bytearray(content)) == of(memoryview(content))
    )
    assert (data.name, data.kind, data.bytes, data.coverage) == ("train", "file", len(content), "full")
    assert (data.rows, data.columns) == (None, None)
    assert fingerprint("x", content).kind == "bytes"


def test_a_file_is_named_from_the_working_folder_where_it_lies_in_there(folder: Path) -> None:
    for given in ("data/a.csv", "./data/../data/a.csv", folder / "a.csv", str(folder / "a.csv"), Path("data/a.csv")):
        assert fingerprint("x", given).path == "data/a.csv"
    os.chdir(folder / "more")
    assert fingerprint("x", "../a.csv").path == str(folder / "a.csv")
    assert fingerprint("x", os.fsencode(folder.parent) and folder).path == str(folder)


def test_a_file_of_another_name_or_place_is_the_same_file(folder: Path) -> None:
    before = of("data/a.csv")
    (folder / "a.csv").rename(folder / "more" / "z.csv")
    os.utime(folder / "more" / "z.csv", (0, 0))
    assert of("data/more/z.csv") == before


def test_a_link_that_is_given_by_name_is_followed(folder: Path) -> None:
    (folder / "link").symlink_to("a.csv")
    (folder.parent / "set").symlink_to("data")
    assert of("data/link") == of("data/a.csv")
    assert fingerprint("x", "data/link").path == "data/link"
    assert fingerprint("x", "set").sha256 == of("data")


def test_of_a_large_file_its_size_head_tail_and_what_lies_between_count(folder: Path) -> None:
    path = folder / "large.bin"
    with path.open("wb") as file:
        file.truncate(FULL + 1)
    before = fingerprint("x", path)
    assert (before.coverage, before.bytes) == ("sampled", FULL + 1)
    for at in (0, FULL):
        with path.open("r+b") as file:
            file.seek(at)
            file.write(b"x")
        assert of(path) != before.sha256
        with path.open("r+b") as file:
            file.seek(at)
            file.write(b"\0")
    assert of(path) == before.sha256
    os.truncate(path, FULL + 2)
    assert of(path) != before.sha256
    os.truncate(path, FULL)
    assert fingerprint("x", path).coverage == "full"


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("data/a.cvs", r"no file or folder 'data/a.cvs' in .*Did you mean 'a.csv'"),
        ("nowhere/a.csv", "no file or folder 'nowhere/a.csv'"),
        ("data/a.csv/b", "no file or folder"),
        ("", "no file or folder ''"),
        ("1,2\n3,4", "A text that is data itself is given as bytes"),
        ("a\0b", "no file or folder"),
        ("x" * 100_000, "no file or folder 'xxx.*…'"),
        ("s3://bucket/train.csv", "does not go to the network: give a local copy"),
        (Path("data/nothing"), "no file or folder 'data/nothing'"),
    ],
)  # fmt: skip
def test_a_text_that_names_no_file_is_an_error_that_says_what_to_do(folder: Path, given: Any, answer: str) -> None:
    with pytest.raises(FileNotFoundError, match=answer) as caught:
        fingerprint("x", given)
    assert len(str(caught.value)) < 700


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="loop"):
        fingerprint("x", "data/loop")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize("make", [pipe, listening])
def test_what_is_no_file_is_never_opened(make: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory() as short:  # a socket's name has at most 107 letters
        folder = Path(short)
        before = of(folder)
        make(folder / "x")
        with pytest.raises(LabbookError, match="neither a file nor a folder"):
            fingerprint("x", folder / "x")
        assert of(folder) != before


# a folder


def test_a_folder_is_the_names_in_it_and_their_contents(folder: Path) -> None:
    data = fingerprint("train", "data")
    assert (data.kind, data.path, data.bytes, data.coverage) == ("folder", "data", 9, "full")
    assert (data.rows, data.columns) == (None, None)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a content": lambda folder: (folder / "more/deep/d.csv").write_text("6"),
    "contents swapped": lambda folder: [(folder / "a.csv").write_text("3,4\n"), (folder / "b.csv").write_text("1,2\n")],
    "a name": lambda folder: (folder / "a.csv").rename(folder / "z.csv"),
    "a place": lambda folder: (folder / "a.csv").rename(folder / "more/a.csv"),
    "a file more": lambda folder: (folder / "more/new").touch(),
    "a file less": lambda folder: (folder / "more/c.csv").unlink(),
    "a folder more": lambda folder: (folder / "new").mkdir(),
    "a hidden file": lambda folder: (folder / ".split").touch(),
    "a link": lambda folder: (folder / "link").symlink_to("a.csv"),
    "a link instead of the file": lambda folder: [
        (folder / "b.csv").unlink(), (folder / "b.csv").symlink_to("../b.csv")
    ],
    "a name that is no text": lambda folder: (folder / os.fsdecode(b"\xff")).touch(),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_in_a_folder_counts(folder: Path, change: str) -> None:
    before = of(folder)
    CHANGES[change](folder)
    assert of(folder) not in (before, of(folder / "more"))


def test_when_and_where_a_folder_was_written_and_what_systems_leave_in_it_does_not_count(folder: Path) -> None:
    before = of(folder)
    other = folder.parent / "elsewhere"
    for path in sorted(folder.rglob("*"), reverse=True):
        copy = other / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            copy.write_bytes(path.read_bytes())
            os.utime(copy, (1, 1))
    (other / ".ipynb_checkpoints").mkdir()
    (other / ".ipynb_checkpoints" / "a.csv").touch()
    (other / "more" / ".DS_Store").touch()
    (other / "labbook" / "runs").mkdir(parents=True)
    (other / "labbook" / "labbook.json").write_text('{"format": 1}')
    assert of(other) == before


def test_links_in_a_folder_are_not_followed(folder: Path) -> None:
    (folder / "up").symlink_to("..")
    (folder / "secret").symlink_to("../secret")
    before = fingerprint("x", folder)
    (folder.parent / "secret").write_text("changed outside")
    assert fingerprint("x", folder) == before
    assert before.bytes == 9


def test_of_a_large_folder_all_names_and_sizes_and_some_contents_count(folder: Path) -> None:
    for number in range(3):
        with (folder / f"{number}.bin").open("wb") as file:
            file.truncate(FULL // 3 + 1)
    before = fingerprint("x", folder)
    assert before.coverage == "sampled"
    with (folder / "2.bin").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    assert of(folder) != before.sha256


def test_a_folder_of_very_many_files_is_sampled(folder: Path) -> None:
    for number in range(MOST_FILES):
        (folder / f"{number:06}").touch()
    before = fingerprint("x", folder)
    assert before.coverage == "sampled"
    (folder / "000000").rename(folder / "more" / "000000")
    assert of(folder) != before.sha256


# several files


def test_a_list_of_files_is_their_contents_in_that_order(folder: Path) -> None:
    data = fingerprint("folds", ["data/a.csv", "data/b.csv"])
    assert (data.kind, data.bytes, data.coverage, data.path) == ("files", 8, "full", None)
    assert data.sha256 == of([folder / "a.csv", folder / "b.csv"]) != of(["data/b.csv", "data/a.csv"])
    before = of({"train": "data/a.csv", "test": "data/b.csv"})
    assert (
        before == of({"test": "data/b.csv", "train": "data/a.csv"}) != of({"train": "data/b.csv", "test": "data/a.csv"})
    )
    (folder / "b.csv").write_text("3,5\n")
    assert of({"train": "data/a.csv", "test": "data/b.csv"}) != before


def test_texts_that_are_not_all_files_are_texts(folder: Path) -> None:
    assert fingerprint("x", ["data/a.csv", "data/z.csv"]).kind == "list"
    assert fingerprint("x", ["data"]).kind == "list"
    with pytest.raises(FileNotFoundError):
        fingerprint("x", [Path("data/a.csv"), Path("data/z.csv")])
    with pytest.raises(LabbookError, match="data is a folder among files"):
        fingerprint("x", [Path("data/a.csv"), Path("data")])
