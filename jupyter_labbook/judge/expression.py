"""What a claim is made of, once parsed: values, arithmetic, comparisons, and how they are computed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple, Protocol

Number = int | float
Whose = Literal["", "baseline", "last", "best"]
OTHERS: Final[tuple[Whose, ...]] = ("baseline", "last", "best")
STATISTICS: Final = ("last", "min", "max", "mean", "count")
DURATION: Final = "duration"


class Constant(NamedTuple):
    number: Number


class Value(NamedTuple):
    """A metric (or `duration`) of this run, or of another one; `statistic` is one of its summary."""

    whose: Whose
    name: str
    statistic: str | None = None

    def __str__(self) -> str:
        return ".".join(part for part in (self.whose, self.name, self.statistic) if part)


class Operation(NamedTuple):
    """An operator or one of the functions, applied to its operands."""

    name: str
    operands: tuple[Expression, ...]


class Slashed(NamedTuple):
    """`val/acc`: the metric of that name where there is one, else a division."""

    value: Value
    division: Operation


Expression = Constant | Value | Operation | Slashed


class Comparison(NamedTuple):
    """`left < middle <= right`: one more side than signs."""

    sides: tuple[Expression, ...]
    signs: tuple[str, ...]


class CannotJudge(Exception):
    """Why a value cannot be had, as a plain sentence."""


class Lookup(Protocol):
    """Where values come from. `number` raises CannotJudge for what `knows` denies."""

    def knows(self, value: Value) -> bool: ...

    def number(self, value: Value) -> Number: ...


SIGNS: Final[dict[str, Callable[[Number, Number], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def _round(value: Number, digits: Number = 0) -> Number:
    return round(value, int(digits))


COMPUTE: Final[dict[str, Callable[..., Number]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "negative": operator.neg,
    "abs": abs,
    "min": min,
    "max": max,
    "round": _round,
}


def compute(expression: Expression, lookup: Lookup) -> Number:
    """The number an expression comes to; CannotJudge says why it comes to none."""
    expression = resolved(expression, lookup)
    if isinstance(expression, Constant):
        return expression.number
    if isinstance(expression, Value):
        return lookup.number(expression)
    assert isinstance(expression, Operation)
    operands = [compute(operand, lookup) for operand in expression.operands]
    try:
        return COMPUTE[expression.name](*operands)
    except ZeroDivisionError:
        raise CannotJudge("it divides by zero") from None
    except (OverflowError, ValueError):
        raise CannotJudge("a number in it is too large") from None


def resolved(expression: Expression, lookup: Lookup) -> Expression:
    """`val/acc` as what it means among the names there are; everything else as it is."""
    if not isinstance(expression, Slashed):
        return expression
    parts = list(values(expression.division))
    if all(map(lookup.knows, parts)):
        return expression.division
    holds_numbers = len(parts) <= expression.value.name.count("/")
    return expression.division if holds_numbers and not lookup.knows(expression.value) else expression.value


def values(expression: Expression) -> Iterator[Value]:
    """Every value in an expression, from left to right; `val/acc` counts as one."""
    if isinstance(expression, Value):
        yield expression
    elif isinstance(expression, Slashed):
        yield expression.value
    elif isinstance(expression, Operation):
        for operand in expression.operands:
            yield from values(operand)
