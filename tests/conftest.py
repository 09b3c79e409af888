"""What holds for every test: index files of its own, and examples that are the same each time.

With `LABBOOK_RANDOM=1` hypothesis makes up new examples, to look for what nobody has thought of.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("the same each time", derandomize=True, deadline=None)
settings.register_profile("new each time", deadline=None)
settings.load_profile("new each time" if os.environ.get("LABBOOK_RANDOM") else "the same each time")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which indexes are kept during a test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LABBOOK_CACHE", str(folder))
    return folder
