"""Rows of the speed table, as text and as the table that the README shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

TITLES: Final = ("what", "beside", "measured", "beside it", "ratio", "to reach", "")


@dataclass(frozen=True)
class Row:
    """One thing measured, what it is held against, and whether it reaches what it has to.

    `ok` is None where nothing has to be reached.
    """

    what: str
    beside: str
    measured: str
    floor: str = ""
    ratio: float | None = None
    target: str = ""
    ok: bool | None = None

    def cells(self) -> tuple[str, ...]:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}×" if self.ratio < 10 else f"{self.ratio:.0f}×"
        sign = {True: "✓", False: "✗ missed", None: ""}[self.ok]
        return self.what, self.beside, self.measured, self.floor, ratio, self.target, sign


def times(what: str, beside: str, measured: float, floor: float, at_most: float | None = None) -> Row:
    """A row of two durations in seconds; `at_most` bounds their ratio."""
    return _row(what, beside, duration(measured), duration(floor), measured / floor, at_most)


def sizes(what: str, beside: str, measured: float, floor: float, at_most: float | None = None) -> Row:
    """A row of two sizes in bytes; `at_most` bounds their ratio."""
    return _row(what, beside, size(measured), size(floor), measured / floor, at_most)


def absent(what: str, beside: str, reason: str) -> Row:
    """A row for what is not here to be measured."""
    return Row(what, beside, reason)


def _row(what: str, beside: str, measured: str, floor: str, ratio: float, at_most: float | None) -> Row:
    if at_most is None:
        return Row(what, beside, measured, floor, ratio)
    return Row(what, beside, measured, floor, ratio, f"≤ {at_most:g}×", ratio <= at_most)


def duration(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def size(count: float) -> str:
    return f"{count / 1000:,.1f} kB"


def text(rows: Iterable[Row]) -> str:
    """The table for a terminal."""
    table = [TITLES, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    numbers = {2, 3, 4}
    lines = [
        "  ".join(
            cell.rjust(width) if index in numbers else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in table
    ]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])


def markdown(rows: Iterable[Row]) -> str:
    """The table for the README."""
    lines = [TITLES, ("---", "---", "--:", "--:", "--:", "---", "---"), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in lines)
