"""Makes a run's `run.json` readable again, from what is left of it and from what lies beside it.

**Invariant**: keys that this version does not know stay; what a summary says about points that
are in no table any more stays; the caller keeps the bytes of the file as it was.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from typing import Any, Final

import msgspec

from jupyter_labbook.run import Artifact, Record, Summary, parse_time
from jupyter_labbook.store import files, history, layout
from jupyter_labbook.store.check_tables import differing
from jupyter_labbook.store.salvage import json_object, misfits, salvage

_KEY: Final = re.compile(rb'^ {2}"([^"\\]+)": ', re.MULTILINE)
_PREFIX: Final = "run.json: "


def mended_record(folder: str, id: str, data: bytes | None) -> tuple[dict[str, Any], list[str]]:
    """The record as it should be, and what was done to it; `data` is run.json, None where there is none."""
    raw = None if data is None else json_object(data)
    done: list[str] = []
    if raw is None:
        raw = _rebuilt(folder, id, data)
        done.append("rebuilt from what is left of it and from the files beside it")
    if raw.get("id") != id:
        raw = {**raw, "id": id}
        done.append("given the id of its folder")
    raw = _fitting(raw, id, done)
    raw = _summarised(folder, raw, done)
    if not done and data is not None and not _is_strict(data):
        done.append("written again as JSON has it")
    if done:
        degraded = raw.get("degraded")
        known = degraded if isinstance(degraded, list) else []
        raw = {**raw, "degraded": [*known, *(f"{_PREFIX}{what}" for what in done)]}
    return raw, done


def encoded(raw: dict[str, Any]) -> bytes:
    """The bytes of run.json."""
    return msgspec.json.format(msgspec.json.encode(raw), indent=2) + b"\n"


def _is_strict(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=Record)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return False
    return True


def _rebuilt(folder: str, id: str, data: bytes | None) -> dict[str, Any]:
    left = {} if data is None else _left(data)
    source = files.read(os.path.join(folder, layout.SOURCE))
    raw: dict[str, Any] = {
        "format": layout.FORMAT,
        "id": id,
        "experiment": layout.experiment_of(id),
        "status": "lost",
        "started": _began(id),
        "metrics": msgspec.to_builtins(history.summarise(folder)),
        "cell": {"sha256": None if source is None else sha256(source).hexdigest()},
        "artifacts": _figures(folder),
    }
    raw.update(left)
    if raw["status"] == "running" and not raw.get("process"):
        raw["status"] = "lost"
    return raw


def _left(data: bytes) -> dict[str, Any]:
    """The keys of a run.json that is cut or garbled: each begins a line of its own, two blanks in."""
    keys = list(_KEY.finditer(data))
    left: dict[str, Any] = {}
    ends = [*[key.start() for key in keys[1:]], len(data)][: len(keys)]
    for key, end in zip(keys, ends, strict=True):
        value = data[key.end() : end].rstrip()
        if end == len(data):
            value = value.removesuffix(b"}").rstrip()
        one = json_object(b'{"value": ' + value.removesuffix(b",") + b"}")
        if one is not None and len(one) == 1:
            left[key[1].decode("utf-8", "replace")] = one["value"]
    return left


def _figures(folder: str) -> list[dict[str, Any]]:
    found = []
    figures = os.path.join(folder, layout.FIGURES)
    for name in sorted(os.listdir(figures)) if os.path.isdir(figures) and not os.path.islink(figures) else ():
        data = files.read(os.path.join(figures, name))
        if data is not None and not layout.is_temporary(name):
            file = f"{layout.FIGURES}/{name}"
            digest = sha256(data).hexdigest()
            artifact = Artifact(name=name, kind="figure", sha256=digest, bytes=len(data), file=file)
            found.append(msgspec.to_builtins(artifact))
    return found


def _fitting(raw: dict[str, Any], id: str, done: list[str]) -> dict[str, Any]:
    """The record with every known key of its type: what does not fit is left out."""
    unread = misfits(raw)
    changed: dict[str, Any] = {}
    if unread:
        facts = msgspec.to_builtins(salvage(raw, layout.experiment_of(id)))
        changed = {name: facts[name] for name in unread if name != "degraded"}
        if "status" in unread:
            changed["status"] = "lost"
        if "degraded" in unread:
            changed["degraded"] = []
        done += [f"{name} could not be read" for name in unread]
    fitting = {**raw, **changed}
    for name in ("started", "ended"):
        if fitting.get(name) and parse_time(fitting[name]) is None:
            fitting[name] = _began(id) if name == "started" else None
            done.append(f"{name} was no time")
    return fitting


def _began(id: str) -> str:
    began = layout.time_of(id)
    return "" if began is None else began.isoformat().replace("+00:00", "Z")


def _summarised(folder: str, raw: dict[str, Any], done: list[str]) -> dict[str, Any]:
    """The record with a summary of every metric that has points; of a running one readers make it."""
    if raw.get("status", "running") == "running":
        return raw
    found = history.summarise(folder)
    told = msgspec.convert(raw.get("metrics", {}), dict[str, Summary])
    names = differing(told, found)
    if not names:
        return raw
    done.append(f"summary of {', '.join(names)[:200]} made again from the tables")
    made = {name: msgspec.to_builtins(found[name]) for name in names}
    return {**raw, "metrics": {**raw.get("metrics", {}), **made}}
