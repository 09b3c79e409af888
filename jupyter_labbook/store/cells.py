"""Values as SQLite holds them: the cell for a value, and the value of a cell.

**Invariant**: `value(cell(x))` equals x, but for truth values, which are 1 and 0 and equal them.

Absent is NULL. Numbers and texts are themselves. What SQLite cannot hold or would not keep apart
from NULL (None, NaN, integers beyond 64 bits, lists, objects) is a BLOB of JSON: BLOBs sort behind
all numbers and texts, so a range that ends at `x''` has none of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec

from jupyter_labbook.store.expression import Value

Cell = int | float | str | bytes | None

ABSENT: Final = float("nan")
"""Stands for NULL where cells are written: SQLite makes NULL of it, ten times as fast as of None."""

NONE: Final = b"null"
NAN: Final = b"NaN"

TRUTH: Final = 1
"""Flag of a column in which truth values were seen."""

OTHER: Final = 2
"""Flag of a column with values that SQL cannot compare: big integers, lists, objects."""

_BIG: Final = 1 << 63
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_KEPT: Final = {float, str}
_NUMBERS: Final = {float}
_INFINITE: Final = ("inf", "-inf")


def cell(given: Any) -> tuple[Cell, int]:
    """The cell for a value, and the flags that its column gets."""
    kind = type(given)
    if kind is str:
        return given, 0
    if kind is bool:
        return int(given), TRUTH
    if kind is int and -_BIG <= given < _BIG:
        return given, 0
    if kind is float:
        return (given, 0) if given == given else (NAN, 0)
    if given is None:
        return NONE, 0
    return _encode(given), OTHER


def value(cell: Cell) -> Value:
    """The value of a cell."""
    if type(cell) is not bytes:
        return cell
    return ABSENT if cell == NAN else _decode(cell)


def is_small(given: object) -> bool:
    """Whether SQLite holds it as it is, if it is an integer."""
    return type(given) is not int or -_BIG <= given < _BIG


def are_cells(values: Collection[Any], *, text: bool = True) -> bool:
    """Whether all values, which come from JSON and so are not NaN, are cells as they are."""
    kinds = set(map(type, values))
    if int in kinds:
        integers = [each for each in values if type(each) is int]
        if min(integers) < -_BIG or max(integers) >= _BIG:
            return False
        kinds.discard(int)
    return kinds <= (_KEPT if text else _NUMBERS)


def folded(cells: dict[str, Cell]) -> str:
    """Cells as JSON, by a name each; those that are absent left out."""
    kept = {name: _foldable(cell) for name, cell in cells.items() if cell is not None and cell == cell}
    return _encode(kept).decode()


def unfolded(more: str | None, name: str) -> Cell:
    """One of the cells that were folded; None where it was absent."""
    found = _decode(more).get(name) if more else None
    if isinstance(found, list):
        return float(found[0]) if found[0] in _INFINITE else found[0].encode()
    kept: Cell = found
    return kept


def _foldable(cell: Cell) -> Any:
    if isinstance(cell, bytes):
        return [cell.decode()]
    return [repr(cell)] if repr(cell) in _INFINITE else cell
