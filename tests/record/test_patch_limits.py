"""What stays out of a patch, and that nothing in the repository changes or starts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jupyter_labbook.record.patch import LONGEST, LONGEST_NEW_FILE, MOST_NEW_FILES
from tests.record.repositories import Repository, stamp, tree

pytestmark = pytest.mark.usefixtures("git_settings")
posix = pytest.mark.skipif(os.name == "nt", reason="such names and modes exist on POSIX only")


class TestWhatIsLeftOut:
    def test_a_long_new_file_is_named_and_one_of_just_the_size_is_kept(self, repository: Repository) -> None:
        repository.write("long.json", b"x" * (LONGEST_NEW_FILE + 1))
        repository.write("just.json", b"x" * LONGEST_NEW_FILE)
        state = repository.capture()
        assert state.dirty is True
        assert state.reason == "not in the patch, larger than 1 MiB: long.json"
        assert b"+++ b/just.json" in (state.patch or b"")

    def test_code_goes_before_data_where_room_is_short(self, repository: Repository) -> None:
        for number in range(11):
            repository.write(f"a{number:02}.json", b"x" * (LONGEST_NEW_FILE - 1000))
        repository.write("z.py", "print(1)\n")
        state = repository.capture()
        assert len(state.patch or b"") <= LONGEST
        assert b"+++ b/z.py" in (state.patch or b"")
        assert state.reason == "not in the patch, beyond 10 MiB in all: a10.json"

    def test_changes_that_do_not_fit_are_named_and_the_others_apply(self, repository: Repository) -> None:
        for name in "abcd":
            repository.write(f"{name}.bin", b"")
        repository.commit()
        for name in "abcd":
            repository.write(f"{name}.bin", os.urandom(3 << 20))
        state = repository.capture()
        assert state.reason == "not in the patch, beyond 10 MiB in all: c.bin, d.bin"
        found = repository.checkout_with_patch(state, repository.folder.parent / "clean")
        expected = tree(repository.folder)
        assert (found[b"a.bin"], found[b"b.bin"]) == (expected[b"a.bin"], expected[b"b.bin"])
        assert found[b"c.bin"] == found[b"d.bin"] == ("file", b"")

    @pytest.mark.parametrize("now", [None, b"small", b"x" * (LONGEST + 1)])
    def test_a_huge_file_is_not_even_looked_into(self, repository: Repository, now: bytes | None) -> None:
        path = repository.write("huge.bin", os.urandom(LONGEST + 1))
        repository.commit()
        path.unlink()
        if now is not None:
            path.write_bytes(now)
        repository.write("model.py", "changed\n")
        state = repository.capture()
        assert state.reason == "not in the patch, beyond 10 MiB in all: huge.bin"
        assert b"model.py" in (state.patch or b"")

    def test_thousands_of_new_files_are_not_all_read(self, repository: Repository) -> None:
        for number in range(MOST_NEW_FILES + 12):
            repository.write(f"out/{number:05}.json", "{}")
        state = repository.capture()
        assert (state.patch or b"").count(b"diff --git ") == MOST_NEW_FILES
        assert state.reason is not None
        assert state.reason.startswith("not in the patch, beyond 2000 new files: out/02000.json, ")
        assert state.reason.endswith("and 2 more")

    def test_more_changed_files_than_one_command_takes_are_all_there(self, repository: Repository) -> None:
        names = [f"folder-with-a-long-name/{'x' * 80}-{number}.py" for number in range(700)]
        for name in names:
            repository.write(name, "x\n")
        repository.commit()
        for name in names:
            repository.write(name, "y\n")
        assert repository.comes_back()

    @posix
    def test_no_link_is_followed(self, repository: Repository, tmp_path: Path) -> None:
        (tmp_path / "outside.py").write_text("private = 1\n")
        (repository.folder / "link.py").symlink_to(tmp_path / "outside.py")
        (repository.folder / "linked").symlink_to(tmp_path)
        assert b"private" not in (repository.capture().patch or b"")

    @posix
    def test_a_pipe_is_not_waited_for(self, repository: Repository) -> None:
        os.mkfifo(repository.folder / "pipe.py")
        assert repository.capture().dirty is False

    def test_names_in_the_reason_are_printable(self, repository: Repository) -> None:
        repository.write("a\x1b[2Jb.json", b"x" * (LONGEST_NEW_FILE + 1))
        assert repository.capture().reason == r"not in the patch, larger than 1 MiB: 'a\x1b[2Jb.json'"


class TestSecrets:
    def test_they_leave_new_and_changed_files(self, repository: Repository) -> None:
        repository.write("model.py", 'api_key = "sk-3kJ8fQz0LmN5pR7tV9xY2bC4"\n')
        repository.write("new.py", 'password = "correct-horse-battery"\nlearning_rate = 0.1\n')
        state = repository.capture()
        assert state.patch is not None
        assert b"3kJ8" not in state.patch
        assert b"horse" not in state.patch
        assert b"+learning_rate = 0.1" in state.patch
        assert state.reason == "secrets are taken out of the patch"
        found = repository.checkout_with_patch(state, repository.folder.parent / "clean")
        assert found[b"new.py"][1] == b'password = "[redacted]"\nlearning_rate = 0.1\n'

    def test_a_new_file_named_like_a_secret_stays_away(self, repository: Repository) -> None:
        repository.write("credentials.json", '{"user": "ada"}')
        repository.write("tokenizer.json", "{}")
        state = repository.capture()
        assert state.reason == "not in the patch, named like a secret: credentials.json"
        assert b"tokenizer.json" in (state.patch or b"")

    def test_they_are_found_in_text_that_is_binary_to_git(self, repository: Repository) -> None:
        repository.write("settings.ini", 'password = "correct-horse-battery"\n'.encode("utf-16"))
        state = repository.capture()
        assert (state.patch, state.reason) == (None, "not in the patch, a secret inside: settings.ini")

    def test_a_new_value_in_the_environment_is_taken_out_of_what_was_seen_before(
        self, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repository.write("new.py", "print('aardvark-seven')\n")
        assert b"aardvark" in (repository.capture().patch or b"")
        monkeypatch.setenv("MY_PASSWORD", "aardvark-seven")
        assert b"aardvark" not in (repository.capture().patch or b"")


class TestFilters:
    @posix
    def test_what_they_keep_elsewhere_is_not_in_the_patch(self, repository: Repository) -> None:
        repository.write(".gitattributes", "*.json filter=git-crypt\n*.bin filter=lfs\n")
        repository.write("model.bin", "version 1\n")
        repository.commit()
        for name in ("git-crypt", "lfs"):
            repository.git("config", f"filter.{name}.clean", "cat")
            repository.git("config", f"filter.{name}.required", "true")
        repository.write("private.json", '{"plain": 1}')
        repository.write("model.bin", "weights")
        repository.write("model.py", "changed\n")
        state = repository.capture()
        assert state.patch is not None
        assert b"plain" not in state.patch
        assert b"weights" not in state.patch
        assert state.reason is not None
        assert "passes through the filter lfs: model.bin" in state.reason
        assert "passes through the filter git-crypt: private.json" in state.reason

    @posix
    def test_where_only_they_could_tell_it_is_not_known_whether_something_changed(self, repository: Repository) -> None:
        repository.write(".gitattributes", "*.bin filter=lfs\n")
        repository.write("model.bin", "version https://git-lfs.example.org/spec/v1\n")
        repository.commit()
        repository.git("config", "filter.lfs.clean", "git-lfs clean -- %f")
        repository.write("model.bin", "weights")
        state = repository.capture()
        assert (state.dirty, state.patch) == (None, None)
        assert state.reason == "not in the patch, passes through the filter lfs: model.bin"

    @posix
    def test_a_notebook_whose_outputs_are_stripped_is_brought_back_with_them(self, repository: Repository) -> None:
        repository.write(".gitattributes", "*.ipynb filter=nbstripout\n")
        repository.commit()
        repository.git("config", "filter.nbstripout.clean", "sed -e /output/d")
        repository.git("config", "filter.nbstripout.smudge", "cat")
        repository.write("notebook.ipynb", '{"cells": [\n"output",\n1]}\n')
        state = repository.capture()
        assert state.reason is None
        found = repository.checkout_with_patch(state, repository.folder.parent / "clean")
        assert found == tree(repository.folder)


class TestNothingIsChangedOrStarted:
    def test_the_repository_stays_as_it_is_to_the_byte(self, repository: Repository) -> None:
        repository.write("model.py", "changed\n")
        repository.write("new.py")
        os.utime(repository.folder / "notebook.ipynb", (1, 1))
        before = stamp(repository.folder)
        assert repository.capture().dirty is True
        assert stamp(repository.folder) == before

    @posix
    def test_no_program_of_the_settings_runs(self, repository: Repository, tmp_path: Path) -> None:
        trap = repository.write("../trap", f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n", mode=0o755)
        repository.write(".gitattributes", "*.py diff=loud\n*.dat filter=loud\n")
        repository.write("sample.dat", "1\n")
        repository.commit()
        for key in (
            "core.fsmonitor",
            "core.pager",
            "core.sshCommand",
            "diff.external",
            "diff.loud.command",
            "diff.loud.textconv",
            "filter.loud.clean",
            "filter.loud.smudge",
            "filter.loud.process",
        ):
            repository.git("config", key, str(trap))
        for hook in ("post-index-change", "fsmonitor-watchman", "pre-auto-gc"):
            shutil.copy(trap, repository.folder / ".git" / "hooks" / hook)
        repository.write("model.py", "changed\n")
        repository.write("sample.dat", "2\n")
        repository.write("new.py")
        assert repository.capture().dirty is True
        assert not (tmp_path / "sprung").exists()

    def test_the_variables_of_git_lead_nowhere_else(
        self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = Repository(tmp_path / "other")
        monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
        monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))
        monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
        commit = repository.capture().commit
        monkeypatch.undo()
        assert commit == repository.git("rev-parse", "HEAD")
        assert not (tmp_path / "trace").exists()
