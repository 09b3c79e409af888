"""Whatever becomes of the files, of the clock and of the cache, the index says what the files say."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from jupyter_labbook.errors import LabbookWarning, QueryError, RunNotFound
from jupyter_labbook.store import cache, layout
from jupyter_labbook.store.annotations import add_note, annotate
from jupyter_labbook.store.index import ask
from jupyter_labbook.store.liveness import host, this_process
from jupyter_labbook.store.reference import Scan, resolve
from jupyter_labbook.store.selection import facts, select
from jupyter_labbook.store.store import Store
from tests.store.scan import index_equals_scan

MakeRun = Callable[..., str]
OLD = 1_700_000_000


def metric(last: object) -> dict[str, object]:
    return {"last": last, "min": last, "max": last, "mean": last, "count": 1}


def settle(store: Store) -> None:
    """Make all files old, so that the index does not look at them a second time for being new."""
    for folder, folders, files in os.walk(store.path, topdown=False):
        for name in (*files, *folders):
            os.utime(os.path.join(folder, name), (OLD, OLD))


def record_file(store: Store, id: str) -> Path:
    return layout.run_folder(store.path, id) / layout.RECORD


def edit(store: Store, id: str, **changes: Any) -> None:
    """Change a record in place, as an editor does: the file stays, the folder's time too."""
    path = record_file(store, id)
    facts = {**json.loads(path.read_text("utf-8")), **changes}
    with path.open("r+", encoding="utf-8") as file:
        file.write(json.dumps(facts))
        file.truncate()


def index_file(store: Store) -> Path:
    folder = cache.folder(store)
    assert folder is not None
    path = cache.newest(folder)
    assert path is not None
    return path


@pytest.fixture
def three(store: Store, make_run: MakeRun) -> list[str]:
    ids = [make_run(metrics={"acc": metric(number / 10)}, parameters={"lr": number}) for number in range(3)]
    assert select(store).ids == tuple(reversed(ids))
    return ids


# what happens to the files ------------------------------------------------------------------------


def test_a_new_run_is_there(store: Store, three: list[str], make_run: MakeRun) -> None:
    id = make_run(metrics={"f1": metric(0.5)}, parameters={"depth": 3})
    assert select(store, limit=1).ids == (id,)
    assert select(store, "f1 > 0.4 and depth == 3").ids == (id,)
    assert index_equals_scan(store)


def test_a_removed_run_is_gone(store: Store, three: list[str]) -> None:
    shutil.rmtree(layout.run_folder(store.path, three[1]))
    assert select(store).ids == (three[2], three[0])
    assert index_equals_scan(store, "acc >= 0")


def test_a_name_that_only_a_removed_run_had_is_wrong(store: Store, three: list[str], make_run: MakeRun) -> None:
    id = make_run(metrics={"lr": metric(1)})
    with pytest.raises(QueryError, match="a parameter and a metric"):
        select(store, "lr > 0")
    shutil.rmtree(layout.run_folder(store.path, id))
    assert len(select(store, "lr > 0")) == 2
    with pytest.raises(QueryError, match="No run has a metric 'lr'"):
        select(store, "metrics.lr > 0")


def test_runs_that_are_copied_in_with_their_old_times_are_there(
    store: Store, three: list[str], tmp_path: Path, make_run: MakeRun
) -> None:
    id = make_run()
    elsewhere = tmp_path / "elsewhere"
    shutil.move(layout.run_folder(store.path, id), elsewhere)
    settle(store)
    assert len(select(store)) == 3
    shutil.copytree(elsewhere, layout.run_folder(store.path, id))  # copies times too, as rsync -a does
    assert len(select(store)) == 4


def test_a_run_that_is_copied_in_bit_by_bit_is_there_when_it_is_whole(store: Store, three: list[str]) -> None:
    id = "20261122-000000-copied-abcde"
    folder = layout.run_folder(store.path, id)
    folder.mkdir()
    assert select(store).unreadable == 1
    data = json.dumps({"format": 1, "id": id, "experiment": "copied", "status": "finished"})
    (folder / layout.RECORD).write_text(data[:30], "utf-8")
    assert select(store).unreadable == 1
    assert index_equals_scan(store)
    (folder / layout.RECORD).write_text(data, "utf-8")
    assert select(store).unreadable == 0
    assert index_equals_scan(store, 'experiment == "copied"')


