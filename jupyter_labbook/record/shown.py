"""The things a cell can show, and each as an output in the notebook format."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from jupyter_labbook.record.carriage import finished
from jupyter_labbook.record.ipynb import encode
from jupyter_labbook.record.redact import redact

_LONGEST: Final = 64_000
_OVERHEAD: Final = 512
_json: Final = re.compile(r"application/(.*\+)?json")
_figures: Final = {"image/png": "png", "image/jpeg": "jpeg", "image/svg+xml": "svg"}

Payload = str | bytes | msgspec.Raw


class Text(msgspec.Struct):
    """Printed text of one stream."""

    name: str
    text: str


class Gap(msgspec.Struct):
    """Printed text that was not kept."""

    name: str
    count: int


class Rich(msgspec.Struct):
    """Something displayed (`display_data`), or the cell's result (`execute_result`)."""

    kind: str
    data: dict[str, Payload]
    metadata: msgspec.Raw | None
    size: int


class Problem(msgspec.Struct):
    """An error with the traceback that was shown."""

    name: str
    message: str
    lines: list[str]


Event = Text | Gap | Rich | Problem


def rich(kind: str, data: Mapping[str, Any], metadata: Mapping[str, Any] | None) -> Rich:
    """A copy of what is displayed, which later changes to the objects do not reach."""
    frozen = {str(mime): _frozen(str(mime), value) for mime, value in data.items()}
    described = msgspec.Raw(encode(metadata)) if metadata else None
    return Rich(kind, frozen, described, _OVERHEAD + sum(map(_size, frozen.values())))


def placeholder(kind: str, count: int, size: int) -> Rich:
    """What stands for displays that are more than a run keeps."""
    what = "1 display" if count == 1 else f"{count:,} displays"
    return Rich(kind, {"text/plain": f"… {what} of {size:,} bytes left out here …"}, None, _OVERHEAD)


def problem(name: str, message: str, lines: Iterable[str]) -> Problem:
    """An error, its message and its traceback no longer than anyone reads."""
    return Problem(name[:_LONGEST], message[:_LONGEST], [str(line)[:_LONGEST] for line in lines][:1000])


def outputs(events: Iterable[Event], execution_count: int | None) -> list[dict[str, Any]]:
    """The outputs of a code cell: text of one stream in one piece, everything redacted."""
    result: list[dict[str, Any]] = []
    for event in events:
        if isinstance(event, Text | Gap):
            text = event.text if isinstance(event, Text) else _gap(event.count)
            if result and result[-1].get("name") == event.name:
                result[-1]["text"] += text
            else:
                result.append({"output_type": "stream", "name": event.name, "text": text})
        elif isinstance(event, Problem):
            result.append(_error(event))
        else:
            result.append(_displayed(event, execution_count))
    for output in result:
        if "text" in output:
            output["text"] = redact(finished(output["text"]))
    return [output for output in result if output.get("text") != ""]


def figures(events: Iterable[Event]) -> list[tuple[str, bytes]]:
    """Suffix and content of each image among `events`."""
    return [
        (suffix, content)
        for event in events
        if isinstance(event, Rich)
        for mime, suffix in _figures.items()
        if (content := _image(event.data.get(mime)))
    ]


def _gap(count: int) -> str:
    return f"\n… {count:,} characters of output left out here …\n"


def _error(event: Problem) -> dict[str, Any]:
    return {
        "output_type": "error",
        "ename": event.name,
        "evalue": redact(event.message),
        "traceback": [redact(line) for line in event.lines],
    }


def _displayed(event: Rich, execution_count: int | None) -> dict[str, Any]:
    output: dict[str, Any] = {
        "output_type": event.kind,
        "data": {mime: _redacted(mime, value) for mime, value in event.data.items()},
        "metadata": event.metadata or {},
    }
    if event.kind == "execute_result":
        output["execution_count"] = execution_count
    return output


def _frozen(mime: str, value: Any) -> Payload:
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if _json.fullmatch(mime):
        return msgspec.Raw(encode(value))
    if isinstance(value, list | tuple) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return encode(value).decode()


def _size(value: Payload) -> int:
    return len(bytes(value)) if isinstance(value, msgspec.Raw) else len(value)


def _redacted(mime: str, value: Payload) -> str | msgspec.Raw:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, str):
        return value if mime.startswith("image/") else redact(value)
    text = bytes(value).decode()
    safe = redact(text)
    if safe == text:
        return value
    try:
        return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(safe)))
    except msgspec.DecodeError:
        return "[redacted]"


def _image(value: Payload | None) -> bytes | None:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        return None
    if value.lstrip()[:1] == "<":
        return value.encode("utf-8", "backslashreplace")
    try:
        return b64decode(value)
    except ValueError:
        return None
