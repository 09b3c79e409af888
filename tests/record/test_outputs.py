"""What a cell shows in a plain shell is captured, and everything is afterwards as it was."""

from __future__ import annotations

import base64
import io
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import msgspec
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display, publish_display_data

from jupyter_labbook.record import current
from jupyter_labbook.record.outputs import Outputs

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
ATTRIBUTES = ("write", "publish", "clear_output", "write_format_data", "write_output_prompt", "_showtraceback")


@pytest.fixture(autouse=True)
def own_streams(capsys: pytest.CaptureFixture[str]) -> None:
    """Streams that nobody else has touched: fresh for each test, and what they got can be read."""


@contextmanager
def heard(shell: InteractiveShell, **limits: int) -> Iterator[Outputs]:
    outputs = Outputs(shell, **limits)
    outputs.start()
    try:
        yield outputs
    finally:
        outputs.stop()


def outputs_of(outputs: Outputs, error: Any = None) -> list[dict[str, Any]]:
    content = outputs.notebook("the source", 7, error, {"run": "r1"})
    notebook = nbformat.reads(content.decode(), 4)
    nbformat.validate(notebook)
    assert notebook.metadata.labbook == {"run": "r1"}
    (cell,) = notebook.cells
    assert (cell.source, cell.execution_count) == ("the source", 7)
    return [dict(output) for output in cell.outputs]


def text_of(outputs: Outputs) -> str:
    return "".join(output.get("text", "") for output in outputs_of(outputs))


def stand_ins(shell: InteractiveShell) -> list[Any]:
    holders = (sys.stdout, sys.stderr, shell.display_pub, shell.displayhook, shell)
    return [vars(holder).get(name) for holder in holders for name in ATTRIBUTES]


def written(stream: Any) -> str:
    return str(stream.getvalue())


# what is captured


def test_text_goes_where_it_went_and_is_captured(shell: InteractiveShell) -> None:
    with heard(shell) as outputs:
        print("a", 1)
        print("b")
        print("wrong", file=sys.stderr)
        print("c", end="")
    assert outputs_of(outputs) == [
        {"output_type": "stream", "name": "stdout", "text": "a 1\nb\n"},
        {"output_type": "stream", "name": "stderr", "text": "wrong\n"},
        {"output_type": "stream", "name": "stdout", "text": "c"},
    ]
    assert written(sys.stdout) == "a 1\nb\nc"
    assert written(sys.stderr) == "wrong\n"


def test_what_a_terminal_prints_to_show_something_is_not_text_of_the_cell(shell: InteractiveShell) -> None:
    with heard(shell) as outputs:
        shell.run_cell("print('x')\ndisplay('d')\n1 + 1", store_history=True)
        shell.run_cell("1 / 0", store_history=True)
    text, shown, result, error = outputs_of(outputs)
    assert text == {"output_type": "stream", "name": "stdout", "text": "x\n"}
    assert shown == {"output_type": "display_data", "data": {"text/plain": "'d'"}, "metadata": {}}
    assert result["data"] == {"text/plain": "2"}
    assert (result["output_type"], result["execution_count"]) == ("execute_result", 7)
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert "1 / 0" in "\n".join(error["traceback"])
    assert "Out[1]: 2" in written(sys.stdout)
    assert "ZeroDivisionError" in written(sys.stdout)


def test_a_shell_command_and_a_thread_are_heard(shell: InteractiveShell) -> None:
    with heard(shell) as outputs:
        shell.run_cell("!echo from the shell")
        thread = threading.Thread(target=print, args=("in a thread",))
        thread.start()
        thread.join()
    assert text_of(outputs) == "from the shell\nin a thread\n"


def test_a_redirected_stream_is_heard_once_it_is_back(shell: InteractiveShell) -> None:
    stream = sys.stdout
    with heard(shell) as outputs:
        with redirect_stdout(io.StringIO()) as hidden:
            print("hidden")
        print("shown")
        assert sys.stdout is stream
    assert text_of(outputs) == "shown\n"
    assert hidden.getvalue() == "hidden\n"


