"""How a cell that begins with `%%experiment` runs: by IPython itself, with a run around it.

An input transformer takes the magic's line off, so that IPython runs the body as it runs any
cell: its own displayhook, `await`, tracebacks, interrupts. What `pre_run_cell` and
`post_run_cell` do around it is recording. Only where IPython does not run the body itself
(under another magic such as `%%time`, in a nested `run_cell`, and once per value with `--each`)
is `%%experiment` executed as a magic, and runs the body as `body.py` does.

**Invariant**: whatever fails in here is told in one line, and the user's cell runs all the same.
"""

from __future__ import annotations

import re
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec.structs import replace

from jupyter_labbook.errors import UsageError
from jupyter_labbook.record import body, context, parameters
from jupyter_labbook.record.arguments import Arguments, experiment_comments, parse
from jupyter_labbook.record.history import CellHistory
from jupyter_labbook.record.opening import open_store, tell, understood, with_references
from jupyter_labbook.record.plan import Plan
from jupyter_labbook.record.recording import Recording
from jupyter_labbook.record.several import Several, end
from jupyter_labbook.record.unrecorded import Unrecorded
from jupyter_labbook.run import Notebook
from jupyter_labbook.store import layout

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

_HEAD: Final = re.compile(r"%%experiment(?![\w?])[ \t]*([^\n]*)\n?\Z")


_installed: weakref.WeakKeyDictionary[InteractiveShell, CellRecorder] = weakref.WeakKeyDictionary()


def cells_of(shell: InteractiveShell) -> CellHistory | None:
    """The session's executed cells, where `%load_ext` has begun to keep them."""
    recorder = _installed.get(shell)
    return None if recorder is None else recorder.cells


class Split(NamedTuple):
    """A cell taken apart: the magic's arguments as text, and the lines under it."""

    line: str
    body: list[str]


class Executing(NamedTuple):
    info: Any
    recording: Recording | Unrecorded | None
    thread: int


