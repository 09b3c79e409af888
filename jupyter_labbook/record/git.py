"""git as a process that can only look: no hook, no filter, no network, no question, no lasting lock.

**Invariant**: nothing in the repository changes, not even the times that git keeps in its index, and
no program that the repository's settings name is started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterable
from typing import IO, Final

TIMEOUT: Final = 20.0
"""Seconds that one git process may take."""

_SETTINGS: Final = (
    "core.fsmonitor=false",
    "core.untrackedCache=false",
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
        with process:
            return _talk(process, str(arguments[0]), most, given)


def _talk(process: subprocess.Popen[bytes], verb: str, most: int, given: bytes) -> tuple[bytes, bool]:
    late = threading.Event()

    def too_late() -> None:
        late.set()
        _kill(process)

    said: list[bytes] = []
    assert process.stdout is not None
    assert process.stderr is not None
    # A thread for each pipe: git blocks where one of them is full and nobody reads it.
    threads = [threading.Thread(target=_drain, args=(process.stderr, said), daemon=True)]
    if process.stdin is not None:
        threads.append(threading.Thread(target=_feed, args=(process.stdin, given), daemon=True))
    clock = threading.Timer(TIMEOUT, too_late)
    clock.daemon = True
    for thread in (*threads, clock):
        thread.start()
    try:
        output = process.stdout.read(most + 1)
        if len(output) > most:
            _kill(process)
        code = process.wait()
    finally:
        clock.cancel()
        if process.returncode is None:
            _kill(process)
        for thread in threads:
            thread.join(TIMEOUT)
    if late.is_set():
        raise TooSlow(f"git {verb} took longer than {TIMEOUT:.0f} seconds")
    if len(output) > most:
        return output[:most], False
    if code:
        raise GitFailed(_refusal(verb, code, b"".join(said)))
    return output, True


def _drain(pipe: IO[bytes], said: list[bytes]) -> None:
    try:
        said.append(pipe.read(_MOST_SAID))
        while pipe.read(1 << 16):
            pass
    except (OSError, ValueError):
        pass


def _feed(pipe: IO[bytes], given: bytes) -> None:
    try:
        pipe.write(given)
        pipe.close()
    except (OSError, ValueError):
        pass


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
