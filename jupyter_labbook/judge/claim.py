"""The language of claims: `val_acc > 0.92`, `val_loss <= 0.95 * baseline.val_loss`.

Comparisons (chained, joined by `and`) over numbers, `+ - * /`, parentheses, `abs`, `min`,
`max`, `round`, metrics by name, `duration`, `NAME.max` and the other statistics, and the same
of `baseline.`, `last.` and `best.`. A name with odd characters is written `metrics["name"]`.

**Invariant**: a claim is parsed and never evaluated as Python; whatever is not in the list
above is refused with what to write instead.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from jupyter_labbook.errors import ClaimError
from jupyter_labbook.judge.expression import (
    DURATION,
    OTHERS,
    STATISTICS,
    Comparison,
    Constant,
    Expression,
    Operation,
    Slashed,
    Value,
    Whose,
    values,
)
from jupyter_labbook.judge.polarity import better

LONGEST: Final = 1000
DEEPEST: Final = 40

_OPERATORS: Final[dict[type[ast.AST], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_SIGNS: Final[dict[type[ast.AST], str]] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_ARITY: Final = {"abs": (1, 1), "min": (2, 20), "max": (2, 20), "round": (1, 2)}
_TYPOGRAPHY: Final = str.maketrans({"≤": "<=", "≥": ">=", "≠": "!=", "×": "*", "−": "-"})
_SLASHED: Final = re.compile(
    r"""(?P<quoted>"[^"]*"|'[^']*')
      | (?<![\w./])(?P<head>[^\W\d]\w*(?:\.\w+)*)
        (?P<rest>(?:/\w+)+)
        (?P<statistic>\.[^\W\d]\w*)?
        (?![\w.("'\[])
    """,
    re.VERBOSE,
)


class ParsedClaim(NamedTuple):
    """A claim taken apart: `text` as written, and comparisons that must all hold."""

    text: str
    comparisons: tuple[Comparison, ...]

    @property
    def values(self) -> list[Value]:
        """Every value it mentions, from left to right."""
        return [value for comparison in self.comparisons for side in comparison.sides for value in values(side)]

    @property
    def names(self) -> list[str]:
        """The run's own metrics it is about, each once."""
        own = [value.name for value in self.values if not value.whose and value.name != DURATION]
        return list(dict.fromkeys(own))

    @property
    def others(self) -> Mapping[Whose, list[str]]:
        """Which other runs it needs, and which of their metrics."""
        needed: dict[Whose, list[str]] = {}
        for value in self.values:
            if value.whose:
                needed.setdefault(value.whose, [])
                if value.name not in needed[value.whose]:
                    needed[value.whose].append(value.name)
        return needed

    def better(self, metric: str) -> Literal["larger", "smaller"] | None:
        """Which way the claim hopes `metric` goes; None where it does not say."""
        return better(self.comparisons, metric)


def parse(text: str) -> ParsedClaim:
    """A claim taken apart.

    Raises
    ------
    ClaimError
        It is no comparison, is too long, or uses what a claim cannot hold; the message says
        what to write instead.
    """
    written = text.strip()
    if not written:
        raise ClaimError("a claim is empty: write one like val_acc > 0.9")
    if len(written) > LONGEST:
        raise ClaimError(f"a claim is longer than {LONGEST} characters: state it as several")
    if '"' not in written and "'" not in written:
        written = written.translate(_TYPOGRAPHY)
    reader = _Reader(written)
    return ParsedClaim(text, reader.comparisons())


class _Reader:
    """Turns Python's syntax tree into ours, node by node."""

    def __init__(self, written: str) -> None:
        self.written = written
        self.slashed: dict[str, Slashed] = {}

    def comparisons(self) -> tuple[Comparison, ...]:
        try:
            tree = ast.parse(_SLASHED.sub(self._set_aside, self.written), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise self._not_a_comparison(error) from None
        parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
        if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.Or):
            raise ClaimError(f"`or` leaves open what is claimed: state it as two claims ({self._quoted})")
        return tuple(self._comparison(part) for part in parts)

    @property
    def _quoted(self) -> str:
        return repr(self.written if len(self.written) <= 80 else self.written[:79] + "…")

    def _not_a_comparison(self, error: Exception | None = None) -> ClaimError:
        advice = "write one like val_acc > 0.9"
        if error is not None and re.search(r"(?<![<>=!])=(?!=)", self.written) and "=>" not in self.written:
            advice = "to say that two numbers are equal, write =="
        elif "=>" in self.written or "=<" in self.written:
            advice = "write >= or <="
        elif re.search(r"\d\s*%", self.written):
            advice = "write a percentage as a number: 0.92 for 92 %"
        return ClaimError(f"not a comparison: {self._quoted}; {advice}")

    def _comparison(self, node: ast.expr) -> Comparison:
        if not isinstance(node, ast.Compare):
            raise self._not_a_comparison()
        signs = [_SIGNS.get(type(sign), "") for sign in node.ops]
        if not all(signs):
            raise ClaimError(f"a claim compares with < <= > >= == != only: {self._quoted}")
        sides = tuple(self._expression(side, 0) for side in [node.left, *node.comparators])
        if not any(True for side in sides for _ in values(side)):
            raise ClaimError(f"a claim is about a metric or the duration: {self._quoted} names none")
        return Comparison(sides, tuple(signs))

    def _expression(self, node: ast.expr, depth: int) -> Expression:
        if depth > DEEPEST:
            raise ClaimError(f"a claim is nested more than {DEEPEST} deep: state it as several")
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            if isinstance(node.value, bool):
                raise ClaimError(f"a claim compares numbers, not True and False: {self._quoted}")
            return Constant(node.value)
        if isinstance(node, ast.Name) and node.id in self.slashed:
            return self.slashed[node.id]
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            return self._value(self._path(node))
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            sides = (self._expression(node.left, depth + 1), self._expression(node.right, depth + 1))
            return Operation(_OPERATORS[type(node.op)], sides)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            operand = self._expression(node.operand, depth + 1)
            return Operation("negative", (operand,)) if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        raise ClaimError(
            f"a claim holds metrics, numbers, + - * / and abs, min, max, round: {self._piece(node)} in "
            f"{self._quoted} is none of them"
        )

    def _piece(self, node: ast.expr) -> str:
        return repr(ast.unparse(node)[:40])

    def _call(self, node: ast.Call, depth: int) -> Operation:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _ARITY:
            raise ClaimError(f"a claim may call abs, min, max and round, not {self._piece(node.func)}")
        fewest, most = _ARITY[name]
        if node.keywords or not fewest <= len(node.args) <= most:
            raise ClaimError(f"{name}() in a claim takes {fewest} to {most} numbers: {self._quoted}")
        operands = tuple(self._expression(argument, depth + 1) for argument in node.args)
        if name == "round" and len(operands) == 2:
            digits = operands[1]
            if not (isinstance(digits, Constant) and isinstance(digits.number, int) and digits.number <= 20):
                raise ClaimError(f"round() takes how many digits as a whole number up to 20: {self._quoted}")
        return Operation(name, operands)

    def _path(self, node: ast.expr) -> list[str]:
        """`baseline.metrics["odd name"].max` as its four pieces."""
        if isinstance(node, ast.Name):
            return [node.id]
        if isinstance(node, ast.Attribute):
            return [*self._path(node.value), node.attr]
        if isinstance(node, ast.Subscript):
            key = node.slice
            path = self._path(node.value)
            if path[-1] not in ("metrics", *OTHERS):
                raise ClaimError(f'a metric with an odd name is written metrics["name"]: {self._quoted}')
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                return [*path, key.value]
        raise ClaimError(f'a metric is written as its name or as metrics["name"]: {self._quoted}')

    def _value(self, path: list[str]) -> Value:
        whose: Whose = ""
        if len(path) > 1:
            whose = next((other for other in OTHERS if other == path[0]), "")
            path = path[1:] if whose else path
        if len(path) > 1 and path[0] == "metrics":
            path = path[1:]
        elif path[0] in ("params", "parameters") and len(path) > 1:
            raise ClaimError(f"a claim is about what comes out; a parameter goes in: {self._quoted}")
        statistic = path[-1] if len(path) > 1 and path[-1] in STATISTICS else None
        return Value(whose, ".".join(path[:-1] if statistic else path), statistic)

    def _set_aside(self, match: re.Match[str]) -> str:
        """Names with slashes leave the text before Python's grammar sees a division in them."""
        if match["quoted"] or self.written[: match.start()].rstrip().endswith("/"):
            return match[0]
        first, *others = (match["head"] + match["rest"]).split("/")
        last = others[-1] + (match["statistic"] or "")
        value = self._value(first.split("."))
        joined = Value(value.whose, "/".join([value.name, *others]), (match["statistic"] or ".")[1:] or None)
        division: Expression = value
        for part in [*others[:-1], last]:
            number = re.fullmatch(r"[0-9]+", part)
            operand = Constant(int(part)) if number else self._value(part.split("."))
            division = Operation("/", (division, operand))
        assert isinstance(division, Operation)
        name = f"slashed_{len(self.slashed)}_"
        while name in self.written:
            name += "_"
        self.slashed[name] = Slashed(joined, division)
        return name
