"""What a person types for a run leads to that run, or to a message that helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from jupyter_labbook.errors import RunAmbiguous, RunNotFound
from jupyter_labbook.store import layout, reference
from jupyter_labbook.store.annotations import annotate
from jupyter_labbook.store.reference import Scan, resolve
from jupyter_labbook.store.store import Store

MakeRun = Callable[..., str]

A = "20261121-031502-dropout-k3f9x"
B = "20261121-031503-dropout-m2m2m"
C = "20261122-120000-k3f9x-zzzzz"


def metric(last: object) -> dict[str, object]:
    return {"last": last, "min": last, "max": last, "mean": last, "count": 1}


@pytest.fixture
def three(store: Store, make_run: MakeRun) -> Store:
    make_run(A, metrics={"acc": metric(0.9), "loss": metric("nan")})
    make_run(B, metrics={"acc": metric(0.7), "loss": metric(0.5), "same": metric(1)})
    make_run(C, metrics={"acc": metric("nan"), "loss": metric("inf"), "same": metric(1.0)})
    return store


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (A, A),
        (f"  {A} ", A),
        ("m2m2m", B),
        ("m2m", B),
        ("031503", B),
        ("zzzzz", C),
        ("1122", C),
        ("k3f9x", A),  # the last five letters win over an experiment of that name
        (f"labbook/runs/{A}/", A),
        (f"labbook\\runs\\{A}", A),
        ("last", C),
        ("last-0", C),
        ("last-1", B),
        ("last-2", A),
        ("best:acc", A),
        ("best: acc", A),
        ("best:-acc", B),
        ("best:loss", C),
        ("best:-loss", B),
        ("best:same", C),  # the newest of equals
        ("best:-same", C),
    ],
)
def test_every_way_to_name_a_run_works(three: Store, typed: str, meant: str) -> None:
    assert resolve(three, typed) == meant


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("k3f9z", "'k3f9x'"),
        ("dropuot", "'dropout'"),
        ("20261121-031502-dropout-k3f9y", A),
        ("", "labbook runs"),
        ("last-3", "only 3"),
        ("last-999999999", "only 3"),
        ("last--1", "no run"),
        ("best:", "best:METRIC"),
        ("best:-", "best:METRIC"),
        ("best:acx", "'acc'"),
        ("best:nothing", "nothing"),
        ("../../etc/passwd", "no run"),
        ("\0", "no run"),
        ("x" * 100_000, "no run"),
        ("%", "no run"),
        ("*", "no run"),
    ],
)
def test_what_leads_nowhere_says_what_to_do(three: Store, typed: str, says: str) -> None:
    with pytest.raises(RunNotFound) as raised:
        resolve(three, typed)
    assert says in str(raised.value)
    assert len(str(raised.value)) < 400
    assert raised.value.reference == typed


def test_a_piece_of_several_runs_names_them_newest_first(three: Store) -> None:
    with pytest.raises(RunAmbiguous, match="last five letters") as raised:
        resolve(three, "dropout")
    assert raised.value.candidates == (B, A)
    assert A in str(raised.value)


def test_a_piece_that_is_narrowed_down_is_unambiguous(three: Store) -> None:
    assert resolve(three, "dropout", among=[A, C]) == A
    with pytest.raises(RunNotFound):
        resolve(three, "dropout", among=[])


def test_many_candidates_make_a_short_message(store: Store, make_run: MakeRun) -> None:
    for _ in range(30):
        make_run()
    with pytest.raises(RunAmbiguous) as raised:
        resolve(store, "demo")
    assert len(raised.value.candidates) == 30
    assert len(str(raised.value)) < 600


def test_archived_runs_are_named_by_their_id_only(three: Store) -> None:
    annotate(three, C, archived=True)
    assert resolve(three, "last") == B
    assert resolve(three, "best:loss") == B
    assert resolve(three, "zzzzz") == C


def test_a_damaged_run_is_passed_over_by_last_and_found_by_its_id(three: Store) -> None:
    (layout.run_folder(three.path, C) / "run.json").write_text("{")
    assert resolve(three, "last") == B
    assert resolve(three, "zzzzz") == C


def test_the_newest_is_told_by_when_it_started_and_then_by_id(store: Store, make_run: MakeRun) -> None:
    make_run(A, started="2026-11-21T03:15:02.900000Z")
    make_run(B, started="2026-11-21T03:15:02.900000Z")
    make_run(C, started="2020-01-01T00:00:00Z")
    assert [resolve(store, f"last-{back}") for back in range(3)] == [B, A, C]


def test_an_empty_store_says_that_there_are_no_runs(store: Store) -> None:
    for typed in ("last", "last-1"):
        with pytest.raises(RunNotFound, match="no runs yet"):
            resolve(store, typed)
    with pytest.raises(RunNotFound):
        resolve(store, "k3f9x")


def test_other_facts_are_asked_instead_of_the_files(three: Store) -> None:
    class Known:
        def newest(self, count: int) -> Sequence[str]:
            return [B][:count]

        def best(self, metric: str, smallest: bool) -> str | None:
            return A if smallest else None

        def matching(self, piece: str) -> Sequence[str]:
            return [id for id in (A, B) if piece in id]

        def metrics(self) -> Sequence[str]:
            return ["accuracy"]

    facts: reference.Facts = Known()
    assert resolve(three, "last", facts=facts) == B
    assert resolve(three, "best:-x", facts=facts) == A
    with pytest.raises(RunNotFound, match="'accuracy'"):
        resolve(three, "best:acuracy", facts=facts)
    with pytest.raises(RunNotFound):
        resolve(three, "zzzzz", facts=facts)


special = some.builds("{}{}".format, some.sampled_from(["last", "last-", "best:", "best:-"]), some.text(max_size=5))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=some.text(max_size=12) | special)
def test_any_text_leads_to_a_run_or_to_an_error_of_ours(three: Store, typed: str) -> None:
    try:
        found = resolve(three, typed, facts=Scan(three))
    except (RunNotFound, RunAmbiguous) as error:
        found = error.reference
    assert found in (A, B, C, typed)
