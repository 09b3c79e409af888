"""git as a process that can only look: no hook, no filter, no network, no question, no lasting lock.

**Invariant**: nothing in the repository changes, not even the times that git keeps in its index, and
no program that the repository's settings name is started.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterable
from typing import IO, Final

TIMEOUT: Final = 20.0
"""Seconds that one git process may take."""

_SETTINGS: Final = (
    "core.fsmonitor=false",
    "core.hooksPath=" + os.devnull,
    "core.quotePath=true",
    "core.safecrlf=false",
    "core.pager=cat",
    "status.relativePaths=false",
    "submodule.recurse=false",
    "protocol.allow=never",
)
_KEPT: Final = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH")
_MOST_SAID: Final = 4000
_PIECE: Final = 1 << 16
_AFTER: Final = 1.0
"""Seconds for what should follow at once: the end of a process that has closed its output or was ended."""


class GitFailed(Exception):
    """git is missing, refused or took too long; the message is for people."""


class TooSlow(GitFailed):
    """git took longer than it may."""


class Git:
    """The git command in one folder."""

    def __init__(self, folder: str, *, disabled_filters: Iterable[str] = ()) -> None:
        settings = [*_SETTINGS]
        for name in disabled_filters:
            settings += [f"filter.{name}.{key}" for key in ("clean=", "smudge=", "process=", "required=false")]
        self.folder = folder
        self._command = ["git", "-C", folder, "--no-pager", "--literal-pathspecs"]
        for setting in settings:
            self._command += ["-c", setting]
        self._environment = _environment()

    def run(self, *arguments: str | bytes, most: int, given: bytes = b"", magic: bool = False) -> tuple[bytes, bool]:
        """What git prints, up to `most` bytes, and whether that is all of it.

        `magic` gives pathspecs their special meaning back. GitFailed where git says no.
        """
        command: list[str | bytes] = [*self._command]
        if magic:
            command.remove("--literal-pathspecs")
        try:
            process = subprocess.Popen(
                [*command, *arguments],
                bufsize=0,
                stdin=subprocess.PIPE if given else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment,
                start_new_session=True,  # an interrupt of the kernel is sent to its whole group
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except FileNotFoundError:
            raise GitFailed("git is not installed") from None
        except (OSError, ValueError) as error:
            raise GitFailed(f"git cannot be started: {error}") from None
        return _talk(process, str(arguments[0]), most, given)


def _talk(process: subprocess.Popen[bytes], verb: str, most: int, given: bytes) -> tuple[bytes, bool]:
    deadline = time.monotonic() + TIMEOUT
    exchange = _exchange if os.name == "posix" else _exchange_in_threads
    try:
        output, said, ended = exchange(process, most, given, deadline)
        whole = len(output) <= most
        if not ended or not whole:
            _kill(process)
        code = _wait(process, deadline)
        if process.stderr is not None and os.name == "posix":
            said += _at_hand(process.stderr)
    finally:
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    if not ended or code is None:
        raise TooSlow(f"git {verb} took longer than {TIMEOUT:g} seconds")
    if whole and code:
        raise GitFailed(_refusal(verb, code, bytes(said)))
    return bytes(output[:most]), whole


def _exchange(
    process: subprocess.Popen[bytes], most: int, given: bytes, deadline: float
) -> tuple[bytearray, bytearray, bool]:
    """Feed git and read it, up to a byte more than `most`; and whether it ended its output in time.

    Without threads: Python starts none any more when it exits, and what is left is found out then.
    """
    output, said = bytearray(), bytearray()
    assert process.stdout is not None
    assert process.stderr is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, (output, most + 1))
        selector.register(process.stderr, selectors.EVENT_READ, (said, _MOST_SAID))
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        while len(output) <= most:
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready and time.monotonic() >= deadline:
                return output, said, False
            for key, _ in ready:
                if key.fileobj is process.stdin:
                    given = _feed(process.stdin, given)
                    if not given:
                        selector.unregister(process.stdin)
                        process.stdin.close()
                    continue
                piece = os.read(key.fd, _PIECE)
                into, room = key.data
                into += piece[: room - len(into)]
                if not piece:
                    selector.unregister(key.fileobj)
                    if into is output:
                        return output, said, True
    return output, said, True


def _exchange_in_threads(
    process: subprocess.Popen[bytes], most: int, given: bytes, deadline: float
) -> tuple[bytearray, bytearray, bool]:
    """The same on Windows, where pipes cannot be waited for together."""
    try:
        output, said = process.communicate(given or None, timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return bytearray(), bytearray(), False
    return bytearray(output[: most + 1]), bytearray(said[:_MOST_SAID]), True


def _feed(pipe: IO[bytes], given: bytes) -> bytes:
    """What of `given` the pipe did not take."""
    try:
        return given[os.write(pipe.fileno(), given[:_PIECE]) :]
    except BlockingIOError:
        return given
    except OSError:  # git ended without reading all
        return b""


def _at_hand(pipe: IO[bytes]) -> bytes:
    """What a pipe has now, without waiting for more."""
    try:
        os.set_blocking(pipe.fileno(), False)
        return os.read(pipe.fileno(), _MOST_SAID)
    except OSError:
        return b""


def _wait(process: subprocess.Popen[bytes], deadline: float) -> int | None:
    """The code that git ended with; None where it had to be ended for being late."""
    try:
        return process.wait(max(_AFTER, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        _kill(process)
    try:
        process.wait(_AFTER)
    except subprocess.TimeoutExpired:  # in a disk that does not answer: nothing ends it
        pass
    return None


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except OSError:
        pass


def _refusal(verb: str, code: int, said: bytes) -> str:
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    fatal = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    fatal = fatal.partition(": ")[2] if fatal.startswith(("fatal: ", "error: ")) else fatal
    return f"git {verb} failed: {fatal.strip()[:300]}" if fatal else f"git {verb} failed with code {code}"


def _environment() -> dict[str, str]:
    """The user's environment without what would send git elsewhere or make it talk."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in _KEPT or name.startswith("GIT_CONFIG_")
    }
    kept.update(
        GIT_OPTIONAL_LOCKS="0",
        GIT_TERMINAL_PROMPT="0",
        GIT_ALLOW_PROTOCOL="none",
        GIT_NO_LAZY_FETCH="1",
        LC_ALL="C",
        LANGUAGE="",
    )
    return kept
