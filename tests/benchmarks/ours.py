"""This package as a contender: cells in a real IPython shell, with and without the magic."""

from __future__ import annotations

import io
import time
from contextlib import redirect_stdout

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_labbook.record.background import background

EARLIER_CELLS = 20


class Labbook:
    """`%%experiment` on a cell, and the same cell without it beforehand: the difference is what recording costs."""

    def __init__(self) -> None:
        config = Config({"HistoryManager": {"hist_file": ":memory:"}, "InteractiveShell": {"colors": "nocolor"}})
        self._shell = InteractiveShell.instance(config=config)
        self._run("%load_ext jupyter_labbook")
        self._run("import jupyter_labbook as labbook, numpy, pandas")  # numpy's random state is captured, too
        for number in range(EARLIER_CELLS):
            self._run(f"def earlier_{number}(x):\n    return x + {number}\n\nearlier_{number}(1)")

    def record(self, parameters: dict[str, float], points: list[dict[str, float]]) -> float:
        self._shell.user_ns["points"] = points
        literals = [f"{name} = {value!r}" for name, value in parameters.items()]
        body = "\n".join([*literals, "for point in points:", "    labbook.log(point)", "print('trained')", "point"])
        plain = self._timed(body)
        return self._timed(f"%%experiment bench --what 'how long it takes'\n{body}") - plain

    def settle(self) -> None:
        background.settle()

    def _timed(self, source: str) -> float:
        begin = time.perf_counter()
        self._run(source)
        return time.perf_counter() - begin

    def _run(self, source: str) -> None:
        with redirect_stdout(io.StringIO()):
            result = self._shell.run_cell(source, store_history=True)
        result.raise_error()
