"""The nouns of `check`: what can be wrong with a labbook, and the report that names it.

A *fault* is damage: something that was written cannot be read any more as it was. A *remark* is
worth knowing and no damage: a run whose process is gone, a file that is not ours. `labbook check`
answers "no" to faults alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Final

from jupyter_labbook.render import html
from jupyter_labbook.render.cells import Cell, Column, Mark, Row
from jupyter_labbook.render.text import plain

SHOWN: Final = 20
"""Findings of one kind that are printed; the rest is counted, and complete in JSON."""

FAULTS: Final[dict[str, str]] = {
    "store-file-missing": "labbook.json is not there",
    "store-file-garbled": "labbook.json is no JSON object with a format",
    "not-a-folder": "something else stands where a folder of the labbook belongs",
    "not-a-file": "something else stands where a file of the labbook belongs",
    "unreadable": "the file system refuses to show a file or a folder",
    "link": "a symbolic link stands where a file or folder of the labbook belongs; it is not followed",
    "case-collision": "names differ only in case: some file systems cannot hold both",
    "record-missing": "a run's folder holds no run.json",
    "record-garbled": "run.json is no JSON object, or names no run",
    "record-types": "a key of run.json holds something else than its format says",
    "record-id": "run.json has another id than its folder",
    "duplicate-id": "run.json has the id of another run: the folder was copied",
    "run-misnamed": "a folder holds a run, and its name is no run id",
    "source-missing": "cell.py is not there",
    "source-differs": "cell.py is not the source whose hash was recorded",
    "table-torn": "the last line of a table is not complete",
    "table-garbled": "lines of a table cannot be read",
    "table-zeros": "a table holds zero bytes, as a loss of power leaves them",
    "table-header": "a table does not begin with step,time and the names of its metrics",
    "table-columns": "two columns of a table have the same name",
    "points-missing": "the tables hold fewer points than run.json summarises",
    "summary-missing": "a metric of the tables is not summarised in run.json",
    "summary-differs": "the summary of a metric is not what its table comes to",
    "notebook-garbled": "a notebook is no JSON object with cells",
    "annotation-garbled": "an annotation is no JSON object of its format",
    "annotation-orphaned": "annotations or notes lie where no run is left",
    "text-garbled": "a text is not UTF-8",
    "artifact-missing": "a file that run.json names is not in the run's folder",
    "artifact-differs": "a file of the run's folder is not what its recorded hash names",
    "object-missing": "content that a run refers to is not in the labbook",
    "object-differs": "the content of an object is not what its name says",
    "object-writable": "an object can be written to",
    "object-misplaced": "an object lies in a folder in which nobody looks for it",
}
"""Every kind of damage, and what it means."""

REMARKS: Final[dict[str, str]] = {
    "lost": "the process that recorded a run is gone, and the run has no end",
    "newer-format": "written by a newer version: read, not checked and never changed",
    "leftover": "a temporary file or folder that nobody has touched for an hour",
    "foreign": "not a file of a labbook; it is left alone",
    "summary-behind": "a thread or process logged on after its run had ended, and nobody counted that",
    "points-aside": "lines that were cut off a table lie beside it, and run.json still summarises them",
}
"""Every kind of remark, and what it means."""


@dataclass(frozen=True)
class Fault:
    """One finding. `path` is relative to the labbook; `repairable` says whether `repair` mends it."""

    kind: str
    path: str
    message: str
    run: str | None = None
    repairable: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {name: storable(value) if isinstance(value, str) else value for name, value in asdict(self).items()}

    def __str__(self) -> str:
        return plain(f"{self.path}: {self.message}")


@dataclass(frozen=True)
class Report:
    """What `check` found. Printing shows it; `faults` empty means that the labbook is sound.

    Attributes
    ----------
    faults, remarks
        Findings by kind, then by path.
    runs, objects
        How many were looked at.
    mended
        What `repair` did just before, where it was asked to, one line each.
    """

    faults: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    runs: int = 0
    objects: int = 0
    mended: tuple[str, ...] = ()

    @classmethod
    def of(cls, findings: Iterable[Fault], runs: int = 0, objects: int = 0) -> Report:
        """The report of findings in any order."""
        ordered = sorted(set(findings), key=lambda fault: (_rank(fault.kind), fault.path, fault.message))
        faults = tuple(fault for fault in ordered if fault.kind in FAULTS)
        remarks = tuple(fault for fault in ordered if fault.kind in REMARKS)
        return cls(faults, remarks, runs, objects)

    @property
    def repairable(self) -> int:
        return sum(fault.repairable for fault in self.faults)

    def to_dict(self) -> dict[str, Any]:
        """`{"faults": […]}`, and `remarks` and `mended` where there are any."""
        document: dict[str, Any] = {"faults": [fault.to_dict() for fault in self.faults]}
        if self.remarks:
            document["remarks"] = [remark.to_dict() for remark in self.remarks]
        if self.mended:
            document["mended"] = list(self.mended)
        return document

    def __str__(self) -> str:
        lines = [plain(line) for line in self.mended]
        lines.append(self._headline())
        for title, findings in (("", self.faults), ("Worth knowing:", self.remarks)):
            lines += [title] if title and findings else []
            for kind, some in _by_kind(findings):
                lines.append(f"  {kind} ({len(some)}): {FAULTS.get(kind) or REMARKS.get(kind)}")
                lines += [f"    {fault}" for fault in some[:SHOWN]]
                lines += [f"    … and {len(some) - SHOWN} more"] if len(some) > SHOWN else []
        if self.repairable:
            lines.append("`labbook check --repair` mends what can be mended, and loses no byte.")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [html.paragraph(line) for line in self.mended]
        parts.append(html.heading(self._headline()))
        marks: tuple[Mark, Mark] = ("bad", "dim")
        for findings, mark in zip((self.faults, self.remarks), marks, strict=True):
            shown = [fault for _, some in _by_kind(findings) for fault in some[:SHOWN]]
            rows: list[Row] = [[Cell(fault.kind, mark), fault.path, fault.message] for fault in shown]
            if rows:
                parts.append(html.table([Column("kind"), Column("where"), Column("what")], rows))
        return "".join(parts)

    def _headline(self) -> str:
        looked = f"{_count(self.runs, 'run')} and {_count(self.objects, 'object')} looked at"
        if not self.faults:
            return f"No damage: {looked}."
        mend = f", {self.repairable} of which can be mended" if self.repairable else ""
        return f"{_count(len(self.faults), 'fault')}{mend}: {looked}."


def storable(name: str) -> str:
    """A file's name as JSON can have it: bytes that are no UTF-8 become visible."""
    return name.encode("utf-8", "backslashreplace").decode()


def _by_kind(findings: Iterable[Fault]) -> Iterator[tuple[str, list[Fault]]]:
    for kind, some in groupby(findings, key=lambda fault: fault.kind):
        yield kind, list(some)


_RANK: Final = {kind: rank for rank, kind in enumerate((*FAULTS, *REMARKS))}


def _rank(kind: str) -> int:
    return _RANK[kind]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
