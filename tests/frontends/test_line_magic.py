"""`%labbook`: the same verbs from a notebook's line, whose results show themselves."""

from __future__ import annotations

import json
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
