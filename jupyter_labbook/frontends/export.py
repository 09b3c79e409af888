"""Runs for other programs: CSV, one row a run, or JSON, the whole records. Written piece by piece.

**Invariant**: no text of a user becomes a formula in a spreadsheet; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from jupyter_labbook.errors import UsageError
from jupyter_labbook.frontends.documents import Document, as_json
from jupyter_labbook.frontends.place import StoreLike, the_store
from jupyter_labbook.run import Run, shown_metrics
from jupyter_labbook.store import files
from jupyter_labbook.store.selection import Runs, select

Format = Literal["csv", "json"]

COLUMNS: Final[dict[str, Callable[[Run], Any]]] = {
    "id": lambda run: run.id,
    "experiment": lambda run: run.experiment,
    "status": lambda run: run.status,
    "verdict": lambda run: run.verdict,
    "started": lambda run: run.record.started,
    "duration": lambda run: run.record.duration,
}
"""The columns before `params.…` and `metrics.…`, as in `Runs.to_pandas()`."""


@dataclass(frozen=True)
class Export:
    """Runs on their way out. `str()` is the whole text; `pieces()` the same bit by bit, in UTF-8."""

    runs: Runs
    format: Format

    def pieces(self) -> Iterator[bytes]:
        return FORMATS[self.format](self.runs)

    def __str__(self) -> str:
        return b"".join(self.pieces()).decode().rstrip("\n")

    def __repr__(self) -> str:
        return f"Export({len(self.runs)} runs as {self.format})"


@dataclass(frozen=True)
class Exported:
    """What was written where."""

    path: Path
    count: int

    def __str__(self) -> str:
        return f"{self.path}: {self.count} run{'' if self.count == 1 else 's'}"

    __repr__ = __str__


def export(
    query: str | None = None,
    *,
    format: Format = "csv",
    to: str | Path | None = None,
    sort: str | None = None,
    archived: bool = False,
    store: StoreLike = None,
) -> Export | Exported:
    """Runs as CSV (one row a run) or JSON (the whole records).

    Parameters
    ----------
    query, sort, archived, store
        As for `runs`.
    format
        `csv` or `json`.
    to
        A file, which is there whole or not at all. Without it, the result holds the text.
    """
    if format not in FORMATS:
        raise UsageError(f"{format!r} is no format to export to. There are {', '.join(FORMATS)}.")
    selected = select(the_store(store), query, sort=sort, archived=archived)
    exported = Export(selected, format)
    if to is None:
        return exported
    path = Path(to).expanduser().absolute()
    _save(exported, path)
    return Exported(path, len(selected))


def _save(exported: Export, path: Path) -> None:
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent} to write {path.name} into.")
    if path.exists() and not path.is_file():
        # /dev/stdout, a pipe: something to write to, and not to be replaced by a file
        with path.open("wb") as stream:
            stream.writelines(exported.pieces())
        return
    temporary = files.temporary_name(str(path.parent))
    try:
        with open(temporary, "xb") as stream:
            stream.writelines(exported.pieces())
        os.replace(temporary, path)
    except BaseException:
        files.discard(temporary)
        raise


def csv_pieces(runs: Iterable[Run]) -> Iterator[bytes]:
    """The header and a row for each run. Two passes: columns are known when every run was seen."""
    parameters: dict[str, None] = {}
    metrics: dict[str, None] = {}
    for run in runs:
        parameters.update(dict.fromkeys(run.parameters))
        metrics.update(dict.fromkeys(shown_metrics(run.metrics)))
    heading = [*COLUMNS, *(f"params.{name}" for name in parameters), *(f"metrics.{name}" for name in metrics)]
    yield _line(map(_cell, heading))
    for run in runs:
        row = [read(run) for read in COLUMNS.values()]
        row += _values(run.parameters, parameters) + _values(run.metrics, metrics)
        yield _line(map(_cell, row))


def _values(given: Mapping[str, Any], names: Iterable[str]) -> list[Any]:
    return [given.get(name) for name in names]


def _line(cells: Iterable[str]) -> bytes:
    line = io.StringIO(newline="")
    # The writer puts a cell in quotes for what ends its own lines: a lone return ends a row elsewhere.
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n").encode() + b"\n"


def _cell(value: Any) -> str:
    """Numbers as they are; a text that a spreadsheet would run as a formula behind an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return repr(value)
    text = value if isinstance(value, str) else msgspec.json.encode(as_json(value)).decode()
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def json_pieces(runs: Iterable[Run]) -> Iterator[bytes]:
    return Document({"runs": (run.to_dict() for run in runs)}).pieces()


FORMATS: Final[dict[str, Callable[[Iterable[Run]], Iterator[bytes]]]] = {
    "csv": csv_pieces,
    "json": json_pieces,
}
