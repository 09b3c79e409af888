"""A patch of all that is not committed, and the names of what does not go into it.

**Invariant**: `git apply` of it on a clean checkout of the commit gives the files as they were,
lines with secrets aside. Nothing in it is longer than stated, and no link is followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from hashlib import sha1, sha256
from stat import S_ISLNK, S_ISREG
from typing import Final

from jupyter_labbook.record import new_file
from jupyter_labbook.record.git import Git
from jupyter_labbook.record.git_status import Change
from jupyter_labbook.record.redact import known_secrets, redact, redact_patch
from jupyter_labbook.record.source_files import is_source, says_secret
from jupyter_labbook.store import files

LONGEST: Final = 10 << 20
"""Bytes of the whole patch."""

LONGEST_NEW_FILE: Final = 1 << 20
MOST_NEW_FILES: Final = 2000

_ARGUMENTS: Final = 24_000
"""Bytes of paths for one process: Windows takes 32,767 characters."""

_OPTIONS: Final = (
    "--patch",
    "--binary",
    "--full-index",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--unified=3",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--ignore-submodules=dirty",
    "--submodule=short",
)
_UNMERGED: Final = re.compile(rb"^\* Unmerged path [^\n]*\n", re.MULTILINE)
_HEAD: Final = b"diff --git "

_last: tuple[frozenset[str], dict[bytes, bytes]] = (frozenset(), {})

BEYOND = f"beyond {LONGEST >> 20} MiB in all"
TOO_LONG = f"larger than {LONGEST_NEW_FILE >> 20} MiB"


class Patch:
    """Collects the parts; `left_out` says why a file is not in it."""

    def __init__(self, git: Git, top: str, *, sha256_names: bool) -> None:
        self._git = git
        self._top = os.fsencode(top)
        self._sha256_names = sha256_names
        self._parts: list[bytes] = []
        self._room = LONGEST
        self.left_out: dict[str, list[bytes]] = {}

    def leave_out(self, path: bytes, why: str) -> None:
        self.left_out.setdefault(why, []).append(path)

    def add_changes(self, commit: str | None, changes: Iterable[Change]) -> None:
        """What differs from `commit`, or from nothing where there is none yet."""
        base = commit or (sha256 if self._sha256_names else sha1)(b"tree 0\0").hexdigest()
        for paths in _portions(self._of_bearable_size(changes)):
            if self._room <= 0:
                for path in paths:
                    self.leave_out(path, BEYOND)
                continue
            output, whole = self._git.run("diff-index", *_OPTIONS, base, "--", *paths, most=self._room)
            self._add_diff(output, whole, paths)

    def add_new_files(self, paths: Iterable[bytes]) -> None:
        """Files that git does not know, each whole."""
        for number, path in enumerate(paths):
            if number >= MOST_NEW_FILES:
                self.leave_out(path, f"beyond {MOST_NEW_FILES} new files")
                continue
            if says_secret(path):
                self.leave_out(path, "named like a secret")
                continue
            found = self._new_file(path)
            if found is None:
                continue
            part = new_file.hunk(path, *found, sha256_names=self._sha256_names)
            if len(part) > self._room:
                self.leave_out(path, BEYOND)
                continue
            self._room -= len(part)
            self._parts.append(part)

    def finish(self) -> tuple[bytes | None, bool]:
        """The patch without secrets, None where it is empty; and whether secrets had to go."""
        redacted = _redacted(self._parts)
        return b"".join(redacted) or None, redacted != self._parts

    def _of_bearable_size(self, changes: Iterable[Change]) -> list[bytes]:
        old: dict[bytes, bytes] = {}
        paths = []
        for change in changes:
            if self._size(change.path) > LONGEST:
                self.leave_out(change.path, BEYOND)
                continue
            paths.append(change.path)
            # git holds both in memory; the old one is looked at where it may well be data
            if change.old and change.submodule[0] == "N" and (change.deleted or not is_source(change.path)):
                old[change.path] = change.old
        too_long = self._too_long(old) if old else set()
        for path in too_long:
            self.leave_out(path, BEYOND)
        return [path for path in paths if path not in too_long]

    def _size(self, path: bytes) -> int:
        try:
            return os.lstat(os.path.join(self._top, path)).st_size
        except OSError:
            return 0

    def _too_long(self, names: dict[bytes, bytes]) -> set[bytes]:
        given = b"".join(name + b"\n" for name in names.values())
        output, _ = self._git.run("cat-file", "--batch-check=%(objectsize)", most=len(given) * 2, given=given)
        sizes = output.split(b"\n")
        return {path for path, size in zip(names, sizes, strict=False) if size.isdigit() and int(size) > LONGEST}

    def _add_diff(self, output: bytes, whole: bool, paths: list[bytes]) -> None:
        parts = _split(_UNMERGED.sub(b"", output))
        heads = [part.partition(b"\n")[0] for part in parts]
        cut = None if whole or not heads else heads[-1]
        kept = set(heads) - {cut}
        for part, head in zip(parts, heads, strict=True):
            if head != cut:
                self._parts.append(part)
                self._room -= len(part)
        if not whole:
            self._room = 0
            for path in paths:
                if _HEAD + new_file.quoted(b"a/" + path) + b" " + new_file.quoted(b"b/" + path) not in kept:
                    self.leave_out(path, BEYOND)

    def _new_file(self, path: bytes) -> tuple[bytes, int] | None:
        name = os.path.join(self._top, path)
        try:
            status = os.lstat(name)
            if S_ISLNK(status.st_mode):
                return os.readlink(name), 0o120000
        except OSError:
            self.leave_out(path, "unreadable")
            return None
        if not S_ISREG(status.st_mode) or status.st_size > LONGEST_NEW_FILE:
            self.leave_out(path, TOO_LONG if S_ISREG(status.st_mode) else "not a file")
            return None
        content = files.read(os.fsdecode(name), LONGEST_NEW_FILE)
        if content is None:
            self.leave_out(path, "unreadable")
            return None
        if new_file.is_binary(content) and _hides_secret(content):
            self.leave_out(path, "a secret inside")
            return None
        return content, 0o100755 if status.st_mode & 0o100 and os.name != "nt" else 0o100644


def _redacted(parts: list[bytes]) -> list[bytes]:
    """The parts without secrets. Most are as they were at the last run, and looked through once only."""
    global _last
    secrets, known = known_secrets(), _last[1]
    if _last[0] != secrets:
        known = {}
    now = {part: known[part] if part in known else redact_patch(part) for part in parts}
    _last = (secrets, now)
    return [now[part] for part in parts]


def _hides_secret(content: bytes) -> bool:
    """UTF-16 is binary to git: what cannot be seen in a binary hunk is looked for here."""
    text = content.replace(b"\0", b"").decode("utf-8", "replace")
    return redact(text) != text


def _split(output: bytes) -> list[bytes]:
    if not output.startswith(_HEAD):
        return []
    # only the head of a file is at the start of a line: every other line of a patch has a mark before it
    parts = [_HEAD + piece for piece in (b"\n" + output).split(b"\n" + _HEAD)[1:]]
    return [part + b"\n" for part in parts[:-1]] + parts[-1:]


def _portions(paths: Iterable[bytes]) -> Iterator[list[bytes]]:
    portion: list[bytes] = []
    length = 0
    for path in paths:
        if portion and length + len(path) > _ARGUMENTS:
            yield portion
            portion, length = [], 0
        portion.append(path)
        length += len(path) + 3
    if portion:
        yield portion
