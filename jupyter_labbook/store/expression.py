"""What a query means: its nodes, and the value each has for one run. The reference; SQL must agree.

**Semantics.** They are Python's, but for what Python would raise on:

- A name that a run does not have, and JSON's null, are `None`.
- `==` and `!=` are Python's: `None == None`, `1 == 1.0 == True`, `"1" != 1`, `nan != nan`. So
  `params.lr != 0.1` is true of a run that has no `lr`. A list equals a tuple of the same items.
- `<`, `<=`, `>`, `>=` compare two numbers (truth values are 1 and 0) or two strings. Between
  anything else, `None` included, they are false; `not` makes that true.
- `a in b` looks for a piece of a string, an item of a list or tuple, a key of an object; in
  anything else there is nothing to be found, and it is false.
- `+ - * /` take numbers; with anything else, on division by zero and beyond what a float holds,
  the result is `None`.
- `and`, `or`, `not` and chained comparisons are Python's, and so is what counts as true.
- `started` and `ended` are moments. Compared with a string, that is a time as people write it
  (`moments.py`): `<`, `<=`, `>`, `>=` compare with the moment at which it begins, `==` and `in`
  ask whether the run's moment lies in it. `"2026-11" in started` looks at the time in ISO 8601, UTC.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

import msgspec

from jupyter_labbook.store.moments import Moment, Period

Value = Any
"""None, bool, int, float, str, list, dict, Moment or, for a constant, Period."""

Kind = Literal["field", "parameter", "metric"]
Lookup = Callable[["Name"], Value]
Meaning = Callable[[Lookup], Value]

ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
SUMS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


class Constant(msgspec.Struct, frozen=True):
    value: Value


class Name(msgspec.Struct, frozen=True):
    """A field, a parameter (`path` leads into it) or a metric (`part` of its summary)."""

    kind: Kind
    name: str
    part: str = ""
    path: tuple[str | int, ...] = ()


class Items(msgspec.Struct, frozen=True):
    """A list, tuple or set that is written out."""

    items: tuple[Node, ...]


class Not(msgspec.Struct, frozen=True):
    of: Node


class All(msgspec.Struct, frozen=True):
    """`a and b and …`"""

    of: tuple[Node, ...]


class Either(msgspec.Struct, frozen=True):
    """`a or b or …`"""

    of: tuple[Node, ...]


class Comparison(msgspec.Struct, frozen=True):
    """`a < b <= c`: one more operand than there are operators."""

    operands: tuple[Node, ...]
    operators: tuple[str, ...]


class Sum(msgspec.Struct, frozen=True):
    left: Node
    operator: str
    right: Node


class Negative(msgspec.Struct, frozen=True):
    of: Node


Node = Constant | Name | Items | Not | All | Either | Comparison | Sum | Negative


def meaning(node: Node) -> Meaning:
    """A function from a way to look up names to the value of `node`."""
    return _MEANINGS[type(node)](node)


def names(node: Node) -> Iterator[Name]:
    """Every name in `node`, in order, with repetitions."""
    if isinstance(node, Name):
        yield node
    elif isinstance(node, (Not, Negative)):
        yield from names(node.of)
    elif isinstance(node, Sum):
        yield from names(node.left)
        yield from names(node.right)
    elif not isinstance(node, Constant):
        for inner in _operands(node):
            yield from names(inner)


def _operands(node: Items | All | Either | Comparison) -> tuple[Node, ...]:
    if isinstance(node, Items):
        return node.items
    return node.operands if isinstance(node, Comparison) else node.of


def follow(value: Value, path: tuple[str | int, ...]) -> Value:
    """What `path` leads to inside a parameter; None where it leads nowhere."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def compare(sign: str, left: Value, right: Value) -> bool:
    if sign == "==":
        return equal(left, right)
    if sign == "!=":
        return not equal(left, right)
    if sign == "in":
        return _contains(right, left)
    if sign == "not in":
        return not _contains(right, left)
    if _both(left, right, (int, float)) or _both(left, right, str):
        return ORDER[sign](left, right)
    if isinstance(left, (Moment, Period)) and isinstance(right, (Moment, Period)):
        return ORDER[sign](_begin(left), _begin(right))
    return False


def equal(left: Value, right: Value) -> bool:
    if isinstance(left, Period):
        left, right = right, left
    if isinstance(right, Period):
        return isinstance(left, Moment) and right.begin <= left.at < right.end
    return bool(left == right)


def _both(left: Value, right: Value, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(left, kinds) and isinstance(right, kinds)


def _begin(value: Moment | Period) -> int:
    return value.at if isinstance(value, Moment) else value.begin


def _contains(whole: Value, piece: Value) -> bool:
    if isinstance(whole, Period):
        return equal(piece, whole)
    if isinstance(whole, Moment):
        whole = str(whole)
    if isinstance(whole, str):
        return isinstance(piece, str) and piece in whole
    if isinstance(whole, dict):
        return isinstance(piece, str) and piece in whole
    return isinstance(whole, list) and any(equal(item, piece) for item in whole)


def calculate(sign: str, left: Value, right: Value) -> Value:
    if not _both(left, right, (int, float)):
        return None
    try:
        return SUMS[sign](left, right)
    except (OverflowError, ZeroDivisionError):
        return None


def _items(node: Items) -> Meaning:
    inner = [meaning(item) for item in node.items]
    return lambda lookup: [value(lookup) for value in inner]


def _not(node: Not) -> Meaning:
    inner = meaning(node.of)
    return lambda lookup: not inner(lookup)


def _all(node: All) -> Meaning:
    inner = [meaning(one) for one in node.of]

    def value(lookup: Lookup) -> Value:
        result: Value = True
        for one in inner:
            result = one(lookup)
            if not result:
                break
        return result

    return value


def _either(node: Either) -> Meaning:
    inner = [meaning(one) for one in node.of]

    def value(lookup: Lookup) -> Value:
        result: Value = False
        for one in inner:
            result = one(lookup)
            if result:
                break
        return result

    return value


def _comparison(node: Comparison) -> Meaning:
    first, *rest = [meaning(one) for one in node.operands]
    links = list(zip(node.operators, rest, strict=True))

    def value(lookup: Lookup) -> bool:
        left = first(lookup)
        for sign, operand in links:
            right = operand(lookup)
            if not compare(sign, left, right):
                return False
            left = right
        return True

    return value


def _sum(node: Sum) -> Meaning:
    left, right, sign = meaning(node.left), meaning(node.right), node.operator
    return lambda lookup: calculate(sign, left(lookup), right(lookup))


def _negative(node: Negative) -> Meaning:
    inner = meaning(node.of)
    return lambda lookup: calculate("-", 0, inner(lookup))


_MEANINGS: Final[dict[type, Callable[[Any], Meaning]]] = {
    Constant: lambda node: lambda _lookup: node.value,
    Name: lambda node: lambda lookup: lookup(node),
    Items: _items,
    Not: _not,
    All: _all,
    Either: _either,
    Comparison: _comparison,
    Sum: _sum,
    Negative: _negative,
}
