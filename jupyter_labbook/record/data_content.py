"""A hash over values of any size: words that say what they are, and the values themselves, by blocks.

What is said is framed by its length, so that two different contents never give the same bytes.

**Invariant**: the hash depends on the content alone: not on the process, the layout in memory or
the byte order, and up to `FULL` bytes on every byte of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final, Protocol

FULL: Final = 256 << 20
"""Bytes up to which everything is read."""

SAMPLE: Final = 64 << 20
"""Bytes that are read of what is larger, shared out among its parts by their size."""

SPANS: Final = 64
"""Pieces in which a sampled part is read: its head, its tail and 62 at equal distances between."""

LEAST: Final = 1024
"""Items of a part that are read however large the whole is."""

_VERSION: Final = "labbook data 1"


class Part(Protocol):
    """A row of items that goes into the hash as a whole or in spans.

    `weight` is what reading it costs, in bytes; `step` how many items are fed at once.
    """

    length: int
    weight: int
    step: int

    def feed(self, hash: Any, start: int, stop: int) -> None: ...


class Content:
    """Collects what is to be hashed, and hashes it once its whole size is known."""

    def __init__(self) -> None:
        self._pieces: list[bytes | Part] = []

    def say(self, *words: str | int | None) -> None:
        self._pieces.append(framed(*words))

    def add(self, part: Part) -> None:
        self.say("part", part.length)
        self._pieces.append(part)

    def digest(self, full: bool = False) -> tuple[str, bool]:
        """The hash in hexadecimal digits, and whether everything was read; `full` reads it all in any case."""
        total = sum(piece.weight for piece in self._pieces if not isinstance(piece, bytes))
        read_all = full or total <= FULL
        hash = sha256(framed(_VERSION, "full" if read_all else "sampled"))
        for piece in self._pieces:
            if isinstance(piece, bytes):
                hash.update(piece)
                continue
            most = piece.length if read_all else max(LEAST, piece.length * SAMPLE // total)
            for start, stop in spans(piece.length, most):
                for at in range(start, stop, piece.step):
                    piece.feed(hash, at, min(at + piece.step, stop))
        return hash.hexdigest(), read_all


def framed(*words: str | int | None) -> bytes:
    """The words so that where one ends can be told from the bytes."""
    return b"".join(_framed(word) for word in (len(words), *words))


def _framed(word: str | int | None) -> bytes:
    if word is None:
        return b"n"
    content = str(word).encode("utf-8", "surrogatepass")
    return b"%c%d:%b" % (b"t" if isinstance(word, str) else b"i", len(content), content)


def spans(length: int, most: int) -> Iterator[tuple[int, int]]:
    """Ranges that hold at most about `most` of `length` items: all, or head, tail and what lies between."""
    if length <= most or length <= SPANS:
        if length:
            yield 0, length
        return
    size = max(1, most // SPANS)
    for number in range(SPANS):
        start = number * (length - size) // (SPANS - 1)
        yield start, start + size
