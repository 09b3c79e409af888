"""In a real kernel a cell under `%%experiment` shows what it shows without, and a card below."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.record.kernels import Kernel, Message, comparable

LOAD = "%load_ext jupyter_labbook\nimport jupyter_labbook as labbook"

BODIES = {
    "nothing": "pass",
    "empty": "",
    "a value": "x = 20\nx + 1.5",
    "a value that a semicolon hides": "x = 20\nx + 1.5;",
    "prints": "import sys\nprint('a')\nprint('b', file=sys.stderr)\n'c'",
    "a display": "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))\n1",
    "the last values": "5 * 1.0\n_",
    "await": "import asyncio\nawait asyncio.sleep(0)\n'slept'",
    "a line magic": "y = 3\n%who_ls int",
    "a shell line": "out = !echo hello {1 + 1}\nout[0]",
    "a shell command": "!echo shown",
    "braces and dollars": "x = 3\nprint('{x} $x {{x}}')",
    "a cell magic inside": "%%time\nz = 7\nz",
    "capture inside": "%%capture got\nprint('gone')",
    "a zero division": "def f():\n    return 1 / 0\n\nf()",
    "a syntax error": "x = = 3",
    "an indentation error": "if True:\nx = 1",
    "an indented cell": "    w = 2\n    w",
    "a prompt": ">>> w = 2\n>>> w",
    "leading blank lines": "\n\n1/0",
    "one line": "len('abc')",
    "help": "len?",
    "a class and a comprehension": "class A:\n    b = [i for i in range(3)]\nA.b",
    "sys.exit": "import sys\nsys.exit(0)",
    "sys.exit with a reason": "import sys\nsys.exit('why')",
    "an exception group": "raise ExceptionGroup('several', [ValueError(1), KeyError('k')])",
    "chained exceptions": "try:\n    {}['a']\nexcept KeyError as e:\n    raise RuntimeError('b') from e",
    "In": "len(In) > 0",
}


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two kernels alike; one of them records."""
    plain, recording = (Kernel(tmp_path_factory.mktemp(name)) for name in ("plain", "recording"))
    plain.run("1\npass")
    recording.run(LOAD)
    yield plain, recording
    plain.close()
    recording.close()


def without_card(messages: list[Message]) -> list[Message]:
    cards = [message for message in messages if "text/html" in message.get("data", {}) and _is_card(message)]
    assert len(cards) == 1, messages
    return [message for message in messages if message is not cards[0]]


def _is_card(message: Message) -> bool:
    return message["type"] == "display_data" and "%labbook show" in message["data"]["text/html"]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_recorded_cell_shows_what_it_shows_without(kernels: tuple[Kernel, Kernel], body: str) -> None:
    plain, recording = kernels
    expected = comparable(plain.run(body or "pass"))
    status = plain.reply["status"]
    shown = recording.run(f"%%experiment same\n{body}")
    assert comparable(without_card(shown)) == expected
    assert recording.reply["status"] == status
    if status == "error":
        assert recording.reply["ename"] == plain.reply["ename"]


@pytest.fixture
def kernel(new_kernel: Callable[..., Kernel]) -> Kernel:
    kernel = new_kernel()
    kernel.run(LOAD)
    return kernel


def records(kernel: Kernel) -> list[dict[str, Any]]:
    """The records as they stand on the disk when everything beside the cells is done."""
    kernel.run("from jupyter_labbook.record.background import background\nbackground.settle();")
    folder = Path(kernel.text("import os; print(os.getcwd())").strip()) / "labbook" / "runs"
    runs = [json.loads(path.read_bytes()) for path in folder.glob("*/run.json")]
    return sorted(runs, key=lambda record: record["started"])


def test_an_interrupted_cell_is_an_interrupted_run_and_keeps_its_points(kernel: Kernel) -> None:
    asked = kernel.start(
        "%%experiment slow\nimport time\nfor i in range(10_000):\n"
        "    labbook.log(loss=1 / (i + 1))\n    print('tick')\n    time.sleep(0.01)"
    )
    kernel.await_text("tick")
    time.sleep(0.2)
    kernel.interrupt()
    shown = kernel.answer(asked)
    assert [message["ename"] for message in shown if message["type"] == "error"] == ["KeyboardInterrupt"]
    record = records(kernel)[-1]
    assert record["status"] == "interrupted"
    assert record["metrics"]["loss"]["count"] >= 2
    assert kernel.text("print(6 * 7)") == "42\n"


def test_an_interrupted_await_is_an_interrupted_run(kernel: Kernel) -> None:
    kernel.start("%%experiment slow\nimport asyncio\nprint('tick')\nawait asyncio.sleep(60)")
    kernel.await_text("tick")
    time.sleep(0.2)
    kernel.interrupt()
    time.sleep(0.5)  # ipykernel 7.4 sends no idle status for an await that was interrupted
    kernel.run("pass")  # aborted, as what follows an error is
    kernel.run("%%experiment next\nacc = abs(-0.5)")
    assert [record["status"] for record in records(kernel)] == ["interrupted", "finished"]


def test_time_around_the_experiment_records_it(kernel: Kernel) -> None:
    shown = kernel.run("%%time\n%%experiment inside\nlr = 0.1\nacc = lr * 5\nacc")
    assert any("0.5" in message.get("data", {}).get("text/plain", "") for message in shown)
    record = records(kernel)[-1]
    assert (record["experiment"], record["parameters"], record["metrics"]["acc"]["last"]) == (
        "inside",
        {"lr": 0.1},
        0.5,
    )


def test_an_error_under_another_magic_is_shown_once_as_the_cells_own(kernel: Kernel) -> None:
    shown = kernel.run("%%time\n%%experiment inside\n1/0")
    errors = [message for message in shown if message["type"] == "error"]
    assert [error["ename"] for error in errors] == ["ZeroDivisionError"]
    assert "jupyter_labbook" not in "\n".join(errors[0]["traceback"])
    assert records(kernel)[-1]["status"] == "failed"


def test_a_wrong_option_is_told_in_one_line_and_nothing_runs(kernel: Kernel) -> None:
    shown = kernel.run("%%experiment x --whta 'a'\nran = True")
    text = json.dumps(shown)
    assert "--what" in text
    assert "Traceback" not in text
    assert kernel.reply["status"] == "error"
    assert kernel.text("print('ran' in globals())") == "False\n"
    assert records(kernel) == []


def test_a_claim_that_makes_no_sense_is_refused_before_the_body_runs(kernel: Kernel) -> None:
    kernel.run("%%experiment x --expect 'acc is good'\nran = True")
    assert kernel.reply["status"] == "error"
    assert kernel.text("print('ran' in globals())") == "False\n"


def test_claims_what_and_why_are_on_the_disk_before_the_body_starts(kernel: Kernel) -> None:
    text = kernel.text(
        "%%experiment x --expect 'acc > 0.5' --what 'a test'\n# why: to see\nimport glob, json\n"
        "record = json.load(open(glob.glob('labbook/runs/*/run.json')[0]))\n"
        "print(record['status'], record['expect'][0]['claim'], record['what'], record['why'])"
    )
    assert text == "running acc > 0.5 a test to see\n"


def test_each_value_is_a_run_and_the_value_stands_over_the_cells_own(kernel: Kernel) -> None:
    kernel.run("%%experiment grid --each lr=0.1,0.01 --each seed=0..1\nlr = 5\nacc = lr * 2 + seed\nacc")
    found = records(kernel)
    assert [record["parameters"] for record in found] == [
        {"lr": lr, "seed": seed} for lr in (0.1, 0.01) for seed in (0, 1)
    ]
    assert [record["metrics"]["acc"]["last"] for record in found] == [0.2, 1.2, 0.02, 1.02]
    assert len({record["group"] for record in found}) == 1
    assert [record["seed"] for record in found] == [0, 1, 0, 1]


def test_each_awaits_where_the_cell_awaits(kernel: Kernel) -> None:
    kernel.run("%%experiment grid --each n=1,2\nimport asyncio\nawait asyncio.sleep(0.01)\nacc = n / 4")
    assert kernel.reply["status"] == "ok"
    assert [record["metrics"]["acc"]["last"] for record in records(kernel)] == [0.25, 0.5]


def test_a_failed_value_does_not_keep_the_others_from_running(kernel: Kernel) -> None:
    shown = kernel.run("%%experiment grid --each n=0,1,2\nacc = 1 / n")
    assert kernel.reply["status"] == "error"
    assert [record["status"] for record in records(kernel)] == ["failed", "finished", "finished"]
    assert sum(message["type"] == "error" for message in shown) == 2
    assert "1 of 3 runs" in json.dumps(shown)


def test_nested_experiments_are_parent_and_child(kernel: Kernel) -> None:
    kernel.run("%%experiment outer\nwith labbook.experiment('inner') as run:\n    run.log(a=1)\nlabbook.log(b=2)")
    inner, outer = sorted(records(kernel), key=lambda record: record["experiment"])
    assert inner["parent"] == outer["id"]
    assert list(inner["metrics"]) == ["a"]
    assert list(outer["metrics"]) == ["b"]


