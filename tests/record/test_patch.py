"""A patch brings back whatever was not committed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_labbook.record import new_file
from tests.record.repositories import Repository, tree

pytestmark = pytest.mark.usefixtures("git_settings")
posix = pytest.mark.skipif(os.name == "nt", reason="such names and modes exist on POSIX only")


CONTENTS = {
    "no newline at the end": b"a\nb",
    "only a newline": b"\n",
    "empty": b"",
    "carriage returns": b"a\r\nb\r\nc",
    "old Mac": b"a\rb\rc",
    "form feeds and separators": b"a\x0cb\x1cc\x85d\n\xe2\x80\xa8e\n",
    "lines like a patch": b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n",
    "not UTF-8": b"caf\xe9\n\xff\xfe\n",
    "binary": bytes(range(256)) * 300,
    "NUL after the first 8000 bytes": b"x" * 9000 + b"\n\0\n",
    "UTF-16": "print('ä')\n".encode("utf-16"),
    "blanks at line ends": b"a  \n\t\n \n\n\n",
}
NAMES = [
    "plain.py",
    "with space.py",
    " leading and trailing .py",
    'quo"te.py',
    "back\\slash.py",
    "tab\there.py",
    "new\nline.py",
    "bell\x07\x1b[31m.py",
    "über/naïve ☃.py",
    "deep/a/b/c/d.py",
    "-option.py",
    ":(exclude)model.py",
    "*.py",
    "Makefile",
    "dev/null.py",
]


class TestThePatchBringsBack:
    @pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
    def test_new_files_with_any_content(self, repository: Repository, content: bytes) -> None:
        repository.write("new.py", content)
        repository.write("second.py")
        assert repository.comes_back()

    @pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
    def test_changed_files_with_any_content(self, repository: Repository, content: bytes) -> None:
        repository.write("model.py", content)
        repository.write("notebook.ipynb", b"{}")
        assert repository.comes_back()

    @posix
    def test_new_files_with_any_name(self, repository: Repository) -> None:
        for name in NAMES:
            repository.write(name, f"print({name!r})\n")
        repository.write(b"not utf-8 \xff\xe9.py", "x\n")
        assert repository.comes_back()
        assert repository.capture().reason is None

    @posix
    def test_changed_and_deleted_files_with_any_name(self, repository: Repository) -> None:
        for name in NAMES:
            repository.write(name, f"print({name!r})\n")
            repository.write(f"{name}.gone.py", "x\n")
        repository.commit()
        for name in NAMES:
            repository.write(name, "changed\n")
            (repository.folder / f"{name}.gone.py").unlink()
        assert repository.comes_back()

    def test_deleted_and_renamed_files(self, repository: Repository) -> None:
        repository.git("mv", "model.py", "net.py")
        (repository.folder / "notebook.ipynb").unlink()
        assert repository.comes_back()

    def test_a_file_that_became_a_folder(self, repository: Repository) -> None:
        (repository.folder / "model.py").unlink()
        repository.write("model.py/inner.py")
        assert repository.comes_back()

    def test_a_file_that_is_staged_and_then_deleted(self, repository: Repository) -> None:
        repository.write("brief.py")
        repository.git("add", "brief.py")
        (repository.folder / "brief.py").unlink()
        assert repository.comes_back()

    def test_a_file_taken_out_of_the_index_but_not_off_the_disk(self, repository: Repository) -> None:
        repository.git("rm", "--cached", "--quiet", "model.py")
        assert repository.comes_back()

    def test_a_file_that_git_was_told_of(self, repository: Repository) -> None:
        repository.write("intended.py")
        repository.git("add", "--intent-to-add", "intended.py")
        assert repository.comes_back()

    @posix
    def test_modes_and_links(self, repository: Repository) -> None:
        (repository.folder / "model.py").chmod(0o755)
        repository.write("run.sh", "#!/bin/sh\n", mode=0o755)
        (repository.folder / "link.py").symlink_to("model.py")
        (repository.folder / "notebook.ipynb").unlink()
        (repository.folder / "notebook.ipynb").symlink_to("elsewhere")
        assert repository.comes_back()

    def test_changed_binary_files(self, repository: Repository) -> None:
        repository.write("weights.bin", os.urandom(5000))
        repository.commit()
        repository.write("weights.bin", os.urandom(6000))
        assert repository.comes_back()

    def test_files_whatever_the_user_set_for_patches(self, repository: Repository, git_settings: Path) -> None:
        with git_settings.open("a") as file:
            file.write(
                "[diff]\n\tnoprefix = true\n\tmnemonicPrefix = true\n\tcontext = 0\n\trenames = copies\n"
                "\texternal = /bin/false\n\trelative = true\n\tsubmodule = log\n\tinterHunkContext = 5\n"
                "[color]\n\tui = always\n\tdiff = always\n\tstatus = always\n[core]\n\tquotePath = false\n"
                "\tpager = /bin/false\n[status]\n\tshort = true\n\trelativePaths = true\n\tbranch = false\n"
            )
        text = (repository.folder / "model.py").read_text()
        repository.write("model.py", text.replace("line 3\n", "drei\n").replace("line 30\n", "dreißig\n"))
        repository.write("sub/über.py")
        assert repository.comes_back()

    def test_files_with_ends_of_lines_that_git_translates(self, repository: Repository) -> None:
        repository.write(".gitattributes", "* text=auto\n*.sh text eol=crlf\n")
        repository.write("run.sh", b"echo 1\r\necho 2\r\n")
        repository.commit()
        repository.write("run.sh", b"echo 1\r\necho 3\r\n")
        repository.write("new.sh", b"echo 1\r\n")
        assert repository.comes_back()

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        files=st.dictionaries(
            st.binary(min_size=1, max_size=12).map(lambda name: name.translate(None, b"\0/") + b".py"),
            st.one_of(st.binary(max_size=300), st.text(alphabet="ab \r\n\t", max_size=60).map(str.encode)),
            min_size=1,
            max_size=12,
        )
    )
    @posix
    def test_whatever_is_written(self, tmp_path: Path, files: dict[bytes, bytes]) -> None:
        folder = tmp_path / "empty"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        patch = b"".join(new_file.hunk(name, content, 0o100644) for name, content in files.items())
        subprocess.run(["git", "apply", "-"], cwd=folder, input=patch, check=True, capture_output=True)
        assert tree(folder) == {name: ("file", content) for name, content in files.items()}
