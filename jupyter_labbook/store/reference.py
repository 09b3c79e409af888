"""From what a person types for a run to its id: `last`, `best:METRIC`, or any piece of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

from jupyter_labbook.errors import RunAmbiguous, RunDamaged, RunNotFound, did_you_mean
from jupyter_labbook.run import Record, number
from jupyter_labbook.store import layout
from jupyter_labbook.store.runs import ids, read_record
from jupyter_labbook.store.store import Store

_LAST: Final = re.compile(r"last(?:-(\d{1,9}))?")
_BEST: Final = "best:"
_SHOWN: Final = 8


class Facts(Protocol):
    """What has to be known of all runs; the index answers fast, `Scan` by reading every record.

    **Guarantee**: newest first means by (started, id), descending; archived and damaged runs are
    in `matching` only.
    """

    def newest(self, count: int) -> Sequence[str]:
        """Ids of the `count` newest runs, newest first."""

    def best(self, metric: str, smallest: bool) -> str | None:
        """The run whose last value of `metric` is largest (smallest); NaN never is; the newest of equals."""

    def matching(self, piece: str) -> Sequence[str]:
        """Ids that contain `piece`, newest first."""

    def metrics(self) -> Sequence[str]:
        """Names of all metrics, for a message that says which one was meant."""


class Scan:
    """`Facts` from the files themselves, read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._records: list[Record] | None = None

    def newest(self, count: int) -> list[str]:
        return [record.id for record in self._read()[:count]]

    def best(self, metric: str, smallest: bool) -> str | None:
        best: tuple[float, str] | None = None
        for record in self._read():
            summary = record.metrics.get(metric)
            value = number(summary.last) if summary else None
            if value is None or value != value:
                continue
            value = -value if smallest else value
            if best is None or value > best[0]:
                best = value, record.id
        return best[1] if best else None

    def matching(self, piece: str) -> list[str]:
        return [id for id in reversed(ids(self._store)) if piece in id]

    def metrics(self) -> list[str]:
        return list(dict.fromkeys(name for record in self._read() for name in record.metrics))

    def _read(self) -> list[Record]:
        if self._records is None:
            records = []
            for id in ids(self._store):
                try:
                    record = read_record(self._store, id)
                except (RunDamaged, RunNotFound):
                    continue
                if not record.archived:
                    records.append(record)
            records.sort(key=lambda record: (record.started, record.id), reverse=True)
            self._records = records
        return self._records


def resolve(store: Store, reference: str, *, facts: Facts | None = None, among: Sequence[str] | None = None) -> str:
    """The id that `reference` stands for; RunNotFound, or RunAmbiguous with the candidates.

    `among` narrows a piece of an id down to those runs.
    """
    facts = facts or Scan(store)
    wanted = reference.strip()
    last = _LAST.fullmatch(wanted)
    if last:
        return _newest(facts, int(last[1] or 0), reference)
    if wanted.startswith(_BEST):
        return _best(facts, wanted[len(_BEST) :].strip(), reference)
    # A path as the shell completes it names the run as well.
    wanted = wanted.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    if layout.is_run_id(wanted) and layout.run_folder(store.path, wanted).is_dir():
        return wanted
    return _piece(facts, wanted, reference, among)


def _newest(facts: Facts, back: int, reference: str) -> str:
    newest = facts.newest(back + 1)
    if len(newest) > back:
        return newest[back]
    count = len(newest)
    some = "There are no runs yet" if not count else f"There {'is' if count == 1 else 'are'} only {count}"
    raise RunNotFound(f"{_quoted(reference)} goes back too far. {some} (archived ones apart).", reference=reference)


def _best(facts: Facts, metric: str, reference: str) -> str:
    smallest = metric.startswith("-")
    metric = metric[1:].strip() if smallest else metric
    if not metric:
        raise RunNotFound(
            f"{_quoted(reference)} names no metric: best:METRIC is the largest, best:-METRIC the smallest.",
            reference=reference,
        )
    found = facts.best(metric, smallest)
    if found is None:
        near = did_you_mean(metric[:200], list(facts.metrics()))
        raise RunNotFound(f"No run has a value of metric {_quoted(metric)}.{near}", reference=reference)
    return found


def _piece(facts: Facts, piece: str, reference: str, among: Sequence[str] | None) -> str:
    found = list(facts.matching(piece)) if piece else []
    if among is not None:
        allowed = set(among)
        found = [id for id in found if id in allowed]
    if piece in found:
        return piece
    # The last five letters are what the card shows: they win over the same letters elsewhere.
    closest = [id for id in found if id.endswith("-" + piece)] or found
    if len(closest) == 1:
        return closest[0]
    if closest:
        shown = ", ".join(closest[:_SHOWN]) + (", …" if len(closest) > _SHOWN else "")
        raise RunAmbiguous(
            f"{_quoted(reference)} may be any of {len(closest)} runs: {shown}. "
            "The last five letters of an id are enough.",
            reference=reference,
            candidates=closest,
        )
    raise RunNotFound(
        f"There is no run {_quoted(reference)}.{_near(facts, piece)} `labbook runs` lists them all.",
        reference=reference,
    )


def _near(facts: Facts, piece: str) -> str:
    newest = facts.newest(200)
    if len(piece) > 2 * _SHOWN:
        return did_you_mean(piece[:100], list(newest))
    names = dict.fromkeys(name for id in newest for name in (id[-5:], id[16:-6]))
    return did_you_mean(piece, list(names))


def _quoted(reference: str) -> str:
    return repr(reference if len(reference) <= 80 else reference[:79] + "…")
