"""kill -9 at a random moment takes nothing with it that was acknowledged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.killing import kill_at_random

KILLS = int(os.environ.get("LABBOOK_FAULTS", "40"))


@pytest.mark.timeout(3600)
def test_no_acknowledged_point_is_lost_when_a_kernel_is_killed(tmp_path: Path) -> None:
    count = kill_at_random(tmp_path, KILLS, seed=1)
    assert count.wrong == []
    assert count.kills == KILLS
    assert count.points_missing == count.others_missing == 0
    assert count.points > KILLS
    assert count.lost > KILLS / 4
