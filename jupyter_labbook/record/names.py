"""Which names a cell assigns, and how: read from its source, nothing is executed.

**Invariant**: a value is in `written` only if it is what the name holds after the cell's top
level has run, however the cell goes; where a loop, a branch, a function or a method call could
have changed it, the name is left out.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import Any, Final

import msgspec

from jupyter_labbook.record.literals import NOT_LITERAL, literal

_TOP, _BLOCK, _BRANCH, _LOOP = range(4)

# fmt: off
_CHANGING: Final = {
    "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert",
    "intersection_update", "move_to_end", "pop", "popitem", "remove", "reverse", "rotate", "setdefault",
    "sort", "symmetric_difference_update", "update",
}
# fmt: on
"""Methods that change what they are called on."""

_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_BODY_MAGICS: Final = frozenset({"capture", "prun", "time"})


class CellNames(msgspec.Struct, frozen=True, dict=True):
    """The names of one cell.

    Attributes
    ----------
    written
        Name to value, where the cell's top level assigns a literal and nothing else changes it.
    computed
        Names that the top level, or a `with`, `try` or `if` there, assigns from a computation.
    conditional
        Those of them that a branch may have passed over.
    assigned
        All names bound in the cell's own scope, in whatever way.
    """

    written: dict[str, Any] = {}
    computed: tuple[str, ...] = ()
    conditional: frozenset[str] = frozenset()
    assigned: frozenset[str] = frozenset()

    @cached_property
    def literals(self) -> dict[str, Any]:
        """What looks like a parameter: `written` without private names and empty containers."""
        return {
            name: value
            for name, value in self.written.items()
            if not name.startswith("_") and not (isinstance(value, list | dict | tuple | set) and not value)
        }


@lru_cache(maxsize=128)
def analyse(source: str) -> CellNames:
    """Read a cell, translated by IPython or as typed; nothing is found where it is no Python."""
    tree = parsed(source)
    if tree is None:
        return CellNames()
    body = _under_magic(tree)
    if body is not None:
        return analyse(body)
    reader = _Reader()
    try:
        reader.block(tree.body, _TOP)
        if reader.needs_a_closer_look(source):
            reader.look_closer(tree, frozenset())
    except RecursionError:
        return CellNames()
    return reader.result()


def parsed(source: str) -> ast.Module | None:
    """The tree of a cell; None where it is no Python, even with its magics translated."""
    try:
        if "\\" not in source:
            return ast.parse(source)
        with warnings.catch_warnings():  # the cell's own compilation speaks of "\d"; once is enough
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    if not any(mark in source for mark in "%!?"):
        return None
    from IPython.core.inputtransformer2 import TransformerManager  # a script runs without IPython

    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except Exception:
        return None


def _under_magic(tree: ast.Module) -> str | None:
    """The body under `%%time` and its like, which runs in the same namespace."""
    statement = tree.body[0] if len(tree.body) == 1 else None
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and len(call.args) == 3):
        return None
    if call.func.attr != "run_cell_magic":
        return None
    name, _, body = (literal(argument) for argument in call.args)
    return body if name in _BODY_MAGICS and isinstance(body, str) else None


def _is_result(value: ast.expr) -> bool:
    """Arithmetic that comes to a measured number, `0.9 + 0.05`; a count such as `60 * 60` or `2**8` is written out."""
    return isinstance(value, ast.BinOp) and isinstance(literal(value), float)


class _Reader:
    def __init__(self) -> None:
        self.written: dict[str, Any] = {}
        self.computed: dict[str, bool] = {}
        self.assigned: set[str] = set()
        self.uncertain: set[str] = set()

    def result(self) -> CellNames:
        computed = {name: branch for name, branch in self.computed.items() if not name.startswith("_")}
        return CellNames(
            {name: value for name, value in self.written.items() if name not in self.uncertain},
            tuple(computed),
            frozenset(name for name, branch in computed.items() if branch),
            frozenset(self.assigned),
        )

    def block(self, statements: Iterable[ast.stmt], depth: int) -> None:
        for statement in statements:
            read = _readers.get(type(statement))
            if read is not None:
                read(self, statement, depth)

    def bind(self, name: str, value: ast.expr | None, depth: int) -> None:
        self.assigned.add(name)
        found = NOT_LITERAL if value is None or _is_result(value) else literal(value)
        if found is NOT_LITERAL:
            self.uncertain.add(name)
            if depth != _LOOP:
                self.computed[name] = self.computed.get(name, True) and depth == _BRANCH
        elif depth == _TOP:
            self.written[name] = found
        else:
            self.uncertain.add(name)

    def rebind(self, names: Iterable[str | None]) -> None:
        """Names that something other than an assignment binds."""
        known = [name for name in names if name is not None]
        self.assigned.update(known)
        self.uncertain.update(known)

    def target(self, target: ast.expr, value: ast.expr | None, depth: int) -> None:
        if isinstance(target, ast.Name):
            self.bind(target.id, value, depth)
        elif isinstance(target, ast.Starred):
            self.target(target.value, None, depth)
        elif isinstance(target, ast.Tuple | ast.List):
            values: list[Any] = [None] * len(target.elts)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
                whole = not any(isinstance(item, ast.Starred) for item in (*target.elts, *value.elts))
                values = list(value.elts) if whole else values
            for item, part in zip(target.elts, values, strict=True):
                self.target(item, part, depth)

    # what only a look at every expression shows: walrus, global, changes in place ----------------

    def needs_a_closer_look(self, source: str) -> bool:
        needed = ":=" in source or "global" in source
        for name, value in self.written.items():
            if isinstance(value, list | dict | set) and name not in self.uncertain and source.count(name) > 1:
                if not value:
                    self.uncertain.add(name)  # most likely about to be filled; not worth the look
                else:
                    needed = needed or re.search(rf"\b{name}\s*[.\[]", source) is not None
        return needed

    def look_closer(self, node: ast.AST, local: frozenset[str]) -> None:
        for child in ast.iter_child_nodes(node):
            inner = local | _bound_in(child) if isinstance(child, _SCOPES) else local
            name: str | None = None
            if isinstance(child, ast.NamedExpr):
                name = child.target.id
                if name not in local:
                    self.assigned.add(name)
            elif isinstance(child, ast.Global):
                self.rebind(child.names)
            elif isinstance(child, ast.Subscript) and not isinstance(child.ctx, ast.Load):
                name = _base(child)
            elif isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute):
                name = _base(child.func.value) if child.func.attr in _CHANGING else None
            if name is not None and name not in local:
                self.uncertain.add(name)
            self.look_closer(child, inner)


def _bound_in(scope: ast.AST) -> frozenset[str]:
    """Names that are a function's or class's own."""
    bound: set[str] = set()
    outer: set[str] = set()
    for node in ast.walk(scope):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Global):
            outer.update(node.names)
    return frozenset(bound - outer)


def _base(node: ast.expr) -> str | None:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _stored(node: ast.AST) -> list[str]:
    names = (part for part in ast.walk(node) if isinstance(part, ast.Name))
    return [name.id for name in names if type(name.ctx) is not ast.Load]


# one reader for each kind of statement -----------------------------------------------------------


def _assign(reader: _Reader, node: Any, depth: int) -> None:
    for target in node.targets:
        reader.target(target, node.value, depth)


def _annotated(reader: _Reader, node: Any, depth: int) -> None:
    if node.value is not None:
        reader.target(node.target, node.value, depth)


def _augmented(reader: _Reader, node: Any, depth: int) -> None:
    reader.target(node.target, None, depth)


def _for(reader: _Reader, node: Any, _depth: int) -> None:
    reader.rebind(_stored(node.target))
    reader.block(node.body, _LOOP)
    reader.block(node.orelse, _LOOP)


def _while(reader: _Reader, node: Any, _depth: int) -> None:
    reader.block(node.body, _LOOP)
    reader.block(node.orelse, _LOOP)


def _with(reader: _Reader, node: Any, depth: int) -> None:
    for item in node.items:
        if item.optional_vars is not None:
            reader.rebind(_stored(item.optional_vars))
    reader.block(node.body, max(depth, _BLOCK))


def _if(reader: _Reader, node: Any, depth: int) -> None:
    reader.block(node.body, max(depth, _BRANCH))
    reader.block(node.orelse, max(depth, _BRANCH))


def _try(reader: _Reader, node: Any, depth: int) -> None:
    for handler in node.handlers:
        reader.rebind([handler.name])
        reader.block(handler.body, max(depth, _BRANCH))
    for statements in (node.body, node.orelse, node.finalbody):
        reader.block(statements, max(depth, _BLOCK))


def _match(reader: _Reader, node: Any, depth: int) -> None:
    for case in node.cases:
        for pattern in ast.walk(case.pattern):
            reader.rebind([getattr(pattern, "name", None), getattr(pattern, "rest", None)])
        reader.block(case.body, max(depth, _BRANCH))


def _definition(reader: _Reader, node: Any, _depth: int) -> None:
    reader.rebind([node.name.id if isinstance(node.name, ast.Name) else node.name])


def _import(reader: _Reader, node: Any, _depth: int) -> None:
    reader.rebind([alias.asname or alias.name.partition(".")[0] for alias in node.names])


def _delete(reader: _Reader, node: Any, _depth: int) -> None:
    reader.rebind(_stored(node))


_readers: Final[dict[type[ast.AST], Callable[[_Reader, Any, int], None]]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.If: _if,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
    ast.FunctionDef: _definition,
    ast.AsyncFunctionDef: _definition,
    ast.ClassDef: _definition,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.Delete: _delete,
}
if hasattr(ast, "TypeAlias"):  # from Python 3.12 on
    _readers[ast.TypeAlias] = _definition
