"""A real IPython shell in this process, and real kernels beside it."""

from __future__ import annotations

import atexit
import builtins
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from tests.record.kernels import Kernel
from tests.record.repositories import Repository


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A fresh shell with an empty namespace, which is what `get_ipython()` gives."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("NO_COLOR", "1")
    main, hook = sys.modules["__main__"], sys.displayhook
    known = set(vars(builtins))
    InteractiveShell.clear_instance()
    config = Config({"HistoryManager": {"hist_file": ":memory:"}, "InteractiveShell": {"colors": "nocolor"}})
    shell = InteractiveShell.instance(config=config)
    yield shell
    atexit.unregister(shell.atexit_operations)
    shell.atexit_operations()
    InteractiveShell.clear_instance()
    sys.modules["__main__"], sys.displayhook = main, hook
    for name in set(vars(builtins)) - known:
        delattr(builtins, name)


@pytest.fixture
def new_kernel(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Start a kernel with its own folders; none outlives its test."""
    kernels: list[Kernel] = []

    def start(**environment: str) -> Kernel:
        folder = tmp_path / f"kernel-{len(kernels)}"
        folder.mkdir()
        kernels.append(Kernel(folder, **environment))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.close()


@pytest.fixture
def git_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's own settings of git, and no others."""
    file = tmp_path / "gitconfig"
    file.write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n[core]\n\tautocrlf = false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return file


@pytest.fixture
def repository(git_settings: Path, tmp_path: Path) -> Repository:
    """A project with two committed files."""
    repository = Repository(tmp_path / "project")
    repository.write("model.py", "".join(f"line {number}\n" for number in range(40)))
    repository.write("notebook.ipynb", '{"cells": []}\n')
    repository.commit()
    return repository
