"""Whatever has become of a labbook, reading it raises nothing of its own and changes no byte.

LABBOOK_MUTATIONS says how many mutated labbooks are tried; 120 a test where it says nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings

from jupyter_labbook.errors import LabbookError, LabbookWarning
from jupyter_labbook.frontends.run_page import RunPage
from jupyter_labbook.store import notes, objects, reference, runs
from jupyter_labbook.store.check import check
from jupyter_labbook.store.gc import collect
from jupyter_labbook.store.repair import repair
from jupyter_labbook.store.selection import select
from jupyter_labbook.store.store import Store
from tests.store.losses import assert_no_byte_was_lost, contents, old, points
from tests.store.mutations import Mutation, mutations

MUTATIONS = int(os.environ.get("LABBOOK_MUTATIONS", "120"))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("mutated")
    yield home
    shutil.rmtree(home, ignore_errors=True)


def mutated(template: Store, folder: Path, changes: list[Mutation]) -> Path:
    shutil.rmtree(folder / "labbook", ignore_errors=True)
    home = shutil.copytree(template.path, folder / "labbook")
    for change in changes:
        try:
            change.do(home)
        except OSError:  # a name that this file system does not take
            continue
    home.mkdir(exist_ok=True)
    old(home)
    return home


def everything(home: Path) -> dict[str, tuple[int, int, bytes | str]]:
    found: dict[str, tuple[int, int, bytes | str]] = {}
    for folder, folders, names in os.walk(home):
        for name in folders + names:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            content: bytes | str = b""
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                content = Path(path).read_bytes()
            found[path] = (status.st_mtime_ns, status.st_mode, content)
    return found


def read_all(store: Store) -> set[str]:
    """Read whatever a labbook tells about its runs, and return which can be read at all."""
    readable: set[str] = set()
    for id in runs.ids(store):
        try:
            run = runs.read(store, id)
        except LabbookError:
            continue
        assert run.id == id
        readable.add(id)
        assert isinstance(str(RunPage(run)) + RunPage(run)._repr_html_(), str)
        json.dumps(run.to_dict())
        assert isinstance(repr(run) + run._repr_html_() + run.source + run.patch, str)
        assert isinstance((run.parameters, run.started, run.duration, run.notes, run.claims), tuple)
        for name in run.metrics:
            assert len(run.history(name)) >= 0
            assert run.summary(name).count is not None
        for artifact in run.record.artifacts:
            assert run.artifact(artifact.name).path.is_absolute()
        objects.get(store, run.record.environment.snapshot or "")
    assert isinstance(notes.lessons(store), list)
    for word in ("last", "last-1", "best:loss", "best:-val_acc", "k3f9x", "dropout", "\0"):
        try:
            reference.resolve(store, word)
        except LabbookError:
            continue
    return readable


def selected(store: Store, readable: set[str]) -> None:
    """The index knows the same runs, and shows them."""
    chosen = select(store, archived=True)
    assert set(chosen.ids) == readable
    assert isinstance(str(chosen) + chosen._repr_html_(), str)
    for query in ("val_acc > 0.9", 'status == "lost" or "keep" in tags', "params.p < 1 and started > '2020'"):
        try:
            assert set(select(store, query, sort="-started").ids) <= readable
        except LabbookError:
            continue


def looked_at(store: Store) -> None:
    report = check(store)
    assert isinstance(str(report) + report._repr_html_(), str)
    assert msgspec.json.encode(report.to_dict())
    for fault in (*report.faults, *report.remarks):
        event(fault.kind)
    assert check(store).to_dict() == report.to_dict()
    try:
        garbage = collect(store)
        assert isinstance(str(garbage) + garbage._repr_html_(), str)
        assert msgspec.json.encode(garbage.to_dict())
    except LabbookError:
        pass


def opened(home: Path) -> Store:
    try:
        return Store.open(home)
    except LabbookError:
        return Store(home, fault="gone")


@pytest.fixture(autouse=True)
def newer_formats_are_no_news() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LabbookWarning)
        yield


patient = settings(
    max_examples=MUTATIONS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@patient
@given(changes=mutations)
def test_reading_raises_nothing_of_its_own_and_changes_no_byte(
    changes: list[Mutation], sound: Store, scratch: Path
) -> None:
    home = mutated(sound, scratch, changes)
    before = everything(home)
    store = opened(home)
    selected(store, read_all(store))
    looked_at(store)
    assert everything(home) == before


@patient
@given(changes=mutations)
def test_repair_loses_no_byte_and_comes_to_an_end(changes: list[Mutation], sound: Store, scratch: Path) -> None:
    home = mutated(sound, scratch, changes)
    before, could_read = contents(home), points(home)
    try:
        actions = repair(opened(home))
    except LabbookError:
        assert contents(home) == before
        return
    assert_no_byte_was_lost(before, home, actions)
    now = points(home)
    assert {key: now.get(key) for key in could_read} == could_read
    failed = {(action.kind, action.path) for action in actions if not action.done}
    old(home)
    left = [(fault.kind, fault.path) for fault in check(opened(home)).faults if fault.repairable]
    assert set(left) <= failed
    assert {(action.kind, action.path) for action in repair(opened(home))} <= failed
