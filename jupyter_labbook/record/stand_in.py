"""Stands in for a method of one object for a while, and takes itself out again exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

_MISSING: Final = object()


class StandIn:
    """`make(original)` in the place of `holder.name`, on that object alone, until `remove`.

    Stand-ins may lie on top of each other and be removed in any order: one that is not the
    uppermost stays in the chain, where it must do nothing, until the one above it goes.
    """

    def __init__(self, holder: Any, name: str, make: Callable[[Any], Callable[..., Any]]) -> None:
        self._holder = holder
        self._name = name
        self._before: Any = vars(holder).get(name, _MISSING)
        self._method = make(getattr(holder, name))
        self._removed = False
        self._method._stand_in = self  # type: ignore[attr-defined]
        setattr(holder, name, self._method)

    def remove(self) -> None:
        """Put back what was there; nothing where the user has put something on top and left it."""
        self._removed = True
        try:
            if vars(self._holder).get(self._name) is self._method:
                self._restore()
        except Exception:  # an object that has been closed or taken apart
            pass

    def _restore(self) -> None:
        before = self._before
        below = getattr(before, "_stand_in", None)
        while isinstance(below, StandIn) and below._removed:
            before = below._before
            below = getattr(before, "_stand_in", None)
        if before is _MISSING:
            delattr(self._holder, self._name)
        else:
            setattr(self._holder, self._name, before)
