"""Real git repositories, and clean checkouts of them to apply a patch to."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from jupyter_labbook.record import code
from jupyter_labbook.record.code import CodeState

Tree = dict[bytes, tuple[str, bytes]]
"""Kind and content of every file by its path."""


class Repository:
    """A repository in `folder`, whose labbook is beside the notebook."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.store = folder / "labbook"
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)

    def git(self, *arguments: str | bytes, folder: Path | None = None, check: bool = True) -> str:
        command = ["git", "-C", str(folder or self.folder), *arguments]
        done = subprocess.run(command, capture_output=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"git {arguments} failed: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="surrogateescape").strip()

    def write(self, name: str | bytes, content: str | bytes = "print(1)\n", mode: int = 0o644) -> Path:
        path = os.path.join(os.fsencode(self.folder), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(path, mode)
        return Path(os.fsdecode(path))

    def commit(self, message: str = "work") -> str:
        self.git("add", "--all", "--", ".", ":(exclude)labbook")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def capture(self, folder: Path | None = None) -> CodeState:
        return code.capture(folder or self.folder, self.store)

    def checkout_with_patch(self, state: CodeState, into: Path) -> Tree:
        """What someone else has who checks the commit out and applies the patch."""
        if state.commit is None:
            Repository(into)
        else:
            self.git("clone", "--quiet", "--no-checkout", str(self.folder), str(into))
            self.git("checkout", "--quiet", "--detach", state.commit, folder=into)
        if state.patch:
            patch = into.with_suffix(".patch")
            patch.write_bytes(state.patch)
            self.git("apply", str(patch), folder=into)
        return tree(into)

    def comes_back(self) -> bool:
        """Whether commit and patch together give the files as they are."""
        into = self.folder.parent / "clean"
        shutil.rmtree(into, ignore_errors=True)
        return self.checkout_with_patch(self.capture(), into) == tree(self.folder)


def tree(folder: Path) -> Tree:
    """Every file of a working tree, the repository's own and the labbook aside."""
    found: Tree = {}
    top = os.fsencode(folder)
    for place, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in (b".git", b"labbook")]
        for name in names:
            path = os.path.join(place, name)
            key = os.path.relpath(path, top)
            if os.path.islink(path):
                found[key] = ("link", os.readlink(path))
            elif name != b".git":
                with open(path, "rb") as file:
                    kind = "executable" if os.stat(path).st_mode & 0o100 else "file"
                    found[key] = (kind, file.read())
    return found


def stamp(folder: Path) -> Tree:
    """Every file of `.git` with its time: what may not change when somebody only looks."""
    found: Tree = {}
    for place, _, names in os.walk(os.fsencode(folder)):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                found[path] = (str(os.stat(path).st_mtime_ns), file.read())
    return found
