"""`with labbook.experiment(...)`: a run around any block of code, in a notebook or a script."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from jupyter_labbook.judge import claim
from jupyter_labbook.record import context
from jupyter_labbook.record.cell import cells_of
from jupyter_labbook.record.opening import open_store, tell, with_references
from jupyter_labbook.record.plan import Plan
from jupyter_labbook.record.recorder import Recorder
from jupyter_labbook.record.recording import Recording
from jupyter_labbook.record.unrecorded import Unrecorded
from jupyter_labbook.run import Notebook

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def experiment(
    name: str | None = None,
    *,
    what: str | None = None,
    why: str | None = None,
    expect: str | Iterable[str] = (),
    params: Mapping[str, Any] | None = None,
    metrics: Iterable[str] | None = None,
    data: Mapping[str, Any] | None = None,
    seed: int | None = None,
    tags: Iterable[str] = (),
    baseline: str | None = None,
    parent: str | None = None,
    store: str | Path | None = None,
    quiet: bool = False,
) -> Experiment:
    """Record a block of code as a run.

    Parameters
    ----------
    name
        What the runs are filed under; the notebook's or the script's name where left out.
    what, why
        The lab-notebook entry.
    expect
        Claims, written down before the block starts, judged when it ends.
    params
        Parameters, name to value.
    metrics
        Names decided on in advance; one that is never logged is said so.
    data
        Name to what is to be fingerprinted.
    seed
        Seeds python, numpy and torch, where they are loaded.
    tags, baseline, parent
        As for `%%experiment`.
    store
        The folder that holds the runs, where it is not found upwards from here.
    quiet
        Show no card.

    Raises
    ------
    ClaimError
        A claim cannot be understood; nothing has started then.

    Examples
    --------
    >>> with labbook.experiment("dropout", params={"p": 0.5}, expect="val_acc > 0.9") as run:
    ...     run.log(val_acc=train(p=0.5))
    """
    claims = (expect,) if isinstance(expect, str) else tuple(expect)
    for text in claims:
        claim.parse(text)
    plan = Plan(
        experiment=name or "",
        what=what,
        why=why,
        expect=claims,
        parameters=dict(params or {}),
        metrics=None if metrics is None else tuple(metrics),
        given_data=dict(data or {}),
        seed=seed,
        tags=(tags,) if isinstance(tags, str) else tuple(tags),
        quiet=quiet,
    )
    return Experiment(plan, baseline, parent, None if store is None else str(store))


class Experiment:
    """The context manager; entering it gives the `Recorder` of the run: id, path, log, param, …

    Where the run cannot begin, because the disk is full perhaps, that is told in one line, the
    block runs all the same, and what it is given is false and keeps nothing.
    """

    def __init__(self, plan: Plan, baseline: str | None, parent: str | None, store: str | None) -> None:
        self._plan = plan
        self._references = baseline, parent
        self._store = store
        self._recording: Recording | Unrecorded | None = None

    def __enter__(self) -> Recorder | Unrecorded:
        try:
            self._recording = recording = self._begin(sys._getframe(1))
        except Exception as error:
            tell(error)
            self._recording = nothing = Unrecorded()
            return nothing
        return recording.recorder

    def _begin(self, caller: FrameType) -> Recording:
        shell = _shell()
        namespace = shell.user_ns if shell is not None else {}
        folder = context.start_folder(namespace)
        plan = _placed(self._plan, caller, shell)
        store = open_store(folder, self._store)
        plan, notices = with_references(store, plan, *self._references)
        recording = Recording(store, plan, folder, shell, None if shell is None else cells_of(shell))
        recording.recorder.warnings.extend(notices)
        recording.begin({name: (value, "given") for name, value in plan.parameters.items()})
        return recording

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            try:
                recording.end(error)
            except Exception as ours:
                tell(ours)


def _placed(plan: Plan, caller: FrameType, shell: InteractiveShell | None) -> Plan:
    """The plan with where it runs: name, source and notebook or script."""
    script = caller.f_code.co_filename
    if shell is not None:
        notebook = context.notebook_path(shell.user_ns)
        source = shell.history_manager.input_hist_raw[-1] if shell.history_manager is not None else ""
        return replace(
            plan,
            experiment=plan.experiment or (notebook.stem if notebook else "experiment"),
            source=source,
            notebook=Notebook(None if notebook is None else str(notebook), None, shell.execution_count - 1),
        )
    try:
        source = Path(script).read_text("utf-8", "replace")
    except (OSError, ValueError):
        source = ""
    return replace(plan, experiment=plan.experiment or Path(script).stem.strip("<>") or "experiment", source=source)


def _shell() -> InteractiveShell | None:
    """The running IPython shell, without loading IPython into a script that has none."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()
