"""The machine is told as its system tells it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_labbook.record import hardware


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux itself")
def test_processor_and_memory_are_what_the_system_says() -> None:
    machine = hardware.machine()
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert abs(machine["memory"] - total) <= 128 << 20
    known = Path("/proc/cpuinfo").read_text()
    assert machine["cpu"]["model"] in known or machine["cpu"]["model"] == machine["machine"]


@pytest.mark.parametrize(
    "version",
    [
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.08  Sat Feb 17 22:55:48 UTC 2024\n",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  535.161.08  Release Build  (dvs)  Sat Feb\n",
    ],
)
def test_cards_are_known_from_the_driver_alone(tmp_path: Path, version: str) -> None:
    (tmp_path / "version").write_text(version + "GCC version:  gcc version 12.3.0\n")
    for number in ("0000:17:00.0", "0000:65:00.0"):
        card = tmp_path / "gpus" / number
        card.mkdir(parents=True)
        (card / "information").write_text("Model: \t\t NVIDIA H200\nIRQ:   \t\t 99\nGPU UUID: \t GPU-0a1b\n")
    card = {"name": "NVIDIA H200", "memory": None, "driver": "535.161.08"}
    assert hardware._by_driver(str(tmp_path)) == [card, card]


def test_no_driver_is_no_error(tmp_path: Path) -> None:
    assert hardware._by_driver(str(tmp_path / "none")) == []
    assert isinstance(hardware.gpus(), list)
