"""What a run uses of the machine: processor, memory, graphics card.

| name | what |
|---|---|
| `system/cpu` | of this process, percent of one core |
| `system/memory` | resident memory of this process, bytes |
| `system/gpu.N/utilization` | percent of card N, whoever uses it |
| `system/gpu.N/memory` | used memory of card N, bytes |
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any


def cpu_seconds() -> float:
    """Processor time of this process and its ended children, user and system, so far."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_memory() -> int | None:
    """Most resident memory that this process ever had, in bytes; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


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
        for number, card in enumerate(self._cards):
            sample.update(_card_sample(number, card))
        return sample

    def _busy(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


def _cards() -> list[Any]:
    """Handles of the NVIDIA cards; none where the extra `gpu` or the driver is missing."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
    except Exception:
        return []


def _card_sample(number: int, card: Any) -> dict[str, float]:
    import pynvml

    try:
        return {
            f"system/gpu.{number}/utilization": float(pynvml.nvmlDeviceGetUtilizationRates(card).gpu),
            f"system/gpu.{number}/memory": float(pynvml.nvmlDeviceGetMemoryInfo(card).used),
        }
    except Exception:  # the card was lost; the names stay, the table keeps its columns
        return {f"system/gpu.{number}/utilization": float("nan"), f"system/gpu.{number}/memory": float("nan")}
