"""A lab notebook for experiments in Jupyter: `import jupyter_labbook as labbook`.

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module

TYPE_CHECKING = False  # typing's own, which type checkers know by its name, would cost more than all of this
if TYPE_CHECKING:
    from typing import Any

    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_labbook import errors
    from jupyter_labbook.errors import (
        ClaimError,
        LabbookError,
        LabbookWarning,
        QueryError,
        RunAmbiguous,
        RunDamaged,
        RunNotFound,
        StoreError,
        StoreNotFound,
        StoreTooNew,
        StoreUnwritable,
        UsageError,
    )
    from jupyter_labbook.frontends.export import export
    from jupyter_labbook.frontends.keeping import check, gc
    from jupyter_labbook.frontends.listing import runs
    from jupyter_labbook.frontends.reading import compare, diff, run
    from jupyter_labbook.frontends.writing import archive, conclude, lesson, lessons, note, tag
    from jupyter_labbook.record.current import artifact, data, log, param
    from jupyter_labbook.record.experiment import experiment
    from jupyter_labbook.run import Run

__version__ = "0.1.0"

__all__ = [
    "ClaimError",
    "LabbookError",
    "LabbookWarning",
    "QueryError",
    "Run",
    "RunAmbiguous",
    "RunDamaged",
    "RunNotFound",
    "StoreError",
    "StoreNotFound",
    "StoreTooNew",
    "StoreUnwritable",
    "UsageError",
    "archive",
    "artifact",
    "check",
    "compare",
    "conclude",
    "data",
    "diff",
    "errors",
    "experiment",
    "export",
    "gc",
    "lesson",
    "lessons",
    "log",
    "note",
    "param",
    "run",
    "runs",
    "tag",
]

_HOME = {
    "archive": "frontends.writing",
    "artifact": "record.current",
    "check": "frontends.keeping",
    "compare": "frontends.reading",
    "conclude": "frontends.writing",
    "data": "record.current",
    "diff": "frontends.reading",
    "experiment": "record.experiment",
    "export": "frontends.export",
    "gc": "frontends.keeping",
    "lesson": "frontends.writing",
    "lessons": "frontends.writing",
    "log": "record.current",
    "note": "frontends.writing",
    "param": "record.current",
    "Run": "run",
    "run": "frontends.reading",
    "runs": "frontends.listing",
    "tag": "frontends.writing",
}
"""The module of each public name; what is not here is an error class."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.{_HOME.get(name, 'errors')}")
    value = home if name == "errors" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


class _Package(type(sys)):  # type: ignore[misc]  # ModuleType, without importing types
    """The package, in which a verb keeps its name.

    Some rooms are called as the verb that they serve: `run`, `compare`. Whoever imports
    `jupyter_labbook.compare` makes Python store that module as the attribute `compare` of the
    package, over the function, so that `labbook.compare(…)` would work until something
    else had imported the room. So a module is not stored under the name of a function.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in _HOME and isinstance(value, type(sys)):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """`%load_ext jupyter_labbook`."""
    import_module("jupyter_labbook.frontends.magic").load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """`%unload_ext jupyter_labbook`."""
    import_module("jupyter_labbook.frontends.magic").unload(ipython)
