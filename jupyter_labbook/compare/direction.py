"""Which way is better: what claims say of a metric, else what its name says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

Direction = Literal["larger", "smaller"]

_SMALLER_WORDS: Final = """
    loss losses err error errors rmse mse mae mape perplexity ppl nll time duration latency seconds
    second sec secs ms memory mem wer cer fid bpc bpb ece brier regret xent entropy divergence kl
    distance residual misclassified misclassification violations cost
"""
_LARGER_WORDS: Final = "reduction improvement saved savings gain speedup left free"
_SMALLER: Final = frozenset(_SMALLER_WORDS.split())
_LARGER: Final = frozenset(_LARGER_WORDS.split())
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+")
_AND: Final = re.compile(r"\band\b")
_CLAIM: Final = re.compile(
    r"""\s*(?P<name>[^\W\d][\w./]*?|metrics\[(?P<quote>["'])(?P<odd>.+?)(?P=quote)\])
        (?:\.(?:last|min|max|mean))? \s* (?P<sign><=?|>=?) (?!.*[<>=])""",
    re.VERBOSE,
)


def direction(metric: str, claims: Iterable[str] = ()) -> Direction:
    """`smaller` where a claim or the name says so, else `larger`.

    A claim decides where it begins with the metric: `val_loss < 0.3`. Among names, a word
    such as `loss`, `error` or `seconds` means smaller, unless it stands after `per`.
    """
    for part in (part for claim in claims for part in _AND.split(claim)):
        match = _CLAIM.match(part)
        if match and (match["odd"] or match["name"]) == metric:
            return "smaller" if match["sign"].startswith("<") else "larger"
    words = [word.casefold() for word in _WORDS.findall(metric)]
    if "per" in words[1:]:
        words = words[: words.index("per", 1)]
    if _LARGER.intersection(words):
        return "larger"
    return "smaller" if _SMALLER.intersection(words) else "larger"


def better(first: float, second: float, way: Direction) -> bool:
    """Whether `first` is strictly better than `second`; NaN never is."""
    return first > second if way == "larger" else first < second
