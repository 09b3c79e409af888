"""The environment is told in full, the same for every run in it, and without anybody's secrets."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_labbook.record import environment, packages


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that Python looks into first."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def install(site: Path, folder: str, metadata: str | None = "Metadata-Version: 2.1\n") -> None:
    path = site / folder
    path.mkdir()
    if metadata is not None:
        (path / ("METADATA" if folder.endswith("dist-info") else "PKG-INFO")).write_text(metadata)
    touched = site.stat().st_mtime_ns + 1_000_000_000  # two changes within one tick of the disk's clock
    os.utime(site, ns=(touched, touched))


class TestTheSnapshot:
    def test_it_is_json_and_the_same_each_time(self) -> None:
        first = json.dumps(environment.snapshot(), sort_keys=True)
        assert json.dumps(environment.snapshot(), sort_keys=True) == first

    def test_it_is_the_same_in_another_process_and_another_folder(self, tmp_path: Path) -> None:
        program = (
            "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
            "from jupyter_labbook.record import environment; print(json.dumps(environment.snapshot()))"
        )
        command = [sys.executable, "-c", program, json.dumps(sys.path)]
        printed = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout
        assert json.loads(printed) == environment.snapshot()

    def test_it_says_what_python_and_machine_are(self) -> None:
        snapshot = environment.snapshot()
        assert snapshot["python"] == ".".join(map(str, sys.version_info[:3]))
        assert snapshot["implementation"] == "CPython"
        assert snapshot["executable"] == sys.executable
        assert snapshot["cpu"]["cores"] == os.cpu_count()
        assert snapshot["cpu"]["model"]
        assert snapshot["memory"] % (256 << 20) == 0
        assert snapshot["memory"] > 0
        assert {"platform", "machine", "gpus", "conda_environment"} <= snapshot.keys()

    def test_only_listed_variables_are_in_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OMP_NUM_THREADS", "3")
        monkeypatch.setenv("MY_OWN_SETTING", "aardvark")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-3kJ8fQz0LmN5pR7tV9xY2bC4")
        snapshot = environment.snapshot()
        assert snapshot["environment"]["OMP_NUM_THREADS"] == "3"
        assert snapshot["environment"].keys() <= set(environment.VARIABLES)
        assert "aardvark" not in json.dumps(snapshot)
        assert "3kJ8" not in json.dumps(snapshot)

    def test_a_secret_in_a_listed_variable_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "ghp_abcdefghijklmnopqrstuvwxyz0123456789")
        assert environment.snapshot()["environment"]["TZ"] == "[redacted]"

    def test_of_a_virtual_environment_only_the_name_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VIRTUAL_ENV", "/home/ada/envs/vision/")
        monkeypatch.setenv("CONDA_DEFAULT_ENV", r"C:\Users\ada\envs\vision")
        variables = environment.snapshot()["environment"]
        assert (variables["VIRTUAL_ENV"], variables["CONDA_DEFAULT_ENV"]) == ("vision", "vision")

    def test_a_value_that_is_no_text_can_still_be_stored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", os.fsdecode(b"\xff\xfe"))
        json.dumps(environment.snapshot()).encode("utf-8")
        assert environment.snapshot()["environment"]["TZ"].isprintable()


class TestThePackages:
    def test_all_of_them_are_told_as_python_knows_them(self) -> None:
        expected: dict[str, str] = {}
        for distribution in importlib.metadata.distributions():
            name = distribution.metadata["Name"]
            if name:
                expected.setdefault(re.sub(r"[-_.]+", "-", name).lower(), distribution.version)
        assert packages.installed() == expected
        assert list(packages.installed()) == sorted(expected)

    def test_the_first_on_the_path_is_the_one(self, site: Path) -> None:
        install(site, "NumPy-99.1.dist-info")
        assert packages.installed()["numpy"] == "99.1"

    @pytest.mark.parametrize(
        ("folder", "metadata", "name", "version"),
        [
            ("ruamel.yaml_clib-0.2.dist-info", "", "ruamel-yaml-clib", "0.2"),
            ("torch-2.9.0+cu128.dist-info", "", "torch", "2.9.0+cu128"),
            ("odd-1.0_post1.dist-info", "Name: odd\nVersion: 1.0-post1\n", "odd", "1.0-post1"),
            ("unversioned.dist-info", "Name: Un.Versioned\nVersion: 3\n", "un-versioned", "3"),
            ("old_thing-1.2-py3.11.egg-info", "", "old-thing", "1.2"),
            ("older-1.3.egg-info", "", "older", "1.3"),
            ("developed.egg-info", "Name: developed\nVersion: 0.1.dev2\n\nVersion: 9\n", "developed", "0.1.dev2"),
        ],
    )
    def test_every_kind_of_installation_is_read(
        self, site: Path, folder: str, metadata: str, name: str, version: str
    ) -> None:
        install(site, folder, metadata)
        assert packages.installed()[name] == version

    def test_what_was_broken_off_is_no_error(self, site: Path) -> None:
        before = packages.installed()
        install(site, "gone-1.0.dist-info", None)
        install(site, "~ip-23.0.dist-info")
        install(site, "nameless.dist-info", "Summary: nothing else\n")
        install(site, "noise.egg-info", "\0\xff: \n\n")
        install(site, "-.dist-info", None)
        (site / "plain-1.0.dist-info").write_text("a file, not a folder")
        assert packages.installed() == before

    def test_two_versions_in_one_folder_are_both_told(self, site: Path) -> None:
        install(site, "twice-1.0.dist-info")
        install(site, "twice-1.1.dist-info")
        assert packages.installed()["twice"] == "1.0, 1.1"

    def test_those_of_conda_are_told_with_their_builds(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert packages.of_conda() == {}
        (tmp_path / "vision" / "conda-meta").mkdir(parents=True)
        for name in ("libblas-3.9.0-20_mkl.json", "ca-certificates-2026.1.1-h06a4308_0.json", "history"):
            (tmp_path / "vision" / "conda-meta" / name).touch()
        monkeypatch.setattr(sys, "prefix", str(tmp_path / "vision"))
        snapshot = environment.snapshot()
        assert snapshot["conda_packages"] == {"ca-certificates": "2026.1.1 h06a4308_0", "libblas": "3.9.0 20_mkl"}
        assert snapshot["conda_environment"] == "vision"


class TestTheFingerprint:
    def test_it_stays_while_nothing_changes(self) -> None:
        first = environment.fingerprint()
        assert environment.fingerprint() == first
        assert hash(environment.fingerprint()) == hash(first)

    def test_it_changes_with_an_installation(self, site: Path) -> None:
        before = environment.fingerprint()
        install(site, "new-1.0.dist-info")
        assert environment.fingerprint() != before
        assert environment.snapshot()["packages"]["new"] == "1.0"

    def test_it_changes_with_a_listed_variable_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = environment.fingerprint()
        monkeypatch.setenv("MY_OWN_SETTING", "1")
        assert environment.fingerprint() == before
        monkeypatch.setenv("OMP_NUM_THREADS", "7")
        assert environment.fingerprint() != before

    def test_it_does_not_change_with_the_folder_of_the_notebook(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "path", ["", *sys.path, "gone", str(tmp_path / "gone"), "a\0b"])
        before = environment.fingerprint()
        monkeypatch.chdir(tmp_path)
        (tmp_path / "new.py").touch()
        assert environment.fingerprint() == before


class TestLockFiles:
    @staticmethod
    def write(*paths: Path) -> None:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.name)

    def test_those_beside_the_notebook_are_found_by_name(self, tmp_path: Path) -> None:
        names = [
            "Pipfile.lock",
            "conda-lock.yml",
            "environment.yaml",
            "pdm.lock",
            "pixi.lock",
            "poetry.lock",
            "pyproject.toml",
            "requirements-dev.txt",
            "requirements.txt",
            "uv.lock",
        ]
        self.write(*(tmp_path / name for name in names), tmp_path / "notes.txt", tmp_path / "yarn.lock")
        assert environment.lock_files(tmp_path, tmp_path) == {name: tmp_path / name for name in names}

    def test_those_on_the_way_to_the_top_are_found_by_their_place_in_it(self, tmp_path: Path) -> None:
        paths = [tmp_path / "uv.lock", tmp_path / "a" / "uv.lock", tmp_path / "a" / "b" / "uv.lock"]
        self.write(*paths, tmp_path / "a" / "c" / "uv.lock")
        found = environment.lock_files(tmp_path / "a" / "b", tmp_path)
        assert found == dict(zip(("uv.lock", "a/uv.lock", "a/b/uv.lock"), paths, strict=True))

    def test_the_top_of_the_repository_counts_where_the_labbook_is_further_down(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        self.write(tmp_path / "uv.lock", tmp_path / "study" / "requirements.txt")
        found = environment.lock_files(tmp_path / "study", tmp_path / "study")
        assert list(found) == ["study/requirements.txt", "uv.lock"]

    def test_a_project_elsewhere_is_told_by_its_name(self, tmp_path: Path) -> None:
        self.write(tmp_path / "here" / "uv.lock", tmp_path / "there" / "uv.lock")
        found = environment.lock_files(tmp_path / "here", tmp_path / "there")
        assert found == {"uv.lock": tmp_path / "here" / "uv.lock", "there/uv.lock": tmp_path / "there" / "uv.lock"}

    def test_no_name_leads_out_of_the_project(self, tmp_path: Path) -> None:
        self.write(tmp_path / "uv.lock", tmp_path / "a" / "uv.lock")
        for folder, top in [("a", "."), (".", "a"), ("a/../a", "."), ("gone", "a"), ("gone", "gone")]:
            for name in environment.lock_files(tmp_path / folder, tmp_path / top):
                assert not name.startswith("/")
                assert ".." not in name.split("/")

    def test_what_is_no_file_that_can_be_read_is_not_named(self, tmp_path: Path) -> None:
        self.write(tmp_path / "elsewhere" / "secret")
        (tmp_path / "project" / "poetry.lock").mkdir(parents=True)
        (tmp_path / "project" / "uv.lock").symlink_to(tmp_path / "elsewhere" / "secret")
        assert environment.lock_files(tmp_path / "project", tmp_path / "project") == {}
        assert environment.lock_files(tmp_path / "gone", tmp_path / "gone") == {}

    def test_a_password_in_an_address_is_not_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "requirements.txt"
        digest = "0123456789abcdef" * 4
        path.write_bytes(
            b"--extra-index-url https://ada:s3cr3t-word@packages.example.org/simple\n"
            b"numpy==2.3.4 --hash=sha256:" + digest.encode() + b"\ncaf\xe9\n"
        )
        content = environment.lock_file_content(path)
        assert content is not None
        assert b"s3cr3t" not in content
        assert b"packages.example.org/simple\n" in content
        assert content.endswith(b"numpy==2.3.4 --hash=sha256:" + digest.encode() + b"\ncaf\xe9\n")

    def test_a_lock_file_that_is_gone_or_huge_has_no_content(self, tmp_path: Path) -> None:
        assert environment.lock_file_content(tmp_path / "uv.lock") is None
        (tmp_path / "uv.lock").write_bytes(b"x" * (environment.LONGEST_LOCK_FILE + 1))
        assert environment.lock_file_content(tmp_path / "uv.lock") is None
