"""One run while it is alive: it is on the disk before the cell's body starts, and ends with it.

**Invariant**: nothing here raises into the user's cell because recording failed. What cannot
be recorded is named in `degraded`, warned about once, and tried again where trying can help.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import time
import warnings
import weakref
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from jupyter_labbook.errors import LabbookWarning
from jupyter_labbook.record import logged, resources
from jupyter_labbook.record.background import background
from jupyter_labbook.record.delivery import Delivery
from jupyter_labbook.record.draft import Draft
from jupyter_labbook.record.first_record import first_fields
from jupyter_labbook.record.plan import Plan
from jupyter_labbook.record.redact import redact, redact_value
from jupyter_labbook.record.values import parameter_value
from jupyter_labbook.run import Summary
from jupyter_labbook.store import files, history, layout, notes
from jupyter_labbook.store.tables import MetricTables

if TYPE_CHECKING:
    from jupyter_labbook.store.store import Store

_PLAIN: Final = frozenset({int, float}).issuperset
_clock = time.perf_counter
_latest = 0.0


def _now() -> datetime:
    """The time, never the same twice and never backwards in one process, so that runs keep their order."""
    global _latest
    _latest = max(time.time(), _latest + 1e-6)
    return datetime.fromtimestamp(_latest, UTC)


def iso(moment: datetime) -> str:
    """`2026-11-21T03:15:02.123456Z`."""
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


class Recorder:
    """Records one run: `start`, then whatever the cell calls, then `finish`.

    Attributes
    ----------
    id, path
        The run's id and folder.
    ended
        Whether `finish` has been called. Values logged later (by a thread that lives on) still
        reach the run.
    """

    def __init__(self, store: Store, plan: Plan) -> None:
        self.store = store
        self.plan = plan
        started = _now()
        self.id = layout.new_run_id(plan.experiment, started)
        self.path = layout.run_folder(store.path, self.id)
        self.started = iso(started)
        self.pid = os.getpid()
        self.ended = False
        self.metric_sources: dict[str, str] = {}
        self.warnings: list[str] = []
        self.degraded: list[str] = []
        self._warned: set[str] = set()
        self._zero = _clock()
        self._cpu = resources.cpu_seconds()
        self.tables = MetricTables(self.path)
        self.draft = Draft(
            store.path,
            first_fields(plan, self.id, self.started, self.metric_sources, self.warnings, self.degraded),
        )
        self.delivery = Delivery(self)
        _alive.add(self)

    # its life --------------------------------------------------------------------------------

    def start(self, parameters: Mapping[str, tuple[Any, str]], replay: bytes | None = None) -> None:
        """Bring the run to the disk, with the `parameters` known so far (name to value and source)."""
        self.put_parameters(parameters)
        source = redact(self.plan.source).encode("utf-8", "backslashreplace")
        self.delivery.contents = {layout.SOURCE: source}
        if replay is not None:
            self.delivery.contents[layout.REPLAY] = replay
        self.delivery.record()

    def restart_clock(self) -> None:
        """The body starts now: `time` and `duration` count from here."""
        self._cpu = resources.cpu_seconds()
        self._zero = _clock()

    def finish(
        self,
        *,
        status: str,
        error: dict[str, str] | None,
        duration: float,
        metrics: Mapping[str, Summary],
        output: bytes | None = None,
        figures: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        """The run has ended: write how."""
        self.ended = True
        used = resources.cpu_seconds() - self._cpu
        if self.delivery.waits:
            self.delivery.retry()
        if output is not None:
            path = f"{self.draft.folder}/{layout.OUTPUT}"
            self.delivery.keep(layout.OUTPUT, lambda: files.replace(path, output))
        self._keep_figures(figures)
        if self.tables.dropped:
            self.degraded.append(f"{self.tables.dropped:,} points found no room in memory while the disk refused")
        self.draft.update(
            status=status,
            ended=iso(_now()),
            duration=round(duration, 6),
            error=error,
            metrics=metrics,
            resources={"cpu_seconds": round(used, 6), "peak_memory": resources.peak_memory()},
        )
        self.delivery.record()
        background.call(self.delivery.settle, after=0.05)

    @property
    def in_fork(self) -> bool:
        """Whether this process was forked off: the record is its parent's."""
        return os.getpid() != self.pid

    @property
    def duration(self) -> float:
        """Seconds since the run began, by a clock that does not jump."""
        return _clock() - self._zero

    def summaries(self) -> dict[str, Summary]:
        """Summary of every metric as logged so far, resources included."""
        try:
            known = self.tables.summaries()
        except OSError:
            known = None
        sampled = {} if self.system is None else self.system.summaries() or {}
        if known is None:
            return {**history.summarise(self.path), **sampled}
        return {**known, **sampled}

    system: MetricTables | None = None

    # what a cell calls -----------------------------------------------------------------------

    def log_values(self, values: Mapping[str, Any], step: Any = None) -> None:
        """Log values that belong together; see `labbook.log`."""
        if _PLAIN(map(type, values.values())) and (step is None or type(step) is int) and values:
            try:
                self.tables.append(values, step, int((_clock() - self._zero) * 1e4) / 1e4)
            except (ValueError, OverflowError, TypeError):
                self._log_checked(values, step)
        else:
            self._log_checked(values, step)
        if self.tables.failure is not None or self.ended:
            self._after_log()

    def log(self, metrics: Mapping[str, Any] | None = None, /, *, step: Any = None, **values: Any) -> None:
        """The same as `labbook.log`, for this run whatever the current one is."""
        self.log_values({**(metrics or {}), **values}, step)

    def _log_checked(self, values: Mapping[str, Any], step: Any) -> None:
        accepted, step = logged.checked(values, step, self.warn)
        if accepted:
            self.tables.append(accepted, step, int((_clock() - self._zero) * 1e4) / 1e4)

    def _after_log(self) -> None:
        if self.tables.failure is not None:
            self.delivery.refused(self.tables.failure)
        if self.ended and not self.in_fork and not self._late:
            self._late = True
            background.call(self._write_late, after=1.0)

    _late = False

    def _write_late(self) -> None:
        """A thread or task of an ended run has logged on: bring the summary up to date."""
        self._late = False
        self.draft.update(metrics=self.summaries())
        self.delivery.record()
        self.delivery.settle()

    def param(self, values: Mapping[str, Any]) -> None:
        """Record parameters found late."""
        self.put_parameters({str(name): (value, "param") for name, value in values.items()})
        self.delivery.record()

    def put_parameters(self, found: Mapping[str, tuple[Any, str]]) -> None:
        fields = self.draft.fields
        values, sources = dict(fields["parameters"]), dict(fields["parameter_sources"])
        types = dict(fields["parameter_types"])
        for name, (value, source) in found.items():
            kept, kind = parameter_value(redact_value(name, value))
            values[name], sources[name] = kept, source
            types.pop(name, None)
            if kind is not None:
                types[name] = kind
        self.draft.update(parameters=values, parameter_sources=sources, parameter_types=types)

    def data(self, name: str, value: Any) -> None:
        """Fingerprint a data set; one that cannot be is named in a warning."""
        from jupyter_labbook.record import data  # not every notebook fingerprints data

        try:
            fingerprint = data.fingerprint(name, value)
        except Exception as error:
            self.warn(f"data:{name}", f"data {name!r} was not fingerprinted: {error}")
            return
        others = [known for known in self.draft.fields["data"] if known.name != name]
        self.draft.update(data=[*others, fingerprint])
        self.delivery.record()

    def artifact(self, content: Any, *, name: str | None = None, kind: str | None = None) -> None:
        """Keep a file, bytes or a figure; see `labbook.artifact`."""
        from jupyter_labbook.record import artifacts  # not every notebook keeps artifacts

        pieces = artifacts.pieces(content, name)
        try:
            kept = [artifacts.keep(self.store, piece, kind) for piece in pieces]
        except OSError as error:
            self.delivery.refused(error)
            self.degraded.append(f"artifact {name or content!r} was not kept")
            return
        self.draft.update(artifacts=[*self.draft.fields["artifacts"], *kept])
        self.delivery.record()

    def note(self, text: str) -> None:
        """Append a note to the notes this process owns."""
        text, moment = redact(str(text)), _now()
        self.delivery.keep(layout.NOTES, lambda: notes.write_note(self.path, text, moment))

    # the disk --------------------------------------------------------------------------------

    def sync(self) -> None:
        """Wait until everything logged so far is on the disk."""
        self.delivery.sync()

    def write_when_complete(self) -> None:
        """Write what was found out beside the cell: now, or with the rest when the run starts or ends."""
        if self.draft.born:
            self.delivery.record()

    def _keep_figures(self, figures: Iterable[tuple[str, bytes]]) -> None:
        kept = []
        for number, (suffix, content) in enumerate(figures, start=1):
            name = layout.figure_name(number, suffix)
            self.delivery.keep(name, functools.partial(_write_figure, f"{self.draft.folder}/{name}", content))
            digest = hashlib.sha256(content).hexdigest()
            kept.append({"name": name.rpartition("/")[2], "kind": "figure", "sha256": digest,
                         "bytes": len(content), "file": name})  # fmt: skip
        if kept:
            self.draft.update(artifacts=[*self.draft.fields["artifacts"], *kept])

    def warn(self, key: str, message: str, *, degrade: str | None = None) -> None:
        """Warn once a run about `key`; never raises, even where warnings are errors."""
        if key in self._warned:
            return
        self._warned.add(key)
        self.warnings.append(redact(message))
        if degrade is not None:
            self.degraded.append(degrade)
        try:
            warnings.warn(f"labbook: {message}", LabbookWarning, stacklevel=_users_level())
        except LabbookWarning:
            pass

    def __repr__(self) -> str:
        return f"<recording {self.id}>"


def _write_figure(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    files.replace(path, content)


_alive: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _forked() -> None:
    """In a forked child: values go to tables of its own, the record stays its parent's."""
    for recorder in list(_alive):
        recorder.tables.forked()
        recorder.draft.forked()
        recorder.delivery.forked()
        recorder.system = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _users_level() -> int:
    """How many frames above `warn` the first one is that is not ours."""
    frame, level = sys._getframe(2), 2
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith(__package__.split(".")[0]):
        frame, level = frame.f_back, level + 1
    return level
