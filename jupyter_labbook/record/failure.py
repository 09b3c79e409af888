"""How a cell ended: its status, and its error as the record keeps it."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType
from typing import Any, Final

from jupyter_labbook.record.redact import redact
from jupyter_labbook.run import Status

LONGEST: Final = 64_000
"""Characters of a traceback that are kept: its beginning and its end."""

_OURS: Final = ("jupyter_labbook.", "IPython.", "contextlib")


def status_of(error: BaseException | None) -> Status:
    """`finished`, `failed` or `interrupted`; `sys.exit(0)` is an end like any other."""
    if error is None:
        return "finished"
    if isinstance(error, SystemExit):
        return "finished" if error.code in (None, 0) else "failed"
    return "interrupted" if is_interrupt(error) else "failed"


def is_interrupt(error: BaseException) -> bool:
    """Whether somebody stopped the cell: Ctrl-C, or the task in which it awaited was cancelled."""
    asyncio = sys.modules.get("asyncio")  # takes 20 ms to load; where nobody has, nothing was cancelled
    return isinstance(error, KeyboardInterrupt) or (asyncio is not None and isinstance(error, asyncio.CancelledError))


def describe(error: BaseException | None) -> dict[str, Any] | None:
    """Type, message and traceback, without the frames that lie outside the user's code; redacted."""
    if error is None or status_of(error) == "finished":
        return None
    try:
        message = str(error)
    except Exception:
        message = "(an error whose message cannot be shown)"
    return {
        "type": type(error).__name__,
        "message": redact(_cut(message)),
        "traceback": redact(_traceback(error)),
    }


def _traceback(error: BaseException) -> str:
    try:
        lines = traceback.format_exception(type(error), error, users_part(error.__traceback__))
    except Exception:
        return ""
    return _cut("".join(lines))


def users_part(frames: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame on that is the user's."""
    first = frames
    while first is not None and _is_ours(first):
        first = first.tb_next
    return first or frames


def _is_ours(frame: TracebackType) -> bool:
    return str(frame.tb_frame.f_globals.get("__name__", "")).startswith(_OURS)


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]}\n… {len(text) - LONGEST} characters left out …\n{text[-half:]}"
