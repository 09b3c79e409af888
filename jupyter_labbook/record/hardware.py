"""The machine that a run is on: platform, processor, memory, graphics cards; found out once in a process."""

from __future__ import annotations

import glob
import os
import platform
import subprocess
import sys
from functools import lru_cache
from typing import Any, Final

_STEP: Final = 256 << 20
"""Memory is told in steps of 256 MiB: what the system keeps for itself differs from start to start."""

_PATIENCE: Final = 5.0
_DEVICES: Final = ("/dev/nvidiactl", "/proc/driver/nvidia", "/dev/dxg", "/dev/nvhost-ctrl", "/dev/nvgpu")
"""Where Linux shows a card of NVIDIA: a driver, Windows below it, a Jetson."""


@lru_cache(maxsize=1)
def machine() -> dict[str, Any]:
    """Platform, kind of machine, processor and memory in bytes."""
    return {
        "platform": platform.platform(),
        "machine": platform.machine() or None,
        "cpu": {"model": _cpu_model(), "cores": os.cpu_count()},
        "memory": _memory(),
    }


@lru_cache(maxsize=1)
def gpus() -> list[dict[str, Any]]:
    """Name, memory in bytes and driver of each card of NVIDIA; empty where none is found."""
    if sys.platform == "linux" and not any(os.path.exists(path) for path in _DEVICES):
        return []  # the library alone takes 10 ms to load
    try:
        return _by_nvml()
    except Exception:  # no library, no driver, no rights: each with an error of its own
        return _by_driver()


def _by_nvml() -> list[dict[str, Any]]:
    import pynvml  # heavy, and not installed everywhere

    pynvml.nvmlInit()
    try:
        driver = _text(pynvml.nvmlSystemGetDriverVersion())
        cards = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
        return [
            {
                "name": _text(pynvml.nvmlDeviceGetName(card)),
                "memory": int(pynvml.nvmlDeviceGetMemoryInfo(card).total),
                "driver": driver,
            }
            for card in cards
        ]
    finally:
        pynvml.nvmlShutdown()


def _by_driver(folder: str = "/proc/driver/nvidia") -> list[dict[str, Any]]:
    """What Linux's driver says of itself in files."""
    version = _line(os.path.join(folder, "version"), "NVRM version")
    driver = next((word for word in (version or "").split() if word[0].isdigit()), None)
    paths = sorted(glob.glob(os.path.join(glob.escape(folder), "gpus", "*", "information")))
    names = (_line(path, "Model") for path in paths)
    return [{"name": name, "memory": None, "driver": driver} for name in names if name]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _cpu_model() -> str | None:
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        try:
            found = subprocess.run(
                command, capture_output=True, text=True, timeout=_PATIENCE, check=True
            ).stdout.strip()
        except (OSError, ValueError, subprocess.SubprocessError):
            found = ""
        return found or platform.machine() or None
    model = _line("/proc/cpuinfo", "model name") or _line("/proc/cpuinfo", "Model")
    return model or (platform.processor() if sys.platform == "win32" else platform.machine()) or None


def _line(path: str, key: str) -> str | None:
    """What stands behind `key` and a colon in a file of the system."""
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, colon, value = line.partition(":")
                if colon and name.strip() == key:
                    return " ".join(value.split()) or None
    except OSError:
        pass
    return None


def _memory() -> int | None:
    import psutil  # not on the way of a cell

    try:
        total = int(psutil.virtual_memory().total)
    except (OSError, RuntimeError, ValueError):
        return None
    return (total + _STEP // 2) // _STEP * _STEP
