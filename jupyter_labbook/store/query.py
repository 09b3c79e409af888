"""The query language: a Python-like expression over a record, parsed and never evaluated as code.

`params.lr < 0.01 and metrics.val_acc > 0.9 and status == "finished"`, `"baseline" in tags`,
`started > "yesterday"`. What can be said, and what it means, stands in `expression.py`; what
names there are in `vocabulary.py`. `sql.py` says the same to the index.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from jupyter_labbook.errors import QueryError
from jupyter_labbook.run import Record
from jupyter_labbook.store.expression import (
    All,
    Comparison,
    Constant,
    Either,
    Items,
    Name,
    Negative,
    Node,
    Not,
    Sum,
    meaning,
)
from jupyter_labbook.store.mistakes import unreadable
from jupyter_labbook.store.moments import EXAMPLES, period
from jupyter_labbook.store.vocabulary import ROOTS, TIMES, Names, Path, lookup, resolve

LONGEST: Final = 100_000
"""Characters of a query."""

_DEEPEST: Final = 100
_MOST_NODES: Final = 10_000

_COMPARISONS: Final[dict[type, str]] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_SUMS: Final[dict[type, str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_INSTEAD: Final[dict[type, str]] = {
    ast.Is: "write == instead of `is`",
    ast.IsNot: "write != instead of `is not`",
    ast.BitAnd: "write `and` instead of &",
    ast.BitOr: "write `or` instead of |",
    ast.Invert: "write `not` instead of ~",
    ast.Call: "nothing is called in a query",
    ast.JoinedStr: "text is plain, without f",
    ast.NamedExpr: "write == to compare",
    ast.IfExp: "use `and` and `or`",
    ast.Dict: "an object is compared key by key: params.model.depth == 3",
}


class Query(msgspec.Struct, frozen=True):
    """A query that was understood. `fields` are the first words of the names it uses."""

    text: str
    tree: ast.expr
    fields: frozenset[str]
    now: datetime | None = None

    def bind(self, names: Names) -> Node:
        """The query as an expression over those names. QueryError where a name is wrong."""
        return _Reader(names, self.now).node(self.tree, 0)

    def matcher(self, names: Names) -> Callable[[Record], bool]:
        """The scan: a function that says of one record whether it fits."""
        fits = meaning(self.bind(names))
        return lambda record: bool(fits(lookup(record)))


def parse(text: str, now: datetime | None = None) -> Query:
    """What `text` asks for; QueryError, saying what to write instead. `now` is what times are seen from."""
    if len(text) > LONGEST:
        raise QueryError(f"A query has at most {LONGEST:,} characters, and this one has {len(text):,}.")
    stripped = text.strip()
    if not stripped:
        raise QueryError('The query is empty. Try: params.lr < 0.01 and status == "finished"')
    try:
        with warnings.catch_warnings():  # "\d" in a text, `1 is 1`: remarks on code, which this is not
            warnings.simplefilter("ignore")
            tree = ast.parse(f"({stripped}\n)" if "\n" in stripped else stripped, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise unreadable(stripped, error) from None
    except (RecursionError, MemoryError):
        raise _too_deep() from None
    fields = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    return Query(text, tree, fields, now)


def parse_name(text: str, names: Names) -> Name:
    """One name, as in `sort="metrics.loss.min"`; also written plainly: `val/acc`, `metrics.val/acc`."""
    root, dot, plain = text.partition(".")
    if dot and root in ROOTS and names.has(ROOTS[root], plain):
        return resolve((root, plain), names)
    if not text.isidentifier() and (names.has("metric", text) or names.has("parameter", text)):
        return resolve((text,), names)
    node = parse(text).bind(names)
    if not isinstance(node, Name):
        raise QueryError(f"{text!r} is not a name such as started, params.lr or -metrics.val_acc.")
    return node


class _Reader:
    """From Python's tree to ours; the only place that looks at the former."""

    def __init__(self, names: Names, now: datetime | None) -> None:
        self._names = names
        self._now = now
        self._nodes = 0

    def node(self, tree: ast.expr, depth: int) -> Node:
        self._nodes += 1
        if depth > _DEEPEST or self._nodes > _MOST_NODES:
            raise _too_deep()
        read = self._READERS.get(type(tree))
        if read is None:
            raise _wrong(tree, tree)
        return read(self, tree, depth + 1)

    def _constant(self, tree: ast.Constant, _depth: int) -> Node:
        if tree.value is not None and not isinstance(tree.value, (bool, int, float, str)):
            raise QueryError(f"{_source(tree)}: only numbers, texts, True, False and None are understood.")
        return Constant(tree.value)

    def _items(self, tree: ast.List | ast.Tuple | ast.Set, depth: int) -> Node:
        items = tuple(self.node(item, depth) for item in tree.elts)
        if all(isinstance(item, Constant) for item in items):
            return Constant([item.value for item in items if isinstance(item, Constant)])
        return Items(items)

    def _bool(self, tree: ast.BoolOp, depth: int) -> Node:
        inner = tuple(self.node(value, depth) for value in tree.values)
        return All(inner) if isinstance(tree.op, ast.And) else Either(inner)

    def _unary(self, tree: ast.UnaryOp, depth: int) -> Node:
        if isinstance(tree.op, ast.Invert):
            raise _wrong(tree.op, tree)
        inner = self.node(tree.operand, depth)
        if isinstance(tree.op, ast.Not):
            return Not(inner)
        if isinstance(tree.op, ast.UAdd):
            return Negative(Negative(inner))
        if isinstance(inner, Constant) and type(inner.value) in (int, float):
            return Constant(-inner.value)
        return Negative(inner)

    def _sum(self, tree: ast.BinOp, depth: int) -> Node:
        sign = _SUMS.get(type(tree.op))
        if sign is None:
            raise _wrong(tree.op, tree)
        return Sum(self.node(tree.left, depth), sign, self.node(tree.right, depth))

    def _comparison(self, tree: ast.Compare, depth: int) -> Node:
        for link in tree.ops:
            if type(link) not in _COMPARISONS:
                raise _wrong(link, tree)
        operands = [self.node(operand, depth) for operand in (tree.left, *tree.comparators)]
        signs = tuple(_COMPARISONS[type(link)] for link in tree.ops)
        for index, sign in enumerate(signs):
            left, right = operands[index], operands[index + 1]
            if _is_time(left):
                operands[index + 1] = self._time(right)
            elif _is_time(right) and sign not in ("in", "not in"):
                operands[index] = self._time(left)
        return Comparison(tuple(operands), signs)

    def _time(self, node: Node) -> Node:
        """Texts that are compared with a time, as times."""
        if isinstance(node, Constant) and isinstance(node.value, list):
            items = [self._time(Constant(value)) for value in node.value]
            return Constant([item.value for item in items if isinstance(item, Constant)])
        if not (isinstance(node, Constant) and isinstance(node.value, str)):
            return node
        found = period(node.value, self._now)
        if found is None:
            raise QueryError(f"{node.value[:80]!r} is not understood as a time. Write {EXAMPLES}.")
        return Constant(found)

    def _name(self, tree: ast.expr, _depth: int) -> Node:
        return resolve(_path(tree), self._names)

    _READERS: Final[dict[type, Callable[[_Reader, Any, int], Node]]] = {
        ast.Constant: _constant,
        ast.List: _items,
        ast.Tuple: _items,
        ast.Set: _items,
        ast.BoolOp: _bool,
        ast.UnaryOp: _unary,
        ast.BinOp: _sum,
        ast.Compare: _comparison,
        ast.Name: _name,
        ast.Attribute: _name,
        ast.Subscript: _name,
    }


