"""Cells of a notebook that are tagged as holding parameters, read from the notebook's file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import msgspec

PARAMETERS_CELL: Final = "parameters cell"
PAPERMILL: Final = "papermill"

INJECTED: Final = "# Parameters\n"
"""How the cells begin that papermill puts in."""

_tags: Final = {"parameters": PARAMETERS_CELL, "injected-parameters": PAPERMILL}
_longest: Final = 256 << 20


class _Metadata(msgspec.Struct):
    tags: list[str] = []


class _Cell(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    source: str | list[str] = ""
    id: str | None = None


class _Notebook(msgspec.Struct):
    cells: list[_Cell] = []


_decode = msgspec.json.Decoder(_Notebook).decode
_read: dict[Path, tuple[int, int, dict[str, str]]] = {}


def parameter_cells(notebook: Path) -> dict[str, str]:
    """A tagged cell's id, and its source, to what its values came from. Empty where none can be read.

    Read again only when the file has changed.
    """
    try:
        found = os.stat(notebook)
        known = _read.get(notebook)
        if known is not None and known[:2] == (found.st_mtime_ns, found.st_size):
            return known[2]
        cells = _tagged(notebook.read_bytes()) if found.st_size <= _longest else {}
    except OSError:
        return {}
    _read[notebook] = found.st_mtime_ns, found.st_size, cells
    return cells


def _tagged(content: bytes) -> dict[str, str]:
    if not any(f'"{tag}"'.encode() in content for tag in _tags):
        return {}
    try:
        cells = _cells(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    found: dict[str, str] = {}
    for cell in cells:
        kind = next((_tags[tag] for tag in cell.metadata.tags if tag in _tags), None)
        if kind is not None:
            source = cell.source if isinstance(cell.source, str) else "".join(cell.source)
            found[source.strip()] = kind
            if cell.id:
                found[cell.id] = kind
    return found


def _cells(content: bytes) -> list[_Cell]:
    try:
        return _decode(content).cells
    except msgspec.DecodeError:  # papermill writes a parameter's infinity or NaN as no strict parser reads it
        return msgspec.convert(json.loads(content), _Notebook).cells
