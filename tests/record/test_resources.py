"""What a run uses is measured: the same names each time, and what the system itself says."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import time

import psutil
import pytest

from jupyter_labbook.record.resources import Sampler, cpu_seconds, peak_memory

NAMES = ["system/cpu", "system/memory"]


def burn(seconds: float) -> None:
    """Compute until this process has used so much processor time."""
    start = time.process_time()
    while time.process_time() - start < seconds:
        sum(range(1000))


def test_the_names_are_the_same_in_every_sample() -> None:
    sampler = Sampler()
    samples = [sampler.sample() for _ in range(3)]
    assert [list(sample) for sample in samples] == [list(samples[0])] * 3
    assert list(samples[0])[:2] == NAMES
    for sample in samples:
        assert all(type(value) in (int, float) for value in sample.values())


def test_without_a_graphics_card_there_are_no_names_of_one() -> None:
    if Sampler()._cards:
        pytest.skip("there is a graphics card")
    assert list(Sampler().sample()) == NAMES


def test_the_share_of_the_processor_is_the_time_used_over_the_time_gone() -> None:
    sampler = Sampler()
    times = psutil.Process().cpu_times()
    used, begun = times.user + times.system, time.monotonic()
    burn(0.3)
    share = sampler.sample()["system/cpu"]
    times, gone = psutil.Process().cpu_times(), time.monotonic() - begun
    assert share == pytest.approx(100 * (times.user + times.system - used) / gone, abs=15)
    assert share > 5
    time.sleep(0.5)
    assert sampler.sample()["system/cpu"] < 30


def test_the_first_sample_counts_from_where_it_is_told() -> None:
    times = os.times()
    began = time.monotonic(), times.user + times.system
    burn(0.3)
    share = Sampler(began).sample()["system/cpu"]
    assert share == pytest.approx(100 * 0.3 / (time.monotonic() - began[0]), rel=0.4, abs=15)


def test_samples_in_the_same_moment_are_no_division_by_nothing() -> None:
    sampler = Sampler((time.monotonic() + 1000, 0.0))
    assert sampler.sample()["system/cpu"] == 0


def test_memory_is_what_the_system_says_and_grows_with_what_is_held() -> None:
    sampler = Sampler()
    before = sampler.sample()["system/memory"]
    assert before == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)
    held = mmap.mmap(-1, 128 << 20)
    held.write(b"x" * (128 << 20))
    after = sampler.sample()["system/memory"]
    held.close()
    assert after - before > 100 << 20
    peak = peak_memory()
    assert peak is not None
    assert peak >= after
    assert type(peak) is int


def test_processor_time_grows_with_this_process_and_its_children() -> None:
    before = cpu_seconds()
    burn(0.1)
    alone = cpu_seconds()
    assert alone - before == pytest.approx(0.1, abs=0.09)
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < .3: pass"], check=True)
    assert cpu_seconds() - alone > 0.25


def test_psutil_is_loaded_with_the_first_sampler_only() -> None:
    program = "import sys; from jupyter_labbook.record import resources as r; r.cpu_seconds(), r.peak_memory()\n"
    program += "print([name for name in ('psutil', 'pynvml', 'numpy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_a_forked_child_measures_itself() -> None:
    if not hasattr(os, "fork"):
        pytest.skip("no fork")
    program = """
import os
from jupyter_labbook.record.resources import Sampler
held = bytearray(os.urandom(1 << 20)) * 64
if os.fork() == 0:
    del held
    print(Sampler().sample()["system/memory"], flush=True)
    os._exit(0)
os.wait()
print(Sampler().sample()["system/memory"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    child, parent = map(int, done.stdout.split())
    assert child < parent
