"""A real IPython shell in a process that is meant to die, to starve or to be robbed."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config

import jupyter_labbook as labbook
from jupyter_labbook.errors import LabbookWarning
from jupyter_labbook.record import current
from jupyter_labbook.record.background import background


def settle_down(folder: Path, home: Path) -> None:
    """Make `folder` this process's working directory, and keep its index and its IPython in `home`."""
    folder.mkdir(parents=True, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(IPYTHONDIR=str(home / "ipython"), LABBOOK_CACHE=str(home / "cache"), NO_COLOR="1")
    os.environ.pop("LABBOOK_STORE", None)
    os.chdir(folder)


def new_shell(**namespace: Any) -> InteractiveShell:
    """A shell with the extension loaded, `labbook` and `namespace` in it."""
    InteractiveShell.clear_instance()
    config = Config({"HistoryManager": {"hist_file": ":memory:"}, "InteractiveShell": {"colors": "nocolor"}})
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "jupyter_labbook")
    shell.push({"labbook": labbook, "this_run": this_run, **namespace})
    return shell


def this_run() -> str:
    """The id of the run whose cell executes; nothing where it is not recorded."""
    recorder = current.current()
    return "" if recorder is None else recorder.id


class Told:
    """What a cell came to, and what we told its user on the side: warnings, and lines on stderr."""

    def __init__(self, result: ExecutionResult, said: list[str]) -> None:
        self.result = result.result
        self.error = result.error_before_exec or result.error_in_exec
        self.said = said


def run_cell(shell: InteractiveShell, cell: str, afterwards: Callable[[], None] = background.settle) -> Told:
    """Run a cell as a front end does, and what is to be done `afterwards`, such as to let it settle."""
    lines = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(lines):
        warnings.simplefilter("always")
        result = shell.run_cell(cell, store_history=True)
        afterwards()
    said = [str(one.message) for one in caught if issubclass(one.category, LabbookWarning)]
    return Told(result, said + [line for line in lines.getvalue().splitlines() if line.startswith("labbook:")])