class CellRecorder:
    """The hooks in one shell; `install` puts them in, `uninstall` takes them out."""

    def __init__(self, shell: InteractiveShell, store: str | None = None) -> None:
        self.shell = shell
        self.cells = CellHistory(shell)
        self.chosen = store
        self._stack: list[Executing] = []

    def install(self) -> None:
        _installed[self.shell] = self
        self.shell.input_transformers_cleanup.append(self.transform)
        self.shell.events.register("pre_run_cell", self.pre_run_cell)
        self.shell.events.register("post_run_cell", self.post_run_cell)

    def uninstall(self) -> None:
        _installed.pop(self.shell, None)
        self.shell.input_transformers_cleanup.remove(self.transform)
        self.shell.events.unregister("pre_run_cell", self.pre_run_cell)
        self.shell.events.unregister("post_run_cell", self.post_run_cell)

    # the way of most cells ---------------------------------------------------------------------

    def transform(self, lines: list[str]) -> list[str]:
        """Take the magic's line off a cell that IPython will run; leave the others to the magic."""
        split = _split(lines)
        if split is None or self._is_nested():
            return lines
        try:
            arguments = understood(split.line)
        except UsageError:
            return lines  # the magic says what is wrong, and nothing runs
        if not arguments.each:
            return self._cleaned(split.body) or ["\n"]
        code = self.shell.transform_cell("".join(split.body))
        if body.needs_await(self.shell, code):
            call = "get_ipython().magics_manager.registry['LabbookMagics'].experiment_async"
            return [f"await {call}({split.line!r}, {''.join(split.body)!r})\n"]
        return lines

    def pre_run_cell(self, info: ExecutionInfo) -> None:
        recording: Recording | Unrecorded | None = None
        if not self._is_nested():
            self.cells.begin(info)
            if "%%experiment" in (info.raw_cell or ""):
                try:
                    recording = self._begin(info)
                except Exception as error:
                    tell(error)
                    recording = Unrecorded()
        self._stack.append(Executing(info, recording, threading.get_ident()))

    def post_run_cell(self, result: ExecutionResult | None) -> None:
        executing = self._pop(result)
        if executing is None:
            return
        if executing.recording is not None:
            try:
                executing.recording.end(_error_of(result))
            except Exception as error:
                tell(error)
        if not self._is_nested():
            self.cells.end(result)

    def _begin(self, info: ExecutionInfo) -> Recording | None:
        split = _split(self._cleaned(str(info.raw_cell).splitlines(keepends=True)))
        if split is None:
            return None
        try:
            arguments = understood(split.line)
        except UsageError:
            return None
        if arguments.each:
            return None
        plan = self._plan(split, self._expanded(split.line, arguments), getattr(info, "transformed_cell", None))
        count = self.shell.execution_count - (1 if info.store_history else 0)
        plan = replace(plan, notebook=self._notebook(count, info.cell_id))
        return self._start(plan, arguments)

    def _is_nested(self) -> bool:
        """Whether a cell is executing in this thread."""
        thread = threading.get_ident()
        return any(executing.thread == thread for executing in self._stack)

    def _pop(self, result: ExecutionResult | None) -> Executing | None:
        """The cell that `result` ends; None for one that never began, such as an empty one."""
        info = None if result is None else result.info
        for index in range(len(self._stack) - 1, -1, -1):
            executing = self._stack[index]
            if info is executing.info:
                return self._stack.pop(index)
        # IPython makes up a new info where running the coroutine itself was interrupted.
        if self._stack and (info is None or info.raw_cell == self._stack[-1].info.raw_cell):
            return self._stack.pop()
        return None

    def _cleaned(self, lines: list[str]) -> list[str]:
        """What IPython makes of a cell's lines before it looks at magics."""
        for cleanup in self.shell.input_transformers_cleanup:
            if cleanup != self.transform and lines:
                lines = cleanup(lines)
        return lines

    # as a magic ----------------------------------------------------------------------------------

    def magic(self, line: str, cell: str) -> None:
        """Run `cell` once for each value that the line asks for. Raises what the cell raises."""
        several = Several(self.shell)
        for plan, arguments in self._runs(line, cell):
            code = self.shell.transform_cell(plan.source)
            if body.needs_await(self.shell, code):
                raise UsageError(
                    "a cell that awaits cannot run under another magic. "
                    "Put %%experiment on the first line, and the other magic below it."
                )
            recording = self._start_here(plan, arguments)
            try:
                body.run(self.shell, code, plan.each)
            except BaseException as error:
                end(recording, error)
                several.failed(error)
            else:
                end(recording, None)
                several.succeeded()
        several.raise_first()

    async def magic_async(self, line: str, cell: str) -> None:
        """The same for a body that awaits."""
        several = Several(self.shell)
        for plan, arguments in self._runs(line, cell):
            code = self.shell.transform_cell(plan.source)
            recording = self._start_here(plan, arguments)
            try:
                await body.run_async(self.shell, code, plan.each)
            except BaseException as error:
                end(recording, error)
                several.failed(error)
            else:
                end(recording, None)
                several.succeeded()
        several.raise_first()

    def _runs(self, line: str, cell: str) -> list[tuple[Plan, Arguments]]:
        arguments = understood(line)
        plan = self._plan(Split(line, cell.splitlines(keepends=True)), arguments, None)
        group = f"{layout.slug(plan.experiment)}-{layout.random_letters()}" if arguments.each else None
        plans = []
        for value in arguments.grid():
            seed = value["seed"] if isinstance(value.get("seed"), int) and plan.seed is None else plan.seed
            each = replace(plan, each=value, group=group, seed=seed)
            plans.append((replace(each, notebook=self._notebook(*self._outer())), arguments))
        return plans

    def _outer(self) -> tuple[int | None, str | None]:
        info = self._stack[0].info if self._stack else None
        counted = self.shell.execution_count - (1 if info is not None and info.store_history else 0)
        return counted, getattr(info, "cell_id", None)

    def _start_here(self, plan: Plan, arguments: Arguments) -> Recording | Unrecorded:
        self.shell.user_ns.update(plan.each)
        try:
            return self._start(plan, arguments)
        except Exception as error:
            tell(error)
            return Unrecorded()

    # both ways -----------------------------------------------------------------------------------

    def _expanded(self, line: str, arguments: Arguments) -> Arguments:
        """The arguments with `{x}` and `$x` replaced by values, as IPython does on every magic's line."""
        if "{" not in line and "$" not in line:
            return arguments
        from IPython.utils.text import DollarFormatter

        try:
            return parse(DollarFormatter().vformat(line, args=[], kwargs=self.shell.user_ns))
        except Exception:
            return arguments

    def _plan(self, split: Split, arguments: Arguments, transformed: str | None) -> Plan:
        source = "".join(split.body)
        inner = source
        while inner.lstrip().startswith("%%"):
            inner = inner.lstrip().partition("\n")[2]
        if inner is not source or transformed is None:
            transformed = self.shell.input_transformer_manager.transform_cell(inner)
        comments = experiment_comments(source)
        return Plan(
            experiment=arguments.name or self._notebooks_name(),
            source=source,
            magic=f"%%experiment {split.line}".rstrip(),
            code=transformed,
            what=arguments.what or comments.what,
            why=arguments.why or comments.why,
            expect=arguments.expect,
            prose=comments.expect,
            params=arguments.params,
            metrics=arguments.metrics,
            seed=arguments.seed,
            data=arguments.data,
            tags=arguments.tags,
            quiet=arguments.quiet,
            namespace=self.shell.user_ns,
        )

    def _notebooks_name(self) -> str:
        path = context.notebook_path(self.shell.user_ns)
        return path.stem if path else "experiment"

    def _notebook(self, count: int | None, cell_id: str | None) -> Notebook:
        path = context.notebook_path(self.shell.user_ns)
        return Notebook(None if path is None else str(path), cell_id, count)

    def _start(self, plan: Plan, arguments: Arguments) -> Recording:
        folder = context.start_folder(self.shell.user_ns)
        store = open_store(folder, arguments.store or self.chosen)
        plan, notices = with_references(store, plan, arguments.baseline, arguments.parent)
        notebook, path = plan.notebook, None
        if notebook.path is not None:
            path = Path(notebook.path)
            shown = context.shown_path(path, store.path.parent)
            plan = replace(plan, notebook=Notebook(shown, notebook.cell_id, notebook.execution_count))
        found = parameters.found(plan, path, self.cells)
        recording = Recording(store, plan, folder, self.shell, self.cells)
        recording.recorder.warnings.extend(notices)
        recording.begin(found)
        return recording


def _split(lines: list[str]) -> Split | None:
    if not lines or not lines[0].startswith("%%experiment"):
        return None
    match = _HEAD.match(lines[0])
    return None if match is None else Split(match[1].rstrip(), lines[1:])


def _error_of(result: ExecutionResult | None) -> BaseException | None:
    if result is None:
        return KeyboardInterrupt()
    return result.error_before_exec or result.error_in_exec
