"""A query as SQL over the index, which must come to the same as `expression.py` for every run.

What is asked most, a column against a constant, becomes plain SQL. Everything else becomes a call
of a function of ours: the reference itself, given the cells of the names it uses. NULL counts as
false wherever it can arise; `not` first makes it so.

How storage classes sort (numbers, texts, BLOBs) is why ranges have two ends: a number is below
every text, so `c > 5` needs `c < ''`, and a text is below every BLOB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec

from jupyter_labbook.errors import QueryError
from jupyter_labbook.store.cells import OTHER, Cell, unfolded, value
from jupyter_labbook.store.columns import Columns
from jupyter_labbook.store.expression import (
    All,
    Comparison,
    Constant,
    Either,
    Name,
    Node,
    Not,
    Value,
    follow,
    meaning,
    names,
)
from jupyter_labbook.store.moments import Moment, Period
from jupyter_labbook.store.vocabulary import TIMES

Define = Callable[[str, int, Callable[..., Any]], None]
"""Makes a function known to SQL: its name, how many arguments it takes, and itself."""

_DEEPEST: Final = 8
"""SQLite's parser has room for a hundred symbols; what is nested deeper is left to a function."""

_MOST_NAMES: Final = 100
_LONGEST_LIST: Final = 500
_BIG: Final = 1 << 63
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_BLOB: Final = "x''"
_IS_NONE: Final = "({0} IS NULL OR {0} = x'6e756c6c')"  # absent, or cells.NONE


