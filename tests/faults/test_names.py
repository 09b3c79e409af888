"""Whatever a thing is called, it stays inside the labbook, is found again, and keeps its name where one can."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_labbook as labbook
from jupyter_labbook.errors import LabbookError, UsageError
from jupyter_labbook.record.background import background
from jupyter_labbook.run import Run
from tests.faults.texts import NAMES

IDS = [f"{name[:12]!r}" for name in NAMES]

TAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,90}")


def everything(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


@pytest.fixture(autouse=True)
def nothing_leaves_the_labbook(tmp_path: Path, project: Path) -> Iterator[None]:
    before = everything(tmp_path)
    yield
    background.settle()
    made = everything(tmp_path) - before
    outside = [path for path in made if path.parts[:2] != ("project", "labbook") and path.parts[0] != "ipython"]
    assert outside == []
    inside = [part for path in made if path.parts[0] == "project" for part in path.parts]
    assert [part for part in inside if not TAME.fullmatch(part)] == []
    if (project / "labbook").exists():
        assert labbook.check(store=project).faults == ()


def only_run() -> Run:
    background.settle()
    (run,) = labbook.runs()
    assert run.status == "finished"
    str(run), run.to_dict(), str(labbook.runs()), str(labbook.export()), str(labbook.export(format="json"))
    return run


@pytest.mark.filterwarnings("ignore::jupyter_labbook.LabbookWarning")
@pytest.mark.parametrize("name", NAMES, ids=IDS)
def test_a_run_may_be_called_anything(name: str, project: Path) -> None:
    with labbook.experiment(name, params={name: 1, "second": name}, tags=[name]) as run:
        run.log({name: 0.5})
        run.param({f"{name} late": 2})
        if name:
            run.artifact(b"content", name=name)
        if name.strip():
            run.note(name)
    recorded = only_run()
    shown = name.encode("utf-8", "backslashreplace").decode()
    if name:
        assert recorded.experiment == shown
        assert recorded.artifact(shown).path.read_bytes() == b"content"
    assert recorded.parameters[shown] == 1
    assert recorded.parameters["second"][:1000] == shown[:1000]  # a longer value is kept by its beginning and its hash
    assert 0.5 in recorded.metrics.values() or not name
    assert not name.strip() or len(recorded.notes) == 1


@pytest.mark.parametrize("name", NAMES, ids=IDS)
def test_the_magic_takes_any_name(name: str, notebook: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    typed = name.replace("\\", "\\\\").replace('"', '\\"')
    result = notebook.run_cell(f'%%experiment "{typed}" --tag "{typed}"\nlabbook.log(loss=1)\nkept = 5\nkept')
    if notebook.user_ns.get("kept") is None:  # said to be no name, and nothing ran
        assert not result.success
        return
    assert result.result == 5
    assert only_run().metrics["loss"] == 1


@pytest.mark.parametrize("name", NAMES, ids=IDS)
def test_whoever_annotates_may_write_anything(name: str, project: Path) -> None:
    with labbook.experiment("plain") as run:
        run.log(loss=1)
    background.settle()
    for annotate in (labbook.tag, labbook.note, labbook.conclude, labbook.lesson):
        with contextlib.nullcontext() if name.strip() else pytest.raises(UsageError):
            annotate("last", name)
    for read in (labbook.run, labbook.compare, lambda name: labbook.note(name, "text")):
        with contextlib.suppress(LabbookError):
            read(name)
    annotated = only_run()
    if name.strip():
        assert annotated.tags == [" ".join(name.replace("\0", "").replace("\ud800", "\ufffd").split())]
        assert annotated.conclusion
        assert annotated.notes[0].text
        assert len(str(labbook.lessons())) > 1
