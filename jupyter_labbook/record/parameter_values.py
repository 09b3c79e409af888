"""A parameter's value as JSON can say it, with the name of its type where JSON cannot.

| value | stored | `parameter_types` |
|---|---|---|
| text, whole number, float, bool, None | itself | |
| nan, inf, -inf | the same as text | `float` |
| whole number beyond 64 bits | its digits (from 4,000 digits on hexadecimal) | `int` |
| list, dictionary | the same, each element by these rules, other keys as text (`1 (int)` beside `"1"`) | |
| tuple; set, frozenset | list; sorted list | `tuple`; `set`, `frozenset` |
| numpy or torch scalar, array or tensor of one | its value | |
| array or tensor of at most 1,000 elements | nested list | its type |
| larger arrays, data frames | kind, size and sha256 of the content | its type |
| dataclass, Namespace | dictionary of its fields | its type |
| Decimal, Fraction | the nearest float; beyond all floats its repr | ; its type |
| path, Enum, date, dtype, device, … | its text | its type |
| function, class | its qualified name | `function`, `type`, … |
| anything else | its repr, memory addresses left out | its type |

What is longer than 4,000 characters (as JSON) is text that ends in `… [cut: 12345 characters, sha256 …]`,
the hash being of the whole in UTF-8, secrets redacted first. Beyond 100,000 elements the rest is
counted. Nothing goes deeper than 12 levels; a cycle is the text `[cycle]`.

**Guarantee**: no exception of a value's own code leaves here; the stored text says what it was.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import re
import sys
from collections.abc import Collection, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import PurePath
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from jupyter_labbook.record.redact import redact

LONGEST: Final = 4000
DEEPEST: Final = 12
MOST_ELEMENTS: Final = 1000
MOST_WALKED: Final = 100_000
LONGEST_REDACTED: Final = 1 << 20
LEAST: Final = -(2**63)
MOST: Final = 2**63 - 1

_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]{4,16}")
_AS_TEXT: Final = (PurePath, date, time, timedelta)
_ITSELF: Final = frozenset({bool, type(None)})


def parameter_value(value: Any) -> tuple[Any, str | None]:
    """`value` as `run.json` holds it, and the name of its type where JSON cannot say it."""
    kind = type(value)
    if kind in _ITSELF:
        return value, None
    if kind is int:
        return (value, None) if LEAST <= value <= MOST else _cut(_digits(value), "int")
    if kind is float:
        return (value, None) if math.isfinite(value) else (_special(value), "float")
    if kind is str and len(value) <= LONGEST:
        return _utf8(value), None
    try:
        return _cut(*_Walk().stored(value))
    except Exception as error:  # a subclass with ideas of its own
        return _unreadable(value, error), _name(kind)


class _Walk:
    """One value and what is inside it; `_inside` holds the containers it is in the middle of."""

    def __init__(self) -> None:
        self._inside: set[int] = set()
        self._left = MOST_WALKED

    def stored(self, value: Any) -> tuple[Any, str | None]:
        kind = type(value)
        if kind in _ITSELF:
            return value, None
        if isinstance(value, enum.Enum):
            return f"{kind.__qualname__}.{value.name}", _name(kind)
        if isinstance(value, str):
            return _utf8(str.__str__(value)), None
        if isinstance(value, int):
            plain = int.__int__(value)
            return (plain, None) if LEAST <= plain <= MOST else (_digits(plain), "int")
        if isinstance(value, float):
            return _of_float(float.__float__(value))
        if isinstance(value, (Decimal, Fraction)):
            return _of_exact(value)
        if isinstance(value, (Mapping, list, tuple, set, frozenset)) or _fields(value) is not None:
            return self._container(value)
        if isinstance(value, _AS_TEXT):
            return str(value), _name(kind)
        return _of_object(value)

    def _container(self, value: Any) -> tuple[Any, str | None]:
        if id(value) in self._inside:
            return "[cycle]", None
        if len(self._inside) >= DEEPEST:
            return f"[deeper than {DEEPEST} levels]", None  # its repr may be of any length
        self._inside.add(id(value))
        try:
            return self._elements(value)
        finally:
            self._inside.discard(id(value))

    def _elements(self, value: Any) -> tuple[Any, str | None]:
        fields = _fields(value)
        if fields is not None:
            return self._mapping(fields), _name(type(value))
        if isinstance(value, Mapping):
            return self._mapping(value), None
        if isinstance(value, list):
            return self._list(value), None
        if isinstance(value, tuple):
            return self._list(value), "tuple"
        kind = "frozenset" if isinstance(value, frozenset) else "set"
        if len(value) > self._left:  # which of its elements come first is chance
            return [f"… {len(value)} more"], kind
        return sorted(self._list(value), key=_order), kind

    def _list(self, value: Collection[Any]) -> list[Any]:
        elements: list[Any] = []
        for element in value:
            if self._left <= 0:
                return [*elements, f"… {len(value) - len(elements)} more"]
            elements.append(self._element(element))
        return elements

    def _mapping(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        stored: dict[str, Any] = {}
        texts = {key for key in value if type(key) is str}
        for key, element in value.items():
            if self._left <= 0:
                return {**stored, "…": f"{len(value) - len(stored)} more"}
            name = _utf8(key) if type(key) is str else _unique(key, texts, stored)
            stored[name] = self._element(element)
        return stored

    def _element(self, value: Any) -> Any:
        self._left -= 1
        try:
            return self.stored(value)[0]
        except Exception as error:  # a subclass with ideas of its own
            return _unreadable(value, error)


def _unique(key: Any, texts: Collection[str], taken: Collection[str]) -> str:
    """A key that is no text, as one that no other has: it makes way for the texts."""
    text = _utf8(str.__str__(key)) if isinstance(key, str) else _text(key)
    unique, number = text, 1
    while unique in texts or unique in taken:
        unique = f"{text} ({type(key).__name__}{'' if number == 1 else f' {number}'})"
        number += 1
    return unique


def _of_float(value: float) -> tuple[float | str, str | None]:
    return (value, None) if math.isfinite(value) else (_special(value), "float")


def _of_exact(value: Decimal | Fraction) -> tuple[float | str, str | None]:
    try:
        nearest = float(value)
    except OverflowError:  # a fraction
        nearest = math.inf
    except ValueError:  # a signalling NaN
        nearest = math.nan
    if math.isinf(nearest) and value != nearest:
        return _text(value), _name(type(value))
    return _of_float(nearest)


def _order(stored: Any) -> tuple[str, Any]:
    if isinstance(stored, (int, float)):
        return "number", stored
    return "text", stored if isinstance(stored, str) else json.dumps(stored, default=str)


def _fields(value: Any) -> dict[str, Any] | None:
    """What a plain holder of named values holds: a dataclass, a SimpleNamespace, an argparse Namespace."""
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    if isinstance(value, SimpleNamespace) or type(value).__name__ == "Namespace":
        return dict(vars(value))
    return None


def _of_object(value: Any) -> tuple[Any, str | None]:
    kind = type(value)
    if kind is ModuleType:
        return value.__name__, "module"  # its repr says where it is installed
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        module = getattr(value, "__module__", None)
        named = value.__qualname__ if module in {None, "builtins", "__main__"} else f"{module}.{value.__qualname__}"
        return _utf8(named), _name(kind)
    if isinstance(value, (bytes, bytearray)) and len(value) > LONGEST // 4:
        head, digest = redact(repr(bytes(value[: LONGEST // 4]))), sha256(value).hexdigest()
        return f"{head}… [cut: {len(value)} bytes, sha256 {digest}]", _name(kind)
    library = kind.__module__.partition(".")[0]
    if library in {"numpy", "torch", "pandas", "polars", "pyarrow", "jaxlib", "scipy"}:
        return _of_array(value)
    return _text(value), _name(kind)


def _of_array(value: Any) -> tuple[Any, str | None]:
    """Scalars and arrays of one as their value, small arrays as lists, larger ones by their fingerprint."""
    kind, shape = type(value), getattr(value, "shape", None)
    if kind.__name__.lower().endswith(("dtype", "device", "timestamp", "timedelta")):
        return str(value), _name(kind)
    try:
        if shape is not None and math.prod(shape) == 1 and callable(getattr(value, "item", None)):
            return _of_one(value)
        if shape is not None and math.prod(shape) <= MOST_ELEMENTS and hasattr(value, "tolist"):
            return _Walk().stored(_as_list(value))[0], _name(kind)
        if shape is not None:
            return _fingerprint(value), _name(kind)
    except Exception:  # a tensor without data, a strange subclass: its repr must do
        return _text(value), _name(kind)
    return _text(value), _name(kind)


def _of_one(value: Any) -> tuple[Any, str | None]:
    kind, masked = type(value), sys.modules.get("numpy.ma")
    if masked is not None and masked.is_masked(value):
        return "masked", _name(kind)
    item = _as_list(value)
    while isinstance(item, list):
        (item,) = item
    if type(item) in (bool, int, float, str) and not _is_moment(value):
        return parameter_value(item)
    if type(item) is kind and item.dtype.kind == "f":  # numpy's longdouble gives itself
        nearest = float(item)
        return (
            _of_float(nearest)
            if nearest == item or item != item or math.isfinite(nearest)
            else (_text(value), _name(kind))
        )
    return (repr(item) if isinstance(item, complex) else _Walk().stored(item)[0]), _name(kind)


def _is_moment(value: Any) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") in ("M", "m")


def _as_list(value: Any) -> Any:
    """Nested lists; moments as text, since numpy makes a number of some."""
    return value.astype(str).tolist() if _is_moment(value) else value.tolist()


def _fingerprint(value: Any) -> str:
    from jupyter_labbook.record.data import fingerprint  # few parameters are data

    data = fingerprint("", value)
    size = "×".join(map(str, value.shape))
    return f"{data.kind} of {size}, sha256 {data.sha256}{'' if data.coverage == 'full' else ' of a sample'}"


def _text(value: Any) -> str:
    """Its repr, without addresses in memory, which would differ from run to run."""
    try:
        text = repr(value)
    except Exception as error:  # somebody else's __repr__
        text = f"<{_name(type(value))}, whose repr raises {type(error).__name__}>"
    return redact(_utf8(_ADDRESS.sub("", text) if " at 0x" in text else text))


def _unreadable(value: Any, error: Exception) -> str:
    return f"<{_name(type(value))}, which cannot be read: {type(error).__name__}>"


def _cut(stored: Any, kind: str | None) -> tuple[Any, str | None]:
    text = stored if isinstance(stored, str) else None
    if text is None:
        if not isinstance(stored, (list, dict)):
            return stored, kind
        text = json.dumps(stored, ensure_ascii=False)
        kind = kind or type(stored).__name__ if len(text) > LONGEST else kind
    if len(text) <= LONGEST:
        return stored, kind
    if len(text) <= LONGEST_REDACTED:
        text = redact(text)  # before the cut: half a secret would not be recognised
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    head = redact(text[: 2 * LONGEST])[:LONGEST]
    return f"{head}… [cut: {len(text)} characters, sha256 {digest}]", kind


def _digits(value: int) -> str:
    limit = sys.get_int_max_str_digits()
    return str(value) if not limit or value.bit_length() < 3 * min(limit, LONGEST) else hex(value)


def _special(value: float) -> str:
    return "nan" if value != value else ("inf" if value > 0 else "-inf")


def _utf8(text: str) -> str:
    """Lone surrogates, as in names of files that are no UTF-8, written out."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _name(kind: type) -> str:
    # Where a library keeps a class inside itself may change: Python 3.13 has paths in `pathlib._local`.
    module = kind.__module__.partition("._")[0]
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"
