"""Processes that record until something happens to them, and say what was acknowledged to them.

They are forked from a server that has loaded everything already, so that hundreds of them cost
little. What `tell` was given has left the process before the next statement runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.faults.shells import new_shell, run_cell, settle_down

Tell = Callable[..., None]

_servers = multiprocessing.get_context("forkserver")
_servers.set_forkserver_preload(["tests.faults.victims", "tests.faults.preloaded"])


class Victim:
    """A process that runs `work(folder, tell, *arguments)`; `answers` is what it told until it ended."""

    def __init__(self, work: Callable[..., None], folder: Path, *arguments: Any, home: Path | None = None) -> None:
        self.answers: list[list[Any]] = []
        self.home = home or Path(f"{folder}-home")
        self._from, to = _servers.Pipe(duplex=False)
        self._to_it, self.go = _servers.Pipe(duplex=False)
        self.process: BaseProcess = _servers.Process(
            target=_live, args=(work, folder, self.home, to, self._to_it, arguments), daemon=True
        )
        self.process.start()
        to.close()
        self._to_it.close()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def listen(self, seconds: float) -> bool:
        """Take in what is told during so many seconds, at most one thing; False where it is over."""
        try:
            if self._from.poll(max(seconds, 0)):
                self.answers.append(json.loads(self._from.recv_bytes()))
        except (EOFError, ConnectionError):
            return False
        return True

    def hear(self, word: str, seconds: float = 60) -> bool:
        """Listen until `word` is told; False where it ended before."""
        while self.listen(seconds):
            if self.answers and self.answers[-1][0] == word:
                return True
        return False

    def last_words(self, seconds: float = 60) -> int | None:
        """Listen to the end, and how it ended."""
        while self.listen(seconds):
            pass
        self.process.join(seconds)
        return self.process.exitcode

    def said(self) -> str:
        """What it printed, and the traceback of what went wrong."""
        return (self.home / "said").read_text()

    def kill(self) -> None:
        self.process.kill()
        self.last_words()


def _live(
    work: Callable[..., None], folder: Path, home: Path, to: Connection, start: Connection, arguments: tuple[Any, ...]
) -> None:
    _allow_tracing()
    settle_down(folder, home)
    with open(home / "said", "w") as said, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        sys.__stderr__ = said
        work(folder, lambda *words: to.send_bytes(json.dumps(words).encode()), start, *arguments)


def _allow_tracing() -> None:
    """Let strace attach to a process that is not its child, where the kernel asks for that."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (2**64 - 1)), 0, 0, 0)  # PR_SET_PTRACER, ANY


# what they do ------------------------------------------------------------------------------------

NARROW = 40
WIDE = 300
"""Metrics logged together: a line of more than a page, which a kill can cut in two."""


def value(step: int) -> float:
    return 1 / (step + 3)


BUSY = """%%experiment victim --what "how long it lives" --expect "loss < 1" --tag doomed
tell('began', this_run())
rate = 0.1
for step in range(NARROW):
    labbook.log(loss=value(step), step=step)
    tell('point', this_run(), 'loss', step, value(step))
    if step % 7 == 3:
        labbook.log({f'wide/{i}': value(step + i) for i in range(WIDE)}, step=step)
        tell('point', this_run(), 'wide/0', step, value(step))
        tell('point', this_run(), f'wide/{WIDE - 1}', step, value(step + WIDE - 1))
    if step == 11:
        labbook.param(late=step)
        tell('parameter', this_run(), 'late', step)
        labbook.note('odd at eleven')
        tell('note', this_run(), 'odd at eleven')
    if step == 17:
        labbook.artifact(this_run().encode() * 500, name='model.bin')
        tell('artifact', this_run(), 'model.bin', 500 * len(this_run()))
    if step == 23:
        labbook.log({'late': float('nan'), 'count': step})
        tell('point', this_run(), 'count', 0, step)
step"""


def endless(folder: Path, tell: Tell, start: Connection) -> None:
    """Record runs until killed."""
    with _shell(tell) as shell:
        tell("ready")
        while True:
            run_cell(shell, BUSY, afterwards=lambda: None)
            tell("ended", shell.user_ns["this"])


def once(folder: Path, tell: Tell, start: Connection) -> None:
    """Record one run, when told to."""
    with _shell(tell) as shell:
        tell("ready")
        start.recv_bytes()
        told = run_cell(shell, BUSY)
        tell("ended", shell.user_ns["this"])
        tell("result", told.result, repr(told.error), told.said)


@contextlib.contextmanager
def _shell(tell: Tell) -> Iterator[Any]:
    def told(*words: Any) -> None:
        if words[0] == "began":
            shell.user_ns["this"] = words[1]
        tell(*words)

    shell = new_shell(tell=told, value=value, NARROW=NARROW, WIDE=WIDE)
    yield shell
