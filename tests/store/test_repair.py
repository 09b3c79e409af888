"""What can be mended is mended, and every byte that was there is still there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_labbook.errors import StoreTooNew
from jupyter_labbook.store import layout, runs, soundness, tables, upgrade
from jupyter_labbook.store.check import check
from jupyter_labbook.store.repair import MENDERS, repair
from jupyter_labbook.store.store import Store
from tests.store.damages import (
    CASES,
    FULL,
    LOST,
    MODEL,
    NIGHT,
    NOTE,
    OBJECT,
    RECORD,
    SECOND,
    TABLE,
    Damage,
    R,
    appended,
    other_content,
    replaced,
    rewritten,
)
from tests.store.losses import assert_no_byte_was_lost, contents, old, points

MENDABLE = [(kind, do) for kind, _, repairable, do in CASES if repairable]
OTHERS = [(kind, do) for kind, _, repairable, do in CASES if not repairable]


@pytest.mark.parametrize(("kind", "do"), MENDABLE)
def test_what_can_be_mended_is_mended_and_no_byte_is_lost(kind: str, do: Damage, sound: Store) -> None:
    do(sound.path)
    old(sound.path)
    before, could_read = contents(sound.path), points(sound.path)
    actions = repair(sound)
    assert kind in [action.kind for action in actions]
    assert all(action.done for action in actions)
    left = [fault.kind for fault in check(sound).faults]
    assert left == (["object-missing"] if kind == "object-differs" else [])
    assert_no_byte_was_lost(before, sound.path, actions)
    now = points(sound.path)
    assert {key: now[key] for key in could_read} == could_read
    assert repair(sound) == []


@pytest.mark.parametrize(("kind", "do"), OTHERS)
def test_what_cannot_be_mended_is_left_as_it_is(kind: str, do: Damage, sound: Store) -> None:
    do(sound.path)
    old(sound.path)
    before = contents(sound.path)
    assert repair(sound) == []
    assert contents(sound.path) == before
    assert [fault.kind for fault in check(sound).faults] == [kind]


def test_every_kind_that_can_be_mended_has_a_mender() -> None:
    assert {kind for kind, _ in MENDABLE} | {"leftover", "object-misplaced", "summary-behind"} == set(MENDERS)


def test_nothing_is_done_to_a_sound_labbook(sound: Store) -> None:
    before = contents(sound.path)
    assert repair(sound) == []
    assert contents(sound.path) == before
    assert not (sound.path / "lost+found").exists()


def test_a_torn_line_is_cut_off_and_lies_beside_the_table(sound: Store) -> None:
    appended(sound.path / TABLE, b"3,3.5,0.2")
    [action] = repair(sound)
    assert str(action).startswith(f"mended: {TABLE}: 9 bytes")
    assert (sound.path / TABLE).read_bytes().endswith(b"\n2,2.5003,0.3333333333333333,0.92\n")
    mark, piece, _ = (sound.path / f"{TABLE}.torn").read_bytes().split(b"\n")
    assert (mark.startswith(b"# 9 bytes from byte 88, 20"), piece) == (True, b"3,3.5,0.2")
    assert check(sound).faults == ()
    appended(sound.path / TABLE, b"4,4")
    repair(sound)
    assert (sound.path / f"{TABLE}.torn").read_bytes().count(b"bytes from byte 88") == 2


def test_of_a_row_with_a_cell_that_is_no_number_the_other_cells_stay(sound: Store) -> None:
    replaced(sound.path / TABLE, b"0.5,0.91", b"half,0.91")
    repair(sound)
    run = runs.read(sound, FULL)
    assert run.history("val_acc").value.tolist() == [0.9, 0.91, 0.92, 0.95]
    assert run.history("loss").value.tolist() == [1.0, 0.3333333333333333]
    assert b"1,1.5,half,0.91\n" in (sound.path / f"{TABLE}.torn").read_bytes()
    # What run.json says of the lost point is not taken back.
    assert run.summary("loss").count == 3
    assert [remark.kind for remark in check(sound).remarks if remark.run == FULL] == ["points-aside"]


def test_a_missing_record_is_made_again_from_what_lies_beside_it(sound: Store) -> None:
    (sound.path / RECORD).unlink()
    repair(sound)
    run = runs.read(sound, FULL)
    assert (run.experiment, run.status, run.record.started) == ("dropout", "lost", "2026-11-21T03:15:02Z")
    assert run.metrics == {"loss": 0.3333333333333333, "val_acc": 0.95, "system/cpu": 97.5}
    assert run.artifact("figure-1.png").path.read_bytes().startswith(b"\x89PNG")
    assert run.record.degraded == ["run.json: rebuilt from what is left of it and from the files beside it"]
    assert run.tags == ["keep"]  # annotations count as they did
    assert len(run.notes) == 3


def test_of_a_cut_record_every_whole_key_is_kept(sound: Store) -> None:
    data = (sound.path / RECORD).read_bytes()
    before = json.loads(data)
    (sound.path / RECORD).write_bytes(data[: data.index(b'"metric_sources"') + 20])
    repair(sound)
    after = json.loads((sound.path / RECORD).read_text("utf-8"))
    keys = list(before)[: list(before).index("metric_sources")]
    assert {key: after[key] for key in keys} == {key: before[key] for key in keys}
    assert after["status"] == "finished"
    assert runs.read(sound, FULL).parameters["big"] == 123456789012345678901234567890


def test_one_garbled_key_takes_no_other_with_it_and_unknown_keys_stay(sound: Store) -> None:
    before = json.loads((sound.path / RECORD).read_text("utf-8"))
    replaced(sound.path / RECORD, b'"why": "', b'"why": ')
    repair(sound)
    after = json.loads((sound.path / RECORD).read_text("utf-8"))
    changed = {"why", "degraded"}
    assert {key: value for key, value in after.items() if key not in changed} == {
        key: value for key, value in before.items() if key not in changed
    }
    assert after["ward"] == {"unknown": ["keys", "are", "kept"]}


def test_a_value_of_a_wrong_type_is_left_out_named_and_kept_aside(sound: Store) -> None:
    rewritten(sound.path / RECORD, duration="long", status="paused")
    before = (sound.path / RECORD).read_bytes()
    [action] = repair(sound)
    run = runs.read(sound, FULL)
    assert (run.duration, run.status) == (None, "lost")
    assert run.record.degraded == ["run.json: status could not be read", "run.json: duration could not be read"]
    [kept] = (sound.path / "lost+found").rglob("run.json")
    assert kept.read_bytes() == before
    assert kept.relative_to(sound.path).as_posix() in action.message


def test_a_copied_run_gets_the_id_of_its_folder(sound: Store) -> None:
    copy = FULL.replace("dropout", "copied")
    (sound.path / "runs" / copy).mkdir()
    (sound.path / "runs" / copy / "run.json").write_bytes((sound.path / RECORD).read_bytes())
    repair(sound)
    assert json.loads((sound.path / "runs" / copy / "run.json").read_text("utf-8"))["id"] == copy
    assert json.loads((sound.path / RECORD).read_text("utf-8"))["id"] == FULL


def test_a_garbled_store_file_is_put_aside_and_written_again(sound: Store) -> None:
    (sound.path / "labbook.json").write_text('{"format": ')
    repair(Store.open(sound.path))
    assert Store.open(sound.path).fault is None
    assert [path.read_text() for path in (sound.path / "lost+found").rglob("labbook.json")] == ['{"format": ']


def test_what_a_store_file_without_a_format_says_stays(sound: Store) -> None:
    facts = json.loads((sound.path / "labbook.json").read_text("utf-8"))
    (sound.path / "labbook.json").write_text(json.dumps({**facts, "format": "one"}))
    repair(Store.open(sound.path))
    assert json.loads((sound.path / "labbook.json").read_text("utf-8")) == facts


def test_a_labbook_that_holds_newer_records_gets_no_old_store_file(sound: Store) -> None:
    (sound.path / "labbook.json").unlink()
    rewritten(sound.path / RECORD, format=2)
    assert repair(Store.open(sound.path)) == []
    assert not (sound.path / "labbook.json").exists()


def test_leftovers_are_moved_and_not_deleted(sound: Store) -> None:
    for path in (f"{R}/.new-1", "runs/.new-20261121-070000-a-abcde/run.json", "objects/sha256/.new-3"):
        (sound.path / path).parent.mkdir(exist_ok=True)
        (sound.path / path).write_text(path)
    assert repair(sound) == []
    old(sound.path)
    assert [action.kind for action in repair(sound)] == ["leftover"] * 3
    kept = [path.read_text() for path in (sound.path / "lost+found").rglob("*") if path.is_file()]
    assert sorted(kept) == [
        "objects/sha256/.new-3",
        "runs/.new-20261121-070000-a-abcde/run.json",
        f"{R}/.new-1",
    ]
    assert [remark.kind for remark in check(sound).remarks] == ["lost", "lost"]


def test_an_empty_run_folder_is_moved_out_of_the_way(sound: Store) -> None:
    (sound.path / "runs/20261121-070000-a-abcde").mkdir()
    [action] = repair(sound)
    assert "an empty folder" in action.message
    assert check(sound).faults == ()


def test_a_misplaced_object_comes_home_and_a_false_one_goes(sound: Store) -> None:
    (sound.path / "objects/sha256/41").mkdir()
    (sound.path / OBJECT).rename(sound.path / "objects/sha256/41" / MODEL)
    repair(sound)
    assert check(sound).faults == ()
    other_content(sound.path)
    repair(sound)
    assert not (sound.path / OBJECT).exists()
    assert [path.read_bytes() for path in (sound.path / "lost+found").rglob(MODEL)] == [b"something else"]


def test_a_newer_labbook_is_refused(sound: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "_told", set())
    rewritten(sound.path / "labbook.json", format=2)
    (sound.path / RECORD).unlink()
    with pytest.warns(match="format 2"), pytest.raises(StoreTooNew):
        repair(sound)


def test_what_lies_in_a_newer_run_is_not_touched(sound: Store) -> None:
    rewritten(sound.path / RECORD, format=2)
    (sound.path / R / ".new-1").write_text("")
    appended(sound.path / TABLE, b"3,3")
    old(sound.path)
    before = contents(sound.path)
    assert repair(sound) == []
    assert contents(sound.path) == before


def test_a_newer_annotation_keeps_nobody_from_mending_the_record(sound: Store) -> None:
    rewritten(sound.path / NOTE, format=2)
    (sound.path / RECORD).write_text("")
    assert [action.kind for action in repair(sound)] == ["record-garbled"]
    assert json.loads((sound.path / NOTE).read_text("utf-8"))["format"] == 2


def test_what_a_living_process_writes_is_not_touched(
    store: Store, make_run: Callable[..., str], python: Callable[..., Any]
) -> None:
    """Its table is garbled, its folder holds a leftover: all the same it is its writer's."""
    code = """
import sys
from pathlib import Path
import msgspec
from jupyter_labbook.store import liveness, layout
record = Path(sys.argv[1])
facts = msgspec.json.decode(record.read_bytes())
facts |= {"status": "running", "host": liveness.host(), "process": liveness.this_process(), "tags": 3}
record.write_bytes(msgspec.json.encode(facts))
print("ready", flush=True)
sys.stdin.read()
"""
    id = make_run(files={"metrics.csv": "step,time,a\n1,2\n3,4,5\n6", ".new-1": ""})
    folder = layout.run_folder(store.path, id)
    writer = python(code, folder / "run.json")
    assert writer.stdout.readline() == "ready\n"
    old(store.path)
    before = contents(store.path)
    assert repair(store) == []
    assert contents(store.path) == before
    writer.communicate("")
    assert {action.kind for action in repair(store)} == {"record-types", "table-torn", "leftover"}
    assert check(store).faults == ()


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="only Linux says who has a file open")
def test_a_table_that_some_process_has_open_is_not_touched(store: Store, make_run: Callable[..., str]) -> None:
    id = make_run(files={"metrics.csv": "step,time,a\n1,2\n"})
    late = tables.MetricTables(layout.run_folder(store.path, id))
    late.append({"b": 1.0}, None, 0.5)
    assert repair(store) == []
    late.close()
    assert [action.kind for action in repair(store)] == ["table-garbled", "summary-missing"]


