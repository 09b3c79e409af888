"""What a cell has shown, in order, while it runs.

**Invariant**: memory stays bounded however much a cell shows. Of text the beginning and the end
are kept and a line between says how much is missing; of displays those that fit.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from jupyter_labbook.record import shown
from jupyter_labbook.record.carriage import fold, unfinished
from jupyter_labbook.record.shown import Event, Gap, Rich, Text

TEXT_LIMIT: Final = 10 << 20
"""Characters of printed text that are kept."""

RICH_LIMIT: Final = 32 << 20
"""Characters or bytes of everything else that is displayed: figures, tables, widgets."""

_PIECE: Final = 1 << 16
_OVERHEAD: Final = 64


class Transcript:
    """Collects what is shown; `pending` takes (stream, text) without a lock and is drained now and then."""

    def __init__(self, text_limit: int = TEXT_LIMIT, rich_limit: int = RICH_LIMIT) -> None:
        self.pending: list[tuple[str, str]] = []
        self.has_error = False
        self._half = text_limit // 2
        self._rich_limit = rich_limit
        self._lock = threading.RLock()  # a signal handler may print while its thread drains
        self._forget()

    def _forget(self) -> None:
        self._head: list[Event] = []
        self._middle: list[Event] = []
        self._tail: deque[Event] = deque()
        self._head_size = self._tail_size = self._rich_size = 0
        self._by_id: dict[str, list[Rich]] = {}
        self._placeholder: Rich | None = None
        self._unshown = (0, 0)
        self._clear_first = False

    # what happens ---------------------------------------------------------------------------------

    def drain(self) -> None:
        """Take over what is pending."""
        with self._lock:
            count = len(self.pending)
            batch = self.pending[:count]
            del self.pending[:count]
            start = 0
            for place in range(1, count + 1):
                if place == count or batch[place][0] != batch[start][0]:
                    self._print(batch[start][0], "".join([str(text) for _, text in batch[start:place]]))
                    start = place

    def display(
        self, kind: str, data: Mapping[str, Any], metadata: Mapping[str, Any] | None, id: str | None = None
    ) -> None:
        """Something was displayed, or the cell had a result."""
        with self._lock:
            self._before()
            rich = shown.rich(kind, data, metadata)
            if self._rich_size + rich.size > self._rich_limit:
                self._left_out_displays(rich)
                return
            self._rich_size += rich.size
            self._append(rich, _OVERHEAD)
            if id is not None:
                self._by_id.setdefault(id, []).append(rich)

    def update(self, id: str, data: Mapping[str, Any], metadata: Mapping[str, Any] | None) -> None:
        """What was displayed under `id` looks different now. Nothing, where another cell displayed it."""
        with self._lock:
            for rich in self._by_id.get(id, ()):
                new = shown.rich(rich.kind, data, metadata)
                if self._rich_size - rich.size + new.size > self._rich_limit:
                    new = shown.placeholder(rich.kind, 1, new.size)
                self._rich_size += new.size - rich.size
                rich.data, rich.metadata, rich.size = new.data, new.metadata, new.size

    def clear(self, wait: bool) -> None:
        """The cell's output was cleared; with `wait`, once there is something new to show."""
        with self._lock:
            self.drain()
            if wait:
                self._clear_first = True
            else:
                self._forget()

    def error(self, name: str, message: str, lines: Iterable[str]) -> None:
        """An error was shown."""
        with self._lock:
            self._before()
            self._append(shown.problem(name, message, lines), _OVERHEAD)
            self.has_error = True

    def events(self) -> list[Event]:
        """Everything that still stands under the cell."""
        with self._lock:
            self.drain()
            return [*self._head, *self._middle, *self._tail]

    # how it is kept -------------------------------------------------------------------------------

    def _before(self) -> None:
        self.drain()
        if self._clear_first:
            self._forget()

    def _print(self, name: str, text: str) -> None:
        if not text:
            return
        if self._clear_first:
            self._forget()
        last = self._tail[-1] if self._tail else self._head[-1] if self._head else None
        if isinstance(last, Text) and last.name == name:
            complete, begun = unfinished(last.text)
            if "\r" in text or "\r" in begun:
                self._replace(last, complete)
                text = fold(begun + text)
            if len(last.text) < _PIECE:
                self._replace(last, last.text + text)
            else:
                self._append(Text(name, text), _OVERHEAD + len(text))
        else:
            text = fold(text)
            self._append(Text(name, text), _OVERHEAD + len(text))
        self._shorten()

    def _append(self, event: Event, size: int) -> None:
        if self._tail or self._head_size >= self._half:
            self._tail.append(event)
            self._tail_size += size
        else:
            self._head.append(event)
            self._head_size += size

    def _replace(self, last: Text, text: str) -> None:
        change = len(text) - len(last.text)
        last.text = text
        if self._tail:
            self._tail_size += change
        else:
            self._head_size += change

    def _shorten(self) -> None:
        """Drop text from the middle until what is left fits."""
        if self._head_size > self._half and not self._tail and isinstance(self._head[-1], Text):
            last = self._head[-1]
            keep = max(0, len(last.text) - (self._head_size - self._half))
            rest = last.text[keep:]
            self._replace(last, last.text[:keep])
            self._tail.append(Text(last.name, rest))
            self._tail_size += _OVERHEAD + len(rest)
        while self._tail_size > self._half and self._tail:
            first = self._tail[0]
            if not isinstance(first, Text):
                self._middle.append(self._tail.popleft())
                self._tail_size -= _OVERHEAD
                continue
            over = min(self._tail_size - self._half, len(first.text))
            self._leave_out(first.name, over)
            self._tail_size -= over
            if over < len(first.text):
                first.text = first.text[over:]
                break
            self._tail.popleft()
            self._tail_size -= _OVERHEAD

    def _leave_out(self, name: str, count: int) -> None:
        last = self._middle[-1] if self._middle else None
        if isinstance(last, Gap):
            last.count += count
        else:
            self._middle.append(Gap(name, count))

    def _left_out_displays(self, rich: Rich) -> None:
        """One placeholder stands for all displays that had no room."""
        count, size = self._unshown
        self._unshown = count, size = count + 1, size + rich.size
        new = shown.placeholder(rich.kind, count, size)
        if self._placeholder is None:
            self._placeholder = new
            self._append(new, _OVERHEAD)
        else:
            self._placeholder.data = new.data
