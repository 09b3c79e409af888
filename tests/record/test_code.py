"""Commit, branch, remote, what counts as changed, and what is known where git fails."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jupyter_labbook.record import code
from tests.record.repositories import Repository

pytestmark = pytest.mark.usefixtures("git_settings")
posix = pytest.mark.skipif(os.name == "nt", reason="such names and modes exist on POSIX only")


class TestWhatIsKnown:
    def test_a_clean_repository_has_a_commit_and_a_branch_and_no_patch(self, repository: Repository) -> None:
        state = repository.capture()
        assert state.commit == repository.git("rev-parse", "HEAD")
        assert (state.branch, state.dirty, state.patch, state.reason) == ("main", False, None, None)

    def test_a_folder_below_the_top_gives_the_same(self, repository: Repository) -> None:
        repository.write("deep/er/new.py")
        assert repository.capture(repository.folder / "deep" / "er") == repository.capture()

    def test_a_detached_head_has_no_branch(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "--detach")
        state = repository.capture()
        assert state.branch is None
        assert state.commit == repository.git("rev-parse", "HEAD")

    def test_outside_a_repository_there_is_only_a_reason(self, tmp_path: Path) -> None:
        assert code.capture(tmp_path, tmp_path / "labbook") == code.CodeState(reason="not in a git repository")

    def test_a_folder_that_is_gone_is_no_error(self, tmp_path: Path) -> None:
        assert code.capture(tmp_path / "gone", tmp_path / "labbook").reason == "not in a git repository"

    def test_before_the_first_commit_the_patch_is_from_nothing(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path / "fresh")
        repository.write("new.py")
        repository.write("staged.bin", b"\0\1")
        repository.git("add", "staged.bin")
        state = repository.capture()
        assert (state.commit, state.branch, state.dirty) == (None, "main", True)
        assert state.reason == "there is no commit yet"
        assert repository.comes_back()

    def test_names_of_256_bits_are_told_and_applied(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path / "long", "--object-format=sha256")
        repository.write("a.py", "a\n")
        assert len(repository.commit()) == 64
        repository.write("a.py", b"a\n\0binary")
        repository.write("b.py", b"\0binary")
        assert repository.comes_back()

    def test_the_remote_is_the_one_of_the_branch(self, repository: Repository) -> None:
        assert repository.capture().remote is None
        repository.git("remote", "add", "fork", "git@example.org:fork.git")
        assert repository.capture().remote == "git@example.org:fork.git"
        repository.git("remote", "add", "origin", "git@example.org:origin.git")
        assert repository.capture().remote == "git@example.org:origin.git"
        repository.git("config", "branch.main.remote", "fork")
        assert repository.capture().remote == "git@example.org:fork.git"

    @pytest.mark.parametrize(
        "address",
        [
            "https://ada:s3cr3t-word@example.org/a.git",
            "https://s3cr3t-word@example.org/a.git",
            "ssh://ada:s3cr3t-word@example.org/a.git",
        ],
    )
    def test_no_password_of_a_remote_is_told(self, repository: Repository, address: str) -> None:
        repository.git("remote", "add", "origin", address)
        remote = repository.capture().remote
        assert remote is not None
        assert "s3cr3t" not in remote
        assert remote.endswith("example.org/a.git")


class TestWhatCountsAsChanged:
    def test_a_changed_file_does(self, repository: Repository) -> None:
        repository.write("model.py", "other\n")
        assert repository.capture().dirty is True

    def test_a_staged_file_does(self, repository: Repository) -> None:
        repository.write("model.py", "other\n")
        repository.git("add", "model.py")
        assert repository.capture().dirty is True
        assert repository.comes_back()

    def test_a_file_that_was_only_touched_does_not(self, repository: Repository) -> None:
        os.utime(repository.folder / "model.py", (1, 1))
        state = repository.capture()
        assert (state.dirty, state.patch) == (False, None)

    def test_a_new_source_file_does_and_new_data_do_not(self, repository: Repository) -> None:
        repository.write("results.csv", "1,2\n")
        repository.write("figure.png", b"\x89PNG\0")
        assert repository.capture().dirty is False
        repository.write("new.py")
        assert repository.capture().dirty is True

    def test_an_ignored_file_does_not(self, repository: Repository) -> None:
        repository.write(".gitignore", "scratch*\n")
        repository.commit()
        repository.write("scratch.py")
        assert repository.capture().dirty is False

    def test_the_labbook_itself_does_not(self, repository: Repository) -> None:
        repository.write("labbook/labbook.json", "{}")
        repository.write("labbook/runs/1/cell.py", "x = 1\n")
        assert repository.capture() == code.CodeState(repository.git("rev-parse", "HEAD"), "main", None, False)

    def test_a_committed_labbook_that_has_changed_does_not(self, repository: Repository) -> None:
        repository.write("labbook/runs/1/cell.py", "x = 1\n")
        repository.git("add", "--all")
        repository.git("commit", "--quiet", "--message", "with the labbook")
        repository.write("labbook/runs/1/cell.py", "x = 2\n")
        repository.write("model.py", "other\n")
        state = repository.capture()
        assert state.dirty is True
        assert b"labbook" not in (state.patch or b"")

    @pytest.mark.parametrize("name", ["lab [1] *?", "l'été", "-x", ":(top)"])
    def test_a_labbook_with_any_name_does_not(self, repository: Repository, name: str) -> None:
        repository.write(f"{name}/runs/1/cell.py", "x = 1\n")
        repository.store = repository.folder / name
        assert repository.capture().dirty is False

    def test_neither_other_labbooks_nor_environments_nor_checkpoints_do(self, repository: Repository) -> None:
        repository.write("other/labbook/labbook.json", "{}")
        repository.write("other/labbook/runs/1/cell.py")
        repository.write("myenv/pyvenv.cfg", "home = /usr\n")
        repository.write("myenv/bin/activate_this.py")
        repository.write("lib/site-packages/numpy/core.py")
        repository.write(".ipynb_checkpoints/notebook-checkpoint.ipynb", "{}")
        assert repository.capture().dirty is False


class TestOddRepositories:
    def test_a_merge_that_is_not_finished(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "-b", "side")
        repository.write("model.py", "side\n")
        repository.write("aside.py")
        repository.commit()
        repository.git("checkout", "--quiet", "main")
        repository.write("model.py", "main\n")
        repository.commit()
        repository.git("merge", "side", check=False)
        state = repository.capture()
        assert (state.branch, state.dirty, state.reason) == ("main", True, "a merge is not finished")
        assert b"<<<<<<<" in (state.patch or b"")
        assert b"Unmerged path" not in (state.patch or b"")
        assert repository.comes_back()

    def test_a_linked_worktree(self, repository: Repository, tmp_path: Path) -> None:
        repository.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
        (tmp_path / "side" / "model.py").write_text("changed\n")
        state = code.capture(tmp_path / "side", tmp_path / "side" / "labbook")
        assert (state.branch, state.commit, state.dirty) == ("side", repository.git("rev-parse", "HEAD"), True)
        assert repository.capture().dirty is False

    def test_a_submodule_from_within_and_from_without(self, repository: Repository, tmp_path: Path) -> None:
        library = Repository(tmp_path / "library")
        library.write("lib.py", "1\n")
        library.commit()
        repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.folder), "lib")
        repository.commit()
        assert repository.capture().dirty is False
        repository.write("lib/lib.py", "2\n")
        outside, inside = repository.capture(), repository.capture(repository.folder / "lib")
        assert (outside.dirty, outside.patch) == (True, None)
        assert outside.reason == "not in the patch, changed inside the submodule: lib"
        assert inside.dirty is True
        assert b"+++ b/lib.py" in (inside.patch or b"")
        repository.git("commit", "--quiet", "--all", "--message", "2", folder=repository.folder / "lib")
        assert b"+Subproject commit" in (repository.capture().patch or b"")

    def test_a_bare_repository_has_no_files(self, tmp_path: Path) -> None:
        bare = Repository(tmp_path / "bare.git", "--bare")
        assert bare.capture().reason == "not in a git repository"

    def test_a_working_tree_that_stands_elsewhere(self, repository: Repository, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        repository.git("config", "core.worktree", str(tmp_path / "elsewhere"))
        state = repository.capture()
        assert state.commit == repository.git("rev-parse", "HEAD", folder=repository.folder / ".git")
        assert state.dirty is True

    def test_a_folder_that_is_only_named_like_a_repository_is_passed_over(self, repository: Repository) -> None:
        (repository.folder / "inner" / ".git").mkdir(parents=True)
        state = repository.capture(repository.folder / "inner")
        assert state.commit == repository.git("rev-parse", "HEAD")

    def test_a_user_who_does_not_want_new_files_shown_is_heard(self, repository: Repository) -> None:
        repository.git("config", "status.showUntrackedFiles", "no")
        repository.write("new.py")
        state = repository.capture()
        assert state.dirty is False
        assert state.reason == "new files were not looked for, as status.showUntrackedFiles says"


class TestWhereGitFails:
    def test_without_git_the_commit_is_read_from_the_files(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit = repository.git("rev-parse", "HEAD")
        monkeypatch.setenv("PATH", "")
        assert repository.capture() == code.CodeState(commit, "main", reason="git is not installed")

    def test_packed_branches_and_worktrees_are_read_as_well(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repository.git("worktree", "add", "--quiet", "-b", "a/side", str(tmp_path / "side"))
        repository.git("pack-refs", "--all")
        commit = repository.git("rev-parse", "HEAD")
        monkeypatch.setenv("PATH", "")
        assert repository.capture().commit == commit
        state = code.capture(tmp_path / "side", tmp_path)
        assert (state.commit, state.branch) == (commit, "a/side")

    @posix
    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
    def test_a_refusal_for_its_owner_is_told_and_the_commit_is_known(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit = repository.git("rev-parse", "HEAD")
        monkeypatch.delenv("SUDO_UID", raising=False)
        for path in (repository.folder, repository.folder / ".git"):
            os.chown(path, 12345, 12345)
        state = repository.capture()
        assert (state.commit, state.branch, state.dirty, state.patch) == (commit, "main", None, None)
        assert state.reason is not None
        assert "dubious ownership" in state.reason

    @pytest.mark.parametrize("name", ["index", "HEAD", "config"])
    @pytest.mark.parametrize("content", [b"", b"\xff\0noise" * 50])
    def test_a_damaged_repository_is_no_error(self, repository: Repository, name: str, content: bytes) -> None:
        (repository.folder / ".git" / name).write_bytes(content)
        state = repository.capture()
        assert state.commit is None or len(state.commit) == 40

    def test_a_missing_object_leaves_new_files_in_the_patch(self, repository: Repository) -> None:
        blob = repository.git("rev-parse", "HEAD:model.py")
        path = repository.folder / ".git" / "objects" / blob[:2] / blob[2:]
        path.chmod(0o644)
        path.unlink()
        repository.write("model.py", "changed\n")
        repository.write("new.py")
        state = repository.capture()
        assert state.dirty is True
        assert b"new.py" in (state.patch or b"")
        assert state.reason is not None
        assert state.reason.startswith("changes of tracked files are not in the patch: git diff-index failed")

    @posix
    def test_where_new_files_take_too_long_the_rest_is_told_and_they_are_not_looked_for_again(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = shutil.which("git")
        script = f'#!/bin/sh\necho $* >> {tmp_path}/asked\ncase $* in *=all*) sleep 60;; esac\nexec {real} "$@"\n'
        slow = repository.write("../bin/git", script, mode=0o755)
        monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr("jupyter_labbook.record.git.TIMEOUT", 1.0)
        repository.write("new.py")
        for _ in range(2):
            state = repository.capture()
            assert (state.branch, state.dirty) == ("main", None)
            assert state.reason is not None
            assert state.reason.startswith("new files were not looked for")
        assert (tmp_path / "asked").read_text().count("--untracked-files=all") == 1
        repository.write("model.py", "changed\n")
        assert repository.capture().dirty is True

    @posix
    def test_one_that_hangs_is_ended(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit = repository.git("rev-parse", "HEAD")
        slow = repository.write("../bin/git", "#!/bin/sh\nsleep 60 &\nsleep 60\n", mode=0o755)
        monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr("jupyter_labbook.record.git.TIMEOUT", 0.3)
        state = repository.capture()
        assert (state.commit, state.dirty) == (commit, None)
        assert state.reason == "git config took longer than 0.3 seconds"
