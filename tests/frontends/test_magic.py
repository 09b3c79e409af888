"""`%load_ext` puts two magics into a shell and nothing else, and takes them out again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from tests.record.conftest import shell as shell  # the fixture

HEAVY = ("papermill", "nbformat", "pandas", "matplotlib", "optuna", "scipy", "tornado", "numpy", "psutil")


@pytest.fixture
def labbook(shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    monkeypatch.chdir(tmp_path)
    shell.run_line_magic("load_ext", "jupyter_labbook")
    return shell


def run(shell: InteractiveShell, cell: str) -> str:
    """What a cell prints."""
    with capture_output() as shown:
        shell.run_cell(cell, store_history=True)
    return str(shown.stdout) + str(shown.stderr)


def test_loading_twice_records_once(labbook: InteractiveShell, tmp_path: Path) -> None:
    labbook.run_line_magic("reload_ext", "jupyter_labbook")
    labbook.run_line_magic("load_ext", "jupyter_labbook")
    run(labbook, "%%experiment once\nacc = abs(-1.0)")
    assert len(list(tmp_path.glob("labbook/runs/*"))) == 1


def test_unloading_takes_everything_out(labbook: InteractiveShell, tmp_path: Path) -> None:
    labbook.run_line_magic("unload_ext", "jupyter_labbook")
    assert "not found" in run(labbook, "%%experiment x\nacc = 1")
    assert not list(tmp_path.glob("labbook"))
    labbook.run_line_magic("load_ext", "jupyter_labbook")
    run(labbook, "%%experiment x\nacc = 1")
    assert len(list(tmp_path.glob("labbook/runs/*"))) == 1


def test_the_configured_store_is_used(shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shell.config.Labbook.store = str(tmp_path / "elsewhere")
    shell.run_line_magic("load_ext", "jupyter_labbook")
    run(shell, "%%experiment x\nacc = 1")
    assert len(list(tmp_path.glob("elsewhere/runs/*"))) == 1
    assert "x" in run(shell, "%labbook runs")


def test_the_option_and_the_environment_name_the_store(
    labbook: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(labbook, f"%%experiment x --store '{tmp_path / 'one'}'\nacc = 1")
    monkeypatch.setenv("LABBOOK_STORE", str(tmp_path / "two"))
    run(labbook, "%%experiment x\nacc = 1")
    assert len(list(tmp_path.glob("one/runs/*"))) == len(list(tmp_path.glob("two/runs/*"))) == 1


def test_a_result_is_a_value_that_can_be_kept(labbook: InteractiveShell) -> None:
    run(labbook, "%%experiment x\nlr = 0.1\nacc = lr * 2")
    run(labbook, "found = %labbook runs")
    assert [one.metrics["acc"] for one in labbook.user_ns["found"]] == [0.2]


def test_a_comparison_shows_its_curves_below(labbook: InteractiveShell) -> None:
    run(labbook, "import jupyter_labbook as lb")
    for rate in (0.1, 0.2):
        run(labbook, f"%%experiment x\nlr = {rate}\nfor i in range(5): lb.log(loss=lr / (i + 1), step=i)")
    with capture_output() as shown:
        labbook.run_cell("comparison = %labbook compare last last-1\ncomparison", store_history=True)
    assert [sorted(output.data) for output in shown.outputs] == [
        ["text/html", "text/plain"],
        ["image/png", "text/plain"],
    ]
    assert labbook.user_ns["comparison"].curves() == ["loss"]


@pytest.mark.parametrize("line", ["frobnicate", "show", "runs lr >", "compare --by", "diff last"])
def test_a_wrong_line_is_told_in_one_line(labbook: InteractiveShell, line: str) -> None:
    run(labbook, "%%experiment x\nlr = 0.1\nacc = lr * 2")
    told = run(labbook, f"%labbook {line}")
    assert told.startswith("UsageError: ")
    assert "Traceback" not in told


def test_help_is_there_for_magics_and_verbs(labbook: InteractiveShell) -> None:
    assert "--expect CLAIM" in labbook.find_cell_magic("experiment").__doc__
    assert "labbook runs" in labbook.find_line_magic("labbook").__doc__
    assert "--limit" in run(labbook, "%labbook runs --help")


def test_loading_imports_nothing_heavy() -> None:
    program = (
        "import sys, json\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\nbefore = set(sys.modules)\n"
        "shell.run_line_magic('load_ext', 'jupyter_labbook')\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    assert loaded.isdisjoint(HEAVY)
