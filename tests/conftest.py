"""What every test is kept from: the index files of whoever runs it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which indexes are kept during a test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LABBOOK_CACHE", str(folder))
    return folder
