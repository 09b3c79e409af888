"""Where a cell stands: which notebook, which cell, which process, and what a sweep said about it.

JupyterLab and Notebook give the kernel `JPY_SESSION_NAME`; VS Code puts the path into the
namespace; a sweep sets `LABBOOK_NOTEBOOK`, `LABBOOK_SWEEP` and `LABBOOK_TRIAL`, because a
kernel under papermill has neither. None of them present is fine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jupyter_labbook.run import Process
from jupyter_labbook.store import liveness


def notebook_path(namespace: Mapping[str, Any]) -> Path | None:
    """The notebook that this kernel serves, or None where nothing says so."""
    for told in (
        os.environ.get("LABBOOK_NOTEBOOK"),
        namespace.get("__vsc_ipynb_file__"),
        os.environ.get("JPY_SESSION_NAME"),
        namespace.get("__session__"),
    ):
        if isinstance(told, str) and told.endswith(".ipynb"):
            return _absolute(told)
    return None


@lru_cache(maxsize=64)
def _absolute(told: str) -> Path:
    path = Path(told)
    if path.is_absolute():
        return path
    here = Path.cwd()
    # Without a leading folder the server names paths from its root, the kernel stands beside the notebook.
    beside = here / path.name
    return beside if beside.exists() and not (here / path).exists() else here / path


def start_folder(namespace: Mapping[str, Any]) -> Path:
    """Where the search for the store begins: the notebook's folder, else the working directory."""
    notebook = notebook_path(namespace)
    if notebook is not None and notebook.parent.is_dir():
        return notebook.parent
    return Path.cwd()


def shown_path(path: Path | None, home: Path) -> str | None:
    """A path as the record keeps it: relative to the folder that holds the store where it is inside."""
    if path is None:
        return None
    try:
        return path.relative_to(home).as_posix()
    except ValueError:
        return str(path)


def sweep_context() -> tuple[str | None, str | None]:
    """The sweep and the trial that this process works for."""
    return os.environ.get("LABBOOK_SWEEP") or None, os.environ.get("LABBOOK_TRIAL") or None


_process: Process | None = None


def this_process() -> Process:
    """What a reader needs to tell whether the writer of a run still lives."""
    global _process
    if _process is None or _process.pid != os.getpid():
        _process = liveness.this_process()
    return _process
