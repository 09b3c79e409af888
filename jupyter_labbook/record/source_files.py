"""Which files that git does not know are source of the project, and which only lie about in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from jupyter_labbook.record.secret_names import is_secret_name
from jupyter_labbook.store import layout

_CODE: Final = re.compile(
    r".+\.(?:py|pyi|pyx|pxd|ipynb|r|rmd|qmd|jl|sh|bash|zsh|sql|c|h|cc|cpp|cxx|hpp|cu|cuh|rs|go|java|scala|js|jsx|mjs"
    r"|ts|tsx|lua|m|f|f90|stan|nf|smk|cmake|mk|proto|html|css)"
    r"|(?:gnu)?makefile|(?:.+\.)?dockerfile(?:\..+)?|containerfile|justfile|snakefile|jenkinsfile|procfile|pipfile",
    re.DOTALL,
)
_PROSE_AND_SETTINGS: Final = re.compile(r".+\.(?:ya?ml|toml|json|cfg|ini|md|rst|txt|tex)", re.DOTALL)
_NOT_OURS: Final = re.compile(
    rb"(?:.*/)?(?:__pycache__|\.ipynb_checkpoints|site-packages|dist-packages|node_modules|\.venv|\.mypy_cache"
    rb"|\.ruff_cache|\.pytest_cache|\.virtual_documents|\.tox|\.nox|\.cache)/.*",
    re.DOTALL,
)
"""Folders whose contents others wrote, ignored in most repositories but not in all."""

_MARKS: Final = (layout.STORE_FILE.encode(), b"pyvenv.cfg")
"""Files that make their folder one of others: another store, a virtual environment."""


def is_source(path: bytes) -> bool:
    return _kind(path) is not None


def says_secret(path: bytes) -> bool:
    """Whether a file of settings is named like a secret: `credentials.json`, `token.txt`."""
    name = _name(path)
    return _PROSE_AND_SETTINGS.fullmatch(name) is not None and is_secret_name(name.rpartition(".")[0])


def sources(paths: Iterable[bytes]) -> list[bytes]:
    """The source files among `paths`: code first, then settings and prose, each sorted."""
    paths = list(paths)
    foreign = {folder for folder, _, name in (path.rpartition(b"/") for path in paths) if folder and name in _MARKS}
    kinds = {path: kind for path in paths if (kind := _kind(path)) is not None and not _is_foreign(path, foreign)}
    return sorted(kinds, key=lambda path: (kinds[path], path))


def _kind(path: bytes) -> int | None:
    name = _name(path)
    if _CODE.fullmatch(name):
        return 0
    return 1 if _PROSE_AND_SETTINGS.fullmatch(name) else None


def _name(path: bytes) -> str:
    return path.rpartition(b"/")[2].decode("utf-8", "replace").lower()


def _is_foreign(path: bytes, foreign: set[bytes]) -> bool:
    if _NOT_OURS.fullmatch(path):
        return True
    folder = path.rpartition(b"/")[0]
    while foreign and folder:
        if folder in foreign:
            return True
        folder = folder.rpartition(b"/")[0]
    return False
