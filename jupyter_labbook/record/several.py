"""What came of the runs of one cell, where `--each` asked for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_labbook.record import body
from jupyter_labbook.record.opening import tell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_labbook.record.recording import Recording
    from jupyter_labbook.record.unrecorded import Unrecorded


class Several:
    """What came of a cell's runs: one that fails does not keep the others of `--each` from running."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._first: BaseException | None = None
        self._shown: BaseException | None = None
        self._failed = 0
        self._count = 0

    def succeeded(self) -> None:
        self._count += 1
        self._show_last()

    def failed(self, error: BaseException) -> None:
        """Remember an error; raise it at once where it is meant to stop everything (Ctrl-C, `sys.exit`)."""
        self._count += 1
        self._failed += 1
        self._show_last()
        if not isinstance(error, Exception):
            body.show_as_own(self._shell, error)
            raise error
        self._first = self._first or error
        self._shown = error

    def raise_first(self) -> None:
        """After all runs: the cell has failed if any of them has, with the first error."""
        if self._shown is not None and self._failed == 1:
            body.show_as_own(self._shell, self._shown)
            raise self._shown
        self._show_last()
        if self._first is not None:
            body.show_line(self._first, f"{self._failed} of {self._count} runs of this cell failed, as shown above.")
            raise self._first

    def _show_last(self) -> None:
        """Show an error that is not the last thing that happened."""
        error, self._shown = self._shown, None
        if error is not None:
            body.show_as_own(self._shell, error)
            self._shell.showtraceback((type(error), error, error.__traceback__))


def end(recording: Recording | Unrecorded, error: BaseException | None) -> None:
    try:
        if recording.outputs is not None:
            recording.outputs.flush_figures()
        recording.end(error)
    except Exception as ours:
        tell(ours)
