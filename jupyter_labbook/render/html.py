"""Static HTML: no script, no style sheet, the same on light and on dark.

GitHub drops `style` attributes and nbconvert drops `<style>`: so meaning is in the markup
(`<b>`, `<ins>`, `<details>`, `align`), inline styles only make it pleasant, and text keeps
the colour of the page it stands on.

**Invariant**: text reaches a page only through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from jupyter_labbook.render.cells import Align, Cell, Column, Mark, Row, as_cell
from jupyter_labbook.render.text import plain, shorten

BORDER: Final = "rgba(128,128,128,.35)"
GOOD: Final = "#238c41"
BAD: Final = "#dd3c3c"
DIM: Final = "opacity:.65"
INSERTED: Final = "background:rgba(46,160,67,.18)"
DELETED: Final = "background:rgba(248,81,73,.18)"
MONOSPACE: Final = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
LONGEST: Final = 300
"""How many characters of one text are shown in a table."""
LONGEST_TITLE: Final = 80
SHORT: Final = 24

_TABLE: Final = (
    "border-collapse:collapse;border:none;margin:.2em 0;table-layout:auto;width:auto;"
    "color:inherit;font-size:13px;line-height:1.4;font-variant-numeric:tabular-nums"
)
_ROW: Final = "background:transparent;border:none"
_BOX: Final = "padding:3px 8px;border:none;line-height:1.4"
_CELL: Final = f"{_BOX};border-bottom:1px solid {BORDER};vertical-align:top;background:none"
_HEAD: Final = f"{_BOX};border-bottom:2px solid rgba(128,128,128,.6);vertical-align:bottom"
_MARKUP: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_MARKS: Final[dict[Mark, tuple[str, str]]] = {
    "": ("", ""),
    "best": ("<b>★&nbsp;", "</b>"),
    "strong": ("<b>", "</b>"),
    "good": (f'<span style="color:{GOOD}">', "</span>"),
    "bad": (f'<span style="color:{BAD}">', "</span>"),
    "dim": (f'<span style="{DIM}">', "</span>"),
}


def escape(text: object, newlines: bool = False) -> str:
    """Any text as harmless markup: control and direction characters become visible escapes."""
    # as html.escape, whose module loads a table of 2,000 entities
    return plain(text, newlines=newlines).translate(_MARKUP)


def table(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """A table in a box that scrolls sideways where it is wider than the page."""
    if not columns:
        return ""
    head = "".join(_head(column) for column in columns)
    body = "".join(
        f'<tr style="{_ROW}">'
        + "".join(_cell(as_cell(value), column.align) for value, column in zip(row, columns, strict=True))
        + "</tr>"
        for row in rows
    )
    return scrolling(
        f'<table style="{_TABLE}"><thead><tr style="{_ROW}">{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _head(column: Column) -> str:
    title = shorten(column.title, LONGEST_TITLE)
    width = "white-space:nowrap" if len(title) <= SHORT else "min-width:14em;overflow-wrap:anywhere"
    style = f"{_HEAD};{width};text-align:{column.align}"
    return f'<th align="{column.align}" style="{style}">{_unbroken(title)}</th>'


def _cell(cell: Cell, align: Align) -> str:
    before, after = _MARKS[cell.mark]
    short = len(cell.text) <= 40
    width = "white-space:nowrap" if short else "min-width:16em;max-width:36em;overflow-wrap:anywhere"
    text = _unbroken(shorten(cell.text, LONGEST))
    return f'<td align="{align}" style="{_CELL};text-align:{align};{width}">{before}{text}{after}</td>'


def _unbroken(text: str) -> str:
    """Short texts stay on one line even where styles are dropped."""
    markup = escape(text)
    return markup.replace(" ", "&nbsp;") if len(text) <= SHORT else markup


def scrolling(markup: str) -> str:
    return f'<div style="overflow-x:auto;max-width:100%">{markup}</div>'


def heading(text: str) -> str:
    """A small heading of a part: bold, above its content."""
    return f'<div style="margin:.8em 0 .2em"><b>{escape(text)}</b></div>'


def paragraph(text: str, dim: bool = False) -> str:
    return f'<div style="margin:.3em 0{";" + DIM if dim else ""}">{escape(text)}</div>'


def details(summary: str, markup: str, open: bool = False) -> str:
    """`markup` behind a line that opens it; `summary` is text."""
    shown = " open" if open else ""
    return (
        f'<details{shown} style="margin:.3em 0"><summary style="cursor:pointer">{escape(summary)}</summary>'
        f"{markup}</details>"
    )


def code(text: str) -> str:
    """A short piece of code or an id within a line."""
    return f"<code>{escape(text)}</code>"


def preformatted(text: str) -> str:
    """A block of text as it is, its lines kept."""
    return block(escape(text, newlines=True))


def block(markup: str) -> str:
    """Markup whose lines and spaces are kept, in letters of one width."""
    style = (
        f"{MONOSPACE};font-size:12px;line-height:1.45;margin:.2em 0;padding:0;background:none;color:inherit;"
        "display:inline-block;min-width:100%"  # so that tints reach as far as the longest line
    )
    return scrolling(f'<pre style="{style}">{markup}</pre>')


def definitions(entries: Iterable[tuple[str, str]]) -> str:
    """Pairs of a name and a text, one under the other."""
    rows = "".join(
        f'<tr style="{_ROW}">{_cell(Cell(name, "dim"), "left")}{_cell(Cell(text), "left")}</tr>'
        for name, text in entries
    )
    return scrolling(f'<table style="{_TABLE}"><tbody>{rows}</tbody></table>') if rows else ""


def page(title: str, body: str) -> str:
    """A complete document that stands alone and follows the reader's choice of light or dark."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{escape(title)}</title><style>"
        ":root{color-scheme:light dark}body{margin:2em auto;max-width:72em;padding:0 1em;"
        "font:14px/1.5 system-ui,sans-serif;background:#fff;color:#1f2328}"
        "@media(prefers-color-scheme:dark){body{background:#111417;color:#e6edf3}}"
        f"</style></head><body>{body}</body></html>\n"
    )