def test_where_nothing_can_be_put_aside_nothing_is_taken_away(sound: Store, tmp_path: Path) -> None:
    (sound.path / "lost+found").symlink_to(tmp_path)
    rewritten(sound.path / RECORD, tags=1)
    before = contents(sound.path)
    [action] = repair(sound)
    assert (action.done, str(action)) == (False, f"not mended: {RECORD}: lost+found is a link")
    assert contents(sound.path) == before


def test_a_pipe_in_place_of_the_side_file_is_not_waited_on(sound: Store) -> None:
    os.mkfifo(sound.path / f"{TABLE}.torn")
    appended(sound.path / TABLE, b"3,3")
    before = (sound.path / TABLE).read_bytes()
    assert [action.done for action in repair(sound)] == [False]
    assert (sound.path / TABLE).read_bytes() == before


def test_a_lost_run_with_a_torn_line_stays_lost_and_readable(golden: Callable[..., Store]) -> None:
    store = golden()
    before = (store.path / NIGHT / "run.json").read_bytes()
    [action] = repair(store)
    assert action.kind == "table-torn"
    assert (store.path / NIGHT / "run.json").read_bytes() == before
    old(store.path)
    assert runs.read(store, LOST).status == "lost"
    assert runs.read(store, LOST).metrics == {"loss": 0.25}


