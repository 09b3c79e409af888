"""What can still be read of a damaged record: its sound parts, and the names of those that are not."""

from __future__ import annotations

from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec

from jupyter_labbook.run import Record

_CONSTANTS: Final = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def json_object(data: bytes) -> dict[str, Any] | None:
    """A JSON object, also with bytes that are no UTF-8 or literals like NaN in it; None where it is none."""
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raw = _lenient(data)
    return raw if isinstance(raw, dict) else None


def salvage(raw: dict[str, Any], experiment: str) -> Record:
    """A record from an object with an `id`, less what does not fit; `experiment` where it names none."""
    kept: dict[str, Any] = {}
    left_out: list[str] = []
    for name, type in _types().items():
        if name not in raw:
            continue
        value, fits = _fitting(raw[name], type)
        if value is not None:
            kept[name] = value
        if not fits:
            left_out.append(name)
    if "experiment" not in kept:
        kept["experiment"] = experiment
        left_out = list(dict.fromkeys(["experiment", *left_out]))
    named = [f"run.json: {name} could not be read" for name in left_out]
    kept["degraded"] = [*kept.get("degraded", []), *named]
    return Record(**kept)


def misfits(raw: dict[str, Any]) -> list[str]:
    """Keys whose value is missing or is not, as a whole, of the type that the format gives them."""
    given = {"id": None, "experiment": None, **raw}
    return [name for name, type in _types().items() if name in given and not _fitting(given[name], type)[1]]


def _types() -> dict[str, Any]:
    return get_type_hints(Record)


def _fitting(value: Any, type: Any) -> tuple[Any, bool]:
    """What of `value` is of that type, and whether that is all of it."""
    try:
        return msgspec.convert(value, type), True
    except (msgspec.ValidationError, RecursionError, OverflowError):
        pass
    inner = get_args(type)
    if get_origin(type) is list and isinstance(value, list):
        return [item for item in (_fitting(item, inner[0])[0] for item in value) if item is not None], False
    if get_origin(type) is dict and isinstance(value, dict):
        items = ((key, _fitting(item, inner[1])[0]) for key, item in value.items())
        return {key: item for key, item in items if item is not None}, False
    return None, False


def _lenient(data: bytes) -> Any:
    import json  # NaN, lone surrogates: what other programs write and the standard forbids

    try:
        text = data.decode("utf-8-sig", "replace")
        value = json.loads(text, parse_constant=_CONSTANTS.get)
        return msgspec.json.decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
