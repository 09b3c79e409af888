"""Whether everything that was acknowledged to a victim is in the store it left behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.run import Run
from jupyter_labbook.store import runs, selection
from jupyter_labbook.store.check import check
from jupyter_labbook.store.repair import repair
from jupyter_labbook.store.store import Store

TORN = frozenset({"table-torn"})
"""All that a kill may leave: the last line of a table, cut short and not acknowledged."""


@dataclass
class Count:
    """What happened in some number of tries, and everything that should not have."""

    kills: int = 0
    runs: int = 0
    finished: int = 0
    lost: int = 0
    points: int = 0
    points_missing: int = 0
    others: int = 0
    others_missing: int = 0
    torn_lines: int = 0
    wrong: list[str] = field(default_factory=list)

    def __add__(self, other: Count) -> Count:
        return Count(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


def look(folder: Path, answers: Iterable[list[Any]]) -> Count:
    """Look through the labbook in `folder` for what `answers` say was acknowledged."""
    count = Count()
    store = Store.find(folder)
    told = [answer for answer in answers if answer[0] in _KINDS]
    if store is None or store.path.parent != folder:
        count.wrong += ["there is no labbook, and something was acknowledged"] if told else []
        return count
    read: dict[str, Run] = {}
    for id in runs.ids(store):
        try:
            read[id] = runs.read(store, id)
        except LabbookError as error:
            count.wrong.append(f"{id} cannot be read: {error}")
    count.runs = len(read)
    count.finished = sum(run.status == "finished" for run in read.values())
    count.lost = sum(run.status == "lost" for run in read.values())
    strange = {run.status for run in read.values()} - {"finished", "lost"}
    count.wrong += [f"status {status}" for status in strange]
    if list(selection.select(store, sort="id").ids) != sorted(read):
        count.wrong.append("the index knows other runs than the folder")
    _look_for(told, read, count)
    _look_for_damage(store, count)
    return count


def _look_for(told: list[list[Any]], read: dict[str, Run], count: Count) -> None:
    histories: dict[tuple[str, str], dict[float, float]] = {}
    for kind, id, *rest in told:
        run = read.get(id)
        if kind != "point":
            count.others += 1
            if run is None or not _KINDS[kind](run, *rest):
                count.others_missing += 1
                count.wrong.append(f"{id}: {kind} {rest} is missing")
            continue
        count.points += 1
        name, step, value = rest
        if run is not None and (id, name) not in histories:
            try:
                history = run.history(name)
                histories[id, name] = dict(zip(history.step.tolist(), history.value.tolist(), strict=True))
            except KeyError:
                pass
        if histories.get((id, name), {}).get(step) != value:
            count.points_missing += 1
            count.wrong.append(f"{id}: point {rest} is missing")


_KINDS: Any = {
    "began": lambda run: run.what is not None and bool(run.claims) and run.tags == ["doomed"] and bool(run.source),
    "point": None,
    "parameter": lambda run, name, value: run.parameters.get(name) == value,
    "note": lambda run, text: text in [note.text for note in run.notes],
    "artifact": lambda run, name, size: run.artifact(name).path.stat().st_size == size,
    "ended": lambda run: (
        run.status == "finished" and run.verdict == "supported" and (run.path / "output.ipynb").is_file()
    ),
}


def _look_for_damage(store: Store, count: Count) -> None:
    """Nothing is damaged but last lines, and those can be mended."""
    kinds: dict[str, int] = defaultdict(int)
    for fault in check(store).faults:
        kinds[fault.kind] += 1
        if fault.kind not in TORN or not fault.repairable:
            count.wrong.append(f"check says {fault.kind}: {fault}")
    count.torn_lines = kinds["table-torn"]
    if kinds:
        repair(store)
        count.wrong += [f"after repair, check says {fault.kind}: {fault}" for fault in check(store).faults]
