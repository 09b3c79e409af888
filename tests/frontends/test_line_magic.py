"""`%labbook`: the same verbs from a notebook's line, whose results show themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_labbook.errors import RunNotFound, StoreNotFound, UsageError
from jupyter_labbook.frontends import commands
from jupyter_labbook.frontends.line_magic import run_line
from jupyter_labbook.store.store import Store
from tests.frontends.conftest import FAILED, FIRST, SECOND


def test_every_result_of_a_verb_shows_itself_as_text_and_html(store: Store, tmp_path: Path) -> None:
    lines = {
        "runs": "runs",
        "show": "show last",
        "compare": "compare",
        "diff": "diff aaaaa bbbbb",
        "note": "note last seen",
        "conclude": "conclude last done",
        "tag": "tag last good",
        "archive": "archive ddddd",
        "lesson": "lesson",
        "check": "check",
        "gc": "gc",
        "export": "export",
    }
    assert set(lines) == {verb.name for verb in commands.VERBS}
    for verb, line in lines.items():
        result = run_line(line, store.path.parent)
        assert str(result).strip(), verb
        assert repr(result).strip(), verb
        if verb != "export":
            html = result._repr_html_()
            assert "<" in html, verb
            assert "<script" not in html
            assert "<style" not in html


def test_a_query_needs_no_quotes_around_it_and_keeps_its_own(store: Store) -> None:
    found = run_line('runs "baseline" in tags and params.p > 0.1 --limit 3', store.path)
    assert [run.id for run in found] == [FIRST]
    found = run_line("runs experiment == 'dropout' and status != \"failed\"", store.path)
    assert [run.id for run in found] == [SECOND, FIRST]
    compared = run_line('compare experiment == "dropout" --metric val_acc', store.path)
    assert compared.metric == "val_acc"
    assert len(compared.runs) == 3


def test_help_is_an_answer(store: Store) -> None:
    assert "Write down" in repr(run_line("", store.path))
    assert repr(run_line("help runs", store.path)) == repr(run_line("runs --help", store.path))
    assert repr(run_line("runs --help", store.path)).startswith("Usage: %labbook runs [QUERY]")


def test_json_is_text_that_can_be_read_back(store: Store) -> None:
    shown = json.loads(repr(run_line("show last --json", store.path)))
    assert shown["id"] == FAILED


def test_the_labbook_is_the_one_named_else_the_one_chosen_else_the_nearest(store: Store, tmp_path: Path) -> None:
    elsewhere = Store.create(tmp_path / "elsewhere")
    assert len(run_line("runs", store.path.parent)) == 4
    assert len(run_line("runs", store.path.parent, elsewhere.path)) == 0
    assert len(run_line(f"runs --store '{store.path}'", tmp_path, elsewhere.path)) == 4
    with pytest.raises(StoreNotFound):
        run_line("runs", tmp_path)


def test_mistakes_are_raised_in_a_sentence(store: Store) -> None:
    with pytest.raises(UsageError, match="'compare'"):
        run_line("comprae last", store.path)
    with pytest.raises(UsageError, match="%labbook show --help"):
        run_line("show", store.path)
    with pytest.raises(RunNotFound):
        run_line("show zzzzz", store.path)


SESSION = """
import sys
from traitlets.config import Config
from IPython.core.interactiveshell import InteractiveShell

config = Config()
config.Labbook.store = sys.argv[1]
shell = InteractiveShell.instance(config=config)
shell.run_cell("%load_ext jupyter_labbook")
shell.run_cell("import jupyter_labbook as labbook")
found = shell.run_cell("%labbook runs 'p > 0'").result
same = shell.run_cell("labbook.runs('p > 0')").result
assert [run.id for run in found] == [run.id for run in same], (found, same)
print(len(found))
print(shell.run_cell("%labbook comprae last").success)
print(shell.run_cell("%labbook show zzzzz").success)
shell.run_cell("%unload_ext jupyter_labbook")
print(shell.run_cell("labbook.runs()").success)
"""


def test_in_a_session_the_magic_and_the_functions_mean_the_same_labbook(store: Store, tmp_path: Path) -> None:
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "TERM": "dumb"}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [sys.executable, "-c", SESSION, str(store.path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=elsewhere, env=environment)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line in {"2", "True", "False"}]
    assert lines[0] == "2"
    assert lines[1] == "False"
    assert lines[-1] == "False"
    assert "'compare'" in done.stderr + done.stdout
    assert "labbook: There is no run 'zzzzz'" in done.stderr
    assert "There is no labbook" in done.stderr + done.stdout
