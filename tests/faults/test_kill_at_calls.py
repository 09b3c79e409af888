"""A kill at each system call of a run leaves a labbook that reads, with all that was acknowledged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults import tracing

FAULTS = int(os.environ.get("LABBOOK_FAULTS", "0"))
KILLS = None if FAULTS >= 300 else FAULTS or 25
"""How many calls, chosen by a seed; every one from 300 on."""


@pytest.fixture(autouse=True)
def strace() -> None:
    """Skip where strace cannot be used, and not where everything is to be tested."""
    reason = tracing.untraceable()
    if reason and not os.environ.get("CI"):
        pytest.skip(reason)
    assert reason is None


@pytest.mark.timeout(3600)
def test_a_kill_at_any_system_call_loses_nothing_acknowledged(tmp_path: Path) -> None:
    count, calls = tracing.kill_at_calls(tmp_path, KILLS, seed=1)
    assert count.wrong == []
    assert calls > 200
    assert count.kills > (KILLS or calls) * 0.8
    assert count.points_missing == count.others_missing == 0
