"""Parameters and metrics that a cell has without saying so, each with where it came from."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from jupyter_labbook.record.names import CellNames, analyse
from jupyter_labbook.record.tagged import INJECTED, PAPERMILL, parameter_cells
from jupyter_labbook.record.values import number_of

if TYPE_CHECKING:
    from jupyter_labbook.record.plan import Plan

__all__ = ["CellNames", "Found", "analyse", "declared", "found", "metrics_from"]

Found = dict[str, tuple[Any, str]]
"""Name to value, and to the word for where it came from."""

_PLAIN: Final = (type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set)
_ARRAYS: Final = frozenset({"cupy", "jax", "jaxlib", "mlx", "numpy", "tensorflow", "torch"})


class ExecutedCell(Protocol):
    @property
    def source(self) -> str: ...

    @property
    def cell_id(self) -> str | None: ...


class ExecutedCells(Protocol):
    """The cells that a session has executed, in their order."""

    @property
    def cells(self) -> Iterable[ExecutedCell]: ...


def found(plan: Plan, notebook: Path | None, history: ExecutedCells | None) -> Found:
    """The parameters of a run that is about to start.

    The variables named by `--params` where it names some; else what the session's parameter cells
    hold now and the literals that the cell assigns. What `--each` sets in either case.
    """
    namespace = plan.namespace or {}
    if plan.params is not None:
        result = declared(plan.params, plan.code, namespace)
    else:
        result = {} if history is None else _from_cells(notebook, history, namespace)
        for name, value in analyse(plan.code).literals.items():
            result[name] = value, "cell"
    for name, value in plan.each.items():
        result[name] = value, "each"
    return result


def declared(names: Iterable[str], code: str, namespace: Mapping[str, Any], *, at_end: bool = False) -> Found:
    """Values of the variables that `--params` names.

    Before the cell runs these are the literals it assigns and the variables it leaves alone;
    `at_end` gives the others, which the cell itself worked out.
    """
    cell = analyse(code)
    result: Found = {}
    for name in names:
        if at_end:
            if name in cell.assigned and name not in cell.written and name in namespace:
                result[name] = namespace[name], "declared"
        elif name in cell.written:
            result[name] = cell.written[name], "declared"
        elif name not in cell.assigned and name in namespace:
            result[name] = namespace[name], "declared"
    return result


def _from_cells(notebook: Path | None, history: ExecutedCells, namespace: Mapping[str, Any]) -> Found:
    """What the executed parameter cells assigned, as the names stand now."""
    tagged = parameter_cells(notebook) if notebook is not None else {}
    cells = history.cells
    if not tagged:  # as in most notebooks: a long session is passed over quickly at every run
        cells = [cell for cell in cells if cell.source.startswith(INJECTED)]
    result: Found = {}
    for cell in cells:
        kind = PAPERMILL if cell.source.startswith(INJECTED) else None
        if kind is None and tagged:
            kind = tagged.get(cell.cell_id or "") or tagged.get(cell.source.strip())
        if kind is None:
            continue
        for name, value in analyse(cell.source).written.items():
            if name in namespace and not name.startswith("_"):
                now = namespace[name]
                result[name] = now if type(now) in _PLAIN else value, kind
    return result


def metrics_from(
    namespace: Mapping[str, Any], names: Iterable[str], before: Mapping[str, Any] | None = None
) -> dict[str, int | float]:
    """Those of `names` that hold one number: Python's, Decimal's, numpy's or a tensor's.

    Only the type of a value decides whether it is asked for its number, so no property and no
    `__getattr__` of the user's runs. A name that still holds the very object it had `before` is
    left out: it was not assigned anew.
    """
    result: dict[str, int | float] = {}
    for name in names:
        value = namespace.get(name)
        if before is not None and name in before and value is before[name]:
            continue
        number = _number(value)
        if number is not None:
            result[name] = number
    return result


def _number(value: Any) -> int | float | None:
    kind = type(value)
    module = kind.__module__ if isinstance(kind.__module__, str) else ""
    try:
        if kind is int or kind is float or module == "decimal":
            return number_of(value)
        if module.partition(".")[0] in _ARRAYS:
            # a truth value of numpy's or torch's is no more a metric than Python's, nor is a vector of one
            scalar = value.shape == () and not str(value.dtype).endswith("bool")
            return number_of(value) if scalar else None
        if issubclass(kind, bool | enum.Enum):
            return None
        if issubclass(kind, int):
            return number_of(int.__int__(value))
        return float.__float__(value) if issubclass(kind, float) else None
    except Exception:  # no number after all, or one that cannot be had
        return None