def test_the_error_that_ended_the_cell_stands_at_the_end_where_none_was_shown(shell: InteractiveShell) -> None:
    error = {"type": "ValueError", "message": "no", "traceback": "Traceback …\nValueError: no"}
    with heard(shell) as outputs:
        print("before")
    text, shown = outputs_of(outputs, error)
    assert text["text"] == "before\n"
    assert shown == {
        "output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["Traceback …", "ValueError: no"],
    }  # fmt: skip
    with heard(shell) as outputs:
        shell.run_cell("raise KeyError('x')")
    assert [output["ename"] for output in outputs_of(outputs, error)] == ["KeyError"]


def test_a_display_keeps_what_it_showed_when_the_object_changes(shell: InteractiveShell) -> None:
    data = {"application/json": {"a": [1]}, "text/plain": "x"}
    with heard(shell) as outputs:
        publish_display_data(data, {"text/plain": {"width": 3}})
        data["application/json"]["a"].append(2)
        data["text/plain"] = "changed"
    (shown,) = outputs_of(outputs)
    assert shown["data"] == {"application/json": {"a": [1]}, "text/plain": "x"}
    assert shown["metadata"] == {"text/plain": {"width": 3}}


def test_figures_are_those_that_still_stand(shell: InteractiveShell) -> None:
    def show(data: dict[str, Any], **options: Any) -> None:
        publish_display_data({"text/plain": "figure", **data}, **options)

    with heard(shell) as outputs:
        show({"image/png": PNG})
        shell.display_pub.clear_output()
        show({"image/png": base64.encodebytes(PNG).decode()})
        show({"image/svg+xml": "<svg/>"}, transient={"display_id": "one"})
        show({"image/svg+xml": "<svg><g/></svg>"}, transient={"display_id": "one"}, update=True)
        show({"image/jpeg": b"\xff\xd8\xff"})
        show({"image/png": "not base64!"})
    assert outputs.figures() == [("png", PNG), ("svg", b"<svg><g/></svg>"), ("jpeg", b"\xff\xd8\xff")]
    assert base64.b64decode(outputs_of(outputs)[2]["data"]["image/jpeg"]) == b"\xff\xd8\xff"


def test_secrets_do_not_reach_the_notebook(shell: InteractiveShell) -> None:
    secret = "ghp_" + "a1B2c3D4e5" * 4
    with heard(shell) as outputs:
        print(secret[:20], end="")
        print(secret[20:])
        publish_display_data({"text/html": f"<b>{secret}</b>", "application/json": {"key": secret}})
        shell.run_cell(f"raise ValueError('{secret}')")
    content = outputs.notebook(f"token = '{secret}'", 1, None, {})
    assert secret.encode() not in content
    assert content.count(b"[redacted]") >= 4
    assert "[redacted]" in msgspec.json.decode(content)["cells"][0]["outputs"][1]["data"]["application/json"]["key"]


@pytest.mark.parametrize("text", ["\ud800", "\0", "\x1b[31m", "é😀", "\u2028", '"}]\\'])
def test_any_text_makes_a_valid_notebook(shell: InteractiveShell, text: str) -> None:
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    with heard(shell) as outputs:
        sys.stdout.write("x" + text + "y")
        publish_display_data(
            {"text/plain": text, "application/json": {text: [text, {1, 2}, object, (1,)]}, "a/b": [text]}
        )
    assert outputs_of(outputs)[0]["text"][0] == "x"


# whose it is


def test_what_a_run_inside_shows_belongs_to_both(shell: InteractiveShell) -> None:
    with heard(shell) as outer:
        print("before")
        with heard(shell) as inner:
            print("inside")
            display("shown inside")
        print("after")
    assert [output.get("text") for output in outputs_of(inner)] == ["inside\n", None]
    assert text_of(outer) == "before\ninside\nafter\n"
    assert len(outputs_of(outer)) == 3


