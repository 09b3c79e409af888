"""The record of a run: `run.json`, key by key; `store/FORMAT.md` says what each means."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import msgspec

Status = Literal["running", "finished", "failed", "interrupted", "lost"]
Verdict = Literal["supported", "refuted", "inconclusive", "none"]
Number = int | float
StoredNumber = int | float | Literal["nan", "inf", "-inf"]

STATUSES: tuple[Status, ...] = get_args(Status)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class Claim(msgspec.Struct, frozen=True):
    """A claim made before the run, and what came of it."""

    claim: str
    verdict: Verdict = "none"
    observed: StoredNumber | None = None
    reason: str | None = None


class Summary(msgspec.Struct, frozen=True):
    """What a metric's history comes to. `min`, `max` and `mean` are over the values that are not NaN."""

    last: StoredNumber
    min: StoredNumber
    max: StoredNumber
    mean: StoredNumber
    count: int
    last_step: Number | None = None
    min_step: Number | None = None
    max_step: Number | None = None


class Notebook(msgspec.Struct, frozen=True):
    path: str | None = None
    cell_id: str | None = None
    execution_count: int | None = None


class Cell(msgspec.Struct, frozen=True):
    """`sha256` of `cell.py` as stored; `magic` is the `%%experiment` line it ran under, if any."""

    sha256: str | None = None
    magic: str | None = None


class Code(msgspec.Struct, frozen=True):
    """State of the git checkout. `patch` is the sha256 of an object: what `git apply` takes."""

    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool | None = None
    patch: str | None = None
    reason: str | None = None


class Environment(msgspec.Struct, frozen=True):
    """`snapshot` is the sha256 of an object that holds everything; the rest is for people."""

    python: str | None = None
    platform: str | None = None
    snapshot: str | None = None


class Data(msgspec.Struct, frozen=True):
    """Fingerprint of a data set. `coverage` is `full`, or `sampled` where not every byte was read."""

    name: str
    sha256: str | None = None
    bytes: int | None = None
    rows: int | None = None
    columns: int | None = None
    coverage: str | None = None
    kind: str | None = None
    path: str | None = None


class Artifact(msgspec.Struct, frozen=True):
    """A kept file. `file` is its path in the run's folder; without it, it is the object `sha256`."""

    name: str
    kind: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    file: str | None = None


class Error(msgspec.Struct, frozen=True):
    type: str
    message: str = ""
    traceback: str = ""


class Process(msgspec.Struct, frozen=True):
    """Who writes the run. `created` is the process's start in clock ticks since boot (or seconds)."""

    pid: int | None = None
    created: float | None = None
    boot_id: str | None = None
    namespace: str | None = None


class Note(msgspec.Struct, frozen=True):
    """One note, markdown; `time` is ISO 8601 in UTC, None where a person wrote the file by hand."""

    text: str
    time: str | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """`run.json`, key by key. Unknown keys are ignored here and kept on disk."""

    format: int = 1
    id: str
    experiment: str
    what: str | None = None
    why: str | None = None
    expect: list[Claim] = []
    status: Status = "running"
    verdict: Verdict = "none"
    conclusion: str | None = None
    tags: list[str] = []
    archived: bool = False
    notes: list[Note] = []
    parameters: dict[str, Any] = {}
    parameter_sources: dict[str, str] = {}
    parameter_types: dict[str, str] = {}
    metrics: dict[str, Summary] = {}
    metric_sources: dict[str, str] = {}
    missing_metrics: list[str] = []
    started: str = ""
    ended: str | None = None
    duration: float | None = None
    group: str | None = None
    each: dict[str, Any] = {}
    sweep: str | None = None
    trial: int | str | None = None
    parent: str | None = None
    baseline: str | None = None
    seed: int | None = None
    notebook: Notebook = Notebook()
    cell: Cell = Cell()
    code: Code = Code()
    environment: Environment = Environment()
    data: list[Data] = []
    artifacts: list[Artifact] = []
    error: Error | None = None
    resources: dict[str, StoredNumber] = {}
    warnings: list[str] = []
    degraded: list[str] = []
    host: str | None = None
    process: Process = Process()


def number(value: StoredNumber | None) -> float | int:
    """A stored number as Python has it: the strings `nan`, `inf` and `-inf` become floats."""
    if value is None:
        return math.nan
    return float(value) if isinstance(value, str) else value


def stored(value: Number) -> StoredNumber:
    """The other way: what JSON cannot hold becomes a string."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if value != value else ("inf" if value > 0 else "-inf")
    return value
