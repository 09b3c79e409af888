"""The notebook format 4.5, written by hand: importing nbformat costs more than many a cell.

**Invariant**: what `notebook` returns is UTF-8 that a strict JSON parser reads and
`nbformat.validate` passes, whatever texts and values were put in.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

_encode = msgspec.json.Encoder(enc_hook=repr).encode

_KERNEL: Final = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": platform.python_version(),
    },
}


def encode(value: Any) -> bytes:
    """JSON of any value; NaN becomes null, what JSON cannot say its `repr`."""
    try:
        return _encode(value)
    except Exception:  # a lone surrogate, a tuple as key, a value that contains itself, a repr that raises
        return _encode(_plain(value, 0))


def code_cell(
    id: str,
    source: str,
    execution_count: int | None,
    metadata: Mapping[str, Any],
    outputs: Iterable[Mapping[str, Any]] = (),
) -> bytes:
    """One cell as it stands in a notebook's list of cells."""
    return encode(
        {
            "cell_type": "code",
            "execution_count": execution_count,
            "id": id,
            "metadata": metadata,
            "outputs": list(outputs),
            "source": source,
        }
    )


def notebook(cells: bytes, labbook: Mapping[str, Any]) -> bytes:
    """A notebook around encoded cells, which are separated by commas; `labbook` stands in its metadata."""
    metadata = encode({**_KERNEL, "labbook": labbook})
    return b'{"cells":[%b],"metadata":%b,"nbformat":4,"nbformat_minor":5}\n' % (cells, metadata)


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if value is None or isinstance(value, bool | int | msgspec.Raw):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth < 60 and isinstance(value, dict):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if depth < 60 and isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth + 1) for item in value]
    try:
        return _plain(repr(value)[:10_000], depth)
    except Exception:
        return f"<{type(value).__name__}>"


def _key(key: Any) -> str:
    return str(_plain(key if isinstance(key, str | int | float | bool) else repr(key), 0))