def test_two_runs_side_by_side_do_not_hear_each_other(shell: InteractiveShell) -> None:
    """As asyncio tasks have it: each in a context of its own, taking turns."""
    first, second = Run(shell), Run(shell)
    first.call(first.outputs.start)
    second.call(second.outputs.start)
    first.call(lambda: print("first"))
    second.call(lambda: print("second"))
    first.call(lambda: display("first"))
    first.call(first.outputs.stop)
    first.call(lambda: print("late"))
    second.call(lambda: print("second again"))
    second.call(second.outputs.stop)
    assert text_of(first.outputs) == "first\n"
    assert text_of(second.outputs) == "second\nsecond again\n"
    assert len(outputs_of(first.outputs)) == 2
    assert "write" not in vars(sys.stdout)


def test_a_thread_of_an_earlier_run_does_not_talk_into_the_next(shell: InteractiveShell) -> None:
    go, said = threading.Event(), threading.Event()

    def later() -> None:
        go.wait(10)
        print("from the first run's thread")
        said.set()

    first, second = Run(shell), Run(shell)
    first.call(first.outputs.start)
    first.call(lambda: threading.Thread(target=later).start())
    first.call(first.outputs.stop)
    second.call(second.outputs.start)
    go.set()
    assert said.wait(10)
    second.call(lambda: print("second"))
    second.call(second.outputs.stop)
    assert outputs_of(first.outputs) == []
    assert text_of(second.outputs) == "second\n"


class Run:
    """A run as `current` knows it, in a context of its own."""

    def __init__(self, shell: InteractiveShell) -> None:
        import contextvars

        self.outputs = Outputs(shell)
        self._context = contextvars.copy_context()
        current._follow_threads()
        self._context.run(current._current.set, self)  # type: ignore[arg-type]

    def call(self, work: Callable[[], Any]) -> None:
        self._context.run(work)


# everything is as it was


def test_nothing_is_left_behind(shell: InteractiveShell) -> None:
    before = stand_ins(shell)
    assert before == [None] * len(before)
    with heard(shell) as outputs:
        assert sum(found is not None for found in stand_ins(shell)) >= 7
        outputs.start()
    outputs.stop()
    assert stand_ins(shell) == before
    assert outputs.faults == []


def test_a_stand_in_of_ipythons_own_is_put_back(shell: InteractiveShell) -> None:
    def own(text: str) -> int:
        return len(text)

    sys.stdout.write = own  # type: ignore[method-assign,assignment]
    with heard(shell):
        assert sys.stdout.write is not own
    assert sys.stdout.write is own


def test_any_order_of_ends_leaves_nothing_behind(shell: InteractiveShell) -> None:
    first, second, third = Outputs(shell), Outputs(shell), Outputs(shell)
    for outputs in (first, second, third):
        outputs.start()
    print("all")
    second.stop()
    print("two")
    first.stop()
    print("one")
    third.stop()
    assert [text_of(outputs) for outputs in (first, second, third)] == ["all\ntwo\n", "all\n", "all\ntwo\none\n"]
    assert stand_ins(shell) == [None] * len(stand_ins(shell))


def test_what_the_user_put_on_top_stays_and_no_longer_reports(shell: InteractiveShell) -> None:
    with heard(shell) as outputs:
        below = sys.stdout.write
        sys.stdout.write = lambda text: below(text.upper())  # type: ignore[method-assign,assignment]
        print("loud")
    print("still loud")
    assert text_of(outputs) == "LOUD\n"
    assert written(sys.stdout) == "LOUD\nSTILL LOUD\n"
    sys.stdout.write = below  # type: ignore[method-assign]
    with heard(shell) as again:
        print("quiet")
    assert text_of(again) == "quiet\n"


