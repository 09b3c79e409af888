"""The one thread of ours in a kernel: what need not hold up a cell is done here.

It samples resources, writes what a full disk refused, waits for git and lets the disk catch up.
It is a daemon and never blocks exit for long: `settle` runs what is still to be done, at exit
and before this process reads runs of its own.

**Invariant**: work never raises into the thread; a piece of work that fails says so once.
"""

from __future__ import annotations

import atexit
import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable

Work = Callable[[], None]

EXIT_PATIENCE = 10.0
"""Seconds that leaving Python may wait for unfinished work."""


class Background:
    """Runs work later, in order of time, in one daemon thread that starts with the first piece."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._condition = threading.Condition()
        self._queue: list[tuple[float, int, Work, bool]] = []
        self._number = itertools.count()
        self._thread: threading.Thread | None = None
        self._busy = False
        self._hurry = False
        self._wakes_at = 0.0

    def call(self, work: Work, *, after: float = 0.0, settles: bool = True) -> None:
        """Run `work` in `after` seconds; `settles` says whether `settle` waits for it."""
        due = time.monotonic() + after
        with self._condition:
            heapq.heappush(self._queue, (due, next(self._number), work, settles))
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="labbook", daemon=True)
                self._thread.start()
            elif due < self._wakes_at:
                self._condition.notify_all()

    def settle(self, patience: float = EXIT_PATIENCE) -> bool:
        """Do at once whatever is still waiting to be done; False where it took longer than `patience`."""
        if threading.current_thread() is self._thread:
            return True
        with self._condition:
            if not self._unsettled():
                return True
            self._hurry = True
            self._condition.notify_all()
            settled = self._condition.wait_for(lambda: not self._unsettled(), timeout=patience)
            self._hurry = False
        return settled

    def _unsettled(self) -> bool:
        return self._busy or any(settles for _, _, _, settles in self._queue)

    def _loop(self) -> None:
        while True:
            work, settles = self._next()
            try:
                work()
            except Exception as error:
                _say(error)
            finally:
                with self._condition:
                    self._busy = False
                    if settles:
                        self._condition.notify_all()

    def _next(self) -> tuple[Work, bool]:
        with self._condition:
            while True:
                if self._hurry:
                    for index, (_, _, work, settles) in enumerate(self._queue):
                        if settles:
                            del self._queue[index]
                            heapq.heapify(self._queue)
                            self._busy = True
                            return work, True
                now = time.monotonic()
                if self._queue and self._queue[0][0] <= now:
                    _, _, work, settles = heapq.heappop(self._queue)
                    self._busy = settles
                    return work, settles
                wait = self._queue[0][0] - now if self._queue else None
                self._wakes_at = float("inf") if wait is None else now + wait
                self._condition.wait(wait)


def _say(error: Exception) -> None:
    import sys

    print(f"labbook: work in the background failed: {type(error).__name__}: {error}", file=sys.__stderr__)


background = Background()
atexit.register(background.settle)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=background._reset)
