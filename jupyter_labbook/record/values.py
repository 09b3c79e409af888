"""What a metric's and a parameter's value becomes: a number, or something that JSON can say.

Metrics: Python, numpy, torch and other scalars, arrays of one element, Decimal and Fraction are
numbers; a bool is 0 or 1; NaN and infinities stay. A whole number beyond 64 bits becomes the nearest
float. Everything else is refused with a `TypeError` that says what to log instead.
"""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from jupyter_labbook.record.parameter_values import parameter_value

__all__ = ["number_of", "parameter_value"]

LEAST: Final = -(2**63)
MOST: Final = 2**63 - 1


def number_of(value: Any) -> int | float:
    """`value` as a metric holds it.

    Raises
    ------
    TypeError
        If it is no number; the message says what to do.
    """
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return value if LEAST <= value <= MOST else _nearest_float(value)
    try:
        if isinstance(value, float):  # numpy.float64
            return float.__float__(value)
        if isinstance(value, int):  # bool
            return number_of(int.__int__(value))
        return _item(value) if callable(getattr(value, "item", None)) else _number_of_other(value)
    except TypeError:
        raise
    except Exception as error:  # of the value's own code: a metric must not end a cell
        raise TypeError(f"a {kind.__name__} that raises {type(error).__name__} is not a number.") from None


def _number_of_other(value: Any) -> int | float:
    kind = type(value)
    if value is None or kind.__name__ in {"NAType", "NaTType"}:
        raise TypeError(f"{value} is nothing to log: log it once there is a number, or log float('nan').")
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError(
            f"{_shown(value)} is text: log float(…) of it, or record it with labbook.param or labbook.note."
        )
    if isinstance(value, complex):
        raise TypeError(f"{_shown(value)} is complex: log its .real and .imag under names of their own.")
    if isinstance(value, (Decimal, Fraction)):
        return _nearest_float(value)
    if hasattr(kind, "__index__"):
        return number_of(int(value))
    if hasattr(kind, "__float__"):
        return float(value)
    raise TypeError(_refusal(value))


def _item(value: Any) -> int | float:
    """Scalars and arrays of one element, of numpy, torch, jax, pandas and others."""
    if getattr(getattr(value, "dtype", None), "kind", "") in {"M", "m"}:
        raise TypeError(f"{_shown(value)} is a time: log its seconds, as value / numpy.timedelta64(1, 's').")
    if "numpy.ma" in sys.modules and sys.modules["numpy.ma"].is_masked(value):
        return math.nan
    try:
        item = value.item()
    except Exception:  # each library has its own error for "more than one element", or for "no data here"
        raise TypeError(_refusal(value)) from None
    if type(item) is type(value):  # numpy.longdouble gives itself
        if not hasattr(value, "dtype"):
            raise TypeError(_refusal(value))
        return _nearest_float(value)
    return number_of(item) if isinstance(item, (float, int)) else _number_of_other(item)


def _nearest_float(value: Any) -> float:
    try:
        nearest = float(value)
    except OverflowError:
        nearest = math.inf
    except ValueError:  # a signalling NaN
        return math.nan
    if math.isinf(nearest) and value != nearest:
        raise TypeError("this number is beyond what a float can hold (1.8e308): log its logarithm.")
    return nearest


def _refusal(value: Any) -> str:
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        sizes = "×".join(map(str, shape)) or "no"
        return f"an array ({kind}) of {sizes} elements is not one number: log its mean, or one element by name."
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"a {kind} of {len(value)} is not one number: log its mean, or each element under a name of its own."
    if isinstance(value, dict):
        return "a dictionary is not one number: log each of its values by name."
    if callable(value):
        return f"{kind} {getattr(value, '__name__', '')!r} is not a number: call it, with (), to log what it returns."
    return f"a {kind} is not a number: log float(…) of it, or record it with labbook.param."


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:39] + "…"
