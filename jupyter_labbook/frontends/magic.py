"""The notebook door: `%%experiment`, `%labbook`, and what `%load_ext` puts in and takes out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError as IPythonUsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from jupyter_labbook.errors import LabbookError, UsageError
from jupyter_labbook.frontends.place import here
from jupyter_labbook.record import context
from jupyter_labbook.record.arguments import MAGIC_DOC
from jupyter_labbook.record.cell import CellRecorder
from jupyter_labbook.render.text import plain

OVERVIEW = """Read, compare and annotate runs: `%labbook runs`, `%labbook compare last last-1`, …

`%labbook` alone lists the verbs, `%labbook VERB --help` tells one of them.
"""


@magics_class
class LabbookMagics(Magics):
    """The two magics; `recorder` does the recording."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        configured = getattr(shell.config, "Labbook", {}).get("store")
        self.store = configured if isinstance(configured, str) and configured else None
        self.recorder = CellRecorder(shell, self.store)

    @cell_magic
    def experiment(self, line: str, cell: str) -> None:
        try:
            self.recorder.magic(line, cell)
        except UsageError as error:
            raise IPythonUsageError(str(error)) from None

    async def experiment_async(self, line: str, cell: str) -> None:
        """What a cell with `--each` and a top-level `await` becomes."""
        await self.recorder.magic_async(line, cell)

    @line_magic
    def labbook(self, line: str) -> Any:
        from jupyter_labbook.frontends.line_magic import run_line  # the verbs load when the first is used

        try:
            return run_line(line, here.start(), here.chosen())
        except UsageError as error:
            raise IPythonUsageError(str(error)) from None
        except LabbookError as error:
            print(f"labbook: {plain(error)}", file=sys.stderr)
            return None


LabbookMagics.experiment.__doc__ = MAGIC_DOC
LabbookMagics.labbook.__doc__ = OVERVIEW


def load(shell: InteractiveShell) -> None:
    """Put the magics and the recorder into `shell`; a second time changes nothing."""
    if _loaded(shell) is None:
        magics = LabbookMagics(shell)
        shell.register_magics(magics)
        magics.recorder.install()
        here.move(lambda: context.start_folder(shell.user_ns), lambda: Path(magics.store) if magics.store else None)


def unload(shell: InteractiveShell) -> None:
    """Take them out again."""
    magics = _loaded(shell)
    if magics is not None:
        magics.recorder.uninstall()
        here.move(Path.cwd, lambda: None)
        del shell.magics_manager.registry[LabbookMagics.__name__]
        for kind, name in (("cell", "experiment"), ("line", "labbook")):
            shell.magics_manager.magics[kind].pop(name, None)


def _loaded(shell: InteractiveShell) -> LabbookMagics | None:
    magics = shell.magics_manager.registry.get(LabbookMagics.__name__)
    return magics if isinstance(magics, LabbookMagics) else None
