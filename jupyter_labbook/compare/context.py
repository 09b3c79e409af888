"""What differs between runs beside their parameters: code, data, packages, seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from jupyter_labbook.compare.values import MISSING, differ
from jupyter_labbook.run import Run

SHORT: Final = 7
"""How many characters of a hash are shown."""


def context(runs: Sequence[Run]) -> dict[str, tuple[object, ...]]:
    """Name to one text a run, for what is not the same in all of them."""
    rows: dict[str, tuple[object, ...]] = {name: tuple(read(run) for run in runs) for name, read in READERS.items()}
    for name in dict.fromkeys(data.name for run in runs for data in run.record.data):
        rows[f"data {name}"] = tuple(_data(run, name) for run in runs)
    return {name: values for name, values in rows.items() if differ(values)}


def _experiment(run: Run) -> object:
    return run.experiment


def _seed(run: Run) -> object:
    seed = run.record.seed
    return MISSING if seed is None or "seed" in run.parameters else seed


def _source(run: Run) -> object:
    return _short(run.record.cell.sha256)


def _commit(run: Run) -> object:
    """The commit, and where something was uncommitted, the patch."""
    code = run.record.code
    if code.commit is None:
        return MISSING
    commit = code.commit[:SHORT]
    if code.patch:
        return f"{commit}+{code.patch[:SHORT]}"
    return f"{commit}+" if code.dirty else commit


def _packages(run: Run) -> object:
    return _short(run.record.environment.snapshot)


def _python(run: Run) -> object:
    return run.record.environment.python or MISSING


def _host(run: Run) -> object:
    return run.record.host or MISSING


READERS: Final[dict[str, Callable[[Run], object]]] = {
    "experiment": _experiment,
    "seed": _seed,
    "source": _source,
    "commit": _commit,
    "python": _python,
    "packages": _packages,
    "host": _host,
}


def _data(run: Run, name: str) -> object:
    for data in run.record.data:
        if data.name == name:
            rows = "" if data.rows is None else f", {data.rows} rows"
            return f"{_short(data.sha256)}{rows}"
    return MISSING


def _short(sha256: str | None) -> object:
    return sha256[:SHORT] if sha256 else MISSING
