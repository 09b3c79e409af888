"""`%labbook`: the line's words become a verb's result, which then displays itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_labbook.frontends import commands, manual
from jupyter_labbook.frontends.with_curves import WithCurves
from jupyter_labbook.frontends.words import STORE, split
from jupyter_labbook.store.store import Store

PROGRAM = "%labbook"


class Help:
    """Help as a notebook shows it: plain text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def run_line(line: str, start: Path, chosen: Path | None = None) -> Any:
    """Do what `line` says; the result shows itself.

    The labbook is `--store`, else `chosen`, else the one found upwards from `start`.
    LabbookError is the caller's to show, in one line.
    """
    words = split(line)
    if not words or words[0].raw in {"help", "--help", "-h"}:
        return Help(manual.about(words[1].text, PROGRAM) if len(words) > 1 else manual.overview(PROGRAM))
    verb = commands.find(words[0].text)
    values = verb.parse(words[1:], where=PROGRAM)
    if values.get("help"):
        return Help(manual.of_verb(verb, PROGRAM))
    named = values.get(STORE.parameter)
    values[STORE.parameter] = Store.locate(start, Path(named) if named else chosen)
    result = verb.call(values)
    if verb.name == "compare" and not values.get("json"):
        return WithCurves(result)
    return verb.presented(result, as_json=bool(values.get("json")))