def _is_time(node: Node) -> bool:
    return isinstance(node, Name) and node.kind == "field" and node.name in TIMES


def _path(tree: ast.expr) -> Path:
    """`params.model["depth"][0]` as ("params", "model", "depth", 0)."""
    steps: list[str | int] = []
    inner = tree
    while not isinstance(inner, ast.Name):
        if isinstance(inner, ast.Attribute):
            steps.append(inner.attr)
            inner = inner.value
            continue
        step = _step(inner.slice) if isinstance(inner, ast.Subscript) else None
        if step is None or not isinstance(inner, ast.Subscript):
            raise QueryError(f'{_source(tree)} is not a name. Names look like params.lr or metrics["val/acc"].')
        steps.append(step)
        inner = inner.value
    return (inner.id, *reversed(steps))


def _step(tree: ast.expr) -> str | int | None:
    negative = isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub)
    constant = tree.operand if isinstance(tree, ast.UnaryOp) and negative else tree
    value = constant.value if isinstance(constant, ast.Constant) else None
    if type(value) is int:
        return -value if negative else value
    return value if isinstance(value, str) and not negative else None


def _wrong(part: ast.AST, tree: ast.expr) -> QueryError:
    instead = _INSTEAD.get(type(part), "it has names, numbers, texts, comparisons, + - * /, and, or, not")
    return QueryError(f"{_source(tree)} is not understood in a query: {instead}.")


def _source(tree: ast.expr) -> str:
    try:
        text = ast.unparse(tree)
    except (RecursionError, ValueError):
        text = "This"
    return text if len(text) <= 80 else text[:79] + "…"


def _too_deep() -> QueryError:
    return QueryError("The query is too long or too deeply nested to be understood. Say it in fewer words.")
