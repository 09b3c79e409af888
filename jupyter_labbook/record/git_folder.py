"""Where a repository stands, and which commit it is at, read from its files without git.

That much is known also where git is missing or refuses, as it does in containers whose user does not
own the mounted repository.
"""

from __future__ import annotations

import os
import re
from typing import Final, NamedTuple

from jupyter_labbook.store import files

_SMALL: Final = 1 << 12
_PACKED: Final = 64 << 20
_COMMIT: Final = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BRANCH: Final = b"refs/heads/"
_DEEPEST: Final = 5
"""How often one reference may stand for another; git's own limit."""


class Repository(NamedTuple):
    """`top` is the folder of the working tree, `git` what holds HEAD, `common` what holds branches."""

    top: str
    git: str
    common: str


class Head(NamedTuple):
    commit: str | None
    branch: str | None


def find(folder: str) -> Repository | None:
    """The repository that `folder`, an absolute path without links, stands in."""
    while True:
        git = _git_folder(os.path.join(folder, ".git"))
        if git is not None:
            return Repository(folder, git, _common(git))
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def head(repository: Repository) -> Head:
    """The commit and the branch of HEAD; None for what cannot be found out."""
    content = (files.read(os.path.join(repository.git, "HEAD"), _SMALL) or b"").strip()
    branch = None
    for _ in range(_DEEPEST):
        if _COMMIT.fullmatch(content):
            return Head(content.decode(), branch)
        name = content.removeprefix(b"ref:").strip()
        if name == content or not name.startswith(b"refs/") or b".." in name:
            break
        if branch is None and name.startswith(_BRANCH):
            branch = name.removeprefix(_BRANCH).decode("utf-8", "backslashreplace")
        content = _reference(repository, name)
    return Head(None, branch)


def _git_folder(path: str) -> str | None:
    if os.path.isfile(path):  # of a worktree or a submodule: it says where
        content = files.read(path, _SMALL) or b""
        if not content.startswith(b"gitdir:"):
            return None
        path = os.path.join(os.path.dirname(path), os.fsdecode(content[7:].strip()))
        path = os.path.realpath(path)
    if not os.path.lexists(os.path.join(path, "HEAD")):
        return None
    kept = _common(path)
    return path if os.path.isdir(os.path.join(kept, "objects")) and os.path.isdir(os.path.join(kept, "refs")) else None


def _common(git: str) -> str:
    content = files.read(os.path.join(git, "commondir"), _SMALL)
    return git if content is None else os.path.realpath(os.path.join(git, os.fsdecode(content.strip())))


def _reference(repository: Repository, name: bytes) -> bytes:
    for folder in (repository.git, repository.common):
        content = files.read(os.path.join(folder, os.fsdecode(name)), _SMALL)
        if content is not None:
            return content.strip()
    for line in (files.read(os.path.join(repository.common, "packed-refs"), _PACKED) or b"").split(b"\n"):
        commit, _, packed = line.partition(b" ")
        if packed == name:
            return commit
    return b""
