"""Only what nothing names is removed, only when asked to, and never while a run cannot be read."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_labbook.errors import StoreError, StoreTooNew
from jupyter_labbook.store import annotations, layout, notes, objects, upgrade
from jupyter_labbook.store.gc import collect
from jupyter_labbook.store.store import Store

MakeRun = Callable[..., str]
TWO_HOURS = 7200.0
TWO_DAYS = 2 * 86400.0


def aged(path: Path, seconds: float) -> Path:
    """The path, last changed so long ago, with all that is in it."""
    when = time.time() - seconds
    for each in (*path.rglob("*"), path):
        os.utime(each, (when, when), follow_symlinks=False)
    return path


def kept(store: Store, data: bytes, seconds: float = TWO_HOURS) -> str:
    digest, _ = objects.put(store, data)
    aged(objects.path(store, digest), seconds)
    return digest


def contents(home: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"") for path in home.rglob("*")
    }


def test_an_object_that_no_run_names_is_named_and_left(store: Store, make_run: MakeRun) -> None:
    used, unused = kept(store, b"used"), kept(store, b"unused")
    make_run(artifacts=[{"name": "a", "sha256": used}])
    before = contents(store.path)
    garbage = collect(store)
    assert garbage.to_dict() == {"objects": [unused], "temporaries": [], "bytes": 6, "deleted": False}
    assert "Nothing was touched. `labbook gc --delete` removes them." in str(garbage)
    assert contents(store.path) == before


def test_it_is_removed_when_asked_to(store: Store, make_run: MakeRun) -> None:
    used, unused = kept(store, b"used"), kept(store, b"unused")
    make_run(artifacts=[{"name": "a", "sha256": used}])
    garbage = collect(store, delete=True)
    assert (garbage.objects, garbage.deleted) == ((unused,), True)
    assert str(garbage) == "Removed: 1 unused objects, 0 leftovers, 6 B."
    assert not objects.path(store, unused).exists()
    assert objects.get(store, used) == b"used"
    assert collect(store).objects == ()


def test_what_was_the_last_run_to_name_an_object_can_be_removed_with_it(store: Store, make_run: MakeRun) -> None:
    digest = kept(store, b"model")
    first = make_run(artifacts=[{"name": "a", "sha256": digest}])
    second = make_run(artifacts=[{"name": "b", "sha256": digest}])
    for id, expected in ((first, ()), (second, (digest,))):
        shutil.rmtree(layout.run_folder(store.path, id))
        assert collect(store).objects == expected


def test_whatever_spells_a_hash_keeps_its_object(store: Store, make_run: MakeRun) -> None:
    digests = [kept(store, b"%d" % number) for number in range(8)]
    id = make_run(
        code={"patch": digests[0]},
        environment={"snapshot": digests[1]},
        future={"checkpoint": [f"sha256:{digests[2].upper()}"]},
        files={"replay.ipynb": json.dumps({"cells": [], "metadata": {"states": digests[3]}})},
    )
    annotations.annotate(store, id, conclusion=f"see {digests[4]}")
    notes.add_note(store, id, f"kept {digests[5]}")
    notes.add_lesson(store, digests[6])
    (store.path / "sweeps" / "s1").mkdir(parents=True)
    (store.path / "sweeps" / "s1" / "trials.jsonl").write_text(f'{{"executed": "{digests[7]}"}}')
    assert collect(store).objects == ()


def test_a_hash_in_an_object_that_is_kept_keeps_another(store: Store, make_run: MakeRun) -> None:
    lock = kept(store, b"numpy==2.3.1")
    snapshot = kept(store, json.dumps({"lock_files": {"requirements.txt": lock}}).encode())
    unused = kept(store, json.dumps({"lock_files": {"requirements.txt": lock}, "x": 1}).encode())
    id = make_run(environment={"snapshot": snapshot})
    assert collect(store).objects == (unused,)
    shutil.rmtree(layout.run_folder(store.path, id))
    assert set(collect(store).objects) == {lock, snapshot, unused}


def test_a_hash_across_the_pieces_of_a_long_file_is_seen(store: Store, make_run: MakeRun) -> None:
    digests = [kept(store, b"%d" % number) for number in range(3)]
    text = "x" * ((1 << 20) - 32) + digests[0] + "y" * ((1 << 20) - 128) + digests[1] + " " + digests[2]
    make_run(files={"output.ipynb": text})
    assert collect(store).objects == ()


def test_a_young_object_is_kept_and_keeping_it_again_makes_it_young(store: Store) -> None:
    young, old = kept(store, b"young", 600.0), kept(store, b"old")
    assert collect(store).objects == (old,)
    objects.put(store, b"old")
    assert collect(store, delete=True).objects == ()
    assert objects.get(store, old) == b"old"
    assert objects.get(store, young) == b"young"


def test_content_that_is_kept_again_while_it_is_being_removed_stays(
    store: Store, python: Callable[..., object]
) -> None:
    """Another process keeps the same content over and over; what `put` has kept is there."""
    code = """
