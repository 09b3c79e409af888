"""A disk that is full at any write: the cell's result stands, it is said once, and nothing logged is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults import starving

FAULTS = int(os.environ.get("LABBOOK_FAULTS", "60"))


@pytest.mark.timeout(3600)
def test_a_full_disk_costs_neither_the_result_nor_a_point(tmp_path: Path) -> None:
    written, changed = starving.count_takes(tmp_path / "counted")
    positions = starving.chosen(written, changed, FAULTS, seed=1)
    count = starving.try_positions(tmp_path / "tried", positions)
    assert count.wrong == []
    assert count.kills == FAULTS
    assert count.points > FAULTS * 50
