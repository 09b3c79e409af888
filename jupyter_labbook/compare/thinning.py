"""Long histories with fewer points, so that every peak and every gap is still seen."""

from __future__ import annotations

from typing import Final

import numpy

MOST_POINTS: Final = 2000
"""More than a panel has columns of pixels."""


def thinned(step: numpy.ndarray, value: numpy.ndarray, most: int = MOST_POINTS) -> tuple[numpy.ndarray, numpy.ndarray]:
    """At most about `most` of the points, shape (m,): of each stretch the smallest, the largest, the ends.

    A NaN within a stretch is kept once, as the gap it makes in the line.
    """
    if len(value) <= most:
        return step, value
    edges = numpy.linspace(0, len(value), most // 5 + 1).astype(int)
    kept: list[int] = []
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = value[begin:end]
        missing = numpy.isnan(part)
        chosen = {begin, end - 1}
        if missing.any():
            chosen.add(begin + int(missing.argmax()))
        if not missing.all():
            chosen |= {begin + int(numpy.nanargmin(part)), begin + int(numpy.nanargmax(part))}
        kept += sorted(chosen)
    return step[kept], value[kept]
