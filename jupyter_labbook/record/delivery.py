"""What a run has for the disk, and what becomes of it while the disk refuses: it waits, and is tried again.

**Invariant**: a refusal is said once a run and never raised; whatever waits here goes out in the
order of its making as soon as the disk takes it, at the latest when Python exits.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from jupyter_labbook.record.background import background

if TYPE_CHECKING:
    from jupyter_labbook.record.recorder import Recorder

RETRY_EVERY = 1.0
"""Seconds before what the disk refused is tried again; twice as many before each further try."""

SELDOM: Final = 30.0
"""Seconds between two tries, at most."""

MOST_WAITING: Final = 1000
"""Files that wait for the disk; what comes after is missing for good, and named as such."""

Work = Callable[[], None]


class Delivery:
    """Brings the record, the tables and further files of one run to the disk.

    `contents` are the files that a run's folder is to appear with.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.contents: dict[str, bytes] = {}
        self._recorder = recorder
        self._undone: list[tuple[str, Work]] = []
        self._lock = threading.Lock()
        self._delivering = threading.Lock()
        self._planned = False
        self._pause = 0.0

    @property
    def waits(self) -> bool:
        """Whether something has not reached the disk yet."""
        recorder = self._recorder
        system = recorder.system
        return bool(
            self._undone
            or recorder.draft.unwritten
            or recorder.tables.waiting
            or (system is not None and system.waiting)
        )

    def record(self) -> None:
        """Bring the record to the disk, and the run's folder before it."""
        recorder = self._recorder
        if recorder.in_fork:
            return  # the record is the parent's
        try:
            if recorder.draft.born:
                recorder.draft.write()
            else:
                recorder.draft.create(self.contents)
        except OSError as error:
            self.refused(error)

    def keep(self, what: str, work: Work) -> None:
        """Do `work`, which writes `what`; later where the disk refuses."""
        try:
            if not self._recorder.draft.born:
                raise FileNotFoundError("the run's folder could not be made yet")
            work()
        except OSError as error:
            with self._lock:
                if len(self._undone) < MOST_WAITING:
                    self._undone.append((what, work))
            self._degrade(_missing(what))
            self.refused(error)

    def refused(self, error: OSError) -> None:
        """Say once that the disk does not take what is recorded, and try again later."""
        if self._planned:
            return  # a loop that logs on comes here with every line
        cause = error if error.errno or not isinstance(error.__cause__, OSError) else error.__cause__
        reason = os.strerror(cause.errno) if cause.errno else str(cause)
        self._recorder.warn(
            "disk",
            f"the disk refuses what is recorded ({reason}). "
            "What was recorded waits in memory and is written when it takes it again.",
            degrade=f"disk: {reason}",
        )
        if not self._recorder.in_fork:
            self._planned = True
            self._pause = min(self._pause * 2, SELDOM) or RETRY_EVERY
            _waiting.add(self)
            background.call(self.retry, after=self._pause, settles=False)

    def retry(self) -> None:
        """Try again what the disk refused."""
        recorder = self._recorder
        self._planned = False
        if recorder.in_fork:
            return
        if not recorder.draft.born:
            self.record()
        if recorder.draft.born:
            self._deliver()
            for tables in (recorder.tables, recorder.system):
                if tables is not None and tables.waiting:
                    tables.retry()
                    if tables.failure is not None:
                        self.refused(tables.failure)
            if recorder.draft.unwritten:
                self.record()
        if not self.waits:
            self._pause = 0.0
            _waiting.discard(self)
            if recorder.ended:
                self.settle()

    def _deliver(self) -> None:
        """Do what is undone, in order, up to the first that the disk refuses. One thread at a time."""
        with self._delivering:
            while self._undone and self._do_first():
                pass

    def _do_first(self) -> bool:
        what, work = self._undone[0]
        try:
            work()
        except OSError as error:
            self.refused(error)
            return False
        with self._lock:
            self._undone.pop(0)
        if what not in [other for other, _ in self._undone] and _missing(what) in self._recorder.degraded:
            self._recorder.degraded.remove(_missing(what))
            self._recorder.draft.update()
        return True

    def sync(self) -> None:
        """Wait until everything logged so far is on the disk."""
        try:
            self._recorder.tables.sync()
            if self._recorder.system is not None:
                self._recorder.system.sync()
        except OSError as error:
            self.refused(error)

    def settle(self) -> None:
        """After the end: let the disk catch up, and give back the file descriptors."""
        recorder = self._recorder
        if recorder.in_fork:
            return
        if recorder.draft.unwritten:
            self.record()
        self.sync()
        recorder.tables.close()
        if recorder.system is not None:
            recorder.system.close()

    def forked(self) -> None:
        """In a forked child: what waits is the parent's to deliver."""
        self._lock = threading.Lock()
        self._delivering = threading.Lock()
        self._undone = []
        self._planned = False

    def _degrade(self, what: str) -> None:
        if what not in self._recorder.degraded:
            self._recorder.degraded.append(what)


_waiting: set[Delivery] = set()


def _missing(what: str) -> str:
    return f"{what} is missing"


@atexit.register
def _last_try() -> None:
    for delivery in list(_waiting):
        delivery.retry()
