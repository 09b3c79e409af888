"""Reading what others wrote: whole runs, damaged ones, and things that only look like runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from jupyter_labbook.errors import RunDamaged, RunNotFound, StoreError
from jupyter_labbook.run import Record, Run
from jupyter_labbook.store import layout, objects, runs, upgrade
from jupyter_labbook.store.runs import Folder
from jupyter_labbook.store.store import Store

MakeRun = Callable[..., str]
ID = "20261121-031502-dropout-k3f9x"


def record_file(store: Store, id: str) -> Path:
    return layout.run_folder(store.path, id) / "run.json"


def snapshot(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    return {
        str(path): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for path in folder.rglob("*")
    }


# which runs there are --------------------------------------------------------------------------


def test_runs_are_listed_by_name(store: Store, make_run: MakeRun) -> None:
    made = [make_run() for _ in range(3)]
    assert runs.ids(store) == sorted(made)


def test_only_folders_that_are_runs_are_listed(store: Store, make_run: MakeRun, tmp_path: Path) -> None:
    kept = make_run()
    folder = store.path / "runs"
    (folder / f".new-{ID}").mkdir()
    (folder / "20261121-031502-UPPER-K3F9X").mkdir()
    (folder / "notes").mkdir()
    (folder / "20261121-031502-file-k3f9x").write_text("")
    (folder / ID).symlink_to(folder / kept)
    (folder / "20261121-031502-nowhere-k3f9x").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "20261121-031502-pipe-k3f9x")
    assert runs.ids(store) == [kept]


def test_a_store_without_runs_has_none(store: Store) -> None:
    assert runs.ids(store) == []
    (store.path / "runs").rmdir()
    assert runs.ids(store) == []
    (store.path / "runs").write_text("a file")
    assert runs.ids(store) == []


def test_runs_that_cannot_be_listed_are_not_taken_for_none(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def stale(path: Path) -> Any:
        raise OSError(116, "Stale file handle")

    monkeypatch.setattr(os, "scandir", stale)
    with pytest.raises(StoreError, match="Stale"):
        runs.ids(store)


# one run ---------------------------------------------------------------------------------------


def test_a_finished_run_reads_as_it_was_written(store: Store, make_run: MakeRun) -> None:
    id = make_run(
        parameters={"lr": 0.1, "layers": [1, 2], "limit": "inf"},
        parameter_types={"limit": "float", "layers": "tuple"},
        metrics={"acc": {"last": 0.9, "min": 0.1, "max": 0.9, "mean": 0.5, "count": 3, "last_step": 2}},
        unknown={"kept": [1, 2]},
        files={"cell.py": "print('é')\n", "metrics.csv": "step,time,acc\n0,0.5,0.1\n1,0.6,0.5\n2,0.7,0.9\n"},
    )
    run = runs.read(store, id)
    assert isinstance(run, Run)
    assert (run.id, run.status, run.experiment) == (id, "finished", "demo")
    assert run.parameters == {"lr": 0.1, "layers": (1, 2), "limit": float("inf")}
    assert run.metrics == {"acc": 0.9}
    assert run.source == "print('é')\n"
    assert run.history("acc").value.tolist() == [0.1, 0.5, 0.9]
    assert run.path == layout.run_folder(store.path, id)
    assert run.to_dict()["unknown"] == {"kept": [1, 2]}


def test_reading_a_finished_run_opens_one_file(
    store: Store, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = make_run(files={"cell.py": "1", "metrics.csv": "step,time,acc\n0,1,2\n"})
    opened: list[str] = []
    real = os.open

    def counting(path: Any, *rest: Any, **named: Any) -> int:
        opened.append(os.path.basename(path))
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "open", counting)
    runs.read(store, id)
    assert opened == ["run.json"]


@pytest.mark.parametrize(
    "id",
    ["", "nothing", ID, "../../../etc", f"../runs/{ID}", f"{ID}/..", f"{ID}\0", f".new-{ID}", "x" * 10_000],
)
def test_what_is_no_run_is_not_found(store: Store, id: str) -> None:
    with pytest.raises(RunNotFound) as raised:
        runs.read(store, id)
    assert raised.value.reference == id
    assert len(str(raised.value)) < 300


def test_a_link_in_place_of_a_run_is_not_followed(store: Store, make_run: MakeRun) -> None:
    kept = make_run()
    (store.path / "runs" / ID).symlink_to(layout.run_folder(store.path, kept))
    with pytest.raises(RunNotFound, match="link"):
        runs.read(store, ID)


@pytest.mark.parametrize("thing", ["missing", "link", "pipe", "folder", "huge"])
def test_a_strange_thing_in_place_of_the_record_is_damage(
    store: Store, make_run: MakeRun, tmp_path: Path, thing: str
) -> None:
    id = make_run()
    file = record_file(store, id)
    (tmp_path / "elsewhere").write_bytes(file.read_bytes())
    file.unlink()
    if thing == "link":
        file.symlink_to(tmp_path / "elsewhere")
    elif thing == "pipe":
        os.mkfifo(file)
    elif thing == "folder":
        file.mkdir()
    elif thing == "huge":
        file.touch()
        os.truncate(file, 1 << 40)
    with pytest.raises(RunDamaged, match=r"run\.json.*labbook check") as raised:
        runs.read(store, id)
    assert raised.value.id == id


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 500, b"[]", b'"text"', b"null", b"{", b'{"id": "x"', b"[" * 100_000, b'{"a":' * 100_000,
     b'{"experiment": "x"}', b'{"id": 3, "experiment": "x"}', b"\xff\xfe", b"{} {}"],
)  # fmt: skip
def test_a_record_that_is_none_is_damage(store: Store, make_run: MakeRun, data: bytes) -> None:
    id = make_run()
    record_file(store, id).write_bytes(data)
    with pytest.raises(RunDamaged):
        runs.read(store, id)
    assert Folder(store.path, id).raw().get("experiment") in (None, "x")


def test_every_cut_of_a_record_is_damage_and_nothing_else(store: Store, make_run: MakeRun) -> None:
    id = make_run(parameters={"lr": 0.1})
    whole = record_file(store, id).read_bytes()
    for length in range(len(whole)):
        record_file(store, id).write_bytes(whole[:length])
        with pytest.raises(RunDamaged):
            runs.read(store, id)


# what can be salvaged --------------------------------------------------------------------------


def test_a_key_of_the_wrong_kind_is_left_out_and_named(store: Store, make_run: MakeRun) -> None:
    id = make_run(
        tags=["good", 3, "fine"],
        duration="long",
        status="exploded",
        metrics={"good": {"last": 1, "min": 1, "max": 1, "mean": 1, "count": 1}, "bad": {"last": "x"}},
        expect=[{"claim": "a > 1"}, {"claim": 7}],
        notebook=[],
        degraded=["already"],
    )
    record = runs.read(store, id).record
    assert record.tags == ["good", "fine"]
    assert record.duration is None
    assert list(record.metrics) == ["good"]
    assert [claim.claim for claim in record.expect] == ["a > 1"]
    assert record.degraded[0] == "already"
    for name in ("tags", "duration", "status", "metrics", "expect", "notebook"):
        assert any(name in line for line in record.degraded[1:])
    assert not any("experiment" in line for line in record.degraded)


def test_a_record_without_an_experiment_takes_it_from_the_id(store: Store, make_run: MakeRun) -> None:
    make_run(ID, experiment=None)
    run = runs.read(store, ID)
    assert run.experiment == "dropout"
    assert run.record.degraded == ["run.json: experiment could not be read"]


def test_literals_and_bytes_that_json_forbids_are_understood(store: Store, make_run: MakeRun) -> None:
    id = make_run()
    text = f'{{"id": "{id}", "experiment": "a\\ud800b", "status": "finished", "why": "\xff", '
    text += '"parameters": {"x": NaN, "y": -Infinity}}'
    record_file(store, id).write_bytes(text.encode("latin-1"))
    run = runs.read(store, id)
    assert run.record.parameters == {"x": "nan", "y": "-inf"}
    assert run.why == "\ufffd"
    run.experiment.encode()


def test_the_folder_names_the_run_and_not_the_record(store: Store, make_run: MakeRun) -> None:
    id = make_run()
    shutil.copytree(layout.run_folder(store.path, id), layout.run_folder(store.path, ID))
    assert runs.read(store, ID).id == ID
    assert runs.read(store, id).id == id


def test_unknown_keys_and_a_newer_format_are_read(
    store: Store, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upgrade, "_told", {7})  # that it is newer has been said
    id = make_run(format=7, novelty={"x": 1}, notebook={"path": "a.ipynb", "new": True})
    run = runs.read(store, id)
    assert run.record.format == 7
    assert run.record.notebook.path == "a.ipynb"
    assert run.to_dict()["novelty"] == {"x": 1}


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=some.dictionaries(some.sampled_from(Record.__struct_fields__), json_values, max_size=5))
@example(changes={"degraded": 3, "tags": {"a": 1}, "metrics": [1]})
@example(changes={"status": "running", "process": {"pid": -1}, "host": "x"})
@example(changes={"duration": 1e308, "trial": 2**70, "seed": 2**70})
def test_whatever_stands_in_a_record_it_is_read_or_damaged_and_nothing_is_changed(
    store: Store, make_run: MakeRun, changes: dict[str, Any]
) -> None:
    if not layout.run_folder(store.path, ID).exists():
        make_run(ID)
    base = {"format": 1, "id": ID, "experiment": "x", "status": "finished", "started": "2026-11-21T03:15:02Z"}
    record_file(store, ID).write_bytes(msgspec.json.encode({**base, **changes}))
    before = snapshot(store.path)
    try:
        run = runs.read(store, ID)
    except RunDamaged:
        assert not isinstance(changes.get("id", ""), str)
    else:
        for show in (repr, lambda run: run.to_dict(), lambda run: run.parameters, lambda run: run.metrics,
                     lambda run: run.started):  # fmt: skip
            show(run)
    assert snapshot(store.path) == before


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=some.integers(0, 1000), junk=some.binary(max_size=5), removed=some.integers(0, 5))
def test_a_record_with_bytes_changed_is_read_or_damaged(
    store: Store, make_run: MakeRun, at: int, junk: bytes, removed: int
) -> None:
    if not layout.run_folder(store.path, ID).exists():
        make_run(ID)
    whole = msgspec.json.encode(Record(id=ID, experiment="x", tags=["a"], parameters={"lr": 0.1}))
    at %= len(whole)
    record_file(store, ID).write_bytes(whole[:at] + junk + whole[at + removed :])
    try:
        assert runs.read(store, ID).id == ID
    except RunDamaged:
        pass


# the rest of the folder ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file",
    ["", ".", "..", "../secret", "/etc/passwd", "a/../../secret", "figures", "missing", "na\0me", "pipe",
     "link", "linked/secret", "a//b", "C:\\x", "..\\secret", "x" * 5000, "\udc80"],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(store: Store, make_run: MakeRun, file: str) -> None:
    id = make_run(files={"figures/figure-1.png": "image"})
    folder = layout.run_folder(store.path, id)
    (folder.parent / "secret").write_text("secret")
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(folder.parent / "secret")
    (folder / "linked").symlink_to(folder.parent)
    run = Folder(store.path, id)
    assert run.text(file) == ""
    assert not run.content(None, file).exists()


def test_files_and_objects_of_a_run_are_found(store: Store, make_run: MakeRun) -> None:
    digest, _ = objects.put(store, b"model")
    id = make_run(
        artifacts=[
            {"name": "figure", "file": "figures/figure-1.png"},
            {"name": "model", "sha256": digest},
            {"name": "gone", "sha256": "0" * 64, "file": "figures/missing.png"},
            {"name": "evil", "file": "../../labbook.json"},
            {"name": "nothing"},
        ],
        files={"figures/figure-1.png": "image"},
    )
    run = runs.read(store, id)
    assert run.artifact("figure").path.read_text() == "image"
    assert run.artifact("model").path.read_bytes() == b"model"
    for name in ("gone", "evil", "nothing"):
        assert not run.artifact(name).path.exists()


def test_a_link_in_place_of_an_object_is_not_followed(store: Store, make_run: MakeRun, tmp_path: Path) -> None:
    digest, _ = objects.put(store, b"model")
    kept = objects.path(store, digest)
    kept.unlink()
    (tmp_path / "secret").write_text("secret")
    kept.symlink_to(tmp_path / "secret")
    assert not Folder(store.path, make_run()).content(digest).exists()


def test_a_port_is_made_for_ids_only(store: Store) -> None:
    with pytest.raises(ValueError, match="run id"):
        Folder(store.path, "../..")


def test_a_folder_that_vanishes_leaves_empty_answers(store: Store, make_run: MakeRun) -> None:
    run = runs.read(store, make_run(files={"cell.py": "1"}))
    shutil.rmtree(run.path)
    assert run.source == ""
    assert run._files.raw() == {}
    assert len(run._files.history("acc")) == 0
    with pytest.raises(RunNotFound):
        runs.read(store, run.id)


# runs that have not ended ----------------------------------------------------------------------


def test_metrics_of_a_run_that_was_killed_come_from_its_tables(store: Store, make_run: MakeRun) -> None:
    id = make_run(
        status="running",
        host="elsewhere",
        files={
            "metrics.csv": "step,time,loss\n0,0.1,3\n1,0.2,2\n2,0.3,1",
            "system.csv": "step,time,system/cpu\n0,1,50\n",
        },
    )
    os.utime(layout.run_folder(store.path, id) / "run.json", (0, 0))
    for name in ("metrics.csv", "system.csv"):
        os.utime(layout.run_folder(store.path, id) / name, (0, 0))
    before = snapshot(store.path)
    run = runs.read(store, id)
    assert run.status == "lost"
    assert run.metrics == {"loss": 2, "system/cpu": 50}
    assert run.summary("loss").count == 2
    assert snapshot(store.path) == before


def test_metrics_of_a_finished_run_come_from_its_record(store: Store, make_run: MakeRun) -> None:
    id = make_run(files={"metrics.csv": "step,time,loss\n0,0.1,3\n"})
    assert runs.read(store, id).metrics == {}
