"""The verbs as Python functions: what they take and what they give back."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import jupyter_labbook as labbook
from jupyter_labbook.errors import LabbookWarning, RunAmbiguous, RunNotFound, UsageError
from jupyter_labbook.frontends import commands
from jupyter_labbook.frontends.place import here
from jupyter_labbook.store.store import Store
from tests.frontends.conftest import FAILED, FIRST, OTHER, SECOND


@pytest.mark.parametrize("verb", commands.VERBS, ids=lambda verb: verb.name)
def test_a_verb_takes_what_its_function_takes(verb: commands.Verb) -> None:
    parameters = inspect.signature(verb.function).parameters
    places = [argument.parameter for argument in verb.arguments]
    assert list(parameters)[: len(places)] == places
    for argument in verb.arguments:
        several = parameters[argument.parameter].kind is inspect.Parameter.VAR_POSITIONAL
        assert several == (argument.kind == "several")
    named = {option.parameter for option in verb.options} | {"store"}
    assert set(parameters) - set(places) == named
    for name in named:
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY


def test_runs_can_be_counted_indexed_and_iterated(store: Store) -> None:
    runs = labbook.runs("experiment == 'dropout'")
    assert len(runs) == 3
    assert runs[0].id == FAILED
    assert [run.id for run in runs] == [FAILED, SECOND, FIRST]
    assert len(labbook.runs(limit=1)) == 1
    frame = runs.to_pandas()
    assert list(frame.columns[:6]) == ["id", "experiment", "status", "verdict", "started", "duration"]
    assert frame["metrics.val_acc"].max() == 0.91


def test_a_run_is_looked_up_once_and_may_be_handed_on(store: Store) -> None:
    run = labbook.run("bbbbb")
    assert run.metrics["val_acc"] == 0.91
    assert labbook.run(run) is run
    assert labbook.run().id == FAILED
    assert labbook.diff(run, "aaaaa").to_dict() == labbook.diff("bbbbb", FIRST).to_dict()
    with pytest.raises(RunAmbiguous):
        labbook.run("dropout")
    with pytest.raises(RunNotFound):
        labbook.run("last-9")


def test_compare_takes_runs_references_and_queries(store: Store) -> None:
    first, second = labbook.run("aaaaa"), labbook.run("bbbbb")
    for what in ([first, second], ["aaaaa", "bbbbb"], [labbook.runs("p > 0")], ["p > 0"], [first, "bbbbb"]):
        compared = labbook.compare(*what)
        assert {run.id for run in compared.runs} == {FIRST, SECOND}
    assert labbook.compare("aaaaa", "bbbbb", by="p,lr").by == ("p", "lr")
    assert labbook.compare("aaaaa", "bbbbb", by=["p"]).by == ("p",)
    assert labbook.compare("aaaaa", "bbbbb", baseline="bbbbb").baseline == second
    assert {run.id for run in labbook.compare().runs} == {FIRST, SECOND, FAILED}


def test_an_experiment_with_quotes_in_its_name_is_compared_too(store: Store) -> None:
    from tests.frontends.conftest import write_run

    for letters in ("eeeee", "fffff"):
        name = 'it\'s "odd" \\ \n'
        write_run(store, f"20261122-010000-odd-{letters}", points={"m": [1.0]}, source="", experiment=name)
    assert len(labbook.compare().runs) == 2


def test_a_text_alone_is_a_note_of_the_run_that_executes(store: Store) -> None:
    with pytest.warns(LabbookWarning, match="outside a run"):
        assert labbook.note("nobody will read this") is None
    change = labbook.note("last", "somebody will")
    assert change is not None
    assert change.run is not None
    assert [note.text for note in change.run.notes] == ["somebody will"]
    assert [note.text for note in labbook.run("last").notes] == ["somebody will"]


def test_writing_gives_back_the_run_as_it_is_now(store: Store) -> None:
    assert labbook.tag("last", "a", "b").run.tags == ["a", "b"]
    assert labbook.tag(labbook.run("last"), "a", remove=True).run.tags == ["b"]
    assert labbook.conclude("last", "never again").run.conclusion == "never again"
    assert labbook.archive("last").run.record.archived is True
    assert labbook.run("last").id == SECOND
    assert labbook.archive(FAILED, undo=True).run.record.archived is False
    with pytest.raises(UsageError, match="one tag"):
        labbook.tag("last")
    with pytest.raises(UsageError, match="no text"):
        labbook.conclude("last", " ")


def test_lessons_are_newest_first(store: Store) -> None:
    labbook.lesson("first")
    labbook.lesson("aaaaa", "second one")
    assert [lesson.text for lesson in labbook.lessons()] == ["second one", "first"]
    assert labbook.lessons()[0].run == FIRST
    assert len(labbook.lesson()) == 2


def test_the_labbook_may_be_named_as_text_or_path(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert labbook.run("depth", store=str(store.path)).id == OTHER
    assert labbook.run("depth", store=store.path.parent).id == OTHER
    assert len(labbook.runs(store=store)) == 4


def test_a_notebook_says_where_it_stands(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    other = Store.create(tmp_path / "other")
    before = here.start, here.chosen
    try:
        here.move(lambda: store.path.parent, lambda: None)
        assert len(labbook.runs()) == 4
        here.move(lambda: store.path.parent, lambda: other.path)
        assert len(labbook.runs()) == 0
    finally:
        here.move(*before)


def test_a_script_reads_what_it_has_just_recorded(store: Store) -> None:
    with labbook.experiment("script", params={"depth": 3}, quiet=True):
        labbook.log(loss=0.5)
    run = labbook.run("last")
    assert (run.experiment, run.parameters["depth"], run.metrics["loss"]) == ("script", 3, 0.5)
    assert run.record.environment.python
    assert labbook.note("last", "and noted").run.notes[0].text == "and noted"


def test_check_and_gc_answer_for_a_sound_labbook(store: Store) -> None:
    assert labbook.check().faults == ()
    assert labbook.check(repair=True).faults == ()
    assert "No damage" in str(labbook.check())
    assert str(labbook.gc())
