"""How a table becomes lines of text: widths, alignment, and what happens when it is too wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from jupyter_labbook.render.cells import Cell, Column, Mark, Row, as_cell

GAP: Final = "  "
_ANSI: Final[dict[Mark, str]] = {"best": "1;32", "good": "32", "bad": "31", "dim": "2", "strong": "1"}


def lay_out(
    columns: Sequence[Column],
    rows: Sequence[Row],
    plain: Callable[[str], str],
    width: int | None,
    color: bool,
) -> str:
    """Lines of the table; `plain` is applied to every text before anything is measured."""
    if not columns:
        return ""
    cells = [[_starred(as_cell(value), plain) for value in row] for row in rows]
    titles = [plain(column.title) for column in columns]
    wanted = [_wanted(column, titles[i], [row[i] for row in cells]) for i, column in enumerate(columns)]
    blocks = _blocks(columns, wanted, width)
    return "\n\n".join(_block(columns, titles, cells, block, color) for block in blocks)


def _starred(cell: Cell, plain: Callable[[str], str]) -> Cell:
    text = plain(cell.text)
    return Cell(f"* {text}" if cell.mark == "best" else text, cell.mark)


def _wanted(column: Column, title: str, cells: Sequence[Cell]) -> int:
    widest = max([display_width(title), *(display_width(cell.text) for cell in cells)])
    return min(widest, column.most)


def _blocks(columns: Sequence[Column], wanted: list[int], width: int | None) -> list[list[tuple[int, int]]]:
    """Groups of (column, its width) that each fit into `width`, all led by the first column."""
    if width is None or _total(wanted) <= width:
        return [list(enumerate(wanted))]
    shrunk = _shrink(columns, wanted, width)
    first, *others = _bundles(columns, list(enumerate(shrunk)))
    blocks = [[*first]]
    for bundle in others:
        if len(blocks[-1]) > len(first) and _total([size for _, size in blocks[-1] + bundle]) > width:
            blocks.append([*first])
        blocks[-1] += bundle
    return [_grow(block, wanted, width) for block in blocks]


def _bundles(columns: Sequence[Column], entries: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Columns with those that are joined to them."""
    bundles: list[list[tuple[int, int]]] = []
    for entry in entries:
        if bundles and columns[entry[0]].joined:
            bundles[-1].append(entry)
        else:
            bundles.append([entry])
    return bundles


def _shrink(columns: Sequence[Column], wanted: list[int], width: int) -> list[int]:
    """Take from the widest left-aligned column first, never below its least; numbers stay whole."""
    sizes = list(wanted)
    elastic = [i for i, column in enumerate(columns) if column.align == "left" and sizes[i] > column.least]
    while elastic and _total(sizes) > width:
        widest = max(elastic, key=lambda i: sizes[i])
        sizes[widest] -= 1
        if sizes[widest] <= columns[widest].least:
            elastic.remove(widest)
    return sizes


def _grow(block: list[tuple[int, int]], wanted: list[int], width: int) -> list[tuple[int, int]]:
    """Give what a block has to spare back to the columns that were cut."""
    spare = width - _total([size for _, size in block])
    grown = []
    for column, size in block:
        more = min(max(spare, 0), wanted[column] - size)
        spare -= more
        grown.append((column, size + more))
    return grown


def _total(sizes: Sequence[int]) -> int:
    return sum(sizes) + len(GAP) * (len(sizes) - 1)


def _block(
    columns: Sequence[Column],
    titles: Sequence[str],
    cells: Sequence[Sequence[Cell]],
    block: Sequence[tuple[int, int]],
    color: bool,
) -> str:
    def line(values: Sequence[Cell]) -> str:
        parts = [_fitted(values[i], columns[i], size, color) for i, size in block]
        return GAP.join(parts).rstrip()

    heading = line([Cell(title, "strong") for title in titles])
    rule = GAP.join("─" * size for _, size in block)
    return "\n".join([heading, rule, *(line(row) for row in cells)])


def _fitted(cell: Cell, column: Column, size: int, color: bool) -> str:
    text = cut(cell.text, size)
    space = " " * (size - display_width(text))
    if color and cell.mark and text:
        text = f"\x1b[{_ANSI[cell.mark]}m{text}\x1b[0m"
    return space + text if column.align == "right" else text + space


def cut(text: str, size: int) -> str:
    """`text` in at most `size` columns of a terminal, with an ellipsis where something is missing."""
    if display_width(text) <= size:
        return text
    kept: list[str] = []
    used = 1
    for char in text:
        used += _char_width(char)
        if used > size:
            break
        kept.append(char)
    return "".join(kept) + "…"


def display_width(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "FW" else 1
