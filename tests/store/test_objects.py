"""Contents by their hash: kept once, whole, read-only."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from jupyter_labbook.errors import StoreTooNew, StoreUnwritable
from jupyter_labbook.store import objects
from jupyter_labbook.store.store import Store

EMPTY = sha256(b"").hexdigest()


def everything(store: Store) -> list[Path]:
    return [path for path in (store.path / "objects").rglob("*") if not path.is_dir()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(data=some.binary(max_size=100))
def test_what_is_put_is_what_is_got(store: Store, tmp_path: Path, data: bytes) -> None:
    digest, size = objects.put(store, data)
    assert (digest, size) == (sha256(data).hexdigest(), len(data))
    assert objects.get(store, digest) == data
    (tmp_path / "file").write_bytes(data)
    assert objects.put(store, tmp_path / "file") == (digest, size)
    kept = objects.path(store, digest)
    assert kept.parent.name == digest[:2]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o444


def test_a_large_file_is_streamed_and_kept_once(store: Store, tmp_path: Path) -> None:
    data = os.urandom(1 << 20) * 3 + b"tail"
    (tmp_path / "file").write_bytes(data)
    first = objects.put(store, tmp_path / "file")
    inode = objects.path(store, first[0]).stat().st_ino
    assert objects.put(store, tmp_path / "file") == first == objects.put(store, data)
    assert objects.path(store, first[0]).stat().st_ino == inode
    assert len(everything(store)) == 1


@pytest.mark.parametrize("damage", ["cut", "link", "dangling"])
def test_a_damaged_object_is_put_right_by_the_next_put(store: Store, tmp_path: Path, damage: str) -> None:
    digest, _ = objects.put(store, b"content")
    kept = objects.path(store, digest)
    kept.unlink()
    secret = tmp_path / "secret"
    secret.write_bytes(b"content")
    if damage == "cut":
        kept.write_bytes(b"cont")
    else:
        kept.symlink_to(secret if damage == "link" else tmp_path / "nowhere")
    assert objects.get(store, digest) is None
    objects.put(store, b"content")
    assert objects.get(store, digest) == b"content"
    assert not kept.is_symlink()
    assert secret.read_bytes() == b"content"


def test_bytes_that_are_not_what_their_name_says_are_not_given_out(store: Store) -> None:
    digest, _ = objects.put(store, b"content")
    kept = objects.path(store, digest)
    kept.unlink()
    kept.write_bytes(b"CONTENT")
    assert objects.get(store, digest) is None


@pytest.mark.parametrize("name", ["", "..", "../../run.json", "A" * 64, "a" * 63, "a" * 64 + "\n", "é" * 64])
def test_what_is_no_hash_names_nothing(store: Store, name: str) -> None:
    assert objects.get(store, name) is None
    with pytest.raises(ValueError, match="sha256"):
        objects.path(store, name)


@pytest.mark.parametrize("room", [0, 1, 500])
def test_a_full_disk_leaves_nothing_half_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    real, left = os.write, room

    def full(fd: int, data: bytes) -> int:
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = real(fd, data[:left])
        left -= written
        return written

    (tmp_path / "file").write_bytes(b"x" * 1000)
    for source in (tmp_path / "file", b"x" * 1000):
        left = room
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            with pytest.raises(StoreUnwritable, match="space"):
                objects.put(store, source)
        assert everything(store) == []
    assert objects.put(store, tmp_path / "file")[1] == 1000


def test_a_file_that_is_none_is_refused_and_nothing_waits(store: Store, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a file"):
        objects.put(store, tmp_path / "pipe")
    with pytest.raises(OSError, match="not a file"):
        objects.put(store, tmp_path)
    with pytest.raises(FileNotFoundError):
        objects.put(store, tmp_path / "missing")


def test_a_newer_store_gets_no_objects(store: Store) -> None:
    (store.path / "labbook.json").write_text('{"format": 2}')
    with pytest.raises(StoreTooNew):
        objects.put(Store.open(store.path), b"content")
    assert not (store.path / "objects").exists()


def test_a_file_that_is_written_to_meanwhile_is_kept_as_it_was_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a" * (3 << 20))
    real = os.read

    def read(fd: int, count: int) -> bytes:
        data = real(fd, count)
        with file.open("r+b") as writer:
            writer.seek(2 << 20)
            writer.write(b"changed")
        return data

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", read)
        digest, _ = objects.put(store, file)
    assert objects.get(store, digest) is not None


def test_processes_that_put_the_same_contents_at_once_leave_each_whole(
    store: Store, python: Callable[..., subprocess.Popen[str]]
) -> None:
    code = """
import sys
from pathlib import Path
from jupyter_labbook.store import objects
from jupyter_labbook.store.store import Store
store = Store.open(Path(sys.argv[1]))
sys.stdin.read(1)
for number in range(100):
    objects.put(store, bytes([number]) * 5000)
"""
    processes = [python(code, store.path) for _ in range(3)]
    for process in processes:
        assert process.stdin
        process.stdin.write("g")
        process.stdin.flush()
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    kept = everything(store)
    assert len(kept) == 100
    for path in kept:
        assert objects.get(store, path.name) is not None
