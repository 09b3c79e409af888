"""JSON as the doors give it: one document, streamed where it is long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import PurePath
from typing import Any

import msgspec

from jupyter_labbook.run import stored


class Document:
    """A JSON document. `pieces` is its text in UTF-8; an iterator in it is taken one by one, and once."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def pieces(self) -> Iterator[bytes]:
        value = self._value
        if isinstance(value, Mapping) and any(isinstance(part, Iterator) for part in value.values()):
            yield from _streamed(value)
        else:
            yield msgspec.json.format(_encoded(value), indent=2)
        yield b"\n"

    def __str__(self) -> str:
        return b"".join(self.pieces()).decode().rstrip("\n")

    __repr__ = __str__


def _streamed(value: Mapping[str, Any]) -> Iterator[bytes]:
    opening = b"{"
    for key, part in value.items():
        yield opening + msgspec.json.encode(key) + b": "
        if isinstance(part, Iterator):
            yield from _elements(part)
        else:
            yield _encoded(part)
        opening = b", "
    yield b"}"


def _elements(parts: Iterator[Any]) -> Iterator[bytes]:
    """One element a line, so that `grep` and `head` are of use."""
    before = b"[\n"
    for part in parts:
        yield before + _encoded(part)
        before = b",\n"
    yield b"[]" if before == b"[\n" else b"\n]"


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(as_json(value))


def as_json(value: Any) -> Any:
    """`value` with everything that JSON cannot hold as text: NaN, infinities, times, whatever else."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, float):
        return stored(value)
    if isinstance(value, Mapping):
        return {str(key): as_json(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(part) for part in value]
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return as_json(msgspec.to_builtins(value))
    if hasattr(value, "item"):
        return as_json(value.item())
    return str(value)
