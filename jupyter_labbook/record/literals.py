"""The value of an expression that is written out: constants, containers of them, plain arithmetic.

**Invariant**: nothing is executed, and nothing large is computed: `9**9**9` has no value here.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, Final

NOT_LITERAL: Final = object()
"""What `literal` returns for every other expression."""

_BITS: Final = 4096
_LONGEST: Final = 4096

_operators: Final[dict[type[ast.AST], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}


def literal(node: ast.expr) -> Any:
    """The value that `node` writes out, or NOT_LITERAL."""
    kind = type(node)
    if kind is ast.Constant:
        return NOT_LITERAL if node.value is ... else node.value  # type: ignore[attr-defined]
    handler = _handlers.get(kind)
    return NOT_LITERAL if handler is None else handler(node)


def _sequence(node: Any) -> Any:
    items = [literal(item) for item in node.elts]
    if any(item is NOT_LITERAL for item in items):
        return NOT_LITERAL
    if type(node) is ast.List:
        return items
    try:
        return tuple(items) if type(node) is ast.Tuple else set(items)
    except TypeError:  # a set of lists
        return NOT_LITERAL


def _dictionary(node: ast.Dict) -> Any:
    value = {}
    for key, item in zip(node.keys, node.values, strict=True):
        left, right = NOT_LITERAL if key is None else literal(key), literal(item)
        if left is NOT_LITERAL or right is NOT_LITERAL:
            return NOT_LITERAL
        try:
            value[left] = right
        except TypeError:  # a list as key
            return NOT_LITERAL
    return value


def _signed(node: ast.UnaryOp) -> Any:
    value = literal(node.operand)
    kind = type(node.op)
    if kind is ast.Not and isinstance(value, bool):
        return not value
    if not isinstance(value, int | float | complex):
        return NOT_LITERAL
    if kind is ast.USub:
        return -value
    return +value if kind is ast.UAdd else NOT_LITERAL


def _arithmetic(node: ast.BinOp) -> Any:
    left = literal(node.left)
    right = NOT_LITERAL if left is NOT_LITERAL else literal(node.right)
    apply = _operators.get(type(node.op))
    if right is NOT_LITERAL or apply is None or not _is_bounded(left, node.op, right):
        return NOT_LITERAL
    try:
        return apply(left, right)
    except (ArithmeticError, TypeError, ValueError):
        return NOT_LITERAL


def _special_float(node: ast.Call) -> Any:
    """`float("nan")` and `float("inf")`, which is how papermill writes them."""
    named = isinstance(node.func, ast.Name) and node.func.id == "float"
    if named and len(node.args) == 1 and not node.keywords and isinstance(node.args[0], ast.Constant):
        text = node.args[0].value
        if isinstance(text, str) and text.strip().lower() in ("nan", "inf", "-inf", "infinity", "-infinity"):
            return float(text)
    return NOT_LITERAL


def _is_bounded(left: Any, op: ast.operator, right: Any) -> bool:
    """Whether the result of the operation is of a size that a person would write."""
    kind = type(op)
    if isinstance(left, int) and isinstance(right, int):
        if kind is ast.Pow:
            return abs(right) <= _BITS and left.bit_length() * abs(right) <= _BITS
        if kind is ast.LShift:
            return 0 <= right <= _BITS
        return left.bit_length() + right.bit_length() <= _BITS
    if isinstance(left, int | float | complex) and isinstance(right, int | float | complex):
        return True
    if kind is ast.Mult:
        many, times = (right, left) if isinstance(left, int) else (left, right)
        sequence = isinstance(many, str | list | tuple) and isinstance(times, int)
        return sequence and len(many) * times <= _LONGEST
    return kind is ast.Add and type(left) is type(right) and isinstance(left, str | list | tuple)


_handlers: Final[dict[type[ast.expr], Callable[[Any], Any]]] = {
    ast.Tuple: _sequence,
    ast.List: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dictionary,
    ast.UnaryOp: _signed,
    ast.BinOp: _arithmetic,
    ast.Call: _special_float,
}
