"""The global random generators: seeded, captured when a run starts, put back when it is replayed.

They are hidden state: a cell that shuffles gives another result after any earlier cell has drawn
from the same generator. States are kept as numbers in base64, never pickled.
"""

from __future__ import annotations

import base64
import random
import struct
import sys
from typing import Any, Final

_MERSENNE: Final = struct.Struct("<625I")


def capture() -> dict[str, Any]:
    """The states of python's, numpy's and torch's global generators, of those that are loaded."""
    version, words, gauss = random.getstate()
    state: dict[str, Any] = {
        "python": {"version": version, "state": _text(_MERSENNE.pack(*words)), "gauss": gauss}
    }
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "random"):
        found = _numpy(numpy.random)
        if found is not None:
            state["numpy"] = found
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        state["torch"] = _text(torch.get_rng_state().numpy().tobytes())
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            state["torch.cuda"] = [_text(each.numpy().tobytes()) for each in torch.cuda.get_rng_state_all()]
    return state


def _numpy(numpy_random: Any) -> dict[str, Any] | None:
    state = numpy_random.get_state(legacy=False)
    if state.get("bit_generator") != "MT19937":
        return None  # another generator was put in numpy's place by hand
    inner = state["state"]
    return {
        "state": _text(inner["key"].astype("<u4", copy=False).tobytes()),
        "position": int(inner["pos"]),
        "has_gauss": int(state["has_gauss"]),
        "gauss": float(state["gauss"]),
    }


def restore(state: dict[str, Any]) -> None:
    """Put captured states back, those of libraries that are loaded. ValueError for a garbled one."""
    python = state.get("python")
    if python is not None:
        words = _MERSENNE.unpack(_bytes(python["state"]))
        random.setstate((python["version"], words, python["gauss"]))
    numpy = sys.modules.get("numpy")
    if numpy is not None and "numpy" in state:
        found = state["numpy"]
        key = numpy.frombuffer(_bytes(found["state"]), dtype="<u4")
        numpy.random.set_state(("MT19937", key, found["position"], found["has_gauss"], found["gauss"]))
    torch = sys.modules.get("torch")
    if torch is not None and "torch" in state:
        torch.set_rng_state(_tensor(torch, state["torch"]))
        if "torch.cuda" in state and torch.cuda.is_available():
            torch.cuda.set_rng_state_all([_tensor(torch, each) for each in state["torch.cuda"]])


def seed(number: int) -> None:
    """Seed python, and numpy and torch where they are loaded."""
    random.seed(number)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(number % 2**32)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(number)


def _tensor(torch: Any, text: str) -> Any:
    return torch.frombuffer(bytearray(_bytes(text)), dtype=torch.uint8)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
