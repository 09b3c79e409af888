"""The rules of the house, checked: layers, types, sizes, the code map, and that the docs name everything."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from jupyter_labbook import __version__
from jupyter_labbook.frontends import commands
from jupyter_labbook.record import arguments
from jupyter_labbook.run import Record
from jupyter_labbook.store.annotations import Annotation
from tests import code_map

ROOT = code_map.ROOT
PACKAGE = code_map.PACKAGE
MODULES = sorted(PACKAGE.rglob("*.py"))

LONGEST_FILE = 350
LONGEST_FUNCTION = 50

# Written so that a search for these finds what must not be there, and not this file.
FORBIDDEN = re.compile(
    r"registry[.](npmjs|yarnpkg)|pypi[.]org/simple|files[.]pythonhosted|(^|[^\w.-])/(root|work|farm|tmp/w)/",
    re.MULTILINE,
)


def committed() -> list[Path]:
    """What git has or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


def documentation() -> str:
    return (ROOT / "README.md").read_text("utf-8") + (PACKAGE / "store" / "FORMAT.md").read_text("utf-8")


@pytest.mark.parametrize(
    "tool",
    [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_a_tool_finds_nothing_to_say(tool: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_point_down_only() -> None:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 kept, 0 broken" in done.stdout


def test_the_layers_name_every_room() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    named = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    rooms = {f"jupyter_labbook.{path.stem}" for path in PACKAGE.iterdir() if _is_module(path)}
    assert named == rooms
    assert "ignore_imports" not in contract


def _is_module(path: Path) -> bool:
    return (path / "__init__.py").is_file() or (path.suffix == ".py" and path.stem != "__init__")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_opens_with_a_sentence_and_is_not_long(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree)
    assert docstring, "a module says in one sentence what it is for"
    assert docstring.split("\n\n")[0].rstrip().endswith((".", "?", "`."))
    assert text.count("\n") <= LONGEST_FILE
    assert [name for name, lines in _functions(tree) if lines > LONGEST_FUNCTION] == []


def _functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Functions and how many lines they have without their docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield node.name, (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("name", ["utils", "util", "common", "helpers", "misc"])
def test_no_file_is_named_for_nothing(name: str) -> None:
    assert not [path for path in MODULES if path.stem == name]


def test_the_code_map_in_the_readme_equals_the_tree() -> None:
    assert code_map.in_readme() == code_map.code_map(), "run: python tests/code_map.py"


@pytest.mark.parametrize("verb", commands.VERBS, ids=lambda verb: verb.name)
def test_a_verb_and_its_options_are_in_the_docs(verb: commands.Verb) -> None:
    text = documentation()
    assert f"`labbook {verb.name}" in text
    for option in verb.all_options:
        assert re.search(rf"(?<![\w-]){option.flag}(?![\w-])", text), option.flag


@pytest.mark.parametrize("option", sorted(arguments._OPTIONS))
def test_an_option_of_the_magic_is_in_the_docs(option: str) -> None:
    assert re.search(rf"(?<![\w-])--{option}(?![\w-])", documentation())


def test_every_setting_is_in_the_readme() -> None:
    sources = "".join(path.read_text("utf-8") for path in MODULES)
    settings = set(re.findall(r"\bLABBOOK_[A-Z]+\b", sources))
    readme = (ROOT / "README.md").read_text("utf-8")
    assert settings
    assert [name for name in sorted(settings) if f"`{name}`" not in readme] == []


def test_every_key_on_the_disk_is_in_the_docs() -> None:
    text = documentation()
    missing = [key for kind in (Record, Annotation) for key in _keys(kind) if f"`{key}`" not in text]
    assert missing == []


def _keys(kind: type[msgspec.Struct]) -> Iterator[str]:
    """Every key of a kind of record and of what stands in it."""
    pending, seen = [kind], set()
    while pending:
        struct = pending.pop()
        seen.add(struct)
        for field in msgspec.structs.fields(struct):
            yield field.encode_name
            parts = (field.type, *getattr(field.type, "__args__", ()))
            pending += [part for part in parts if _is_struct(part) and part not in seen]


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def test_no_file_names_a_package_registry_or_a_path_of_somebodys_machine() -> None:
    found = []
    for path in committed():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:  # an image
            continue
        found += [f"{path.relative_to(ROOT)}: {hit[0].strip()}" for hit in FORBIDDEN.finditer(text)]
    assert found == []


def test_files_that_the_contributor_page_names_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"`((?:jupyter_labbook|tests|example_notebooks)/[\w./-]+|[\w.-]+\.(?:md|toml))`", text))
    assert len(named) > 20
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_all_holds_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    named = re.search(r"\[(.*)\]", extras["all"][0])
    assert named
    assert set(named[1].split(",")) == set(extras) - {"all", "example", "test"}


def test_the_wheel_holds_what_is_read_at_run_time(tmp_path: Path) -> None:
    program = f"from hatchling.build import build_wheel; print(build_wheel({str(tmp_path)!r}))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    wheel = tmp_path / done.stdout.split()[-1]
    assert wheel.name.startswith(f"jupyter_labbook-{__version__}-")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "jupyter_labbook/py.typed",
        "jupyter_labbook/store/FORMAT.md",
        "jupyter_labbook/store/schema/run-1.json",
        "jupyter_labbook/store/schema/labbook-1.json",
    } <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "test" in name or "__pycache__" in name]


HEAVY = ("anywidget", "ipywidgets", "matplotlib", "nbclient", "nbformat", "optuna", "pandas", "papermill")
HEAVY_TOO = ("psutil", "scipy", "sqlite3", "tornado")


def test_load_ext_loads_nothing_heavy(tmp_path: Path) -> None:
    program = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
shell.run_line_magic("load_ext", "jupyter_labbook")
print(*sorted(set(sys.modules) - before))
"""
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "jupyter_labbook" in loaded
    assert loaded & {*HEAVY, *HEAVY_TOO} == set()
