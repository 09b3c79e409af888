"""The cells a session has executed, whole and in order, and the notebook that replays them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from jupyter_labbook.record import ipynb
from jupyter_labbook.record.failure import is_interrupt
from jupyter_labbook.record.redact import redact

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

CellStatus = Literal["ok", "failed", "interrupted"]

_INTERRUPTS: Final = frozenset({"KeyboardInterrupt", "CancelledError"})


class ExecutedCell(NamedTuple):
    """One execution of a cell: what was typed, and what became of it."""

    source: str
    cell_id: str | None = None
    execution_count: int | None = None
    status: CellStatus = "ok"


class CellHistory:
    """Every executed cell of a session; those before `%load_ext` come from IPython's own history.

    `begin` and `end` are called for each cell that IPython runs, not for one run inside another.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._cells: list[ExecutedCell] = []
        self._begun: list[tuple[ExecutionInfo, int | None]] = []
        self._earlier = _typed_before(shell)
        self._encoded = bytearray()
        self._count = 0
        self._lock = threading.Lock()

    @property
    def cells(self) -> list[ExecutedCell]:
        """All executions that have ended, in their order."""
        earlier, self._earlier = self._earlier, []
        if earlier:  # asked late what came of them, because the last may be the one that loads us
            errors = getattr(self._shell.history_manager, "exceptions", {})
            self._cells[:0] = [
                ExecutedCell(text, None, count, _known_status(errors.get(count))) for count, text in earlier
            ]
        return self._cells

    def begin(self, info: ExecutionInfo) -> None:
        """A cell starts."""
        if not info.raw_cell or info.raw_cell.isspace():
            return
        if not info.store_history and getattr(self._shell, "kernel", None) is not None:
            return  # a tool that looks into the kernel, not a cell of anyone's
        count = self._shell.execution_count - 1 if info.store_history else None
        self._begun.append((info, count))

    def end(self, result: ExecutionResult | None) -> None:
        """The cell has ended; None where not even IPython knows how."""
        info = None if result is None else result.info
        for place in range(len(self._begun) - 1, -1, -1):
            begun, count = self._begun[place]
            # IPython makes up a new info where the running of the cell itself was interrupted.
            if info is begun or info is None or info.raw_cell == begun.raw_cell:
                del self._begun[place:]
                self._cells.append(ExecutedCell(str(begun.raw_cell), begun.cell_id, count, _status(result)))
                return

    def replay_notebook(self, current_source: str, metadata: Mapping[str, Any]) -> bytes:
        """All cells that have ended, then the one that is being recorded, as a notebook.

        Parameters
        ----------
        current_source
            The recorded cell with its magic line.
        metadata
            Stands in the notebook's metadata under `labbook`.
        """
        with self._lock:
            for cell in self.cells[self._count :]:
                self._count += 1
                self._encoded += _encoded(self._count, cell) + b","
            earlier, number = bytes(self._encoded), self._count + 1
        recorded = {"labbook": {"execution_count": None, "status": "recorded"}}
        last = ipynb.code_cell(f"cell-{number}", redact(current_source), None, recorded)
        return ipynb.notebook(earlier + last, metadata)


def _typed_before(shell: InteractiveShell) -> list[tuple[int, str]]:
    manager = shell.history_manager
    typed = [] if manager is None else manager.input_hist_raw
    return [(count, source) for count, source in enumerate(typed) if count and source.strip()]


def _known_status(error: Mapping[str, Any] | None) -> CellStatus:
    if not error:
        return "ok"
    return "interrupted" if error.get("ename") in _INTERRUPTS else "failed"


def _status(result: ExecutionResult | None) -> CellStatus:
    if result is None:
        return "interrupted"
    error = result.error_in_exec if result.error_before_exec is None else result.error_before_exec
    if error is None:
        return "ok"
    return "interrupted" if is_interrupt(error) else "failed"


def _encoded(number: int, cell: ExecutedCell) -> bytes:
    labbook = {"execution_count": cell.execution_count, "status": cell.status, "cell_id": cell.cell_id}
    metadata: dict[str, Any] = {"labbook": labbook}
    if cell.status == "failed":
        metadata["tags"] = ["raises-exception"]
    return ipynb.code_cell(f"cell-{number}", redact(cell.source), cell.execution_count, metadata)