@pytest.mark.parametrize("wait", [0.0, 2.3], ids=["at once", "after a while"])
def test_a_record_that_is_edited_in_place_is_read_again(store: Store, three: list[str], wait: float) -> None:
    time.sleep(wait)
    assert len(select(store)) == 3
    edit(store, three[0], experiment="daily")  # as long as before, and within a tick of the look
    assert select(store, 'experiment == "daily"').ids == (three[0],)
    edit(store, three[0], experiment="night")
    assert select(store, 'experiment == "night"').ids == (three[0],)


def test_an_edit_that_keeps_size_and_time_is_seen(store: Store, three: list[str]) -> None:
    settle(store)
    time.sleep(2.3)
    assert len(select(store)) == 3
    edit(store, three[0], experiment="deno")
    settle(store)
    assert select(store, 'experiment == "deno"').ids == (three[0],)


def test_annotations_of_others_are_there_at_once(store: Store, three: list[str]) -> None:
    annotate(store, three[0], add_tags=["keep"], conclusion="it does")
    annotate(store, three[1], archived=True)
    assert select(store, '"keep" in tags and conclusion == "it does"').ids == (three[0],)
    assert select(store).ids == (three[2], three[0])
    assert select(store, "archived").ids == (three[1],)
    annotate(store, three[0], remove_tags=["keep"])
    annotate(store, three[1], archived=False)
    assert not select(store, '"keep" in tags')
    assert len(select(store)) == 3
    assert index_equals_scan(store)


def test_an_annotation_written_by_hand_beside_a_settled_run_is_seen(store: Store, three: list[str]) -> None:
    settle(store)
    time.sleep(2.3)
    assert len(select(store)) == 3
    name = "annotation-20261121T031502000000Z-abcde.json"
    text = json.dumps({"format": 1, "time": "2026-11-21T03:15:02Z", "add_tags": ["by hand"]})
    (layout.run_folder(store.path, three[0]) / name).write_text(text, "utf-8")
    add_note(store, three[1], "a note is no reason to lose a run")
    assert select(store, '"by hand" in tags').ids == (three[0],)
    assert index_equals_scan(store)


def test_a_damaged_run_is_counted_and_hides_no_other(store: Store, three: list[str]) -> None:
    record_file(store, three[1]).write_bytes(b"\0" * 100)
    chosen = select(store)
    assert (chosen.ids, chosen.unreadable) == ((three[2], three[0]), 1)
    edit(store, three[0], metrics={"acc": {"last": "many"}}, tags=3)
    assert index_equals_scan(store)
    record_file(store, three[1]).unlink()
    assert index_equals_scan(store)


def test_links_and_strangers_are_passed_over(store: Store, three: list[str], tmp_path: Path) -> None:
    runs = layout.runs_folder(store.path)
    (runs / "20261121-000000-link-abcde").symlink_to(runs / three[0])
    (runs / "20261121-000000-file-abcde").write_text("{}")
    (runs / ".new-something").mkdir()
    (runs / "README").write_text("mine")
    record_file(store, three[0]).rename(tmp_path / "run.json")
    record_file(store, three[0]).symlink_to(tmp_path / "run.json")
    chosen = select(store)
    assert (chosen.ids, chosen.unreadable) == ((three[2], three[1]), 1)
    assert index_equals_scan(store)


def test_a_copied_folder_is_called_by_its_name(store: Store, three: list[str]) -> None:
    copy = "20261125-000000-copy-abcde"
    shutil.copytree(layout.run_folder(store.path, three[0]), layout.run_folder(store.path, copy))
    assert set(select(store).ids) == {*three, copy}
    assert index_equals_scan(store, "acc == 0")


