"""A real shell in this process, in a project folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_labbook.record.background import background
from tests.record.conftest import shell

__all__ = ["notebook", "project", "shell"]

# Windows has neither fork nor kill -9.
FORKING = ("clock", "crowd", "file_systems", "full_disk", "kill", "kill_at_calls", "robbed")
collect_ignore = [f"test_{name}.py" for name in FORKING] if os.name == "nt" else []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which everything happens, and nothing outside of it may."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LABBOOK_STORE", raising=False)
    return folder


@pytest.fixture
def notebook(shell: InteractiveShell, project: Path) -> Iterator[InteractiveShell]:
    """A shell with the extension loaded and `labbook` imported, standing in `project`."""
    shell.run_line_magic("load_ext", "jupyter_labbook")
    shell.run_cell("import jupyter_labbook as labbook")
    yield shell
    background.settle()
    shell.run_line_magic("unload_ext", "jupyter_labbook")
