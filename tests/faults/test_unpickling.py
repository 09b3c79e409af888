"""Reading a labbook runs nothing: no module can unpickle or evaluate, and a planted pickle stays asleep."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

import jupyter_labbook as labbook
from jupyter_labbook.errors import LabbookError
from jupyter_labbook.frontends.run_page import RunPage
from jupyter_labbook.record.background import background
from tests.code_map import PACKAGE

MODULES = frozenset({"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "runpy"})
CALLS = frozenset({"eval", "exec", "compile", "__import__", "read_pickle", "to_pickle", "loads_pickle"})
ALLOWED = {"record/body.py": {"exec", "eval", "compile"}}
"""The one module that runs code: it executes the cell that the user has just sent."""


def doubtful(path: Path) -> Iterator[str]:
    """What a module imports or calls that could run what it reads."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            yield node.module or ""
        elif isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            of_re = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "re"
            if name in CALLS and not of_re:
                yield name
            if any(word.arg == "allow_pickle" and getattr(word.value, "value", True) for word in node.keywords):
                yield "allow_pickle"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_module_can_unpickle_or_evaluate(path: Path) -> None:
    allowed = ALLOWED.get(path.relative_to(PACKAGE).as_posix(), set())
    assert set(doubtful(path)) <= allowed


def test_the_scan_sees_what_it_looks_for(tmp_path: Path) -> None:
    code = "import pickle\nfrom dill import load\neval('1')\npandas.read_pickle(x)\nnumpy.load(x, allow_pickle=True)\n"
    (tmp_path / "module.py").write_text(code)
    assert set(doubtful(tmp_path / "module.py")) == {"pickle", "dill", "eval", "read_pickle", "allow_pickle"}


class Bomb:
    """Unpickling this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.mark.filterwarnings("ignore::jupyter_labbook.LabbookWarning")
def test_a_planted_pickle_stays_asleep(project: Path, tmp_path: Path, own_cache: Path) -> None:
    for number in range(2):
        with labbook.experiment("plain", params={"p": number}) as run:
            run.log(loss=number)
            run.note("a note")
            run.artifact(b"a model", name="model.pkl")
    background.settle()
    labbook.conclude("last", "plain")
    labbook.lesson("a lesson")
    list(labbook.runs())
    bomb = pickle.dumps(Bomb(tmp_path / "exploded"))
    planted = [path for home in (project, own_cache) for path in sorted(home.rglob("*")) if path.is_file()]
    assert len(planted) > 10
    for path in planted:
        before = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(bomb)
        read_everything()
        path.write_bytes(before)
    assert not (tmp_path / "exploded").exists()
    pickle.loads(bomb)  # noqa: S301 - it would have gone off
    assert (tmp_path / "exploded").exists()


def read_everything() -> None:
    for read in (labbook.runs, labbook.lessons, labbook.check, labbook.export, labbook.gc, labbook.compare):
        try:
            str(read())
        except LabbookError:
            continue
    try:
        run = labbook.run("last")
        str(RunPage(run)), run.source, run.to_dict(), run.artifact("model.pkl"), list(run.history("loss"))
        str(labbook.diff("last", "last-1"))
    except (LabbookError, KeyError):
        pass
