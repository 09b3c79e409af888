"""The state of the code around a notebook: commit, branch, remote, and a patch of what is not committed.

git is asked, in processes of its own, and nothing in the repository changes. Whatever goes wrong,
what is known is told, and `reason` says what is missing.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_labbook.record import git_folder, git_status
from jupyter_labbook.record.git import TIMEOUT, Git, GitFailed, TooSlow
from jupyter_labbook.record.git_status import Change, Status
from jupyter_labbook.record.patch import Patch
from jupyter_labbook.record.redact import redact
from jupyter_labbook.record.source_files import sources

_MOST_SETTINGS: Final = 1 << 20
_MOST_STATUS: Final = 64 << 20
_MOST_NAMED: Final = 10
_SETTINGS: Final = (
    r"^(remote\..*\.url|branch\..*\.remote|filter\..*\.(clean|smudge|process)"
    r"|status\.showuntrackedfiles|core\.worktree|extensions\.objectformat)$"
)
_USER: Final = re.compile(r"^((?:https?|ftps?)://)[^/]*@", re.IGNORECASE)

_slow: set[str] = set()
"""Where looking for new files took too long once: a home folder that is a repository, say."""


@dataclass(frozen=True)
class CodeState:
    """What git knows. `dirty` is whether the commit alone does not give the code: a tracked file has
    changed, or there is a source file that git does not know. None is: not known, and `reason` says why.
    """

    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool | None = None
    patch: bytes | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _Settings:
    """The settings of git that matter here, in the order in which git reads them."""

    pairs: tuple[tuple[str, str], ...] = ()

    def last(self, key: str) -> str | None:
        return next((value for name, value in reversed(self.pairs) if name == key), None)

    def filters(self) -> list[str]:
        parts = (name.partition(".") for name, _ in self.pairs)
        return sorted({rest.rpartition(".")[0] for section, _, rest in parts if section == "filter"})

    def remote(self, branch: str | None) -> str | None:
        """Of the branch, else `origin`, else the first."""
        urls: dict[str, str] = {}
        for name, value in self.pairs:
            if name.startswith("remote."):
                urls.setdefault(name[7:-4], value)
        chosen = self.last(f"branch.{branch}.remote") if branch else None
        return urls.get(chosen or "origin") or urls.get("origin") or next(iter(urls.values()), None)


def capture(folder: Path, store: Path) -> CodeState:
    """The state of the repository that `folder` stands in, the folder of the store left aside.

    Never raises. It takes some milliseconds and two processes, three to five where there are changes.
    """
    try:
        repository = git_folder.find(os.path.realpath(folder))
    except (OSError, ValueError) as error:
        return CodeState(reason=f"the folder cannot be read: {error}")
    if repository is None:
        return CodeState(reason="not in a git repository")
    try:
        return _capture(repository.top, os.path.realpath(store))
    except Exception as error:  # of a record, this is the part that may be missing
        why = str(error) if isinstance(error, GitFailed) else f"git could not be asked: {error!r}"
        commit, branch = git_folder.head(repository)
        return CodeState(commit, branch, reason=redact(why))


def _capture(top: str, store: str) -> CodeState:
    settings = _settings(Git(top))
    git = Git(top, disabled_filters=settings.filters())
    if settings.last("core.worktree") is not None:
        top = os.fsdecode(git.run("rev-parse", "--show-toplevel", most=_MOST_SETTINGS)[0].removesuffix(b"\n"))
    missing: list[str] = []
    status, new_known = _status(git, _outside(store, top), settings, missing)
    new = sources(status.new)
    filtered = _filtered(git, [*(change.path for change in status.changes), *new], settings)
    dirty: bool | None = bool(new) or any(change.path not in filtered for change in status.changes)
    if not dirty and (filtered or not new_known):
        dirty = None
    if status.commit is None:
        missing.append("there is no commit yet")
    patch = (
        _patch(
            Patch(git, top, sha256_names=settings.last("extensions.objectformat") == "sha256"),
            status,
            new,
            filtered,
            missing,
        )
        if status.changes or new
        else None
    )
    remote = settings.remote(status.branch)
    return CodeState(
        commit=status.commit,
        branch=status.branch,
        remote=redact(_USER.sub(r"\1", remote)) if remote else None,
        dirty=dirty,
        patch=patch,
        reason=redact("; ".join(missing)) if missing else None,
    )


def _settings(git: Git) -> _Settings:
    try:
        output, _ = git.run("config", "-z", "--get-regexp", _SETTINGS, most=_MOST_SETTINGS)
    except GitFailed as error:
        if "failed with code 1" in str(error):  # none of them is set
            return _Settings()
        raise
    pairs = (entry.partition(b"\n") for entry in output.split(b"\0") if entry)
    return _Settings(tuple((_text(name), _text(value)) for name, _, value in pairs))


def _status(git: Git, apart: str | None, settings: _Settings, missing: list[str]) -> tuple[Status, bool]:
    """The status, and whether it has all files that git does not know, as far as the user wants them."""
    # An own pathspec keeps git from walking through 20,000 folders of runs.
    paths = ["--", ":(top)", f":(top,exclude,literal){apart}"] if apart else []
    if (settings.last("status.showuntrackedfiles") or "").lower() in ("no", "false", "off", "0"):
        missing.append("new files were not looked for, as status.showUntrackedFiles says")
        return _ask(git, "no", paths, missing), True
    if git.folder not in _slow:
        try:
            return _ask(git, "all", paths, missing), True
        except TooSlow:
            _slow.add(git.folder)
    missing.append(f"new files were not looked for, as that takes longer than {TIMEOUT:g} seconds")
    return _ask(git, "no", paths, missing), False


def _ask(git: Git, new: str, paths: list[str], missing: list[str]) -> Status:
    output, whole = git.run(
        "status", *git_status.LINES, f"--untracked-files={new}", *paths, most=_MOST_STATUS, magic=True
    )
    if not whole:
        missing.append("the list of changes is cut off")
        output = output[: output.rfind(b"\0") + 1]
    return git_status.parse(output)


def _patch(
    patch: Patch, status: Status, new: list[bytes], filtered: dict[bytes, str], missing: list[str]
) -> bytes | None:
    changes: list[Change] = []
    for change in status.changes:
        if change.only_inside_submodule:
            patch.leave_out(change.path, "changed inside the submodule")
        elif change.path in filtered:
            patch.leave_out(change.path, f"passes through the filter {filtered[change.path]}")
        else:
            changes.append(change)
    for path in new:
        if path in filtered:
            patch.leave_out(path, f"passes through the filter {filtered[path]}")
    try:
        patch.add_changes(status.commit, changes)
    except GitFailed as error:
        missing.append(f"changes of tracked files are not in the patch: {error}")
    patch.add_new_files(path for path in new if path not in filtered)
    whole, redacted = patch.finish()
    if any(change.unmerged for change in changes):
        missing.append("a merge is not finished")
    if redacted:
        missing.append("secrets are taken out of the patch")
    missing.extend(f"not in the patch, {why}: {_named(paths)}" for why, paths in patch.left_out.items())
    return whole


def _filtered(git: Git, paths: list[bytes], settings: _Settings) -> dict[bytes, str]:
    """Files that are not in the commit as they lie here, and by which filter: in large storage, encrypted.

    A notebook whose outputs are stripped is none of them: with its outputs it is a patch all the same.
    """
    known = set(settings.filters())
    if not known or not paths:
        return {}
    given = b"".join(path + b"\0" for path in paths)
    output, _ = git.run("check-attr", "-z", "--stdin", "filter", most=_MOST_STATUS, given=given)
    fields = output.split(b"\0")
    found: dict[bytes, str] = {}
    for path, value in zip(fields[::3], fields[2::3], strict=False):
        name = _text(value)
        if name in known and ("crypt" in name or not path.endswith(b".ipynb")):
            found[path] = name
    return found


def _outside(store: str, top: str) -> str | None:
    """The store's place in the working tree; None where it is elsewhere."""
    if store == top or not store.startswith(top.rstrip(os.sep) + os.sep):
        return None
    return os.path.relpath(store, top).replace(os.sep, "/")


def _named(paths: list[bytes]) -> str:
    names = [_text(path) for path in paths[:_MOST_NAMED]]
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return ", ".join(name if name.isprintable() else ascii(name) for name in names) + more


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
