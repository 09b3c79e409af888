"""What a run uses of the machine: processor, memory, graphics card.

| name | what |
|---|---|
| `system/cpu` | of this process, percent of one core |
| `system/memory` | resident memory of this process, bytes |
| `system/gpu.N/utilization` | percent of card N, whoever uses it |
| `system/gpu.N/memory` | used memory of card N, bytes |

Cards are those of NVIDIA, numbered as `nvidia-smi` does, and where `CUDA_VISIBLE_DEVICES` is set only
those that it names.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Final

_STATUS: Final = "/proc/self/status"
_MOST_STATUS: Final = 1 << 14
_PEAK: Final = b"\nVmHWM:"


def cpu_seconds() -> float:
    """Processor time of this process and its ended children, user and system, so far."""
    try:
        import resource
    except ImportError:  # Windows
        times = os.times()
        return times.user + times.system
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def peak_memory() -> int | None:
    """Most resident memory that this process ever had, in bytes; None where the system does not say."""
    peak = _peak_by_status()
    if peak is not None:
        return peak
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _peak_by_status() -> int | None:
    """Linux: `ru_maxrss` would be that of whoever started the process, where that one was larger."""
    try:
        descriptor = os.open(_STATUS, os.O_RDONLY)
    except OSError:
        return None
    try:
        status = os.read(descriptor, _MOST_STATUS)
    finally:
        os.close(descriptor)
    start = status.find(_PEAK)
    words = status[start + len(_PEAK) : start + 64].split() if start >= 0 else []
    return int(words[0]) * 1024 if words else None


class Sampler:
    """Takes samples of this process and of the graphics cards; one costs well under a millisecond."""

    def __init__(self, began: tuple[float, float] | None = None) -> None:
        """`began`: the monotonic time and the processor time, in seconds, that the first sample counts from."""
        import psutil  # not on the way of a cell that is over before its first sample

        self._process = psutil.Process()
        self._cards = _cards()
        self._before = began or (time.monotonic(), self._busy())

    def sample(self) -> dict[str, float]:
        """Values by name, the same names each time."""
        now, busy = time.monotonic(), self._busy()
        then, busy_then = self._before
        self._before = now, busy
        share = 100 * (busy - busy_then) / (now - then) if now > then else 0.0
        sample: dict[str, float] = {
            "system/cpu": round(max(share, 0.0), 1),
            "system/memory": int(self._process.memory_info().rss),
        }
        for number, card in self._cards.items():
            sample.update(_card_sample(number, card))
        return sample

    def _busy(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def _cards() -> dict[int, Any]:
    """Handles of the NVIDIA cards by their number; none where the extra `gpu` or the driver is missing."""
    try:
        import pynvml

        pynvml.nvmlInit()
        cards = {number: pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())}
        names = {number: _text(pynvml.nvmlDeviceGetUUID(card)) for number, card in cards.items()}
    except Exception:
        return {}
    chosen = visible(names, os.environ.get("CUDA_VISIBLE_DEVICES"))
    return {number: cards[number] for number in chosen}


def visible(names: dict[int, str], setting: str | None) -> list[int]:
    """Numbers of the cards that `CUDA_VISIBLE_DEVICES` leaves, given every card's number and UUID."""
    if setting is None:
        return list(names)
    chosen = []
    for piece in map(str.strip, setting.split(",")):
        found = [number for number, name in names.items() if piece == str(number) or (piece and name.startswith(piece))]
        if not found:
            break  # CUDA, too, stops at the first one that is none
        chosen += found[:1]
    return chosen


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _card_sample(number: int, card: Any) -> dict[str, float]:
    import pynvml

    try:
        return {
            f"system/gpu.{number}/utilization": float(pynvml.nvmlDeviceGetUtilizationRates(card).gpu),
            f"system/gpu.{number}/memory": float(pynvml.nvmlDeviceGetMemoryInfo(card).used),
        }
    except Exception:  # the card was lost; the names stay, the table keeps its columns
        return {f"system/gpu.{number}/utilization": float("nan"), f"system/gpu.{number}/memory": float("nan")}
