"""The nouns of a table: columns and cells, the same for the terminal and for HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

Align = Literal["left", "right"]
Mark = Literal["", "best", "good", "bad", "dim", "strong"]


class Column(NamedTuple):
    """A column. `most` is how many characters of a cell are shown, `least` what it may shrink to.

    A column that is `joined` is never parted from the one before it.
    """

    title: str
    align: Align = "left"
    most: int = 40
    least: int = 8
    joined: bool = False


class Cell(NamedTuple):
    """Any user text and how it is marked. Colour is never the only sign: the best gets a star as well."""

    text: str
    mark: Mark = ""


Row = Sequence["str | Cell"]


def as_cell(value: str | Cell) -> Cell:
    return value if isinstance(value, Cell) else Cell(value)


class Table(msgspec.Struct, frozen=True):
    """Columns and rows that show themselves: text when printed, HTML in a notebook."""

    columns: Sequence[Column]
    rows: Sequence[Row]

    def text(self, width: int | None = None, color: bool = False) -> str:
        from jupyter_labbook.render import text  # the nouns load neither of the two ways to show them

        return text.table(self.columns, self.rows, width=width, color=color)

    def __str__(self) -> str:
        from jupyter_labbook.render import text

        return self.text(width=text.terminal_width())

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from jupyter_labbook.render import html

        return html.table(self.columns, self.rows)
