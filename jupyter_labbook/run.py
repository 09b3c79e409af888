"""The nouns: a run and its metrics' history. Frozen, typed, no input or output.

`Run` is what every verb hands out: the record (`run_record.py`) as the disk has it now, merged
with what others wrote beside it, and a `RunFiles` through which it reads the rest of its folder
when asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import msgspec

from jupyter_labbook.errors import did_you_mean
from jupyter_labbook.run_record import (
    STATUSES,
    VERDICTS,
    Artifact,
    Cell,
    Claim,
    Code,
    Data,
    Environment,
    Error,
    Note,
    Notebook,
    Number,
    Process,
    Record,
    Status,
    StoredNumber,
    Summary,
    Verdict,
    number,
    stored,
)

if TYPE_CHECKING:
    import numpy
    import pandas

__all__ = [
    "STATUSES",
    "VERDICTS",
    "Artifact",
    "Cell",
    "Claim",
    "Code",
    "Data",
    "Environment",
    "Error",
    "History",
    "Note",
    "Notebook",
    "Number",
    "Point",
    "Process",
    "Record",
    "Run",
    "RunFiles",
    "Status",
    "StoredArtifact",
    "StoredNumber",
    "Summary",
    "Verdict",
    "number",
    "parse_time",
    "restore_value",
    "shown_metrics",
    "stored",
]

T = TypeVar("T")


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
