"""Carriage returns in printed text: what a progress bar has overwritten is not kept."""

from __future__ import annotations


def fold(text: str) -> str:
    """`text` as a terminal shows it, each line overwritten by what follows a carriage return on it.

    The last line, which more text may continue, keeps one where the next character would not stand
    at its end: `fold(fold(a) + b) == fold(a + b)`.
    """
    if "\r" not in text:
        return text
    *lines, last = text.replace("\r\n", "\n").split("\n")
    lines = [_overwritten(line) if "\r" in line else line for line in lines]
    if "\r" in last:
        shown, begun = _overwritten(last), last.rpartition("\r")[2]
        last = f"{shown}\r{begun}" if len(begun) < len(shown) else shown
    return "\n".join([*lines, last])


def finished(text: str) -> str:
    """The same, of text that nothing follows: no carriage return is left."""
    return fold(text + "\n")[:-1] if "\r" in text else text


def unfinished(text: str) -> tuple[str, str]:
    """Complete lines, and the last one, which has no line end yet."""
    end = text.rfind("\n") + 1
    return text[:end], text[end:]


def _overwritten(line: str) -> str:
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown
