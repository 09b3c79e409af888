"""In a real kernel: what a cell shows arrives as before, and stands in the notebook of its outputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import nbformat
import pytest

from tests.record.cells import PLOTTING, SHOWING, cells
from tests.record.kernels import Kernel, Message, comparable

FOLLOW = """
from jupyter_labbook.record.outputs import Outputs
shell = get_ipython()
kept, inner, executing = [], [], []
def begin(info):
    (inner if executing else kept).append(Outputs(shell))
    executing.append((inner if executing else kept)[-1])
    executing[-1].start()
def end(result):
    if executing:
        executing.pop().stop()
def leave():
    shell.events.unregister("pre_run_cell", begin)
    shell.events.unregister("post_run_cell", end)
    executing.pop().stop()
shell.events.register("pre_run_cell", begin)
shell.events.register("post_run_cell", end)
"""

CELLS = cells(SHOWING)


def from_messages(messages: list[Message]) -> list[dict[str, Any]]:
    """The outputs that a front end would save for these messages."""
    outputs: list[dict[str, Any]] = []
    shown: dict[str, dict[str, Any]] = {}
    clear = False
    for message in messages:
        message = dict(message)
        kind, id = message.pop("type"), message.pop("transient", {}).get("display_id")
        if kind == "clear_output":
            clear = message["wait"]
            if not clear:
                outputs = []
        elif kind == "update_display_data":
            if id in shown:
                shown[id].update(data=message["data"], metadata=message["metadata"])
        else:
            if clear:
                outputs, clear = [], False
            output = {"output_type": kind, **message}
            last = outputs[-1] if outputs else {}
            if kind == "stream" and last.get("output_type") == "stream" and last["name"] == message["name"]:
                last["text"] += message["text"]
            else:
                outputs.append(output)
            if id is not None:
                shown[id] = outputs[-1]
    for output in outputs:
        if "text" in output:
            output["text"] = re.sub(r"[^\n]*\r", "", output["text"].replace("\r\n", "\n"))
    return outputs


def answer(kernel: Kernel) -> dict[str, Any]:
    """What the kernel replied to the last cell."""
    keys = ("status", "execution_count", "ename", "evalue", "payload")
    return {key: kernel.reply.get(key) for key in keys}


@pytest.fixture
def plain(new_kernel: Callable[..., Kernel]) -> Kernel:
    return new_kernel(SOURCE_DATE_EPOCH="0")


@pytest.fixture
def captured(new_kernel: Callable[..., Kernel]) -> Kernel:
    return new_kernel(SOURCE_DATE_EPOCH="0")


def test_a_kernel_shows_the_same_with_the_capture_and_the_capture_has_all_of_it(
    plain: Kernel, captured: Kernel
) -> None:
    plain.run("pass")
    captured.run(FOLLOW)
    shown = []
    for name, cell in CELLS.items():
        expected, found = plain.run(cell), captured.run(cell)
        assert comparable(found) == comparable(expected), name
        assert answer(captured) == answer(plain), name
        shown.append(found)
    captured.run("leave()")
    counts = captured.text("print([o.faults for o in kept + inner if o.faults], len(kept), len(inner))")
    assert counts == f"[] {len(CELLS) + 1} 2\n"
    for place, (name, messages) in enumerate(zip(CELLS, shown, strict=True)):
        text = captured.text(f"print(kept[{place}].notebook('the source', {place + 2}, None, {{}}).decode())")
        notebook = nbformat.reads(text, 4)
        nbformat.validate(notebook)
        assert from_messages(messages) == [dict(output) for output in notebook.cells[0].outputs], name
    left = "[name for name in ('publish', 'clear_output', 'write_format_data') if name in vars(holder)]"
    assert captured.text(f"for holder in (shell.display_pub, shell.displayhook):\n    print({left})") == "[]\n[]\n"


def test_figures_of_matplotlib_are_captured_as_shown(plain: Kernel, captured: Kernel) -> None:
    captured.run(FOLLOW)
    plain.run("pass")
    for cell in cells(PLOTTING).values():
        assert comparable(captured.run(cell)) == comparable(plain.run(cell))
    captured.run("leave()")
    program = "print([(suffix, content[:4]) for o in kept for suffix, content in o.figures()])"
    assert captured.text(program) == (
        "[('png', b'\\x89PNG'), ('png', b'\\x89PNG'), ('png', b'\\x89PNG'), ('svg', b'<?xm')]\n"
    )


def test_an_interrupted_cell_shows_its_traceback_and_the_next_one_is_captured(captured: Kernel) -> None:
    captured.run(FOLLOW)
    asked = captured.start("import time\nprint('begun', flush=True)\ntime.sleep(60)")
    captured.await_text("begun")
    captured.interrupt()
    messages = captured.answer(asked)
    assert messages[-1]["ename"] == "KeyboardInterrupt"
    captured.run("print('next')")
    captured.run("leave()")
    program = "for o in kept[:2]:\n    print([e.name for e in o._transcript.events()])"
    assert captured.text(program) == "['stdout', 'KeyboardInterrupt']\n['stdout']\n"


def test_figures_can_be_shown_before_the_cell_ends_and_are_then_not_shown_again(captured: Kernel) -> None:
    captured.run(
        "from jupyter_labbook.record.outputs import Outputs\n%matplotlib inline\nimport matplotlib.pyplot as plt"
    )
    messages = captured.run(
        "taken = []\n"
        "for value in (1, 2):\n"
        "    o = Outputs(get_ipython())\n"
        "    o.start()\n"
        "    plt.plot([value])\n"
        "    o.flush_figures()\n"
        "    o.stop()\n"
        "    taken.append([suffix for suffix, _ in o.figures()])\n"
        "print(taken)"
    )
    assert [message["type"] for message in messages] == ["display_data", "display_data", "stream"]
    assert messages[-1]["text"] == "[['png'], ['png']]\n"


def test_what_a_forked_process_prints_is_shown_and_disturbs_nothing(captured: Kernel) -> None:
    captured.run(FOLLOW)
    program = "import multiprocessing as m, time\np = m.get_context('fork').Process(target=print, args=('child',))\n"
    messages = captured.run(program + "p.start(); p.join(); print('parent'); time.sleep(0.5)")
    shown = "".join(message["text"] for message in messages)
    assert sorted(shown.split()) == ["child", "parent"]
    captured.run("leave()")
    assert captured.text("print([e.text for e in kept[0]._transcript.events()])") == "['parent\\n']\n"
