"""Whether a run's tables can be read to their last byte, and whether `run.json` summarises them."""

from __future__ import annotations

import math
import os
from stat import S_ISREG
from typing import TYPE_CHECKING

from jupyter_labbook.run import StoredNumber, Summary, number
from jupyter_labbook.store import files, history, layout, soundness
from jupyter_labbook.store.findings import refusal

if TYPE_CHECKING:
    from jupyter_labbook.store.check_run import Look

SAME_MEAN = 1e-6
"""Means that differ by less, measured by the largest value, differ by the order of their sum."""


def check_tables(look: Look) -> None:
    """Look at every table of a run to its last byte, where the look is a full one."""
    if not look.full:
        return
    before = len(look.found)
    for name in sorted(look.entries, key=lambda name: (layout.table_number(name), name)):
        status = look.entries[name]
        if (layout.is_metrics_table(name) or name == layout.SYSTEM) and S_ISREG(status.st_mode):
            _check_table(look, name)
    ended = look.record is not None and look.record.status != "running"
    if ended and len(look.found) == before:
        _check_summaries(look)


def _check_table(look: Look, name: str) -> None:
    path = os.path.join(look.folder, name)
    opened = files.open_regular(path)
    if opened is None:
        if os.path.lexists(path):
            look.add("unreadable", name, refusal(path))
        return
    os.close(opened[0])
    seen = soundness.look(path)
    if seen.header is None and not seen.empty and not seen.broken:
        look.add("table-header", name, "it does not begin with step,time and names")
    elif seen.header is not None and len(set(seen.header.names)) < len(seen.header.names):
        look.add("table-columns", name, "two columns have the same name; the first is read")
    elif seen.header is not None and not seen.header.names:
        look.add("table-header", name, "it has no column of a metric")
    lines = [broken for broken in seen.broken if not broken.torn]
    torn = [broken for broken in seen.broken if broken.torn and not look.is_busy()]
    if any(broken.zeros for broken in lines + torn):
        zeros = sum(broken.end - broken.start for broken in lines + torn if broken.zeros)
        look.add("table-zeros", name, f"zero bytes in {zeros} bytes of it", repairable=True)
    if garbled := [broken for broken in lines if not broken.zeros]:
        where = f"from byte {garbled[0].start}"
        look.add("table-garbled", name, f"{_places(len(garbled))} cannot be read, {where}", repairable=True)
    for broken in torn:
        if not broken.zeros:
            size = broken.end - broken.start
            look.add("table-torn", name, f"its last line is not complete ({size} bytes)", repairable=True)


def _check_summaries(look: Look) -> None:
    """What run.json says of each metric, beside what the tables come to."""
    record = look.record
    if record is None:
        return
    found = history.summarise(look.folder)
    differ = differing(record.metrics, found)
    points = {name: found[name].count if name in found else 0 for name in record.metrics}
    fewer = [name for name, told in record.metrics.items() if told.count > points[name]]
    if not (differ or fewer) or look.is_busy():
        return
    aside = any(map(layout.is_torn_file, look.entries)) or any("disk" in line for line in record.degraded)
    for name in fewer:
        message = f"{name[:80]}: {points[name]} points of {record.metrics[name].count}"
        look.add("points-aside" if aside else "points-missing", layout.RECORD, message)
    for name in differ:
        known = name in record.metrics
        kind = "summary-differs" if known else "summary-missing"
        what = "is not what its table comes to" if known else "is not summarised"
        more = found[name].count - (record.metrics[name].count if known else 0)
        if 0 < more <= _logged_late(look.folder, name, record.duration):
            kind, what = "summary-behind", f"was logged {more} times after the end"
        look.add(kind, layout.RECORD, f"{name[:80]} {what}", repairable=True)


def _logged_late(folder: str, name: str, duration: float | None) -> int:
    """Points that came after the run had ended, from a thread or a process that lived on."""
    if duration is None:
        return 0
    return sum(point.time >= duration for point in history.history(folder, name))


def differing(told: dict[str, Summary], found: dict[str, Summary]) -> list[str]:
    """Metrics of the tables whose summary in run.json has to be made again."""
    return [
        name
        for name, summary in found.items()
        if (name not in told and not _is_last_sample(name, summary))
        or (name in told and told[name].count <= summary.count and _differs(name, told[name], summary))
    ]


def _is_last_sample(name: str, summary: Summary) -> bool:
    """Whether this may be the one sample that was taken after the summary was made."""
    return name.startswith("system/") and summary.count == 1


def _differs(name: str, told: Summary, found: Summary) -> bool:
    # The sampler may take one more sample after the summary was made.
    if name.startswith("system/") and found.count > told.count:
        return False
    if told.count != found.count:
        return True
    for part in ("last", "min", "max"):
        if not _same(getattr(told, part), getattr(found, part)):
            return True
        step = getattr(told, f"{part}_step")
        if step is not None and step != getattr(found, f"{part}_step"):
            return True
    if _same(told.mean, found.mean):
        return False
    try:
        scale = max(abs(float(number(found.min))), abs(float(number(found.max))))
        return not abs(float(number(told.mean)) - float(number(found.mean))) <= SAME_MEAN * scale
    except OverflowError:  # an integer beyond what a float holds
        return True


def _same(one: StoredNumber, other: StoredNumber) -> bool:
    a, b = number(one), number(other)
    return a == b or (math.isnan(a) and math.isnan(b))


def _places(count: int) -> str:
    return "one place" if count == 1 else f"{count} places"
