"""Links planted in a labbook: nothing outside is read into a result, and nothing outside is written."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import jupyter_labbook as labbook
from jupyter_labbook.errors import LabbookError
from jupyter_labbook.frontends import cli
from jupyter_labbook.frontends.run_page import RunPage
from jupyter_labbook.record.background import background

SECRET = "the-secret-outside"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")


@pytest.fixture
def outside(tmp_path: Path, project: Path) -> Path:
    """A labbook beside the one in `project`, full of a secret, of which not a byte may change."""
    elsewhere = tmp_path / "outside"
    elsewhere.mkdir()
    for number in range(2):
        with labbook.experiment(SECRET, what=SECRET, params={"p": SECRET}, store=elsewhere, tags=[SECRET]) as run:
            run.log({SECRET: 1.0, "loss": number})
            run.note(SECRET)
            run.artifact(SECRET.encode(), name="model.bin")
    background.settle()
    labbook.conclude("last", SECRET, store=elsewhere)
    labbook.conclude("last-1", SECRET, store=elsewhere)
    labbook.lesson(SECRET, store=elsewhere)
    return elsewhere


@pytest.fixture
def inside(project: Path, outside: Path) -> Path:
    """The labbook in `project`: two runs, nothing secret."""
    for number in range(2):
        with labbook.experiment("plain", params={"p": number}) as run:
            run.log(loss=number)
            run.note("a note")
            run.artifact(b"a model", name="model.bin")
    background.settle()
    labbook.conclude("last", "plain")
    labbook.conclude("last-1", "plain")
    labbook.lesson("a lesson")
    return project / "labbook"


def run_of(store: Path) -> Path:
    return max((store / "runs").iterdir())


PLACES: dict[str, Callable[[Path], Path]] = {
    "labbook.json": lambda store: store / "labbook.json",
    "runs": lambda store: store / "runs",
    "run folder": run_of,
    "objects": lambda store: store / "objects",
    "sha256": lambda store: store / "objects" / "sha256",
    "objects of two letters": lambda store: min((store / "objects" / "sha256").iterdir()),
    "object": lambda store: min((store / "objects" / "sha256").glob("*/*")),
    "lessons": lambda store: store / "lessons",
    "lesson": lambda store: min((store / "lessons").iterdir()),
    **{
        name: lambda store, name=name: run_of(store) / name  # type: ignore[misc]
        for name in ("run.json", "cell.py", "metrics.csv", "notes.md", "output.ipynb", "replay.ipynb")
    },
    "another table": lambda store: run_of(store) / "metrics-2.csv",
    "annotation": lambda store: min(run_of(store).glob("annotation-*.json")),
}


def plant(place: str, inside: Path, outside: Path) -> None:
    """Put a link to the same thing outside, or to something secret, in the place of what is inside."""
    here = PLACES[place](inside)
    there = PLACES[place](outside)
    if not there.exists():
        there.write_text(SECRET)
    if here.is_dir():
        shutil.rmtree(here)
    else:
        here.unlink(missing_ok=True)
    here.symlink_to(there)


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def everything_that_reads() -> str:
    """What all readers together show."""
    shown = io.StringIO()

    def show(*values: object) -> None:
        for value in values:
            shown.write(f"{value}\n{getattr(value, '_repr_html_', str)()}\n")

    with contextlib.suppress(LabbookError):
        show(labbook.runs(), labbook.runs('tags != "x"'), labbook.export(), labbook.export(format="json"))
    with contextlib.suppress(LabbookError):
        show(labbook.compare(labbook.runs()), labbook.diff("last", "last-1"))
    for id in [path.name for path in Path("labbook/runs").iterdir()]:
        with contextlib.suppress(LabbookError):
            run = labbook.run(id)
            show(run, RunPage(run), run.source, run.patch, run.notes, json.dumps(run.to_dict()))
            for artifact in run.record.artifacts:
                path = run.artifact(artifact.name).path
                show(path.read_bytes() if path.exists() else "")
            for name in run.metrics:
                show(run.history(name), list(run.history(name)))
    show(labbook.lessons(), labbook.check())
    with contextlib.suppress(LabbookError):
        show(labbook.gc())
    printed = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        for words in (["runs"], ["show", "last"], ["lesson"], ["check"], ["gc"], ["export"], ["compare"]):
            cli.main(words)
    printed.flush()
    return shown.getvalue() + printed.buffer.getvalue().decode()  # type: ignore[attr-defined]


def everything_that_writes() -> None:
    for verb in (labbook.note, labbook.tag, labbook.conclude):
        for reference in ("last", "last-1"):
            with contextlib.suppress(LabbookError):
                verb(reference, "written")
    with contextlib.suppress(LabbookError):
        labbook.lesson("written")
    with labbook.experiment("after", params={"p": 5}) as run:
        run.log(loss=3)
        run.note("after")
        run.artifact(b"a model", name="model.bin")
        run.artifact(b"another model", name="other.bin")
    background.settle()
    for keep in (lambda: labbook.check(repair=True), lambda: labbook.gc(delete=True)):
        with contextlib.suppress(LabbookError):
            keep()


@pytest.mark.filterwarnings("ignore::jupyter_labbook.LabbookWarning")
@pytest.mark.parametrize("place", PLACES)
def test_a_link_leads_no_reader_and_no_writer_outside(place: str, inside: Path, outside: Path) -> None:
    plant(place, inside, outside)
    before = contents(outside)
    assert SECRET not in everything_that_reads()
    assert "link" in [fault.kind for fault in labbook.check().faults]
    everything_that_writes()
    assert contents(outside) == before
    assert SECRET not in everything_that_reads()


def test_the_labbook_itself_may_be_a_link(project: Path, inside: Path, tmp_path: Path) -> None:
    shutil.move(inside, tmp_path / "big disk")
    inside.symlink_to(tmp_path / "big disk")
    everything_that_writes()
    assert len(labbook.runs()) == 3
    assert labbook.check().faults == ()