import os, sys, time
from pathlib import Path
from jupyter_labbook.store import objects
from jupyter_labbook.store.store import Store
store = Store.open(Path(sys.argv[1]))
print("ready", flush=True)
missing = 0
while not (store.path / "enough").exists():
    digest, _ = objects.put(store, b"content")
    patience = time.monotonic() + 0.5  # it is away for a moment where it is looked at once more
    while objects.get(store, digest) is None and time.monotonic() < patience:
        pass
    try:
        os.utime(objects.path(store, digest), (1e9, 1e9))
    except FileNotFoundError:
        missing += time.monotonic() >= patience
print(missing)
"""
    worker = python(code, store.path)
    assert worker.stdout.readline() == "ready\n"  # type: ignore[attr-defined]
    removed = 0
    while removed < 20:
        removed += len(collect(store, delete=True).objects)
    (store.path / "enough").write_text("")
    assert worker.stdout.read() == "0\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize("damage", ["missing", "garbled", "a link", "renamed", "unreadable"])
def test_nothing_is_removed_while_a_run_cannot_be_read(damage: str, store: Store, make_run: MakeRun) -> None:
    unused = kept(store, b"unused")
    id = make_run()
    folder = layout.run_folder(store.path, id)
    if damage == "missing":
        (folder / "run.json").unlink()
    elif damage == "garbled":
        (folder / "run.json").write_text('{"id": ')
    elif damage == "a link":
        shutil.move(folder, store.path.parent / "elsewhere")
        folder.symlink_to(store.path.parent / "elsewhere")
    elif damage == "renamed":
        folder.rename(folder.with_name("my best run"))
        id = "my best run"
    else:
        (folder / "run.json").unlink()
        (folder / "run.json").mkdir()
    for delete in (False, True):
        with pytest.raises(StoreError, match=id):
            collect(store, delete=delete)
    assert objects.get(store, unused) == b"unused"


def test_leftovers_of_a_crash_go_after_a_day(store: Store, make_run: MakeRun) -> None:
    folder = layout.run_folder(store.path, make_run())
    old = [folder / ".new-1", store.path / "objects/sha256/.new-2", store.path / "runs/.new-run/run.json"]
    young = [folder / ".new-4", store.path / "runs/.new-living/run.json"]
    for path in old + young:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
    for path in (old[0], old[1], old[2].parent, young[1].parent):
        aged(path, TWO_DAYS)
    os.utime(young[1])  # somebody still fills the folder
    garbage = collect(store, delete=True)
    assert garbage.temporaries == tuple(
        sorted(path.relative_to(store.path).as_posix() for path in (old[0], old[1], old[2].parent))
    )
    assert garbage.bytes == 15
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in young)


def test_no_link_is_followed_and_nothing_outside_is_removed(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".new-treasure").write_text("gold")
    aged(outside, TWO_DAYS)
    (store.path / "sweeps").mkdir()
    (store.path / "sweeps" / "there").symlink_to(outside)
    (store.path / ".new-link").symlink_to(outside)
    (store.path / ".new-folder").mkdir()
    (store.path / ".new-folder" / "link").symlink_to(outside)
    aged(store.path, TWO_DAYS)
    garbage = collect(store, delete=True)
    assert garbage.temporaries == (".new-folder", ".new-link")
    assert (outside / ".new-treasure").read_text() == "gold"
    assert not os.path.lexists(store.path / ".new-link")


def test_objects_behind_a_link_are_not_judged(store: Store, tmp_path: Path) -> None:
    kept(store, b"unused")
    (store.path / "objects").rename(tmp_path / "big disk")
    (store.path / "objects").symlink_to(tmp_path / "big disk")
    with pytest.raises(StoreError, match="symbolic link"):
        collect(store)


def test_files_that_are_no_objects_stay(store: Store) -> None:
    folder = store.path / "objects" / "sha256" / "ab"
    folder.mkdir(parents=True)
    (folder / "readme").write_text("")
    (folder / ("cd" * 32)).write_text("misplaced")
    (store.path / "lost+found").mkdir()
    (store.path / "lost+found" / ".new-x").write_text("put aside by a repair")
    aged(store.path, TWO_DAYS)
    assert collect(store, delete=True).to_dict() == {
        "objects": [],
        "temporaries": [],
        "bytes": 0,
        "deleted": True,
    }
    assert str(collect(store)) == "Nothing to remove: everything here is needed."


def test_a_newer_labbook_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "_told", {2})
    kept(store, b"unused")
    layout.store_file(store.path).write_text('{"format": 2}')
    with pytest.raises(StoreTooNew):
        collect(store)
