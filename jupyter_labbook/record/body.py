"""Runs a cell's body where IPython does not run it for us: under another magic, or once per value.

The same steps as `InteractiveShell.run_ast_nodes`, with one difference: an exception is raised,
not shown, so that it reaches the cell around as the cell's own.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Collection, Iterator
from types import CodeType
from typing import TYPE_CHECKING, Any

from jupyter_labbook.record.failure import users_part

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_AWAITS = getattr(ast, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0)


def needs_await(shell: InteractiveShell, code: str) -> bool:
    """Whether the body awaits at its top level."""
    return bool(shell.autoawait and shell.should_run_async(code, transformed_cell=code))


def run(shell: InteractiveShell, code: str, given: Collection[str] = ()) -> None:
    """Run translated code in the user's namespace, displaying what the cell would display.

    A literal that the body's top level assigns to a name in `given` is passed over: the value
    that `--each` gave it stands.
    """
    for piece, _ in _compiled(shell, code, given):
        exec(piece, shell.user_global_ns, shell.user_ns)


async def run_async(shell: InteractiveShell, code: str, given: Collection[str] = ()) -> None:
    """The same for a body that awaits."""
    for piece, awaits in _compiled(shell, code, given):
        if awaits:
            await eval(piece, shell.user_global_ns, shell.user_ns)
        else:
            exec(piece, shell.user_global_ns, shell.user_ns)


def _compiled(shell: InteractiveShell, code: str, given: Collection[str]) -> Iterator[tuple[CodeType, bool]]:
    name = shell.compile.cache(code, shell.execution_count, raw_code=code)
    tree = shell.transform_ast(shell.compile.ast_parse(code, filename=name))
    tree.body = [node for node in tree.body if not _is_given(node, given)]
    last = bool(tree.body) and isinstance(tree.body[-1], ast.Expr)
    interactivity = shell.ast_node_interactivity
    # IPython's own look for a closing `;` reads the cell around, not this body.
    quiet = shell.displayhook.semicolon_at_end_of_expression(code)
    shows = "none" if quiet and interactivity != "all" else interactivity
    for index, node in enumerate(tree.body):
        final = index == len(tree.body) - 1
        single = shows == "all" or (final and (shows == "last" or (last and shows.startswith("last_expr"))))
        if shows == "last_expr_or_assign" and final and not last:
            yield from _pieces(shell, node, name, single=False)
            target = _assigned(node)
            if target is not None:
                yield from _pieces(shell, target, name, single=True)
        else:
            yield from _pieces(shell, node, name, single=single)


def _pieces(shell: InteractiveShell, node: ast.stmt, name: str, *, single: bool) -> Iterator[tuple[CodeType, bool]]:
    # typed as taking source alone; IPython itself gives it trees
    compiled: Callable[[ast.AST, str, str], CodeType] = shell.compile  # type: ignore[assignment]
    with shell.compile.extra_flags(_AWAITS if shell.autoawait else 0):
        if single:
            piece = compiled(ast.Interactive([node]), name, "single")
        else:
            piece = compiled(ast.Module([node], []), name, "exec")
    yield piece, bool(piece.co_flags & inspect.CO_COROUTINE)


def _is_given(node: ast.stmt, given: Collection[str]) -> bool:
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    target = node.target if isinstance(node, ast.AnnAssign) and node.value is not None else target
    if not (isinstance(target, ast.Name) and target.id in given):
        return False
    try:
        ast.literal_eval(node.value)  # type: ignore[attr-defined]
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _assigned(node: ast.stmt) -> ast.stmt | None:
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    target = node.target if isinstance(node, ast.AugAssign | ast.AnnAssign) else target
    if not isinstance(target, ast.Name):
        return None
    return ast.fix_missing_locations(ast.Expr(ast.Name(target.id, ast.Load())))


def show_as_own(shell: InteractiveShell, error: BaseException) -> None:
    """Let IPython show `error`, when it reaches the cell around, with the traceback of the body alone."""
    if isinstance(error, SyntaxError) or hasattr(error, "_render_traceback_"):
        return
    frames = users_part(error.__traceback__)
    try:
        lines: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, frames, tb_offset=0)
    except Exception:
        return
    _render_once(error, lines)


def show_line(error: BaseException, line: str) -> None:
    """Let IPython show `line` instead of a traceback that has been shown already."""
    _render_once(error, [line])


def _render_once(error: BaseException, lines: list[str]) -> None:
    def once() -> Any:
        del error._render_traceback_  # type: ignore[attr-defined]
        return lines

    try:
        error._render_traceback_ = once  # type: ignore[attr-defined]
    except AttributeError:
        pass