class Translation:
    """From nodes to SQL. `arguments` are the values of its question marks, in order."""

    def __init__(self, columns: Columns, define: Define) -> None:
        self.arguments: list[Cell] = []
        self._columns = columns
        self._define = define
        self._calls = 0

    def condition(self, node: Node, depth: int = 0) -> str:
        """SQL that is true where `node` is, and false or NULL elsewhere."""
        if depth < _DEEPEST:
            if isinstance(node, All):
                return _joined([self.condition(one, depth + 1) for one in node.of], "AND")
            if isinstance(node, Either):
                return _joined([self.condition(one, depth + 1) for one in node.of], "OR")
            if isinstance(node, Not):
                return f"NOT ifnull({self.condition(node.of, depth + 1)}, 0)"
            if isinstance(node, Comparison):
                links = zip(node.operators, pairwise(node.operands), strict=True)
                return _joined([self._link(sign, *operands) for sign, operands in links], "AND")
            if isinstance(node, Name) and (node.kind, node.name) == ("field", "archived"):
                return "archived"
        return self._call(node)

    def order(self, name: Name, descending: bool) -> str:
        """Terms to order by: numbers before texts, and last, either way, what is missing or NaN."""
        if name.kind == "field" and name.name == "tags":
            raise QueryError("Runs cannot be sorted by their tags.")
        column = self._plain(name)
        if column is None:
            read = self._reader(name)
            column = self._defined(1, lambda cell: _sortable(read(cell))) + f"({self._cell(name)})"
        comparable = f"{column} < {_BLOB}"  # NULL where it is missing
        value = f"CASE WHEN {comparable} THEN {column} END"
        return f"({comparable}) IS NOT 1, {value} {'DESC' if descending else 'ASC'}"

    def _link(self, sign: str, left: Node, right: Node) -> str:
        sql = None
        if isinstance(right, Constant) and isinstance(left, Name):
            sql = self._against(sign, left, right.value)
        elif isinstance(left, Constant) and isinstance(right, Name):
            if sign in _MIRRORED:
                sql = self._against(_MIRRORED[sign], right, left.value)
            else:
                sql = self._piece(sign, left.value, right)
        return sql or self._call(Comparison((left, right), (sign,)))

    def _against(self, sign: str, name: Name, given: Value) -> str | None:
        """A column against a constant; None where that is not plain."""
        column = self._plain(name)
        if column is None:
            return None
        if isinstance(given, Period):
            return self._during(sign, column, given)
        if name.kind == "field" and name.name in TIMES and given is not None:
            return None
        if sign in ("in", "not in"):
            found = self._among(column, given)
            return found if found is None or sign == "in" else f"NOT ifnull({found}, 0)"
        if given is None and sign in ("==", "!="):
            found = _IS_NONE.format(column)
            return found if sign == "==" else f"NOT {found}"
        if not _is_plain(given):
            return None
        self.arguments.append(given)
        if sign in ("==", "!="):
            return f"{column} {'=' if sign == '==' else 'IS NOT'} ?"
        if isinstance(given, str):
            end = f"{column} >= ''" if sign in ("<", "<=") else f"{column} < {_BLOB}"
            return f"({column} {sign} ? AND {end})"
        return f"{column} {sign} ?" if sign in ("<", "<=") else f"({column} {sign} ? AND {column} < '')"

    def _during(self, sign: str, column: str, period: Period) -> str:
        if sign in ("==", "in", "!=", "not in"):
            self.arguments += period.begin, period.end - 1
            inside = f"{column} BETWEEN ? AND ?"
            return inside if sign in ("==", "in") else f"NOT ifnull({inside}, 0)"
        self.arguments.append(period.begin)
        return f"{column} {sign} ?"

    def _among(self, column: str, given: Value) -> str | None:
        if not isinstance(given, list) or len(given) > _LONGEST_LIST:
            return None
        items = [item for item in given if item is not None]
        if not all(map(_is_plain, items)):
            return None
        self.arguments += items
        among = f"{column} IN ({','.join('?' * len(items))})"
        return among if len(items) == len(given) else f"({among} OR {_IS_NONE.format(column)})"

    def _piece(self, sign: str, piece: Value, name: Name) -> str | None:
        """A constant text in a column of texts, or among the tags."""
        if name.kind == "field" and name.name == "tags" and isinstance(piece, str) and _is_plain(piece):
            return self._tag(sign, piece, name)
        column = self._plain(name)
        if column is None or not isinstance(piece, str) or not _is_plain(piece) or name.name in TIMES:
            return None
        self.arguments.append(piece)
        found = f"(typeof({column}) = 'text' AND instr({column}, ?) > 0)"
        return found if sign == "in" else f"NOT {found}"

    def _tag(self, sign: str, tag: str, tags: Name) -> str:
        """The reference is called where the tag's JSON occurs: it may be a piece of another tag's."""
        self.arguments.append(msgspec.json.encode(tag).decode())
        found = f"(instr(tags, ?) > 0 AND {self._call(Comparison((Constant(tag), tags), ('in',)))})"
        return found if sign == "in" else f"NOT ifnull({found}, 0)"

    def _plain(self, name: Name) -> str | None:
        """The column of a name where its cells are its values; None where they have to be read."""
        column = self._columns.of(name)
        if column is None:
            return "NULL"
        is_tags = name.kind == "field" and name.name == "tags"
        return column.sql if column.wide and not (column.flags & OTHER or name.path or is_tags) else None

    def _call(self, node: Node) -> str:
        """The reference, called with the cells that it needs."""
        wanted = list(names(node))
        used = list(dict.fromkeys(wanted))
        if len(used) > _MOST_NAMES:
            raise QueryError("The query compares too many names with each other. Say it in fewer words.")
        places = {id(name): used.index(name) for name in wanted}
        readers = [self._reader(name) for name in used]
        fits = meaning(node)

        def holds(*cells: Cell) -> bool:
            values = [read(cell) for read, cell in zip(readers, cells)]  # noqa: B905  # once a row
            return bool(fits(lambda name: values[places[id(name)]]))

        if not used:
            return str(int(holds()))
        return f"{self._defined(len(used), holds)}({', '.join(map(self._cell, used))})"

    def _defined(self, arguments: int, function: Callable[..., Any]) -> str:
        self._calls += 1
        name = f"labbook_{self._calls}"
        self._define(name, arguments, function)
        return name

    def _cell(self, name: Name) -> str:
        column = self._columns.of(name)
        return "NULL" if column is None else column.sql

    def _reader(self, name: Name) -> Callable[[Any], Value]:
        """A function from what the column holds to the value of the name."""
        column = self._columns.of(name)
        if name.kind == "field" and name.name in TIMES:
            return lambda cell: None if cell is None else Moment(cell)
        if name.kind == "field" and name.name == "tags":
            return lambda cell: [] if cell is None else value(cell.encode())
        if column is not None and not column.wide:
            key = str(column.number)
            return lambda cell: follow(value(unfolded(cell, key)), name.path)
        return (lambda cell: follow(value(cell), name.path)) if name.path else value


def _joined(conditions: Sequence[str], word: str) -> str:
    """`((a AND b) AND (c AND d))`: SQLite minds how deep an expression is, not how long."""
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    return f"({_joined(conditions[:middle], word)} {word} {_joined(conditions[middle:], word)})"


def _is_plain(given: Value) -> bool:
    """Whether SQLite can be given a constant as it is."""
    if isinstance(given, str):
        return given.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in given)
    if isinstance(given, int):
        return -_BIG <= given < _BIG
    return isinstance(given, float) and given == given


def _sortable(given: Value) -> Cell:
    if isinstance(given, int) and not -_BIG <= given < _BIG:
        try:
            return float(given)
        except OverflowError:
            return float("inf") if given > 0 else float("-inf")
    return given if isinstance(given, (int, float, str)) and given == given else None
