"""The package as it is imported: names that load when they are used, and verbs that keep their names."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import jupyter_labbook as labbook
from jupyter_labbook.frontends import commands

HEAVY = {
    "IPython",
    "anywidget",
    "ipywidgets",
    "matplotlib",
    "msgspec",
    "nbclient",
    "nbformat",
    "numpy",
    "optuna",
    "pandas",
    "papermill",
    "scipy",
    "sqlite3",
    "tornado",
}


def loaded_by(code: str) -> set[str]:
    """Top-level names of what a fresh interpreter has loaded after `code`."""
    program = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_else() -> None:
    before = loaded_by("import importlib, __future__")
    assert loaded_by("import jupyter_labbook") - before == {"jupyter_labbook"}


@pytest.mark.parametrize("name", labbook.__all__)
def test_every_public_name_is_there(name: str) -> None:
    value = getattr(labbook, name)
    assert name in dir(labbook)
    if callable(value) and not isinstance(value, type):
        assert value.__doc__, f"{name} has no docstring"
        assert value.__module__.startswith("jupyter_labbook.")


def test_every_verb_is_a_public_function() -> None:
    for verb in commands.VERBS:
        assert verb.python in labbook.__all__
        assert getattr(labbook, verb.python) is verb.function


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="frobnicate"):
        _ = labbook.frobnicate  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["run", "compare"])
def test_a_room_of_the_same_name_does_not_take_the_place_of_a_verb(name: str) -> None:
    program = (
        "import importlib, jupyter_labbook as labbook\n"
        f"room = importlib.import_module('jupyter_labbook.{name}')\n"
        f"from jupyter_labbook import {name} as imported\n"
        f"import jupyter_labbook.{name}\n"
        f"verb = labbook.{name}\n"
        "assert callable(verb) and imported is verb, verb\n"
        f"importlib.reload(room)\n"
        f"assert labbook.{name} is verb\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert isinstance(importlib.import_module(f"jupyter_labbook.{name}"), ModuleType)


def test_rooms_whose_names_are_no_verbs_are_found_as_ever() -> None:
    program = "import jupyter_labbook.store.layout\nassert jupyter_labbook.store.layout.FORMAT >= 1"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_type_checkers_see_the_verbs_and_not_the_rooms(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import jupyter_labbook as labbook\n"
        "reveal_type(labbook.run('last').id)\n"
        "reveal_type(labbook.runs(limit=3).to_pandas)\n"
        "labbook.log(loss=0.1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "--cache-dir", str(tmp_path), str(script)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'Revealed type is "str"' in done.stdout.replace("builtins.", "")
