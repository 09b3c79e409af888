"""A run from its first moment to its card: ties the recorder to the kernel around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record import (
    card,
    current,
    earlier,
    failure,
    judging,
    parameters,
    random_state,
    surroundings,
)
from jupyter_labbook.record.outputs import Outputs
from jupyter_labbook.record.plan import Plan
from jupyter_labbook.record.recorder import Recorder
from jupyter_labbook.record.sampling import Sampling
from jupyter_labbook.run import Record, Run
from jupyter_labbook.store import runs

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_labbook.record.history import CellHistory
    from jupyter_labbook.store.store import Store


class Recording:
    """One run in its surroundings: `begin`, the body, `end`.

    `shell` and `cells` are None in a plain script.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        folder: Path,
        shell: InteractiveShell | None,
        cells: CellHistory | None,
    ) -> None:
        self.plan = plan
        self.shell = shell
        self.outputs = Outputs(shell) if shell is not None else None
        self._cells = cells
        self._folder = folder
        self._unfound_data: list[str] = []
        self._held: dict[str, Any] = {}
        self._before = current.current()
        if plan.seed is not None:
            random_state.seed(plan.seed)
        self.recorder = Recorder(store, plan)

    def begin(self, found: Mapping[str, tuple[Any, str]]) -> Recorder:
        """The run is on the disk when this returns; `found` are the parameters known already."""
        recorder = self.recorder
        replay = None
        if self._cells is not None:
            state = {"run": recorder.id, "random": random_state.capture()}
            source = f"{self.plan.magic}\n{self.plan.source}" if self.plan.magic else self.plan.source
            replay = self._cells.replay_notebook(source, state)
        recorder.start(found, replay)
        surroundings.find_out(recorder, self._folder)  # before sampling: what is due first wakes the thread once
        Sampling(recorder)
        for name in self.plan.data:
            self._fingerprint(name)
        for name, value in self.plan.given_data.items():
            recorder.data(name, value)
        current.enter(recorder)
        if self.outputs is not None:
            self.outputs.start()
        self._held = _scalars(self.plan)
        recorder.restart_clock()
        return recorder

    def end(self, error: BaseException | None) -> Run | None:
        """Judge, write and remember; the run as it stands, or None where it never reached the disk."""
        recorder = self.recorder
        if recorder.ended or recorder.in_fork:
            return None
        duration = recorder.duration
        if self.outputs is not None:
            self.outputs.stop()
        current.leave(recorder, self._before)
        status = failure.status_of(error)
        described = failure.describe(error)
        self._try("metrics in the namespace", lambda: self._read_namespace(failed=status != "finished"))
        metrics = recorder.summaries()
        failed = None if status == "finished" else status
        self._try("verdicts", lambda: judging.judge(recorder, metrics, duration, failed))
        self._try("remarks", lambda: judging.look_again(recorder, metrics, duration))
        shown: list[tuple[bytes, list[tuple[str, bytes]]]] = []
        self._try("outputs", lambda: shown.extend(self._shown(described)))
        output, figures = shown[0] if shown else (None, [])
        recorder.finish(
            status=status, error=described, duration=duration, metrics=metrics, output=output, figures=figures
        )
        run = self._as_run()
        self._show(run)
        earlier.remember(recorder.store, run)
        return run if recorder.draft.born else None

    def _shown(self, described: dict[str, Any] | None) -> list[tuple[bytes, list[tuple[str, bytes]]]]:
        """What the cell displayed, as a notebook and as figures; nothing in a script."""
        if self.outputs is None:
            return []
        self.recorder.degraded.extend(self.outputs.faults)
        count, metadata = self.plan.notebook.execution_count, {"run": self.recorder.id}
        return [(self.outputs.notebook(self.plan.source, count, described, metadata), self.outputs.figures())]

    def _try(self, what: str, work: Callable[[], None]) -> None:
        """Do `work`; a mistake in it costs what it finds out, and not the end of the run."""
        try:
            work()
        except Exception as error:
            reason = str(error) if isinstance(error, LabbookError) else f"{type(error).__name__}: {error}"
            self.recorder.warn(what, f"{what} could not be found out: {reason}", degrade=f"{what} are missing")

    def _read_namespace(self, failed: bool) -> None:
        """Metrics that stand in the namespace now, and parameters that the cell computed."""
        recorder, plan = self.recorder, self.plan
        if plan.namespace is None:
            return
        logged = set(recorder.tables.names)
        for name in logged:
            recorder.metric_sources[name] = "log"
        late = parameters.declared(plan.params or (), plan.code, plan.namespace, at_end=True)
        if late:
            recorder.put_parameters(late)
        wanted, source = plan.metrics, "declared"
        if wanted is None:
            wanted, source = () if logged else parameters.analyse(plan.code).computed, "cell"
        others = {*logged, *recorder.draft.fields["parameters"]}
        names = [name for name in wanted if name not in others]
        # Where the cell failed, or assigns in a branch, a name may still be as an earlier cell left it.
        doubtful = names if failed else parameters.analyse(plan.code).conditional
        before = {name: self._held[name] for name in doubtful if name in self._held}
        values = parameters.metrics_from(plan.namespace, names, before)
        if values:
            recorder.log_values(values)
            recorder.metric_sources.update(dict.fromkeys(values, source))
        for name in self._unfound_data:
            self._fingerprint(name, last_chance=True)

    def _fingerprint(self, name: str, last_chance: bool = False) -> None:
        namespace = self.plan.namespace or {}
        if name in namespace:
            self.recorder.data(name, namespace[name])
        elif (path := self._folder / name).exists():
            self.recorder.data(name, path)
        elif not last_chance:
            self._unfound_data.append(name)  # the cell itself may load it
        else:
            self.recorder.warnings.append(f"--data {name}: there is no variable and no file of that name")

    def _as_run(self) -> Run:
        fields = self.recorder.draft.fields
        record = msgspec.convert(fields, Record)
        return Run(record, runs.files_of(self.recorder.store, self.recorder.id))

    def _show(self, run: Run) -> None:
        if self.shell is None or self.plan.quiet:
            return
        before = earlier.of(self.recorder.store, run.experiment).last
        try:
            text, html = card.card(run, before)
            self.shell.display_pub.publish({"text/plain": text, "text/html": html}, metadata={})
        except Exception as error:  # a card that cannot be shown must not turn the cell red
            self.recorder.warn("card", f"the card could not be shown: {error}")


def _scalars(plan: Plan) -> dict[str, Any]:
    """Values that the names which could become metrics have now; only what is small is held on to."""
    namespace = plan.namespace or {}
    names = (*(plan.metrics or ()), *parameters.analyse(plan.code).computed)
    return {name: namespace[name] for name in names if isinstance(namespace.get(name), int | float)}
