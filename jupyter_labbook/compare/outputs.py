"""The text of what a cell displayed, out of `output.ipynb`, however damaged that is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def shown_text(notebook: str) -> str:
    """Streams, texts of displayed values and errors, in order; empty where nothing can be read."""
    try:
        content = json.loads(notebook)
    except (ValueError, RecursionError):
        return ""
    pieces = [piece.rstrip("\n") for output in _outputs(content) for piece in _texts(output)]
    return "\n".join(piece for piece in pieces if piece)


def _outputs(content: Any) -> Iterator[dict[str, Any]]:
    cells = content.get("cells") if isinstance(content, dict) else None
    for cell in cells if isinstance(cells, list) else []:
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else []:
            if isinstance(output, dict):
                yield output


def _texts(output: dict[str, Any]) -> Iterator[str]:
    kind, data = output.get("output_type"), output.get("data")
    if kind == "stream":
        yield _joined(output.get("text"))
    elif kind == "error":
        yield f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}"
    elif isinstance(data, dict):
        yield _joined(data.get("text/plain")) or f"[{', '.join(sorted(map(str, data)))}]"


def _joined(text: Any) -> str:
    """A notebook holds text as one string or as a list of lines."""
    if isinstance(text, list):
        return "".join(line for line in text if isinstance(line, str))
    return text if isinstance(text, str) else ""
