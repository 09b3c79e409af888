"""What becomes of claims when a run ends: supported, refuted, or inconclusive and why.

**Invariant**: judging never raises; a claim that cannot be judged says so in a plain sentence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from jupyter_labbook.errors import ClaimError
from jupyter_labbook.judge.claim import parse
from jupyter_labbook.judge.expression import (
    SIGNS,
    CannotJudge,
    Comparison,
    Expression,
    Number,
    Value,
    compute,
    resolved,
    values,
)
from jupyter_labbook.judge.lookup import NoOthers, Others, Values
from jupyter_labbook.render.text import number as shown
from jupyter_labbook.run import Claim, StoredNumber, Summary, Verdict, stored

__all__ = ["NoOthers", "Others", "judge", "overall"]

FAILURES: Final = {
    "failed": "the run failed before it ended",
    "interrupted": "the run was interrupted before it ended",
    "lost": "the run was lost before it ended",
}


def judge(
    claims: Sequence[str | Claim],
    metrics: Mapping[str, Summary | StoredNumber],
    duration: float | None,
    others: Others,
    failure: str | None = None,
) -> list[Claim]:
    """Every claim with its verdict, what was observed, and a reason.

    Parameters
    ----------
    failure : str, optional
        `failed`, `interrupted` or `lost`, or a sentence: nothing can be concluded from a run
        that did not come to its end, though what it observed is still told.
    """
    texts = [claim.claim if isinstance(claim, Claim) else claim for claim in claims]
    return [_judge(text, Values(metrics, duration, others), failure) for text in texts]


def overall(claims: Sequence[Claim]) -> Verdict:
    """One verdict for all: the worst of them, `none` where nothing was claimed or judged."""
    verdicts = {claim.verdict for claim in claims}
    if "refuted" in verdicts:
        return "refuted"
    if not verdicts or verdicts == {"none"}:
        return "none"
    return "supported" if verdicts == {"supported"} else "inconclusive"


def _judge(text: str, lookup: Values, failure: str | None) -> Claim:
    try:
        parsed = parse(text)
    except ClaimError as error:
        return Claim(text, "inconclusive", None, str(error))
    lookup.claim = parsed
    observed = _observed(parsed.comparisons[0], lookup)
    if failure is not None:
        return Claim(text, "inconclusive", observed, FAILURES.get(failure, failure))
    outcomes = [_outcome(comparison, lookup) for comparison in parsed.comparisons]
    for verdict in ("refuted", "inconclusive"):  # one false part refutes all, whatever the others are
        for outcome in outcomes:
            if outcome.verdict == verdict:
                return Claim(text, outcome.verdict, observed, outcome.reason)
    reasons = [outcome.reason for outcome in outcomes if outcome.reason]
    return Claim(text, "supported", observed, "; ".join(reasons) or None)


def _observed(comparison: Comparison, lookup: Values) -> StoredNumber | None:
    """The value of the left side, or of the first metric where the left side is only numbers."""
    left = comparison.sides[0]
    own = [value for side in comparison.sides for value in values(side) if not value.whose]
    candidates: list[Expression] = [left] if any(not value.whose for value in values(left)) else []
    for expression in [*candidates, *own]:
        try:
            return stored(_storable(compute(expression, lookup)))
        except CannotJudge:
            continue
    return None


def _storable(value: Number) -> Number:
    """A record holds whole numbers of up to 64 bits; what is beyond them becomes a float."""
    if isinstance(value, float) or abs(value) < 2**63:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


class _Outcome(NamedTuple):
    verdict: Verdict
    reason: str | None


def _outcome(comparison: Comparison, lookup: Values) -> _Outcome:
    try:
        numbers = [_comparable(side, lookup) for side in comparison.sides]
    except CannotJudge as reason:
        return _Outcome("inconclusive", str(reason))
    links = list(zip(comparison.signs, comparison.sides, comparison.sides[1:], numbers, numbers[1:], strict=False))
    for sign, left, right, a, b in links:
        if not SIGNS[sign](a, b):
            return _Outcome("refuted", _distance(left, a, right, b, lookup))
    if any(value.whose for side in comparison.sides for value in values(side)):
        _, left, right, a, b = links[0]
        return _Outcome("supported", _distance(left, a, right, b, lookup))
    return _Outcome("supported", None)


def _comparable(side: Expression, lookup: Values) -> Number:
    result = compute(side, lookup)
    for value in _used(side, lookup):
        number = lookup.number(value)
        if number != number:
            raise CannotJudge(f"{value} is nan{lookup.whose(value)}")
    if result != result:
        raise CannotJudge("what is compared is nan")
    return result


def _used(side: Expression, lookup: Values) -> Iterator[Value]:
    for value in _leaves(side, lookup):
        if lookup.knows(value):
            yield value


def _leaves(side: Expression, lookup: Values) -> Iterator[Value]:
    meant = resolved(side, lookup)
    operands = getattr(meant, "operands", ())
    if isinstance(meant, Value):
        yield meant
    for operand in operands:
        yield from _leaves(operand, lookup)


def _distance(left: Expression, a: Number, right: Expression, b: Number, lookup: Values) -> str:
    """`0.91, 0.01 below 0.92 (last is k3f9x)`, told from the side that holds this run's value."""
    if not any(not value.whose for value in values(left)):
        left, a, right, b = right, b, left, a
    runs = dict.fromkeys(lookup.whose(value) for side in (left, right) for value in values(side))
    if a == b:
        return f"{shown(a)}, exactly that{''.join(runs)}"
    where = "above" if a > b else "below"
    try:
        between = abs(a - b)
    except OverflowError:
        between = math.inf
    return f"{shown(a)}, {shown(between)} {where} {shown(b)}{''.join(runs)}"
