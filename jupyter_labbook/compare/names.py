"""Names that look like another's misspelling or synonym: `acc` where earlier runs have `accuracy`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from jupyter_labbook.compare.synonyms import DIFFERENT, LONGEST_SPELLING, SPELLINGS

LONGEST: Final = 80
"""Longer names are not looked at: nobody types them twice."""

_REPEATED: Final = re.compile(r"(.)\1+")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")


def resembles(new: Iterable[str], earlier: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of a new name and the earlier name it probably means.

    A name that is in both is no news, and no earlier name that is still in use is offered.
    """
    now, known = dict.fromkeys(new), dict.fromkeys(earlier)
    candidates = {name: meaning(name) for name in known if name not in now and len(name) <= LONGEST}
    pairs = []
    for name in now:
        if name not in known and len(name) <= LONGEST:
            found = _nearest(meaning(name), candidates) or _as_written(name, candidates)
            if found is not None:
                pairs.append((name, found))
    return pairs


def meaning(name: str) -> tuple[str, ...]:
    """The words of a name, abbreviations written out: `valAcc` is `validation accuracy`."""
    words = _words(name)
    meant: list[str] = []
    position = 0
    while position < len(words):
        for length in range(LONGEST_SPELLING, 0, -1):
            spelling = words[position : position + length]
            if spelling in SPELLINGS:
                meant += SPELLINGS[spelling]
                position += len(spelling)
                break
        else:
            meant.append(words[position])
            position += 1
    return tuple(meant)


def _nearest(words: tuple[str, ...], candidates: dict[str, tuple[str, ...]]) -> str | None:
    for name, others in candidates.items():
        if _same(words, others):
            return name
    return next((name for name, others in candidates.items() if _misspelled(words, others)), None)


def _as_written(name: str, candidates: Iterable[str]) -> str | None:
    """A slip in an abbreviation: `val_accc` for `val_acc`, which stands for other words."""
    words = _words(name)
    return next((other for other in candidates if _misspelled(words, _words(other))), None)


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in _WORD.findall(name))


def _same(words: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """The same words; in another order only where no number is among them."""
    if not words:
        return False
    if words == others or "".join(words) == "".join(others):
        return True
    return sorted(words) == sorted(others) and not any(word.isdigit() for word in words)


def _misspelled(words: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """All words the same but one, and that one a slip of the hand away."""
    if len(words) != len(others):
        return False
    odd = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    return len(odd) == 1 and _slip(*odd[0])


def _slip(one: str, two: str) -> bool:
    """One letter more, less, other or exchanged; two in words of nine letters or more.

    The first letter is hardly ever the wrong one, short words differ on purpose.
    """
    shorter = min(len(one), len(two))
    if shorter >= 3 and abs(len(one) - len(two)) == 1 and _REPEATED.sub(r"\1", one) == _REPEATED.sub(r"\1", two):
        return True  # a letter too many or too few of those that stand double: `losss`, `los`
    if shorter < 4 or abs(len(one) - len(two)) > 2 or not (one + two).isalpha():
        return False
    if frozenset((one, two)) in DIFFERENT or one.rstrip("es") == two.rstrip("es"):
        return False  # among others `epoch` and `epochs`
    if one[0] != two[0] and one[:2] != two[1::-1]:
        return False
    if shorter == 4 and len(one) == len(two):
        return _exchanged(one, two)
    return distance(one, two) <= (2 if shorter >= 9 else 1)


def _exchanged(one: str, two: str) -> bool:
    """Two neighbouring letters changed places, and nothing else: `lsos` for `loss`."""
    odd = [i for i, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
    return len(odd) == 2 and odd[1] == odd[0] + 1 and one[odd[0]] == two[odd[1]] and one[odd[1]] == two[odd[0]]


def distance(one: str, two: str) -> int:
    """How many letters to add, drop, change or exchange with their neighbour."""
    rows: list[Sequence[int]] = [range(len(two) + 1)]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, other in enumerate(two, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == two[j - 2] and one[i - 2] == other:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows = [rows[-1], row]
    return rows[-1][-1]
