"""Damage, one kind each, to a copy of the golden labbook: what it is called, where it is, how it is done."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_labbook.store import layout

FULL = "20261121-031502-dropout-k3f9x"
FAILED = "20261121-031742-dropout-m7p2q"
SPIKE = "20261121-040000-loss-spike-w4z8c"
LOST = "20261121-050000-night-r5t6y"
MODEL = "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880"

Damage = Callable[[Path], object]
R = f"runs/{FULL}"
FAIL = f"runs/{FAILED}"
NAN = f"runs/{SPIKE}"
NIGHT = f"runs/{LOST}"
NEW = "runs/20261121-070000-a-abcde"
COPY = "runs/20261121-040000-copy-w4z8c"
LESSON = "lessons/20261121T090000000000Z-n2m3k.md"
NOTE = f"{R}/annotation-20261121T081000000000Z-a2b3c.json"
OBJECT = f"objects/sha256/40/{MODEL}"
RECORD, TABLE, SECOND = f"{R}/run.json", f"{R}/metrics.csv", f"{R}/metrics-2.csv"


def rewritten(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


def appended(path: Path, data: bytes) -> None:
    path.write_bytes(path.read_bytes() + data)


def replaced(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))


def write(path: str, data: bytes | str) -> Damage:
    """The file holds something else; whatever stood there has gone."""

    def do(home: Path) -> None:
        if (home / path).is_dir():
            shutil.rmtree(home / path)
        (home / path).unlink(missing_ok=True)
        (home / path).write_bytes(data.encode() if isinstance(data, str) else data)

    return do


def remove(path: str) -> Damage:
    return lambda home: (home / path).unlink()


def change(path: str, **keys: Any) -> Damage:
    return lambda home: rewritten(home / path, **keys)


def add(path: str, data: bytes) -> Damage:
    return lambda home: appended(home / path, data)


def swap(path: str, old: bytes, new: bytes) -> Damage:
    return lambda home: replaced(home / path, old, new)


def link(path: str, target: str) -> Damage:
    def do(home: Path) -> None:
        (home / path).unlink(missing_ok=True)
        (home / path).symlink_to(target)

    return do


def folder_for_a_file(home: Path) -> None:
    (home / R / "output.ipynb").unlink()
    (home / R / "output.ipynb").mkdir()


def pipe_for_a_file(home: Path) -> None:
    (home / R / "notes.md").unlink()
    os.mkfifo(home / R / "notes.md")


def copied_run(home: Path) -> None:
    shutil.copytree(home / NAN, home / COPY)


def renamed_run(home: Path) -> None:
    (home / R).rename(home / "runs/my best run")


def unsummarised_metric(home: Path) -> None:
    metrics = json.loads((home / NAN / "run.json").read_text("utf-8"))["metrics"]
    del metrics["loss"]
    rewritten(home / NAN / "run.json", metrics=metrics)


def annotations_without_a_run(home: Path) -> None:
    for path in (home / FAIL).iterdir():
        if not layout.is_annotation(path.name):
            path.unlink()


def other_content(home: Path) -> None:
    (home / OBJECT).chmod(0o644)
    (home / OBJECT).write_bytes(b"something else")
    (home / OBJECT).chmod(0o444)


def writable_object(home: Path) -> None:
    (home / OBJECT).chmod(0o644)


CASES: list[tuple[str, str, bool, Damage]] = [
    ("store-file-missing", "labbook.json", True, remove("labbook.json")),
    ("store-file-garbled", "labbook.json", True, write("labbook.json", "{")),
    ("store-file-garbled", "labbook.json", True, write("labbook.json", "{}")),
    ("not-a-folder", NEW, False, write(NEW, "")),
    ("not-a-folder", "lessons", False, write("lessons", "")),
    ("not-a-file", f"{R}/output.ipynb", False, folder_for_a_file),
    ("not-a-file", f"{R}/notes.md", False, pipe_for_a_file),
    ("link", f"{R}/notes.md", False, link(f"{R}/notes.md", "/etc/passwd")),
    ("link", NEW, False, link(NEW, FULL)),
    ("link", "runs/loop", False, link("runs/loop", "loop")),
    ("record-missing", RECORD, True, remove(RECORD)),
    ("record-garbled", RECORD, True, swap(RECORD, b'"what":', b'"what"')),
    ("record-garbled", RECORD, True, write(RECORD, "")),
    ("record-garbled", RECORD, True, write(RECORD, "[]")),
    ("record-garbled", RECORD, True, change(RECORD, id=3)),
    ("record-types", RECORD, True, change(RECORD, tags="keep")),
    ("record-types", RECORD, True, change(RECORD, status="done")),
    ("record-types", RECORD, True, change(RECORD, started="noon")),
    ("record-types", RECORD, True, swap(RECORD, b"3.530865", b"NaN")),
    ("record-id", RECORD, True, change(RECORD, id="20261121-031502-other-k3f9x")),
    ("duplicate-id", f"{COPY}/run.json", True, copied_run),
    ("run-misnamed", "runs/my best run", True, renamed_run),
    ("source-missing", f"{R}/cell.py", False, remove(f"{R}/cell.py")),
    ("source-differs", f"{R}/cell.py", False, add(f"{R}/cell.py", b"# more\n")),
    ("table-torn", TABLE, True, add(TABLE, b"3,3.5,0.2")),
    ("table-torn", f"{NIGHT}/metrics.csv", True, add(f"{NIGHT}/metrics.csv", b"3")),
    ("table-torn", f"{NIGHT}/metrics.csv", True, write(f"{NIGHT}/metrics.csv", "step,ti")),
    ("table-garbled", TABLE, True, swap(TABLE, b"1.5,0.5,0.91", b"1.5,0.5")),
    ("table-garbled", TABLE, True, swap(TABLE, b"0.91\n", b"0.")),
    ("table-garbled", TABLE, True, swap(TABLE, b"0.91\n", b"many\n")),
    ("table-garbled", TABLE, True, swap(TABLE, b"\n1,1.5", b"\ninf,1.5")),
    ("table-garbled", f"{R}/system.csv", True, add(f"{R}/system.csv", b"\n")),
    ("table-zeros", f"{NIGHT}/metrics.csv", True, add(f"{NIGHT}/metrics.csv", bytes(4096))),
    ("table-zeros", TABLE, True, swap(TABLE, b"1.5,0.5,0.91", bytes(12))),
    ("table-header", f"{NIGHT}/metrics.csv", False, swap(f"{NIGHT}/metrics.csv", b"step,time,loss\n", b"")),
    ("table-header", f"{NIGHT}/metrics.csv", False, write(f"{NIGHT}/metrics.csv", "step,time\n1,2\n")),
    ("table-columns", f"{NIGHT}/metrics.csv", False, write(f"{NIGHT}/metrics.csv", "step,time,a,a\n1,2,3,4\n")),
    ("points-missing", RECORD, False, swap(SECOND, b"0,3.4,0.95\n", b"")),
    ("points-missing", f"{NAN}/run.json", False, remove(f"{NAN}/metrics.csv")),
    ("summary-missing", f"{NAN}/run.json", True, unsummarised_metric),
    ("summary-differs", RECORD, True, swap(SECOND, b"0.95", b"0.65")),
    ("summary-differs", RECORD, True, add(SECOND, b"1,3.5,0.95\n")),
    ("notebook-garbled", f"{R}/output.ipynb", False, write(f"{R}/output.ipynb", "{}")),
    ("notebook-garbled", f"{R}/replay.ipynb", False, write(f"{R}/replay.ipynb", '{"cells": [{')),
    ("annotation-garbled", NOTE, False, write(NOTE, "no")),
    ("annotation-orphaned", FAIL, False, annotations_without_a_run),
    ("text-garbled", f"{R}/notes.md", False, write(f"{R}/notes.md", b"\xff\xfe")),
    ("text-garbled", LESSON, False, write(LESSON, b"a\0")),
    ("artifact-missing", f"{R}/figures/figure-1.png", False, remove(f"{R}/figures/figure-1.png")),
    ("artifact-differs", f"{R}/figures/figure-1.png", False, add(f"{R}/figures/figure-1.png", b"x")),
    ("object-missing", RECORD, False, remove(OBJECT)),
    ("object-differs", OBJECT, True, other_content),
    ("object-writable", OBJECT, True, writable_object),
]