def test_a_record_of_another_format_is_read_as_everybody_reads_it(store: Store, three: list[str]) -> None:
    edit(store, three[0], format=4711, metrics={"acc": {**metric(0.5), "median": 0.5}})
    with pytest.warns(LabbookWarning, match="written in format 4711"):
        assert select(store, "acc == 0.5").ids == (three[0],)
    assert index_equals_scan(store, "acc > 0.05")


def test_a_store_that_was_moved_is_known_again(store: Store, three: list[str], tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    store.path.rename(moved)
    assert select(Store(moved)).ids == tuple(reversed(three))
    assert not select(store)


def test_another_store_in_the_same_place_is_not_taken_for_the_first(
    store: Store, three: list[str], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(store.path, other)
    for id in three:
        edit(Store(other), id, experiment="other")
    settle(store)
    settle(Store(other))
    assert len(select(store, 'experiment == "demo"')) == 3
    shutil.rmtree(store.path)
    other.rename(store.path)
    assert len(select(store, 'experiment == "other"')) == 3


def test_a_store_without_runs_has_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert not select(store)
    layout.runs_folder(tmp_path).mkdir()
    assert not select(store, "anything > 3", sort="-whatever")


# runs that are being written ----------------------------------------------------------------------


def running(make_run: MakeRun, table: str, **record: Any) -> str:
    process = this_process()
    facts = {"pid": process.pid, "created": process.created, "boot_id": process.boot_id}
    facts["namespace"] = process.namespace
    return make_run(
        status="running", host=host(), process=record.pop("process", facts), files={layout.METRICS: table}, **record
    )


def test_metrics_of_a_running_run_are_as_of_now(store: Store, make_run: MakeRun) -> None:
    id = running(make_run, "step,time,loss\n0,0.1,0.9\n")
    assert select(store, 'loss == 0.9 and status == "running"').ids == (id,)
    for step in range(1, 4):
        with (layout.run_folder(store.path, id) / layout.METRICS).open("a") as table:
            table.write(f"{step},0.1,0.{step}\n")
        assert select(store, f"loss == 0.{step} and loss.count == {step + 1}").ids == (id,)
    edit(store, id, status="finished", metrics={"loss": metric(0.05)})
    assert select(store, 'loss == 0.05 and status == "finished"').ids == (id,)
    assert index_equals_scan(store)


def test_a_run_is_lost_as_soon_as_its_writer_is_gone(
    store: Store, make_run: MakeRun, python: Callable[..., Any]
) -> None:
    writer = python(
        "import msgspec; from jupyter_labbook.store.liveness import this_process;"
        "print(msgspec.json.encode(this_process()).decode(), flush=True); input()"
    )
    process = json.loads(writer.stdout.readline())
    id = running(make_run, "step,time,loss\n0,0.1,0.9\n", process=process)
    settle(store)
    time.sleep(2.3)
    assert select(store, 'status == "running"').ids == (id,)
    writer.kill()
    writer.wait()
    assert select(store, 'status == "lost" and loss == 0.9').ids == (id,)
    assert index_equals_scan(store)


def test_a_silent_writer_elsewhere_is_lost_and_comes_back(store: Store, make_run: MakeRun) -> None:
    elsewhere = {"pid": 1, "created": 2.0, "boot_id": "elsewhere", "namespace": "elsewhere"}
    id = running(make_run, "step,time,loss\n0,0.1,0.9\n", process=elsewhere)
    edit(store, id, host="another machine")
    assert select(store, 'status == "running"').ids == (id,)
    table = layout.run_folder(store.path, id) / layout.METRICS
    for ago, status in ((600, "lost"), (7200, "lost"), (1, "running")):
        for path in (table, record_file(store, id)):
            os.utime(path, (time.time() - ago, time.time() - ago))
        assert select(store, f'status == "{status}"').ids == (id,)
        assert index_equals_scan(store)


def test_a_lost_run_that_was_given_up_is_read_again_when_its_table_grows(store: Store, make_run: MakeRun) -> None:
    elsewhere = {"pid": 1, "created": 2.0, "boot_id": "elsewhere", "namespace": "elsewhere"}
    id = running(make_run, "step,time,loss\n0,0.1,0.9\n", process=elsewhere)
    edit(store, id, host="another machine")
    settle(store)
    time.sleep(2.3)
    assert select(store, 'status == "lost"').ids == (id,)
    table = layout.run_folder(store.path, id) / layout.METRICS
    with table.open("a") as file:
        file.write("1,0.2,0.5\n")
    os.utime(table, (OLD + 1, OLD + 1))
    assert select(store, "loss == 0.5").ids == (id,)


# what happens to the clock ------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [-86400, 86400], ids=["from the past", "from the future"])
def test_a_clock_that_jumped_hides_no_change(store: Store, three: list[str], make_run: MakeRun, shift: int) -> None:
    runs = layout.runs_folder(store.path)
    moment = time.time() + shift
    for number in range(3):
        id = make_run(experiment="late")
        # as if written while the clock was wrong, each time within the same tick
        for path in (record_file(store, id), layout.run_folder(store.path, id), runs):
            os.utime(path, (moment, moment))
        assert select(store, 'experiment == "late"').ids[0] == id
        assert len(select(store)) == 4 + number
        edit(store, id, conclusion="x")
        os.utime(record_file(store, id), (moment, moment))
        assert len(select(store, 'conclusion == "x"')) == 1 + number
    assert index_equals_scan(store)


# what happens to the cache ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three runs so old that the index relies on its rows alone. Not to be changed."""
    store = Store.create(tmp_path_factory.mktemp("aged"))
    for number in range(3):
        id = f"20261121-00000{number}-demo-abcde"
        layout.run_folder(store.path, id).mkdir()
        facts = {"id": id, "experiment": "demo", "status": "finished", "started": f"2026-11-21T00:00:0{number}Z"}
        facts |= {"parameters": {"lr": number}, "metrics": {"acc": metric(number / 10)}}
        record_file(store, id).write_text(json.dumps(facts), "utf-8")
    time.sleep(2.3)
    return store


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def noise(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def noise_behind_the_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(os.urandom(path.stat().st_size - 100))


def text(path: Path) -> None:
    path.write_text("not a database " * 1000)


def of_another_application(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE runs (id, taste)")
        connection.execute("INSERT INTO runs VALUES ('20261121-031502-dropout-k3f9x', 'sweet')")
        connection.commit()


def of_another_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")


def without_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE names")


def nonsense_in_the_rows(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE runs SET tags = x'ff', started = 'never', status = x'00ff'")


def nonsense_in_the_state(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE state SET value = 'what' WHERE name = 'listing'")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def deleted(path: Path) -> None:
    path.unlink()


def deleted_with_its_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def the_journal_of_somebody_else(path: Path) -> None:
    Path(f"{path}-journal").write_bytes(os.urandom(10_000))


@pytest.mark.parametrize(
    "harm",
    [
        *(truncated, emptied, noise, noise_behind_the_header, text, of_another_application, of_another_version),
        *(without_a_table, nonsense_in_the_rows, nonsense_in_the_state, a_folder, deleted, deleted_with_its_folder),
        the_journal_of_somebody_else,
    ],
)
def test_whatever_is_done_to_the_index_the_answer_is_right(aged: Store, harm: Callable[[Path], None]) -> None:
    assert len(select(aged)) == 3
    harm(index_file(aged))
    assert [id[14] for id in select(aged, "lr > 0 and tags == []", sort="acc").ids] == ["1", "2"]
    assert select(aged).to_pandas()["params.lr"].tolist() == [2, 1, 0]
    assert index_equals_scan(aged, "acc > 0")


@pytest.mark.parametrize("harm", [nonsense_in_the_rows, noise_behind_the_header])
def test_a_damaged_index_does_not_spoil_a_frame(aged: Store, harm: Callable[[Path], None]) -> None:
    runs = select(aged)
    harm(index_file(aged))
    assert runs.to_pandas()["started"].dt.second.tolist() == [2, 1, 0]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.data())
def test_noise_anywhere_in_the_index_raises_nothing(aged: Store, data: some.DataObject) -> None:
    select(aged)
    path = index_file(aged)
    place = data.draw(some.integers(0, path.stat().st_size - 1))
    with path.open("r+b") as file:
        file.seek(place)
        file.write(data.draw(some.binary(min_size=1, max_size=4096)))
    try:
        for query in ("lr > 0", "acc.max > 0", '"x" in tags', "seed + 1 > 0", "started > 'yesterday'"):
            select(aged, query, sort="-acc").to_pandas()
        assert len(facts(aged).newest(5)) <= 5
    except QueryError:  # noise in the table of names makes other names; it is no other fault
        pass
    shutil.rmtree(path.parent)
    assert len(select(aged, "lr >= 0")) == 3


def test_the_index_lies_in_a_folder_of_its_own_that_nobody_else_can_read(
    store: Store, three: list[str], own_cache: Path
) -> None:
    path = index_file(store)
    assert path.is_relative_to(own_cache)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not list(store.path.rglob("*.sqlite*"))
    path.parent.chmod(0o755)
    assert len(select(store)) == 3
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_where_no_cache_can_be_kept_the_answer_comes_from_memory(
    store: Store, three: list[str], make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    for place in (tmp_path / "file" / "below", tmp_path / "file", Path("\0")):
        if "\0" not in str(place):
            monkeypatch.setenv("LABBOOK_CACHE", str(place))
        id = make_run(metrics={"acc": metric(1)})
        assert select(store, limit=1).ids == (id,)
        assert select(store, "acc.max >= 1", sort="-acc").ids[0] == id
        assert index_equals_scan(store, "acc > 0", "acc.min > 0")
    assert (tmp_path / "file").read_text() == "no folder"


def test_where_another_holds_the_lock_the_answer_is_right_all_the_same(
    store: Store, three: list[str], make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "WAIT", 0.05)
    for lock in ("IMMEDIATE", "EXCLUSIVE"):
        id = make_run(metrics={"acc": metric(1)})
        with closing(sqlite3.connect(index_file(store), isolation_level=None)) as other:
            other.execute(f"BEGIN {lock}")
            assert select(store, limit=1).ids == (id,)
            another = make_run()
            assert select(store, limit=1).ids == (another,)
            assert index_equals_scan(store, "acc > 0")
        assert index_equals_scan(store, "acc > 0")


def test_a_look_that_finds_nothing_new_writes_nothing(store: Store, three: list[str]) -> None:
    time.sleep(2.3)
    select(store)
    path = index_file(store)
    before = path.stat().st_mtime_ns, path.read_bytes()
    for _ in range(3):
        select(store, "acc > 0")
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before
    assert os.listdir(path.parent) == [path.name]


def test_threads_and_forks_ask_at_once(store: Store, three: list[str]) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(len(select(store, "acc >= 0")))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [3] * 8


def test_a_question_that_fails_is_the_fault_of_the_question(store: Store, three: list[str]) -> None:
    def question(_: object) -> None:
        raise RunNotFound("nothing of the kind")

    with pytest.raises(RunNotFound):
        ask(store, question)
    assert index_file(store).exists()


# references ---------------------------------------------------------------------------------------


def test_references_are_resolved_by_the_index_as_by_the_files(
    store: Store, three: list[str], make_run: MakeRun
) -> None:
    make_run(metrics={"acc": metric("nan"), "loss": metric("inf")})
    annotate(store, make_run(metrics={"acc": metric(1000)}), archived=True)
    record_file(store, make_run()).write_text("{")
    for wanted in ("last", "last-1", "last-3", "best:acc", "best:-acc", "best:loss", three[0][-5:], "a-a", "demo", "é"):
        assert outcome(store, wanted, facts(store)) == outcome(store, wanted, Scan(store)), wanted
    assert facts(store).newest(3) == Scan(store).newest(3)
    assert list(facts(store).matching("demo")) == Scan(store).matching("demo")
    assert set(facts(store).metrics()) >= {"acc", "loss"}


def outcome(store: Store, wanted: str, known: Any) -> str:
    try:
        return resolve(store, wanted, facts=known)
    except LookupError as error:
        return str(error)
