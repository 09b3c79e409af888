"""Which way a claim hopes a metric goes, read off the signs of its comparisons.

Metrics are taken as positive, so that `val_loss / best.val_loss < 0.95` hopes for a smaller
`val_loss`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from jupyter_labbook.judge.expression import Comparison, Constant, Expression, Operation, Slashed, Value


class Wish(NamedTuple):
    """A value, and whether the claim would have it larger (1), smaller (-1) or does not say (0)."""

    value: Value
    way: int


def better(comparisons: Sequence[Comparison], metric: str) -> Literal["larger", "smaller"] | None:
    """Which way `metric` should go; None where the claim does not say or says both."""
    wishes = [wish for comparison in comparisons for wish in _wishes(comparison) if wish.value.name == metric]
    own = {wish.way for wish in wishes if not wish.value.whose}
    beaten = {-wish.way for wish in wishes if wish.value.whose}
    ways = own or beaten
    if len(ways) != 1:
        return None
    return {1: "larger", -1: "smaller"}.get(ways.pop())  # type: ignore[return-value]


def _wishes(comparison: Comparison) -> Iterator[Wish]:
    for sign, left, right in zip(
        comparison.signs, comparison.sides, comparison.sides[1:], strict=False
    ):  # one more side than signs
        way = {">": 1, "<": -1}.get(sign[0], 0)
        yield from _within(left, way)
        yield from _within(right, -way)


def _within(expression: Expression, way: int) -> Iterator[Wish]:
    if isinstance(expression, Value):
        yield Wish(expression, 0 if expression.statistic == "count" else way)
    elif isinstance(expression, Slashed):
        yield Wish(expression.value, way)
        yield from _within(expression.division, way)
    elif isinstance(expression, Operation):
        for position, operand in enumerate(expression.operands):
            yield from _within(operand, way * _effect(expression, position))


def _effect(operation: Operation, position: int) -> int:
    """How the result moves when that operand grows."""
    if operation.name == "negative":
        return -1
    if operation.name == "abs":
        return 0
    if operation.name in ("-", "/") and position == 1:
        return -1
    if operation.name in ("*", "/"):
        return _sign(operation.operands[1 - position])
    return 1


def _sign(expression: Expression) -> int:
    if isinstance(expression, Constant):
        return (expression.number > 0) - (expression.number < 0)
    if isinstance(expression, Operation) and expression.name == "negative":
        return -_sign(expression.operands[0])
    return 1
