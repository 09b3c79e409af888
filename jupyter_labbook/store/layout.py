"""Every file name of a store, and nothing else: no other module spells one.

**Invariant**: whatever a user types (an experiment's name, an artifact's name, a
reference) reaches the disk only through a function of this module, so it can never
leave the store, and never name a file that some operating system refuses.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

FORMAT: Final = 1

STORE_FOLDER: Final = "labbook"
STORE_FILE: Final = "labbook.json"
RUNS: Final = "runs"
OBJECTS: Final = "objects/sha256"
SWEEPS: Final = "sweeps"
LESSONS: Final = "lessons"
LOST_AND_FOUND: Final = "lost+found"
"""Where `repair` puts what it takes away: nothing is ever deleted."""

RECORD: Final = "run.json"
SOURCE: Final = "cell.py"
METRICS: Final = "metrics.csv"
SYSTEM: Final = "system.csv"
OUTPUT: Final = "output.ipynb"
REPLAY: Final = "replay.ipynb"
NOTES: Final = "notes.md"
FIGURES: Final = "figures"
TORN: Final = ".torn"

TEMPORARY: Final = ".new-"
"""Prefix of everything that is being written: readers pass over it, `gc` removes what was left."""

_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_ID: Final = re.compile(r"\d{8}-\d{6}-[A-Za-z0-9_.-]{1,48}-[a-z0-9]{5}")
_TABLE: Final = re.compile(r"metrics(?:-(\d{1,6}))?\.csv")
_NOTE: Final = re.compile(r"notes(?:-\d{8}T\d{12}Z-[a-z0-9]{5})?\.md")
_ANNOTATION: Final = re.compile(r"annotation-(\d{8}T\d{12}Z)-[a-z0-9]{5}\.json")
_LESSON: Final = re.compile(r"(\d{8}T\d{12}Z)-[a-z0-9]{5}\.md")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def random_letters(count: int = 5) -> str:
    """`count` letters or digits that cannot be mistaken for each other (no l, o, 0, 1)."""
    # 32 letters: five bits of each byte choose one, all alike; `secrets` would cost a listing 4 ms to load
    return "".join([_LETTERS[byte % 32] for byte in os.urandom(count)])


def slug(name: str, *, longest: int = 40) -> str:
    """A piece of a file name for `name`: ASCII letters, digits, `_`, `.` and `-`; never empty."""
    if not (name.isascii() and name.isidentifier()):
        name = unicodedata.normalize("NFKD", name[:1000]).encode("ascii", "ignore").decode()
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")
        name = re.sub(r"\.{2,}", ".", name)
    return name[:longest].strip("-.") or "experiment"


def new_run_id(experiment: str, started: datetime) -> str:
    """`20261121-031502-dropout-k3f9x`: UTC time, experiment, five random letters."""
    return f"{started.astimezone(UTC):%Y%m%d-%H%M%S}-{slug(experiment)}-{random_letters()}"


def is_run_id(name: str) -> bool:
    return _ID.fullmatch(name) is not None


def experiment_of(id: str) -> str:
    """The experiment as a run's id has it: its name as far as file names go."""
    return id[16:-6]


def time_of(id: str) -> datetime | None:
    """When a run began, to the second, as its id has it; None where those digits are no time."""
    try:
        return datetime.strptime(id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def store_file(store: Path) -> Path:
    return store / STORE_FILE


def runs_folder(store: Path) -> Path:
    return store / RUNS


def run_folder(store: Path, id: str) -> Path:
    """The folder of run `id`; ValueError where `id` is not an id."""
    if not is_run_id(id):
        raise ValueError(f"{id!r} is not a run id")
    return Path(store, RUNS, id)


def metrics_table(number: int) -> str:
    """`metrics.csv`, `metrics-2.csv`, …: the file name of table `number`, from 1."""
    return METRICS if number == 1 else f"metrics-{number}.csv"


def is_metrics_table(name: str) -> bool:
    return _TABLE.fullmatch(name) is not None


def table_number(name: str) -> int:
    """The number of a metrics table, for sorting; 0 where `name` is none."""
    match = _TABLE.fullmatch(name)
    return int(match[1] or 1) if match else 0


def object_path(store: Path, sha256: str) -> Path:
    """Where content is kept: `objects/sha256/ab/abcdef…`, the whole hash as the name."""
    if not is_sha256(sha256):
        raise ValueError(f"{sha256!r} is not a sha256")
    return store / OBJECTS / sha256[:2] / sha256


def is_sha256(name: str) -> bool:
    return _SHA256.fullmatch(name) is not None


def figure_name(number: int, suffix: str) -> str:
    """`figures/figure-1.png`, relative to the run's folder."""
    return f"{FIGURES}/figure-{number}.{suffix}"


def _stamp(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"


def new_annotation(time: datetime) -> str:
    """A name nobody else will choose, that sorts by time: `annotation-…Z-k3f9x.json`."""
    return f"annotation-{_stamp(time)}-{random_letters()}.json"


def is_annotation(name: str) -> bool:
    return _ANNOTATION.fullmatch(name) is not None


def has_annotations(names: Iterable[str]) -> bool:
    """Whether an annotation may be among `names`: asked of every run there is, so it is quick."""
    return "/annotation-" in "/" + "/".join(names)


def annotation_time(name: str) -> datetime | None:
    """The time in the name of an annotation; None where `name` is none."""
    match = _ANNOTATION.fullmatch(name)
    try:
        return datetime.strptime(match[1], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None


def new_notes(time: datetime) -> str:
    """Notes of a second writer, beside `notes.md`."""
    return f"notes-{_stamp(time)}-{random_letters()}.md"


def is_notes(name: str) -> bool:
    return _NOTE.fullmatch(name) is not None


def new_lesson(time: datetime) -> str:
    return f"{_stamp(time)}-{random_letters()}.md"


def is_lesson(name: str) -> bool:
    return _LESSON.fullmatch(name) is not None


def is_temporary(name: str) -> bool:
    return name.startswith(TEMPORARY)


def new_repair(time: datetime) -> str:
    """The folder of one repair in `lost+found`."""
    return f"{_stamp(time)}-{random_letters()}"


def torn_file(name: str) -> str:
    """Beside a table: what `repair` cut out of it, byte by byte."""
    return name + TORN


def is_torn_file(name: str) -> bool:
    table = name.removesuffix(TORN)
    return table != name and (is_metrics_table(table) or table == SYSTEM)
