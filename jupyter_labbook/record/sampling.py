"""Resources of a run, sampled beside it: `system.csv`, whose growth also shows that the run lives.

Often at first, then rarely: a run of a second has a sample, a night's has a few thousand.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from jupyter_labbook.record import resources
from jupyter_labbook.record.background import background
from jupyter_labbook.store import layout
from jupyter_labbook.store.tables import MetricTables

if TYPE_CHECKING:
    from jupyter_labbook.record.recorder import Recorder

FIRST: Final = 0.5
PACE: Final = ((60.0, 1.0), (600.0, 5.0), (float("inf"), 15.0))
"""Until which age of the run, in seconds, a sample is taken every how many seconds."""

SYNC_EVERY: Final = 5.0


class Sampling:
    """Samples until the run has ended; brings what was logged to the disk every 5 s on the way."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._sampler: resources.Sampler | None = None
        self._synced = 0.0
        times = os.times()
        self._began = time.monotonic(), times.user + times.system
        background.call(self._tick, after=FIRST, settles=False)

    def _tick(self) -> None:
        recorder = self._recorder
        if recorder.ended or os.getpid() != recorder.pid:
            return
        age = recorder.duration
        background.call(self._tick, after=next(pace for until, pace in PACE if age < until), settles=False)
        if self._sampler is None:
            self._sampler = resources.Sampler(self._began)
        sample = self._sampler.sample()
        if recorder.draft.born and not recorder.ended:
            if recorder.system is None:
                recorder.system = MetricTables(recorder.path, only=layout.SYSTEM)
            recorder.system.append(sample, None, int(age * 1e4) / 1e4)
        if age - self._synced >= SYNC_EVERY:
            self._synced = age
            recorder.sync()
