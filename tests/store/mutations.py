"""What can happen to a labbook: bytes garbled, files rearranged, keys changed; drawn by hypothesis, printable."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as some

PIECES = [b"\0", b"\n", b'"', b",", b"nan", b"\xff\xfe", b"1e999", b"\x1b[2J", b"}", b"[" * 2000, bytes(4096), b"\r"]
NAMES = [
    "CON",
    " ",
    "a\nb",
    "é☂🎉",
    "\udcff",
    ".new-\udcff",
    "x" * 200,
    ".new-abc",
    "run.json",
    "metrics.csv",
    "metrics-2.csv",
    "metrics.csv.torn",
    "metrics-999999.csv",
    "system.csv",
    "notes.md",
    "labbook.json",
    "20261121-031502-dropout-k3f9x",
    "20261121-031502-DROPOUT-k3f9x",
    "20261121-999999-..-aaaaa",
    "annotation-99999999T999999999999Z-aaaaa.json",
    "lost+found",
    "\\..\\x",
]
TARGETS = ["nowhere", "/etc/hostname", "/dev/zero", ".", "..", "/", "loop"]


class Garbling(NamedTuple):
    """Bytes of a file are flipped, cut off, put in, or replaced by others."""

    suffix: str
    place: float
    what: str
    at: float
    piece: bytes

    def do(self, home: Path) -> None:
        path = chosen(home, self.place, self.suffix)
        if path is None:
            return
        data = path.read_bytes()
        index = int(self.at * len(data))
        flipped = bytes([data[index] ^ (1 + len(self.piece) % 255)]) if index < len(data) else b""
        changed = {
            "flip": data[:index] + flipped + data[index + 1 :],
            "cut": data[:index],
            "insert": data[:index] + self.piece + data[index:],
            "noise": self.piece,
            "append": data + self.piece,
        }
        written(path, changed[self.what])


class Rearranging(NamedTuple):
    """Files and folders are removed, swapped, renamed, copied, or replaced by links, pipes, folders."""

    what: str
    place: float
    other: float
    name: str
    target: str

    def do(self, home: Path) -> None:
        path, second = anything(home, self.place), anything(home, self.other)
        if path is None or second is None:
            return
        if self.what in ("rename", "copy", "plant"):
            self._add(path)
        elif self.what == "swap":
            if is_regular(path) and is_regular(second):
                one, two = path.read_bytes(), second.read_bytes()
                written(path, two)
                written(second, one)
        else:
            self._take_away(path)

    def _add(self, path: Path) -> None:
        new = (path if self.what == "plant" and path.is_dir() else path.parent) / self.name
        if os.path.lexists(new):
            return
        if self.what == "rename":
            path.rename(new)
        elif self.what == "plant":
            new.symlink_to(self.target)
        elif is_regular(path):
            shutil.copy2(path, new)
        elif path.is_dir() and not path.is_symlink():
            shutil.copytree(path, new, symlinks=True, ignore=pipes)

    def _take_away(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
        if self.what == "link":
            path.symlink_to(self.target)
        elif self.what == "pipe":
            os.mkfifo(path)
        elif self.what == "folder":
            path.mkdir()


class Rekeying(NamedTuple):
    """A key of a JSON file, at some depth, gets another value or goes."""

    suffix: str
    place: float
    keys: list[float]
    value: Any
    gone: bool

    def do(self, home: Path) -> None:
        path = chosen(home, self.place, self.suffix)
        try:
            document = json.loads(path.read_bytes()) if path else None
        except (ValueError, RecursionError):
            return
        inside, number = document, 0
        for number, at in enumerate(self.keys, 1):
            if not isinstance(inside, dict | list) or not inside:
                return
            key = one_of(list(inside) if isinstance(inside, dict) else list(range(len(inside))), at)
            if number < len(self.keys) and isinstance(inside[key], dict | list):
                inside = inside[key]
            elif self.gone:
                del inside[key]
                break
            else:
                inside[key] = self.value
                break
        if path is not None:
            written(path, json.dumps(document, indent=2).encode("utf-8", "surrogatepass"))


Mutation = Garbling | Rearranging | Rekeying


def one_of(choices: list[Any], place: float) -> Any:
    return choices[min(int(place * len(choices)), len(choices) - 1)]


def chosen(home: Path, place: float, suffix: str = "") -> Path | None:
    """One of the files, by its place among all of them."""
    files = sorted(path for path in home.rglob(f"*{suffix}") if is_regular(path))
    return one_of(files, place) if files else None


def anything(home: Path, place: float) -> Path | None:
    paths = sorted(home.rglob("*"))
    return one_of(paths, place) if paths else None


def is_regular(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def pipes(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if stat.S_ISFIFO(os.lstat(os.path.join(folder, name)).st_mode)}


def written(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


json_values = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False)
    | some.text(max_size=5)
    | some.sampled_from(["nan", "NaN", "running", "lost", "../..", "2026-11-21T03:15:02Z", "f" * 64]),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
places = some.integers(0, 999).map(lambda number: number / 1000)
pieces = some.binary(max_size=20) | some.sampled_from(PIECES)
garblings = some.builds(
    Garbling,
    some.sampled_from(["", "run.json", ".csv"]),
    places,
    some.sampled_from(["flip", "cut", "insert", "noise", "append"]),
    places,
    pieces,
)
rearrangings = some.builds(
    Rearranging,
    some.sampled_from(["remove", "swap", "rename", "copy", "link", "pipe", "folder", "plant"]),
    places,
    places,
    some.sampled_from(NAMES),
    some.sampled_from(TARGETS),
)
rekeyings = some.builds(
    Rekeying,
    some.sampled_from(["run.json", "labbook.json", ".json", ".ipynb"]),
    places,
    some.lists(places, min_size=1, max_size=3),
    json_values,
    some.booleans(),
)
mutations = some.lists(garblings | rearrangings | rekeyings, min_size=1, max_size=6)
