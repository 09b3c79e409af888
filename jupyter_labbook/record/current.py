"""Which run a call belongs to, and the calls a cell makes: log, param, data, artifact, note.

A run is current in the context in which its cell executes. asyncio tasks inherit that context;
threads do not, so from the first run on a thread remembers the run that it was started in, and
work handed to a thread pool the run that handed it over. What logs outside all of these logs to
the run whose cell executes now.
"""

from __future__ import annotations

import functools
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias

from jupyter_labbook.errors import LabbookWarning

if TYPE_CHECKING:
    from jupyter_labbook.record.recorder import Recorder
    from jupyter_labbook.record.unrecorded import Unrecorded

    Active: TypeAlias = Recorder | Unrecorded

_current: ContextVar[Active | None] = ContextVar("labbook_run", default=None)
_executing: list[Active] = []


own = _current.get
"""The run of this very context, whatever executes elsewhere."""


def current() -> Active | None:
    """The run that a call made here belongs to."""
    recorder = own()
    if recorder is not None:
        return recorder
    started_in: Active | None = getattr(threading.current_thread(), "_labbook_run", None)
    if started_in is not None:
        _current.set(started_in)
        return started_in
    return _executing[-1] if _executing else None


def enter(recorder: Active) -> None:
    """From here on `recorder` is current."""
    _follow_threads()
    _executing.append(recorder)
    _current.set(recorder)


def leave(recorder: Active, before: Active | None) -> None:
    """`recorder` has ended; `before` is current again. Tasks and threads started in it keep it."""
    if recorder in _executing:
        _executing.remove(recorder)
    _current.set(before)


def executing() -> Active | None:
    """The innermost run whose cell executes now."""
    return _executing[-1] if _executing else None


def is_executing(recorder: Active) -> bool:
    return recorder in _executing


# what a cell calls -----------------------------------------------------------------------------


def log(
    metrics: Mapping[str, Any] | None = None,
    /,
    *,
    step: float | None = None,
    sync: bool = False,
    **values: Any,
) -> None:
    """Log metrics: `log(loss=0.31, val_acc=0.9, step=3)` or `log({"val/acc": 0.9}, step=3)`.

    When it returns, the values are with the operating system and outlive this process.

    Parameters
    ----------
    metrics
        Names and values; for names that are no Python names.
    step
        Where in training; counted from 0 for each set of names where not given.
    sync
        Wait until the values are on the disk itself, so that they outlive the machine.
    **values
        Numbers: int, float, numpy and torch scalars, Decimal, bool (as 0 or 1). What is not a
        number is not logged, and a warning says so once; nothing is raised into the cell.
    """
    recorder = own() or current()
    if recorder is None:
        _nobody("log")
        return
    if metrics is not None:
        values = {**metrics, **values}
    recorder.log_values(values, step)
    if sync:
        recorder.sync()


def param(values: Mapping[str, Any] | None = None, /, **named: Any) -> None:
    """Record parameters that were found late: `param(lr=0.1)`."""
    recorder = current()
    if recorder is None:
        _nobody("param")
    else:
        recorder.param({**(values or {}), **named})


def data(name: str, value: Any) -> None:
    """Fingerprint a data set: a frame, an array, or the path of a file or folder."""
    recorder = current()
    if recorder is None:
        _nobody("data")
    else:
        recorder.data(name, value)


def artifact(
    content: str | os.PathLike[str] | bytes | Any, *, name: str | None = None, kind: str | None = None
) -> None:
    """Keep a file, bytes or a matplotlib figure with the run, stored by its content.

    Bytes and figures need `name`; a file has its own. Raises ValueError or FileNotFoundError
    where there is nothing to keep.
    """
    recorder = current()
    if recorder is None:
        _nobody("artifact")
    else:
        recorder.artifact(content, name=name, kind=kind)


def note(text: str) -> None:
    """Write a note, in markdown, into the run."""
    recorder = current()
    if recorder is None:
        _nobody("note")
    else:
        recorder.note(text)


_told: set[str] = set()


def _nobody(verb: str) -> None:
    if verb not in _told:
        _told.add(verb)
        try:
            warnings.warn(
                f"labbook.{verb}() was called outside a run and recorded nothing. "
                "Put %%experiment on the cell's first line, or use `with labbook.experiment(...)`.",
                LabbookWarning,
                stacklevel=3,
            )
        except LabbookWarning:  # where warnings are errors, the cell goes on all the same
            pass


@contextmanager
def within(recorder: Active | None) -> Iterator[None]:
    """Make `recorder` current for a block of code."""
    token = _current.set(recorder)
    try:
        yield
    finally:
        _current.reset(token)


# threads ---------------------------------------------------------------------------------------

_following = False


def _follow_threads() -> None:
    """Let threads and thread pools remember the run they were started from.

    Python copies no context into a thread (an option from 3.14 on), and a training loop's data
    or logging thread must not log into the run that happens to execute when it does.
    """
    global _following
    if _following:
        return
    _following = True
    start = threading.Thread.start
    submit: Callable[..., Future[Any]] = ThreadPoolExecutor.submit

    @functools.wraps(start)
    def start_in_run(self: threading.Thread) -> None:
        recorder = current()
        if recorder is not None:
            self._labbook_run = recorder  # type: ignore[attr-defined]
        start(self)

    @functools.wraps(submit)
    def submit_in_run(self: ThreadPoolExecutor, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        recorder = current()
        if recorder is None:
            return submit(self, fn, *args, **kwargs)
        return submit(self, _call_within, recorder, fn, *args, **kwargs)

    threading.Thread.start = start_in_run  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit_in_run  # type: ignore[assignment,method-assign]


def _call_within(recorder: Active, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    with within(recorder):
        return fn(*args, **kwargs)