def test_tasks_and_threads_log_to_the_run_that_started_them(kernel: Kernel) -> None:
    kernel.run(
        "%%experiment first\nimport asyncio, threading, time\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "go = threading.Event()\n"
        "def late():\n    go.wait(30)\n    labbook.log(from_thread=1)\n"
        "thread = threading.Thread(target=late)\nthread.start()\n"
        "async def task():\n    await asyncio.sleep(0.3)\n    labbook.log(from_task=1)\n"
        "running = asyncio.ensure_future(task())\n"
        "pool = ThreadPoolExecutor(1)\npool.submit(labbook.log, from_pool=1).result()\n"
        "await asyncio.sleep(0)"
    )
    kernel.run(
        "%%experiment second\ngo.set()\nthread.join()\nawait running\n"
        "pool.submit(labbook.log, pool_again=2).result()\nlabbook.log(own=1)"
    )
    first, second = records(kernel)
    assert {name for name in first["metrics"] if "/" not in name} == {"from_thread", "from_task", "from_pool"}
    assert {name for name in second["metrics"] if "/" not in name} == {"pool_again", "own"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_forked_in_a_cell_adds_its_points_and_spoils_nothing(kernel: Kernel) -> None:
    kernel.run(
        "%%experiment forked\nimport os\nlabbook.log(x=1)\nchild = os.fork()\n"
        "if child == 0:\n    labbook.log(x=2)\n    labbook.param(evil=1)\n    os._exit(0)\n"
        "os.waitpid(child, 0)\nlabbook.log(x=3)"
    )
    record = records(kernel)[-1]
    assert record["metrics"]["x"]["count"] == 3
    assert record["status"] == "finished"
    assert "evil" not in record["parameters"]


def test_a_restarted_session_marks_failed_cells_in_the_replay(kernel: Kernel) -> None:
    kernel.run("base = 2")
    kernel.run("1/0")
    kernel.run("%%experiment uses\nacc = base / 4")
    folder = Path(kernel.text("import os; print(os.getcwd())").strip())
    (replay,) = folder.glob("labbook/runs/*/replay.ipynb")
    cells = json.loads(replay.read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    assert sources[-3:] == ["base = 2", "1/0", "%%experiment uses\nacc = base / 4"]
    assert "raises-exception" in cells[-2]["metadata"]["tags"]


def test_leaving_python_at_once_still_completes_the_record(new_kernel: Callable[..., Kernel]) -> None:
    kernel = new_kernel()
    kernel.run(LOAD)
    kernel.run("%%experiment short\nacc = 1 / 4")
    folder = Path(kernel.text("import os; print(os.getcwd())").strip())
    kernel._client.shutdown()
    kernel._manager.finish_shutdown()
    record = json.loads(next(folder.glob("labbook/runs/*/run.json")).read_bytes())
    assert record["environment"]["snapshot"]


def test_a_run_knows_its_notebook_and_cell(new_kernel: Callable[..., Kernel], tmp_path: Path) -> None:
    notebook = tmp_path / "work" / "train.ipynb"
    notebook.parent.mkdir()
    notebook.write_text(
        json.dumps(
            {
                "cells": [
                    {"id": "pars", "cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "lr = 0.5"},
                    {"id": "main", "cell_type": "code", "metadata": {}, "source": "%%experiment\nacc = lr / 2"},
                ],
                "metadata": {},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        )
    )
    kernel = new_kernel(JPY_SESSION_NAME=str(notebook))
    kernel.run(LOAD)
    kernel.run("lr = 0.5", cell_id="pars")
    kernel.run("%%experiment\nacc = lr / 2", cell_id="main")
    kernel.run("from jupyter_labbook.record.background import background\nbackground.settle();")
    (path,) = notebook.parent.glob("labbook/runs/*/run.json")
    record = json.loads(path.read_bytes())
    assert record["experiment"] == "train"
    assert record["notebook"]["path"] == "train.ipynb"
    assert record["notebook"]["cell_id"] == "main"
    assert record["parameters"] == {"lr": 0.5}
    assert record["parameter_sources"] == {"lr": "parameters cell"}
    assert record["metrics"]["acc"]["last"] == 0.25


def test_papermill_parameters_are_parameters(tmp_path: Path) -> None:
    import nbformat
    import papermill

    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernelspec})
    notebook.cells = [
        nbformat.v4.new_code_cell("lr = 0.1\ndepth = 2", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(LOAD),
        nbformat.v4.new_code_cell("%%experiment papermill\nacc = lr * depth"),
    ]
    nbformat.write(notebook, tmp_path / "in.ipynb")
    papermill.execute_notebook(
        str(tmp_path / "in.ipynb"), str(tmp_path / "out.ipynb"), {"lr": 0.25}, cwd=str(tmp_path), progress_bar=False
    )
    (path,) = tmp_path.glob("labbook/runs/*/run.json")
    record = json.loads(path.read_bytes())
    assert record["parameters"]["lr"] == 0.25
    assert record["parameter_sources"]["lr"] == "papermill"
    assert record["metrics"]["acc"]["last"] == 0.5
    assert record["environment"]["snapshot"]