def test_a_stream_that_was_replaced_for_good_is_heard_in_the_next_cell(shell: InteractiveShell) -> None:
    first, other = sys.stdout, io.StringIO()
    with heard(shell) as outputs:
        sys.stdout = other
        print("elsewhere")
    assert vars(first).get("write") is None
    with heard(shell) as again:
        print("there")
    assert (text_of(outputs), text_of(again)) == ("", "there\n")
    assert other.getvalue() == "elsewhere\nthere\n"


# nothing of ours disturbs


class Frozen:
    """A stream that takes no attributes."""

    __slots__ = ("texts",)

    def __init__(self) -> None:
        self.texts: list[str] = []

    def write(self, text: str) -> int:
        self.texts.append(text)
        return len(text)

    def flush(self) -> None:
        pass


def test_a_stream_that_cannot_be_heard_is_named_and_works_on(shell: InteractiveShell) -> None:
    sys.stdout = stream = Frozen()  # type: ignore[assignment]
    sys.stderr = None  # type: ignore[assignment]
    with heard(shell) as outputs:
        print("shown")
        publish_display_data({"text/plain": "d"})
    assert stream.texts[:2] == ["shown", "\n"]
    assert len(outputs.faults) == 2
    assert [output["output_type"] for output in outputs_of(outputs)] == ["display_data"]


def test_what_a_stream_answers_and_raises_is_what_the_cell_gets(shell: InteractiveShell) -> None:
    class Odd(io.StringIO):
        def write(self, text: Any) -> int:
            if text == "bad":
                raise BrokenPipeError("gone")
            return 42

    sys.stdout = Odd()
    with heard(shell) as outputs:
        assert sys.stdout.write("x") == 42
        assert sys.stdout.write(3) == 42  # type: ignore[arg-type]
        with pytest.raises(BrokenPipeError, match="gone"):
            sys.stdout.write("bad")
        with pytest.raises(TypeError):
            shell.display_pub.publish()
    assert text_of(outputs) == "x"
    assert len(outputs.faults) == 1


def test_what_cannot_be_kept_is_shown_all_the_same(shell: InteractiveShell) -> None:
    with heard(shell) as outputs:
        publish_display_data({"text/plain": "shown"}, metadata={1: object()})
        shell.display_pub.publish({"text/plain": "odd"}, transient=3)
    assert written(sys.stdout) == "shown\nodd\n"
    assert len(outputs_of(outputs)) == 1
    assert len(outputs.faults) == 1


# memory and time


def test_memory_stays_bounded_and_a_line_says_how_much_is_missing(shell: InteractiveShell) -> None:
    sys.stdout = io.TextIOWrapper(io.FileIO("/dev/null", "w"))
    tracemalloc.start()
    try:
        with heard(shell, text_limit=1 << 18) as outputs:
            for number in range(50_000):
                print(f"line {number:06} " + "x" * 90)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 << 20
    text = text_of(outputs)
    head, _, tail = text.partition("\n… ")
    assert head.startswith("line 000000 ")
    assert tail.endswith("line 049999 " + "x" * 90 + "\n")
    count = int(tail.partition(" ")[0].replace(",", ""))
    assert f"… {count:,} characters of output left out here …\n" in text
    assert len(head) + count + len(tail.partition("\n")[2]) == 50_000 * 103
    assert abs(len(text) - (1 << 18)) < 2000


def test_starting_and_stopping_costs_as_much_as_a_few_displays(shell: InteractiveShell) -> None:
    from timeit import repeat

    sys.stdout = io.TextIOWrapper(io.FileIO("/dev/null", "w"))
    start_and_stop = min(repeat(lambda: heard(shell).__enter__().stop(), number=100, repeat=15))
    one_display = min(repeat(lambda: display({"text/plain": "x"}, raw=True), number=100, repeat=15))
    assert start_and_stop < 30 * one_display
