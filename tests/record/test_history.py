"""The cells of a session, and the notebook that replays them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

import jupyter_labbook.record.history as history_module
from jupyter_labbook.record.history import CellHistory


def followed(shell: InteractiveShell) -> CellHistory:
    history = CellHistory(shell)
    shell.events.register("pre_run_cell", history.begin)
    shell.events.register("post_run_cell", history.end)
    return history


def replayed(history: CellHistory, source: str = "%%experiment x\nlr = 1", **metadata: Any) -> Any:
    notebook = nbformat.reads(history.replay_notebook(source, metadata).decode(), 4)
    nbformat.validate(notebook)
    return notebook


def test_every_execution_is_kept_whole_in_order_with_what_came_of_it(shell: InteractiveShell) -> None:
    history = followed(shell)
    shell.run_cell("x = 1  # first\n", store_history=True, cell_id="aa")
    shell.run_cell("1/0", store_history=True)
    shell.run_cell("x ===", store_history=True)
    shell.run_cell("raise KeyboardInterrupt", store_history=True)
    shell.run_cell("x = 1  # first\n", store_history=True, cell_id="aa")
    kept = [(cell.source, cell.cell_id, cell.execution_count, cell.status) for cell in history.cells]
    assert kept == [
        ("x = 1  # first\n", "aa", 1, "ok"),
        ("1/0", None, 2, "failed"),
        ("x ===", None, 3, "failed"),
        ("raise KeyboardInterrupt", None, 4, "interrupted"),
        ("x = 1  # first\n", "aa", 5, "ok"),
    ]


def test_cells_from_before_the_extension_was_loaded_are_known(shell: InteractiveShell) -> None:
    shell.run_cell("x = 1", store_history=True)
    shell.run_cell("1/0", store_history=True)
    shell.user_ns["load"] = lambda: shell.user_ns.update(history=followed(shell))
    shell.run_cell("load()", store_history=True)
    shell.run_cell("y = 2", store_history=True)
    kept = [(cell.source, cell.execution_count, cell.status) for cell in shell.user_ns["history"].cells]
    assert kept == [("x = 1", 1, "ok"), ("1/0", 2, "failed"), ("load()", 3, "ok"), ("y = 2", 4, "ok")]


def test_a_cell_that_fails_while_it_loads_the_extension_is_known_to_have_failed(
    shell: InteractiveShell,
) -> None:
    shell.user_ns["load"] = lambda: shell.user_ns.update(history=followed(shell))
    shell.run_cell("load()\n1/0", store_history=True)
    assert [cell.status for cell in shell.user_ns["history"].cells] == ["failed"]


def test_empty_cells_are_no_cells(shell: InteractiveShell) -> None:
    history = followed(shell)
    for source in ("", "  \n"):
        shell.run_cell(source, store_history=True)
    assert history.cells == []


def test_a_cell_of_which_not_even_ipython_knows_the_end_was_interrupted(shell: InteractiveShell) -> None:
    history = CellHistory(shell)
    info: Any = SimpleNamespace(raw_cell="x", cell_id=None, store_history=False)
    history.begin(info)
    history.end(None)
    history.end(None)
    assert [(cell.source, cell.status) for cell in history.cells] == [("x", "interrupted")]


def test_what_a_tool_asks_a_kernel_is_no_cell(shell: InteractiveShell) -> None:
    shell.kernel = object()  # type: ignore[attr-defined]
    history = followed(shell)
    shell.run_cell("inspect()", store_history=False)
    shell.run_cell("x = 1", store_history=True)
    assert [cell.source for cell in history.cells] == ["x = 1"]


def test_the_replay_is_a_valid_notebook_with_the_recorded_cell_last(shell: InteractiveShell) -> None:
    history = followed(shell)
    shell.run_cell("x = 1", store_history=True, cell_id="aa")
    shell.run_cell("1/0", store_history=True)
    notebook = replayed(history, run="r1", random={"python": [1, 2.5, None]})
    first, second, last = notebook.cells
    assert first.metadata == {"labbook": {"execution_count": 1, "status": "ok", "cell_id": "aa"}}
    assert (first.source, first.execution_count) == ("x = 1", 1)
    assert second.metadata.tags == ["raises-exception"]
    assert second.metadata.labbook.status == "failed"
    assert last.source == "%%experiment x\nlr = 1"
    assert last.metadata.labbook.status == "recorded"
    assert notebook.metadata.labbook == {"run": "r1", "random": {"python": [1, 2.5, None]}}
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info.name == "python"
    assert len({cell.id for cell in notebook.cells}) == 3


def test_a_replay_has_only_what_came_before_it(shell: InteractiveShell) -> None:
    history = followed(shell)
    shell.user_ns["sources"] = []
    shell.user_ns["take"] = lambda: shell.user_ns["sources"].append([c.source for c in replayed(history, "me").cells])
    for source in ("a = 1", "take()", "b = 2", "take()"):
        shell.run_cell(source, store_history=True)
    assert shell.user_ns["sources"] == [["a = 1", "me"], ["a = 1", "take()", "b = 2", "me"]]


def test_a_replay_holds_no_secrets(shell: InteractiveShell) -> None:
    history = followed(shell)
    secret = "ghp_" + "a1B2c3D4e5" * 4
    shell.run_cell(f"token = '{secret}'", store_history=True)
    content = history.replay_notebook(f"key = '{secret}'", {})
    assert secret.encode() not in content
    assert content.count(b"[redacted]") == 2


@settings(max_examples=30, deadline=None)
@given(source=st.text(), value=st.recursive(st.none() | st.floats() | st.text() | st.integers(), st.lists))
def test_any_text_and_any_value_make_a_valid_notebook(source: str, value: object) -> None:
    shell: Any = SimpleNamespace(history_manager=None, execution_count=2)
    history = CellHistory(shell)
    info: Any = SimpleNamespace(raw_cell="\ud800\0" + source, cell_id="\ud800", store_history=True)
    history.begin(info)
    history.end(SimpleNamespace(info=info, error_before_exec=None, error_in_exec=None))  # type: ignore[arg-type]
    content = history.replay_notebook(source, {"value": value, source: (source, {1, 2}), (1, 2): object()})  # type: ignore[dict-item]
    notebook = nbformat.reads(content.decode("utf-8"), 4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("\\ud800\0")
    json.loads(content, parse_constant=pytest.fail)


def test_a_huge_cell_is_kept_whole(shell: InteractiveShell) -> None:
    history = followed(shell)
    shell.run_cell("x = '" + "é" * 2_000_000 + "'", store_history=True)
    assert len(replayed(history).cells[0].source) == 2_000_006


def test_each_cell_of_a_session_is_redacted_and_encoded_once(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, encoded = history_module._encoded, []
    monkeypatch.setattr(history_module, "_encoded", lambda *cell: encoded.append(cell[0]) or encode(*cell))
    history = CellHistory(shell)
    for number in range(20):
        info: Any = SimpleNamespace(raw_cell=f"value_{number} = {number}", cell_id="a", store_history=True)
        history.begin(info)
        history.end(SimpleNamespace(info=info, error_before_exec=None, error_in_exec=None))  # type: ignore[arg-type]
        history.replay_notebook("x", {})
    assert encoded == list(range(1, 21))
