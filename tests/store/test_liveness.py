"""Whether a run is still being written is told from its process, its machine's boot, and its files."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from jupyter_labbook.run import Process, Record
from jupyter_labbook.store import liveness
from jupyter_labbook.store.liveness import SILENCE, alive, derive_status, host, this_process

Python = Callable[..., subprocess.Popen[str]]

REPORT = """
import sys, msgspec
from jupyter_labbook.store.liveness import this_process
print(msgspec.json.encode(this_process()).decode(), flush=True)
sys.stdin.read()
"""


def record(process: Process, *, on: str | None = None) -> Record:
    return Record(
        id="20261121-031502-dropout-k3f9x",
        experiment="dropout",
        process=process,
        host=host() if on is None else on,
    )


def touched(folder: Path, ago: float, *names: str) -> None:
    moment = time.time() - ago
    for name in names or ("run.json",):
        (folder / name).touch()
        os.utime(folder / name, (moment, moment))


@pytest.fixture
def writer(python: Python) -> tuple[subprocess.Popen[str], Process]:
    process = python(REPORT)
    assert process.stdout
    return process, msgspec.json.decode(process.stdout.readline(), type=Process)


def test_this_process_lives(tmp_path: Path) -> None:
    assert alive(record(this_process()), tmp_path)
    assert this_process().pid == os.getpid()


def test_a_run_is_lost_as_soon_as_its_process_is_killed(
    tmp_path: Path, writer: tuple[subprocess.Popen[str], Process]
) -> None:
    process, described = writer
    touched(tmp_path, 0)
    assert alive(record(described), tmp_path)
    assert derive_status(record(described), tmp_path) == "running"
    process.kill()
    process.wait()
    assert not alive(record(described), tmp_path)
    assert derive_status(record(described), tmp_path) == "lost"


def test_a_killed_process_that_nobody_has_buried_yet_is_gone(
    tmp_path: Path, writer: tuple[subprocess.Popen[str], Process]
) -> None:
    process, described = writer
    touched(tmp_path, 0)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
    assert os.path.exists(f"/proc/{process.pid}")
    assert not alive(record(described), tmp_path)


def test_a_silent_process_that_is_there_lives(tmp_path: Path, writer: tuple[subprocess.Popen[str], Process]) -> None:
    touched(tmp_path, 10 * SILENCE)
    assert alive(record(writer[1]), tmp_path)


def test_a_process_number_that_somebody_else_has_now_is_not_the_writer(tmp_path: Path) -> None:
    touched(tmp_path, 0)
    me = this_process()
    assert me.created is not None
    assert not alive(record(msgspec.structs.replace(me, created=me.created - 1)), tmp_path)
    assert alive(record(msgspec.structs.replace(me, created=None)), tmp_path)


@pytest.mark.parametrize("pid", [2**22 + 1, 2**40, 2**70])
def test_a_process_number_that_cannot_be_is_gone(tmp_path: Path, pid: int) -> None:
    touched(tmp_path, 0)
    assert not alive(record(msgspec.structs.replace(this_process(), pid=pid)), tmp_path)


@pytest.mark.parametrize("process", [Process(), Process(pid=0), Process(pid=-1)])
@pytest.mark.parametrize("on", ["elsewhere", ""])
def test_without_a_process_the_files_tell(tmp_path: Path, process: Process, on: str) -> None:
    here = this_process()
    for known in (process, msgspec.structs.replace(process, boot_id=here.boot_id, namespace=here.namespace)):
        touched(tmp_path, SILENCE / 2)
        assert alive(record(known, on=on), tmp_path)
        touched(tmp_path, SILENCE * 2)
        assert not alive(record(known, on=on), tmp_path)


@pytest.mark.parametrize("elsewhere", ["host and boot", "namespace"])
def test_a_writer_that_cannot_be_looked_up_lives_as_long_as_its_files_change(tmp_path: Path, elsewhere: str) -> None:
    if elsewhere == "namespace":  # a container on this machine: the same number means another process
        process = msgspec.structs.replace(this_process(), namespace="pid:[1]", pid=2**21)
        stranger = record(process)
    else:
        stranger = record(Process(pid=os.getpid(), created=1.0, boot_id="other", namespace="pid:[1]"), on="other")
    touched(tmp_path, SILENCE - 5)
    assert alive(stranger, tmp_path)
    touched(tmp_path, SILENCE + 5)
    assert not alive(stranger, tmp_path)
    touched(tmp_path, 5, "metrics-7.csv")
    assert alive(stranger, tmp_path)
    touched(tmp_path, SILENCE + 5, "metrics-7.csv")
    touched(tmp_path, 5, "system.csv")
    assert alive(stranger, tmp_path)


@pytest.mark.parametrize("name", ["annotation-20261121T031502000000Z-abcde.json", "notes.md", "cell.py"])
def test_what_others_write_beside_a_run_is_no_sign_of_life(tmp_path: Path, name: str) -> None:
    touched(tmp_path, SILENCE * 2)
    touched(tmp_path, 0, name)
    assert not alive(record(Process(), on="elsewhere"), tmp_path)


def test_after_a_reboot_of_its_machine_a_run_is_lost_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = record(Process(pid=os.getpid(), created=1.0, boot_id="the boot before", namespace="pid:[1]"))
    monkeypatch.setattr(liveness, "_uptime", lambda: 30.0)
    touched(tmp_path, 40)
    assert not alive(before, tmp_path)


def test_another_machine_with_the_same_name_is_not_taken_for_a_reboot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    namesake = record(Process(pid=os.getpid(), created=1.0, boot_id="another machine", namespace="pid:[1]"))
    monkeypatch.setattr(liveness, "_uptime", lambda: 10_000.0)
    touched(tmp_path, 5)
    assert alive(namesake, tmp_path)


def test_a_folder_in_which_nothing_was_written_has_no_writer(tmp_path: Path) -> None:
    assert not alive(record(Process(), on="elsewhere"), tmp_path)
    assert not alive(record(Process(), on="elsewhere"), tmp_path / "missing")


def test_clocks_that_differ_a_little_do_no_harm_and_a_file_from_the_far_future_is_no_sign_of_life(
    tmp_path: Path,
) -> None:
    stranger = record(Process(), on="elsewhere")
    touched(tmp_path, -SILENCE / 2)
    assert alive(stranger, tmp_path)
    touched(tmp_path, -SILENCE * 100)
    assert not alive(stranger, tmp_path)
    assert alive(stranger, tmp_path, now=time.time() + SILENCE * 100)


def test_a_process_that_proc_hides_is_not_declared_dead(
    tmp_path: Path, writer: tuple[subprocess.Popen[str], Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where /proc is mounted with hidepid: the process answers to a signal and has no entry."""
    real = open

    def hidden(path: object, *rest: object) -> object:
        if str(path).startswith("/proc/"):
            raise FileNotFoundError(path)
        return real(path, *rest)  # type: ignore[call-overload]

    monkeypatch.setattr(liveness, "open", hidden, raising=False)
    touched(tmp_path, 0)
    assert alive(record(writer[1]), tmp_path)
    touched(tmp_path, SILENCE * 2)
    assert not alive(record(writer[1]), tmp_path)
    touched(tmp_path, 0)
    writer[0].kill()
    writer[0].wait()
    assert not alive(record(writer[1]), tmp_path)


def test_only_running_runs_can_be_lost(tmp_path: Path) -> None:
    for status in ("finished", "failed", "interrupted", "lost"):
        assert derive_status(msgspec.structs.replace(record(Process()), status=status), tmp_path) == status


def test_a_command_with_brackets_and_blanks_in_its_name_is_understood(tmp_path: Path, python: Python) -> None:
    process = python(
        "import ctypes; ctypes.CDLL(None).prctl(15, b') R 1 (x', 0, 0, 0)\n" + REPORT  # PR_SET_NAME
    )
    assert process.stdout
    described = msgspec.json.decode(process.stdout.readline(), type=Process)
    assert alive(record(described), tmp_path)
