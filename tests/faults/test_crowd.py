"""Ten processes that record at once get ids of their own, and the index knows every run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.crowd import record_together

EACH = 1000 if int(os.environ.get("LABBOOK_FAULTS", "0")) >= 300 else 60


@pytest.mark.timeout(3600)
def test_ten_processes_record_side_by_side(tmp_path: Path) -> None:
    together = record_together(tmp_path, processes=10, each=EACH)
    assert together.wrong == []
    assert together.told == together.distinct == together.read == 10 * EACH
    assert together.looks > 0
