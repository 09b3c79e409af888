"""kill -9 at random moments; the moments follow from a seed."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.faults.acknowledged import Count, look
from tests.faults.victims import Victim, endless

LONGEST = 0.2
"""Seconds after its first words within which a victim is killed: a run of theirs takes a fifth of that."""


def kill_at_random(folder: Path, kills: int, seed: int = 0) -> Count:
    """Kill so many victims, each in a labbook of its own, and count what is left."""
    moments = random.Random(seed)
    count = Count()
    for number in range(kills):
        home = folder / f"kill-{number}"
        victim = Victim(endless, home)
        if not victim.hear("ready"):
            count.wrong.append(f"victim {number} ended by itself")
            continue
        _listen_until_killed(victim, moments)
        found = look(home, victim.answers)
        found.kills = 1
        found.wrong = [f"kill {number}: {line}" for line in found.wrong]
        count += found
    return count


def _listen_until_killed(victim: Victim, moments: random.Random) -> None:
    until = time.monotonic() + moments.uniform(0, LONGEST)
    after = moments.randrange(1, 150) if moments.random() < 0.5 else None
    while time.monotonic() < until or after is not None:
        victim.listen(min(0.001, max(until - time.monotonic(), 0)) if after is None else 1)
        if after is not None and len(victim.answers) > after:
            break
    victim.kill()
