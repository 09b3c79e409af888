"""The nouns: a run, its record, its metrics' history. Frozen, typed, no input or output.

`Record` mirrors `run.json` key by key (`store/FORMAT.md` says what each means). `Run` is what
every verb hands out: the record as the disk has it now, merged with what others wrote beside
it, and a `RunFiles` through which it reads the rest of its folder when asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar, get_args

import msgspec

from jupyter_labbook.errors import did_you_mean

if TYPE_CHECKING:
    import numpy
    import pandas

Status = Literal["running", "finished", "failed", "interrupted", "lost"]
Verdict = Literal["supported", "refuted", "inconclusive", "none"]
Number = int | float
StoredNumber = int | float | Literal["nan", "inf", "-inf"]

T = TypeVar("T")

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


class Point(NamedTuple):
    step: Number
    time: float
    value: Number


class History:
    """All points of one metric, in the order in which they were logged.

    Attributes
    ----------
    step, time, value : numpy.ndarray, shape (n,)
        `time` in seconds since the run began. Iterating gives `Point`s.
    """

    def __init__(self, name: str, step: numpy.ndarray, time: numpy.ndarray, value: numpy.ndarray) -> None:
        self.name = name
        self.step = step
        self.time = time
        self.value = value

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Point]:
        return map(Point._make, zip(self.step.tolist(), self.time.tolist(), self.value.tolist(), strict=True))

    def __getitem__(self, index: int) -> Point:
        return Point(self.step[index].item(), self.time[index].item(), self.value[index].item())

    def to_pandas(self) -> pandas.DataFrame:
        """A frame with columns step, time, value."""
        import pandas  # heavy, and only wanted here

        return pandas.DataFrame({"step": self.step, "time": self.time, "value": self.value})

    def __repr__(self) -> str:
        if not len(self):
            return f"History({self.name!r}, no points)"
        return f"History({self.name!r}, {len(self)} points, last {self.value[-1]:g} at step {self.step[-1]:g})"


class RunFiles(Protocol):
    """What a run reads from its folder, when asked and not before.

    **Guarantee**: nothing here writes, follows a link out of the store or raises because a file
    is missing, torn or strange: what can be read is returned, the rest is empty.
    """

    @property
    def folder(self) -> Path: ...

    def history(self, name: str) -> History: ...

    def text(self, file: str) -> str: ...

    def raw(self) -> dict[str, Any]: ...

    def content(self, sha256: str | None, file: str | None = None) -> Path: ...


class StoredArtifact(NamedTuple):
    """An artifact and where its bytes are: `path` is read-only."""

    name: str
    kind: str | None
    sha256: str | None
    bytes: int | None
    path: Path


class Run:
    """One recorded run; every property is as of when the run was looked up.

    Printing shows a line; in a notebook, the same as a small table.
    """

    def __init__(self, record: Record, files: RunFiles) -> None:
        self.record = record
        self._files = files

    # what it is ------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def short_id(self) -> str:
        """The last five letters, enough to refer to it."""
        return self.record.id[-5:]

    @property
    def experiment(self) -> str:
        return self.record.experiment

    @property
    def what(self) -> str | None:
        return self.record.what

    @property
    def why(self) -> str | None:
        return self.record.why

    @property
    def status(self) -> Status:
        return self.record.status

    @property
    def verdict(self) -> Verdict:
        return self.record.verdict

    @property
    def claims(self) -> list[Claim]:
        return self.record.expect

    @property
    def conclusion(self) -> str | None:
        return self.record.conclusion

    @property
    def tags(self) -> list[str]:
        return self.record.tags

    @property
    def notes(self) -> list[Note]:
        return self.record.notes

    @property
    def started(self) -> datetime | None:
        """When it began, UTC."""
        return parse_time(self.record.started)

    @property
    def duration(self) -> timedelta | None:
        seconds = self.record.duration
        return None if seconds is None else timedelta(seconds=seconds)

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self._files.folder

    # what went in and came out ---------------------------------------------------------------

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Name to value; NaN, infinities and tuples are as they were given."""
        types = self.record.parameter_types
        return {
            name: restore_value(value, types[name]) if name in types else value
            for name, value in self.record.parameters.items()
        }

    @cached_property
    def metrics(self) -> dict[str, float | int]:
        """Name to the last value logged."""
        return {name: number(summary.last) for name, summary in self.record.metrics.items()}

    def summary(self, name: str) -> Summary:
        """`last`, `min`, `max`, `mean`, their steps and the `count` of a metric."""
        try:
            return self.record.metrics[name]
        except KeyError:
            raise KeyError(
                f"run {self.short_id} has no metric {name!r}." + did_you_mean(name, list(self.record.metrics))
            ) from None

    def history(self, name: str) -> History:
        """Every point of metric `name`: step, time, value."""
        history = self._files.history(name)
        if not len(history) and name not in self.record.metrics:
            raise KeyError(
                f"run {self.short_id} has no metric {name!r}." + did_you_mean(name, list(self.record.metrics))
            )
        return history

    @property
    def source(self) -> str:
        """The source that ran."""
        return self._files.text("cell.py")

    @property
    def patch(self) -> str:
        """What was uncommitted when the run began, as a git patch; empty where nothing was."""
        sha256 = self.record.code.patch
        try:
            return self._files.content(sha256).read_text("utf-8", "replace") if sha256 else ""
        except OSError:
            return ""

    def artifact(self, name: str) -> StoredArtifact:
        """The artifact called `name` (the last one, where several were); KeyError if none is."""
        for artifact in reversed(self.record.artifacts):
            if artifact.name == name:
                path = self._files.content(artifact.sha256, artifact.file)
                return StoredArtifact(artifact.name, artifact.kind, artifact.sha256, artifact.bytes, path)
        names = [artifact.name for artifact in self.record.artifacts]
        raise KeyError(f"run {self.short_id} has no artifact {name!r}." + did_you_mean(name, names))

    def to_dict(self) -> dict[str, Any]:
        """The whole record as JSON has it, unknown keys included."""
        raw = self._files.raw()
        merged: dict[str, Any] = msgspec.to_builtins(self.record)
        return {**raw, **merged}

    # how it looks ----------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        metrics = ", ".join(f"{name}={value:.4g}" for name, value in shown_metrics(self.metrics).items())
        return f"<Run {self.id} {self.status}{': ' + metrics if metrics else ''}>"

    def _repr_html_(self) -> str:
        from html import escape  # not wanted where runs are only listed

        return f"<code>{escape(repr(self))}</code>"


def shown_metrics(metrics: Mapping[str, T]) -> dict[str, T]:
    """The metrics a person looks at first: those that are not `system/…`."""
    return {name: value for name, value in metrics.items() if not name.startswith("system/")}


def parse_time(text: str | None) -> datetime | None:
    """An ISO 8601 time with its zone; None where it is not one."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def restore_value(value: Any, type_name: str) -> Any:
    """A parameter's value from its JSON form and the type `parameter_types` gives it."""
    try:
        if type_name == "float" and isinstance(value, str):
            return float(value)
        if type_name == "int" and isinstance(value, str):
            return int(value)
        if type_name == "tuple" and isinstance(value, list):
            return tuple(value)
    except ValueError:
        return value
    return value
