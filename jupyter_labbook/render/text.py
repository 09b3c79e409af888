"""Text for terminals: user text made harmless, numbers and times short.

**Invariant**: whatever goes through `plain` (and so through `table`) holds no control
character, no terminal escape and nothing that turns the direction of writing.
"""

from __future__ import annotations

import math
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeGuard

from jupyter_labbook.render.cells import Cell, Column, Row, Table
from jupyter_labbook.render.layout import display_width, lay_out

__all__ = [
    "Cell",
    "Column",
    "Row",
    "Table",
    "decimals",
    "display_width",
    "duration",
    "fixed",
    "number",
    "numbers",
    "plain",
    "shorten",
    "signed",
    "size",
    "table",
    "terminal_width",
    "when",
]

NOTHING: Final = "–"
"""What stands where there is no value."""

_JOINERS: Final = "\u200c\u200d"
_UNSAFE: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def plain(text: object, newlines: bool = False) -> str:
    """`text` with control, format and direction characters as visible escapes such as `\\x1b`.

    With `newlines`, line feeds and tabs stay as they are.
    """
    text = str(text)
    if text.isprintable():
        return text
    kept = _JOINERS + "\n\t" if newlines else _JOINERS
    return "".join([char if char in kept or _is_safe(char) else _escaped(char) for char in text])


def _is_safe(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) not in _UNSAFE


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def shorten(text: str, most: int) -> str:
    """At most `most` characters of `text`: its beginning, and an ellipsis where something is missing."""
    return text if len(text) <= most else text[: max(most - 1, 0)] + "…"


def number(value: float | int | str | None) -> str:
    """Four significant digits; whole numbers whole; `nan`, `inf` and `-inf` by name."""
    if value is None:
        return NOTHING
    if isinstance(value, (bool, str)):
        return plain(value)
    if isinstance(value, int):
        return _whole(value)
    value = float(value)
    if not math.isfinite(value):
        return repr(value)
    if 1000 <= abs(value) < 1e7:
        return f"{value:.0f}" if abs(value) >= 9999.5 else f"{value:.4g}"
    return _exponent(f"{value:.4g}")


def _whole(value: int) -> str:
    if abs(value) < 10**15:
        return str(value)
    try:
        return _exponent(f"{value:.4g}")
    except OverflowError:
        return f"{'-' if value < 0 else ''}1e{int(value.bit_length() * math.log10(2))} or so"


def _exponent(text: str) -> str:
    """`1e-05` as people write it: `1e-5`."""
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent)}"


def numbers(values: Iterable[float | int | str | None]) -> list[str]:
    """A column of numbers with the same decimals each, so that their points align.

    The largest has four significant digits, the smallest at least two.
    """
    values = list(values)
    return fixed(values, decimals(values))


def fixed(values: Iterable[float | int | str | None], places: int | None) -> list[str]:
    """Numbers with so many decimals each; each as it is best shown where that is None."""
    return [f"{value:.{places}f}" if places is not None and _is_real(value) else number(value) for value in values]


def decimals(values: Iterable[float | int | str | None]) -> int | None:
    """How many decimals a column of numbers needs; None where no one count suits them all."""
    real = [abs(value) for value in values if isinstance(value, float) and math.isfinite(value)]
    if not real or max(real) >= 9999.5 or 0 < max(real) < 1e-4:
        return None
    needed = max(len(number(value).partition(".")[2]) for value in real)
    smallest = min((value for value in real if value), default=1.0)
    largest = 4 if 1 <= max(real) < 10 else 3 - _magnitude(max(real))  # 1.0 among 0.9083 costs no digit
    places = max(largest, 1 - _magnitude(smallest), 0)
    if places > MOST_DECIMALS:
        return None
    places = min(needed, places)
    # One diverged run must not make the others look alike: 0.1164 and 0.1190 beside 32.44.
    apart = len({number(value) for value in real})
    while places < min(needed, MOST_DECIMALS) and len({f"{value:.{places}f}" for value in real}) < apart:
        places += 1
    return places


MOST_DECIMALS: Final = 6


def _magnitude(value: float) -> int:
    return math.floor(math.log10(value)) if value else 0


def _is_real(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and math.isfinite(value)


def signed(difference: float | int, places: int | None = None) -> str:
    """A difference with its sign: `+0.012`, `-3`, `±0`; with `places` decimals where they show it."""
    if difference == 0:
        return "±0"
    if places is not None and math.isfinite(difference):
        fixed = f"{difference:+.{places}f}"
        if any(digit in fixed for digit in "123456789"):
            return fixed
    return ("+" if difference > 0 else "") + number(difference)


def duration(seconds: float | int | None) -> str:
    """`340 ms`, `1.2 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds < 0.9995:
        tiny = 0 < seconds < 0.00095
        return f"{seconds * 1000:.2g} ms" if tiny else f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(seconds / 3600)
    return f"{hours // 24} d {hours % 24} h"


def size(count: int | None) -> str:
    """Bytes for people: `812 B`, `3.4 kB`, `1.2 GB`; powers of ten."""
    if count is None:
        return NOTHING
    value, units = float(count), ["B", "kB", "MB", "GB", "TB", "PB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.0f} {units[0]}" if value >= 99.5 or units[0] == "B" else f"{value:.2g} {units[0]}"


def when(time: str | datetime | None, now: datetime | None = None) -> str:
    """How long ago, or for more than a day the local date: `5 min ago`, `21 Nov 03:15`, `21 Nov 2025`."""
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError:
        return plain(time)
    if moment is None:
        return NOTHING
    local = moment.astimezone()
    now = (now or datetime.now().astimezone()).astimezone()
    ago = (now - local).total_seconds()
    if -2 <= ago < 60:
        return "just now" if ago < 10 else f"{ago:.0f} s ago"
    if 0 <= ago < 3600:
        return f"{int(ago // 60)} min ago"
    if 0 <= ago < 86400:
        return f"{int(ago // 3600)} h ago"
    day = f"{local.day} {_MONTHS[local.month - 1]}"
    return f"{day} {local:%H:%M}" if local.year == now.year else f"{day} {local.year}"


def table(columns: Sequence[Column], rows: Sequence[Row], width: int | None = None, color: bool = False) -> str:
    """A table of at most `width` characters a line (None: as wide as it needs).

    Long cells are cut with an ellipsis. Where that is not enough, the table is continued
    below itself with its first column repeated, so that no column is lost.
    """
    return lay_out(columns, rows, plain, width, color)


def terminal_width() -> int | None:
    """The width of the terminal that stdout is; None where it is none, so that a pipe gets all."""
    try:
        return int(os.environ.get("COLUMNS", "")) or None
    except ValueError:
        pass
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (AttributeError, OSError, ValueError):
        return None