def test_a_summary_that_differs_is_made_again_and_the_old_one_kept(sound: Store) -> None:
    appended(sound.path / SECOND, b"1,3.5,0.99\n")
    before = (sound.path / RECORD).read_bytes()
    repair(sound)
    assert runs.read(sound, FULL).summary("val_acc").count == 5
    assert runs.read(sound, FULL).metrics["val_acc"] == 0.99
    assert [path.read_bytes() for path in (sound.path / "lost+found").rglob("run.json")] == [before]


def test_noise_in_a_long_table_is_found_and_cut_out_exactly(store: Store, make_run: Callable[..., str]) -> None:
    rows = [b"%d,%.4f,%.17g\n" % (step, step / 7, step / 3) for step in range(5000)]
    noise = {1000: b"\x00" * 9, 2000: b"1,2\n", 3000: b"garbage, with, four, cells\n", 4000: b"7,8,9"}
    data = b"".join(noise.get(number, b"") + row for number, row in enumerate(rows))
    id = make_run(files={})
    table = layout.run_folder(store.path, id) / "metrics.csv"
    table.write_bytes(b"step,time,loss\n" + data + b"5000,1.0,0.")
    repair(store)
    lost = {1000, 4000}  # what was written into the same line as the noise
    kept = b"".join(row for number, row in enumerate(rows) if number not in lost)
    assert table.read_bytes() == b"step,time,loss\n" + kept
    side = (table.parent / "metrics.csv.torn").read_bytes()
    assert all(piece + rows[number] in side for number, piece in noise.items() if number in lost)
    assert noise[2000] in side
    assert noise[3000] in side
    assert side.endswith(b"\n5000,1.0,0.\n")
    assert soundness.look(table).broken == []
    assert check(store).faults == ()
