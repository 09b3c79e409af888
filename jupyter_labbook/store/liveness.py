"""Whether the process that writes a run is still there; readers ask, and write nothing down.

Where the writer can be looked up (same boot, same process namespace) it is: gone, or its number
belongs to a process that started at another time, means lost. Elsewhere the files must do: a
writer touches one of them at least every `SILENCE` seconds.
"""

from __future__ import annotations

import functools
import os
import time
from pathlib import Path
from typing import Final

from jupyter_labbook.run import Process, Record, Status
from jupyter_labbook.store import layout

SILENCE: Final = 120.0
"""Seconds without a change to any file of a run after which its writer counts as gone."""

_SKEW: Final = 5.0


def derive_status(
    record: Record, folder: Path | str, names: list[str] | None = None, now: float | None = None
) -> Status:
    """`lost` for a run that says it is running while nobody writes it; else what the record says."""
    if record.status != "running" or alive(record, folder, now, names):
        return record.status
    return "lost"


def alive(record: Record, folder: Path | str, now: float | None = None, names: list[str] | None = None) -> bool:
    """Whether the writer of a run is there. `names` are the folder's entries, where they are known."""
    now = time.time() if now is None else now
    writer, here = record.process, _surroundings()
    # Without a boot id (not Linux) only the host's name says that it is this machine.
    beside = (writer.boot_id, writer.namespace) == here and (here[0] is not None or record.host == host())
    if beside and writer.pid is not None and writer.pid > 0:
        found = _is_there(writer.pid, writer.created)
        if found is not None:
            return found
    changed = _last_change(folder, names)
    rebooted = record.host == host() and None not in (writer.boot_id, here[0]) and writer.boot_id != here[0]
    # Another boot of this machine is over. Of another machine with the same name it may not be:
    # what lives has written since this machine was started.
    if rebooted and (changed is None or changed < now - _uptime() + _SKEW):
        return False
    return changed is not None and abs(now - changed) <= SILENCE


def this_process() -> Process:
    """What a writer puts into its record so that readers can tell whether it is still there."""
    boot_id, namespace = _surroundings()
    return Process(pid=os.getpid(), created=_created(os.getpid()), boot_id=boot_id, namespace=namespace)


@functools.cache
def host() -> str:
    """The name of this machine."""
    if hasattr(os, "uname"):
        return os.uname().nodename
    import socket  # 2 ms, and Windows only

    return socket.gethostname()


@functools.cache
def _surroundings() -> tuple[str | None, str | None]:
    boot_id = namespace = None
    try:
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip() or None
        namespace = os.readlink("/proc/self/ns/pid")
    except (OSError, ValueError):  # not Linux
        pass
    return boot_id, namespace


def _is_there(pid: int, created: float | None) -> bool | None:
    """Whether process `pid` runs and began at `created`; None where that cannot be told."""
    try:
        began = _created(pid)
    except PermissionError:
        return None
    if began is None:
        return False
    # A clock tick on Linux; elsewhere seconds of a wall clock that may be set.
    return created is None or abs(began - created) <= (0 if _on_linux() else 2)


def _created(pid: int) -> float | None:
    """When `pid` started: in ticks since boot on Linux, in seconds elsewhere; None where there is none."""
    if not _on_linux():
        return _created_elsewhere(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            line = file.read()
        state, *numbers = line.rpartition(b")")[2].split()  # a command's name may hold blanks and brackets
        return None if state in (b"Z", b"X") else float(numbers[18])
    except (ValueError, IndexError):
        return None
    except OSError:
        pass
    try:  # /proc may be mounted so that it hides the processes of others
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    raise PermissionError(f"process {pid} is hidden")


def _created_elsewhere(pid: int) -> float | None:
    import psutil  # only where there is no /proc

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except (psutil.NoSuchProcess, OverflowError, ValueError):
        return None
    except psutil.AccessDenied:
        raise PermissionError(f"process {pid} is hidden") from None


@functools.cache
def _on_linux() -> bool:
    return os.path.exists("/proc/self/stat")


def _uptime() -> float:
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.clock_gettime(clock) if clock is not None else time.monotonic()


def _last_change(folder: Path | str, names: list[str] | None) -> float | None:
    """When a file that the writer touches was last changed, in seconds of the epoch."""
    latest = None
    try:
        names = os.listdir(folder) if names is None else names
    except (OSError, ValueError):
        return None
    for name in names:
        if name in (layout.RECORD, layout.SYSTEM) or layout.is_metrics_table(name):
            try:
                changed = os.lstat(os.path.join(folder, name)).st_mtime
            except OSError:
                continue
            latest = changed if latest is None else max(latest, changed)
    return latest
