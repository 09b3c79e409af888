"""States of the global random generators: python's, numpy's, torch's; as JSON, exactly, without pickle.

Only generators of libraries that are loaded are captured: what is not loaded has drawn nothing.
CUDA's are captured where CUDA is in use; nothing here starts it, save restoring such a state.
"""

from __future__ import annotations

import random
import struct
import sys
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from typing import Any, Final

MOST_NUMPY_SEED: Final = 2**32
MOST_TORCH_SEED: Final = 2**64
_MERSENNE: Final = struct.Struct("<625I")


def capture() -> dict[str, Any]:
    """The states, for JSON. Keys: `python`, and `numpy`, `torch`, `torch.cuda` where those are in use."""
    states: dict[str, Any] = {"python": _python_state()}
    numpy = _loaded("numpy", "random")
    if numpy is not None:
        states["numpy"] = _encoded(numpy.random.get_state(legacy=False))
    torch = _loaded("torch", "get_rng_state")
    if torch is not None:
        states["torch"] = _base64(torch.get_rng_state().numpy().tobytes())
        cuda = getattr(torch, "cuda", None)
        if cuda is not None and cuda.is_initialized():
            states["torch.cuda"] = [_base64(state.cpu().numpy().tobytes()) for state in cuda.get_rng_state_all()]
    return states


def restore(states: dict[str, Any]) -> list[str]:
    """Put the generators into the states that `capture` gave, loading numpy and torch where they are named.

    Returns
    -------
    list of str
        What could not be restored, and why: a library that is missing here, another number of GPUs.
    """
    failed = []
    for name, state in states.items():
        try:
            _RESTORE[name](state)
        except KeyError:
            failed.append(f"{name}: this version does not know this generator")
        except Exception as error:  # a library's own refusal, of which there are many kinds
            failed.append(f"{name}: {type(error).__name__}: {error}")
    return failed


def seed(number: int) -> None:
    """Seed python's generator, and numpy's and torch's (on every device) where they are loaded."""
    random.seed(number)
    numpy = _loaded("numpy", "random")
    if numpy is not None:
        numpy.random.seed(number % MOST_NUMPY_SEED)
    torch = _loaded("torch", "manual_seed")
    if torch is not None:
        torch.manual_seed(number % MOST_TORCH_SEED)


def _loaded(library: str, attribute: str) -> Any:
    """`library` where it is loaded, to the end: another thread may be importing it."""
    module = sys.modules.get(library)
    return module if module is not None and hasattr(module, attribute) else None


def _python_state() -> dict[str, Any]:
    version, words, gauss = random.getstate()
    return {"version": version, "words": _base64(_MERSENNE.pack(*words)), "gauss": gauss}


def _restore_python(state: dict[str, Any]) -> None:
    words, gauss = _MERSENNE.unpack(a2b_base64(state["words"])), state["gauss"]
    if gauss is not None and type(gauss) is not float:  # python believes it, and fails when it draws
        raise ValueError(f"{gauss!r} is no normal value")
    random.setstate((state["version"], words, gauss))


def _restore_numpy(state: dict[str, Any]) -> None:
    import numpy  # the state says that the cell uses it

    decoded, generators = _decoded(state), vars(numpy.random)
    kind = generators[decoded["bit_generator"]]
    if not (isinstance(kind, type) and issubclass(kind, numpy.random.BitGenerator)):
        raise ValueError(f"{kind!r} is no generator of numpy's")
    for position, most in (("pos", 624), ("buffer_pos", 4)):  # numpy believes it, and reads beyond its memory
        if not 0 <= {**decoded, **decoded["state"]}.get(position, 0) <= most:
            raise ValueError(f"the position of {kind.__name__} is out of range")
    if type(generators["get_bit_generator"]()) is not kind:
        generators["set_bit_generator"](kind())
    numpy.random.set_state(decoded)


def _restore_torch(state: str) -> None:
    import torch  # type: ignore[import-not-found, unused-ignore]  # the state says that the cell uses it

    torch.set_rng_state(_tensor(torch, state))


def _restore_cuda(states: list[str]) -> None:
    import torch

    if torch.cuda.device_count() != len(states):
        raise RuntimeError(f"{len(states)} GPUs then, {torch.cuda.device_count()} now")
    torch.cuda.set_rng_state_all([_tensor(torch, state) for state in states])


_RESTORE: Final[dict[str, Callable[[Any], None]]] = {
    "python": _restore_python,
    "numpy": _restore_numpy,
    "torch": _restore_torch,
    "torch.cuda": _restore_cuda,
}


def _tensor(torch: Any, state: str) -> Any:
    return torch.frombuffer(bytearray(a2b_base64(state)), dtype=torch.uint8)


def _encoded(value: Any) -> Any:
    """A numpy generator's state: dictionaries of numbers, text and arrays."""
    if isinstance(value, dict):
        return {key: _encoded(element) for key, element in value.items()}
    if hasattr(value, "dtype") and value.ndim:
        little = value if sys.byteorder == "little" else value.astype(value.dtype.newbyteorder("<"))
        return {"dtype": f"<{value.dtype.kind}{value.dtype.itemsize}", "base64": _base64(little.tobytes())}
    if hasattr(value, "item"):
        value = value.item()
    return f"{value:#x}" if isinstance(value, int) and value.bit_length() > 63 else value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict) and "base64" in value:
        import numpy

        stored = numpy.frombuffer(a2b_base64(value["base64"]), dtype=value["dtype"])
        return stored.astype(stored.dtype.newbyteorder("="))
    if isinstance(value, dict):
        return {key: _decoded(element) for key, element in value.items()}
    return int(value, 16) if isinstance(value, str) and value.startswith("0x") else value


def _base64(content: bytes) -> str:
    return b2a_base64(content, newline=False).decode("ascii")
