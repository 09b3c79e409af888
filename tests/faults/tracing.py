"""strace on a victim: kill it, or make it fail, at one system call of one run."""

from __future__ import annotations

import contextlib
import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.faults.acknowledged import Count, look
from tests.faults.victims import Victim, once

CALLS = (
    "openat", "close", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "mkdir", "mkdirat", "link", "linkat",
    "rename", "renameat", "renameat2", "unlink", "unlinkat", "utimensat", "chmod", "fchmod",
)  # fmt: skip
"""What changes files, or the descriptors that lead to them; a machine has some of them."""

TRACED = ",".join(f"?{name}" for name in CALLS)


def untraceable() -> str | None:
    """Why strace cannot be used here; None where it can."""
    command = ["strace", "-f", "-o", "/dev/null", "-e", "inject=?fsync:error=EIO", "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except FileNotFoundError:
        return "strace is not installed"
    except subprocess.TimeoutExpired:
        return "strace does not return"
    return None if done.returncode == 0 else f"strace is not permitted: {done.stderr.strip()[-200:]}"


@contextlib.contextmanager
def traced(victim: Victim, log: Path, *options: str) -> Iterator[None]:
    """Attach strace with `options` to every thread of the victim."""
    command = ["strace", "-f", "-qq", "-o", str(log), *options, "-p", str(victim.pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 30
        while not _is_traced(victim.pid):
            if tracer.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"strace did not attach: {tracer.communicate(timeout=5)[1]}")
            time.sleep(0.002)
        yield
        tracer.wait(30)
    finally:
        if tracer.poll() is None:
            tracer.terminate()
        tracer.communicate()


def _is_traced(pid: int) -> bool:
    tasks = list(Path(f"/proc/{pid}/task").iterdir())
    return all("TracerPid:\t0\n" not in (task / "status").read_text() for task in tasks)


def calls_of_one_run(folder: Path) -> dict[str, int]:
    """How often a thread of a run makes each call, at most."""
    log = folder / "calls"
    victim = Victim(once, folder / "counted")
    assert victim.hear("ready")
    with traced(victim, log, "-e", f"trace={TRACED}"):
        victim.go.send_bytes(b"go")
        assert victim.last_words() == 0
    found = Counter(re.findall(r"^(\d+) +(\w+)\(", log.read_text(errors="replace"), re.MULTILINE))
    most: dict[str, int] = {}
    for (_, name), count in found.items():
        most[name] = max(most.get(name, 0), count)
    return most


def kill_at_calls(folder: Path, kills: int | None = None, seed: int = 0) -> tuple[Count, int]:
    """Kill one victim at each call that a run makes, or at so many of them; and how many calls there are."""
    calls = calls_of_one_run(folder)
    every = [(name, number) for name, most in sorted(calls.items()) for number in range(1, most + 1)]
    chosen = every if kills is None or kills >= len(every) else random.Random(seed).sample(every, kills)
    count = Count()
    for name, number in chosen:
        home = folder / f"{name}-{number}"
        victim = Victim(once, home)
        if not victim.hear("ready"):
            count.wrong.append(f"{name} {number}: the victim ended by itself")
            continue
        options = ("-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={number}")
        with traced(victim, Path("/dev/null"), *options):
            victim.go.send_bytes(b"go")
            code = victim.last_words()
        found = look(home, victim.answers)
        found.kills = int(code == -9)
        found.wrong = [f"at {name} {number}: {line}" for line in found.wrong]
        if code not in (-9, 0):
            found.wrong.append(f"at {name} {number}: it ended with {code}")
        count += found
    return count, len(every)
