"""Captures what a cell shows, while it is shown exactly as before.

Like IPython's own, the capture stands in the place of a few methods on the very objects that
show things: `write` of the two streams, `publish` and `clear_output` of the display publisher,
`write_format_data` of the display hook and the shell's `_showtraceback`. Nothing is redirected:
`sys.stdout` stays the object it was. Two things are shown and not heard: what a process forked in
the cell prints (ipykernel passes it on as bytes), and what a `!command` writes straight to a terminal.

**Invariant**: whatever fails in here is swallowed and named in `faults`; what the method in
whose place we stand returns or raises is what the caller sees.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from select import select
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final

from jupyter_labbook.record import current, ipynb, shown
from jupyter_labbook.record.redact import redact
from jupyter_labbook.record.stand_in import StandIn
from jupyter_labbook.record.transcript import RICH_LIMIT, TEXT_LIMIT, Transcript

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


_MANY: Final = 512
_LONG: Final = 4096
_current = current.own


class Ear:
    """What one capture hears. The stand-ins hold this, and after the end nothing of the run."""

    def __init__(self, transcript: Transcript, owner: current.Active | None) -> None:
        self.transcript = transcript
        self.listening = True
        self.owner = owner
        self.within: set[current.Active] = set()
        self.muted: set[int] = set()
        self.faults: list[str] = []

    def hears(self) -> bool:
        """Whether what is shown here and now belongs to this run, or to a run inside it."""
        if not self.listening or (self.muted and get_ident() in self.muted):
            return False
        run = _current()
        if run is self.owner:
            return True
        if run is None:
            run = current.current()
        return run is None or run is self.owner or run in self.within or self.owner is None

    def fault(self, what: str, error: Exception) -> None:
        text = f"{what} is not captured: {type(error).__name__}: {error}"[:200]
        if text not in self.faults and len(self.faults) < 10:
            self.faults.append(text)


_open: list[Ear] = []


class Outputs:
    """What one cell, or one block of code, shows between `start` and `stop`."""

    def __init__(self, shell: InteractiveShell, *, text_limit: int = TEXT_LIMIT, rich_limit: int = RICH_LIMIT) -> None:
        self._shell = shell
        self._transcript = Transcript(text_limit, rich_limit)
        self._around = current.current()
        self._ear: Ear | None = None
        self._stand_ins: list[StandIn] = []
        self._streams: list[Any] = []
        self.faults: list[str] = []

    def start(self) -> None:
        """Listen. Call it where the run is current already."""
        if self._ear is not None:
            return
        ear = self._ear = Ear(self._transcript, current.current())
        ear.faults = self.faults
        if ear.owner is not None and self._around is not None:
            for other in _open:
                if other.owner is self._around or self._around in other.within:
                    other.within.add(ear.owner)
        _open.append(ear)
        self._streams = [sys.stdout] if sys.stderr is sys.stdout else [sys.stdout, sys.stderr]
        for stream, name in zip(self._streams, ("stdout", "stderr"), strict=False):
            self._stand_in(stream, "write", partial(_written, ear, name), name)
        publisher, hook = self._shell.display_pub, self._shell.displayhook
        self._stand_in(publisher, "publish", partial(_published, ear))
        self._stand_in(publisher, "clear_output", partial(_cleared, ear))
        self._stand_in(hook, "write_format_data", partial(_resulted, ear))
        if not hasattr(hook, "session"):  # one that prints what a kernel would send
            self._stand_in(hook, "write_output_prompt", partial(_quiet, ear))
            self._stand_in(hook, "finish_displayhook", partial(_quiet, ear))
        self._stand_in(self._shell, "_showtraceback", partial(_failed, ear))

    def stop(self) -> None:
        """Everything is as it was before `start`. Does nothing the second time."""
        ear = self._ear
        if ear is None or not ear.listening:
            return
        for stream in self._streams:
            _await_piped(stream)
        ear.listening = False
        while self._stand_ins:
            self._stand_ins.pop().remove()
        if ear in _open:
            _open.remove(ear)
        self._streams = []
        ear.transcript = Transcript()  # one that somebody put on top of us may stay for ever
        ear.within = set()

    def flush_figures(self) -> None:
        """Show the figures that matplotlib would show when the cell ends, as after a cell of their own."""
        module = sys.modules.get("matplotlib_inline.backend_inline")
        flush = getattr(module, "flush_figures", None)
        if flush is not None and flush in self._shell.events.callbacks["post_execute"]:
            flush()

    def notebook(
        self,
        source: str,
        execution_count: int | None,
        error: Mapping[str, Any] | None,
        metadata: Mapping[str, Any],
    ) -> bytes:
        """A notebook of one cell with what it displayed.

        Parameters
        ----------
        error
            `type`, `message` and `traceback` of what ended the cell, used where no traceback was
            shown while we listened.
        metadata
            Stands in the notebook's metadata under `labbook`.
        """
        outputs = shown.outputs(self._transcript.events(), execution_count)
        if error and not self._transcript.has_error:
            lines = str(error.get("traceback", "")).splitlines()
            problem = shown.problem(str(error.get("type", "Error")), str(error.get("message", "")), lines)
            outputs += shown.outputs([problem], execution_count)
        cell = ipynb.code_cell("cell-1", redact(source), execution_count, {}, outputs)
        return ipynb.notebook(cell, metadata)

    def figures(self) -> list[tuple[str, bytes]]:
        """Suffix (`png`, `jpeg`, `svg`) and content of each image that was displayed."""
        return shown.figures(self._transcript.events())

    def _stand_in(self, holder: Any, name: str, make: Callable[[Any], Any], label: str = "output") -> None:
        try:
            self._stand_ins.append(StandIn(holder, name, make))
        except Exception as error:  # a stream that takes no attributes, or none at all
            assert self._ear is not None
            self._ear.fault(label, error)


# what stands in for each method -----------------------------------------------------------------


def _written(ear: Ear, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    get, owner, muted = _current, ear.owner, ear.muted
    pending = ear.transcript.pending
    append = pending.append

    def write(text: Any, *rest: Any, **options: Any) -> Any:
        result = original(text, *rest, **options)
        try:
            # The first half of the condition is `hears` for the usual case, without its call.
            if (get() is owner and ear.listening and not muted) or ear.hears():
                long = len(text) > _LONG
                append((name, text))
                if long or len(pending) > _MANY:
                    ear.transcript.drain()
        except Exception as error:
            ear.fault(name, error)
        return result

    return write


def _published(ear: Ear, original: Callable[..., Any]) -> Callable[..., Any]:
    aloud = _quiet(ear, original)

    def publish(data: Any, metadata: Any = None, *rest: Any, **options: Any) -> Any:
        hears = ear.hears()
        result = aloud(data, metadata, *rest, **options)
        if hears:
            try:
                id = (options.get("transient") or {}).get("display_id")
                if options.get("update"):
                    if id is not None:
                        ear.transcript.update(id, data, metadata)
                else:
                    ear.transcript.display("display_data", data, metadata, id)
            except Exception as error:
                ear.fault("output", error)
        return result

    return publish


def _cleared(ear: Ear, original: Callable[..., Any]) -> Callable[..., Any]:
    aloud = _quiet(ear, original)

    def clear_output(wait: Any = False, *rest: Any, **options: Any) -> Any:
        hears = ear.hears()
        result = aloud(wait, *rest, **options)
        if hears:
            try:
                ear.transcript.clear(bool(wait))
            except Exception as error:
                ear.fault("output", error)
        return result

    return clear_output


def _resulted(ear: Ear, original: Callable[..., Any]) -> Callable[..., Any]:
    aloud = _quiet(ear, original)

    def write_format_data(format_dict: Any, md_dict: Any = None, *rest: Any, **options: Any) -> Any:
        hears = ear.hears()
        result = aloud(format_dict, md_dict, *rest, **options)
        if hears:
            try:
                ear.transcript.display("execute_result", format_dict, md_dict)
            except Exception as error:
                ear.fault("output", error)
        return result

    return write_format_data


def _failed(ear: Ear, original: Callable[..., Any]) -> Callable[..., Any]:
    aloud = _quiet(ear, original)

    def show(etype: Any, evalue: Any, stb: Any, *rest: Any, **options: Any) -> Any:
        hears = ear.hears()
        result = aloud(etype, evalue, stb, *rest, **options)
        if hears:
            try:
                ear.transcript.error(str(etype.__name__), str(evalue), stb)
            except Exception as error:
                ear.fault("output", error)
        return result

    return show


def _quiet(ear: Ear, original: Callable[..., Any]) -> Callable[..., Any]:
    """`original`; what it prints to show something is not heard as printed."""

    def call(*args: Any, **options: Any) -> Any:
        thread = get_ident()
        if thread in ear.muted:
            return original(*args, **options)
        ear.muted.add(thread)
        try:
            return original(*args, **options)
        finally:
            ear.muted.discard(thread)

    return call


def _await_piped(stream: Any) -> None:
    """Let what a child process wrote to the file descriptor arrive: a kernel reads it in a thread."""
    pipe = getattr(stream, "_fid", None)
    if not isinstance(pipe, int):
        return
    try:
        for _ in range(20):
            if not select([pipe], [], [], 0)[0]:
                break
            time.sleep(0.001)
    except (OSError, ValueError):
        pass
