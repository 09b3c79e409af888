"""What was shown is kept in order, within a bound, as a terminal would show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.record import shown
from jupyter_labbook.record.carriage import finished, fold
from jupyter_labbook.record.transcript import Transcript


def printed(*texts: str, name: str = "stdout", transcript: Transcript | None = None) -> Transcript:
    transcript = transcript or Transcript()
    for text in texts:
        transcript.pending.append((name, text))
    return transcript


def text_of(transcript: Transcript) -> str:
    return "".join(output.get("text", "") for output in shown.outputs(transcript.events(), 1))


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ("plain\ntext", "plain\ntext"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("10%\r20%\r100%\ndone\n", "100%\ndone\n"),
        ("long line\rshort", "shortline"),
        ("long line\rshort\rto", "toortline"),
        ("\rx", "x"),
        ("x\r", "x"),
        ("a\rb\r\nc", "b\nc"),
        ("a\n\rb", "a\nb"),
        ("\r\r\n", "\n"),
    ],
)
def test_a_carriage_return_overwrites_its_line(text: str, shows: str) -> None:
    assert finished(text) == shows
    assert finished(fold(text)) == shows


@given(st.lists(st.text(alphabet="ab\r\n", max_size=5), max_size=12), st.integers(1, 4))
def test_text_printed_in_pieces_shows_the_same_as_in_one(pieces: list[str], every: int) -> None:
    transcript = Transcript()
    for number, piece in enumerate(pieces):
        printed(piece, transcript=transcript)
        if number % every == 0:
            transcript.drain()
    assert text_of(transcript) == finished("".join(pieces))


def test_a_progress_bar_takes_one_line_however_often_it_moves() -> None:
    transcript = Transcript()
    for number in range(50_000):
        printed(f"\r{number:5}/50000 " + "#" * 60, name="stderr", transcript=transcript)
        if number % 100 == 0:
            transcript.drain()
    assert text_of(transcript) == "49999/50000 " + "#" * 60
    assert len(transcript.events()) == 1


@given(
    st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.text("xy\n", min_size=1, max_size=400)), max_size=60)
)
def test_of_too_much_text_the_beginning_and_the_end_are_kept(writes: list[tuple[str, str]]) -> None:
    transcript = Transcript(text_limit=2000)
    for name, text in writes:
        printed(text, name=name, transcript=transcript)
        transcript.drain()
    everything = "".join(text for _, text in writes)
    kept = [event for event in transcript.events() if isinstance(event, shown.Text)]
    gaps = [event.count for event in transcript.events() if isinstance(event, shown.Gap)]
    assert sum(len(event.text) for event in kept) + sum(gaps) == len(everything)
    assert sum(len(event.text) for event in kept) <= 2000
    assert len(gaps) <= 1
    if not gaps:
        assert "".join(event.text for event in kept) == everything
    else:
        place = [isinstance(event, shown.Gap) for event in transcript.events()].index(True)
        head = "".join(event.text for event in transcript.events()[:place] if isinstance(event, shown.Text))
        tail = "".join(event.text for event in transcript.events()[place:] if isinstance(event, shown.Text))
        assert everything.startswith(head)
        assert everything.endswith(tail)


def test_displays_between_dropped_text_are_kept_in_their_order() -> None:
    transcript = Transcript(text_limit=2000)
    for number in range(20):
        printed("x" * 500, transcript=transcript)
        transcript.display("display_data", {"text/plain": str(number)}, None)
    displays = [event.data["text/plain"] for event in transcript.events() if isinstance(event, shown.Rich)]
    assert displays == [str(number) for number in range(20)]


def test_displays_that_do_not_fit_are_counted() -> None:
    transcript = Transcript(rich_limit=10_000)
    for _ in range(20):
        transcript.display("display_data", {"text/html": "x" * 1000}, None)
    *kept, placeholder = shown.outputs(transcript.events(), 1)
    assert len(kept) == 6
    assert placeholder["data"] == {"text/plain": "… 14 displays of 21,168 bytes left out here …"}
    transcript.clear(wait=False)
    transcript.display("display_data", {"text/plain": "fits again"}, None)
    assert len(transcript.events()) == 1


def test_a_display_that_grows_too_large_is_replaced_and_may_shrink_again() -> None:
    transcript = Transcript(rich_limit=2000)
    transcript.display("display_data", {"text/plain": "a"}, None, "one")
    transcript.update("one", {"text/plain": "b" * 3000}, None)
    (large,) = shown.outputs(transcript.events(), 1)
    assert large["data"]["text/plain"].startswith("… 1 display of 3,5")
    transcript.update("one", {"text/plain": "c"}, {"text/plain": {"d": 1}})
    (small,) = transcript.events()
    assert isinstance(small, shown.Rich)
    assert small.data == {"text/plain": "c"}


def test_every_display_under_an_id_is_updated_and_unknown_ids_are_not() -> None:
    transcript = Transcript()
    for id in ("one", "two", "one"):
        transcript.display("display_data", {"text/plain": "old"}, None, id)
    transcript.update("one", {"text/plain": "new"}, None)
    transcript.update("three", {"text/plain": "no"}, None)
    assert [event.data["text/plain"] for event in transcript.events() if isinstance(event, shown.Rich)] == [
        "new",
        "old",
        "new",
    ]


def test_a_display_cleared_away_cannot_be_updated() -> None:
    transcript = Transcript()
    transcript.display("display_data", {"text/plain": "old"}, None, "one")
    transcript.clear(wait=False)
    transcript.update("one", {"text/plain": "new"}, None)
    assert transcript.events() == []


def test_clearing_waits_for_what_comes_next() -> None:
    transcript = printed("a")
    transcript.clear(wait=True)
    assert text_of(transcript) == "a"
    transcript.error("E", "m", ["t"])
    assert [type(event) for event in transcript.events()] == [shown.Problem]


def test_an_endless_error_is_cut() -> None:
    transcript = Transcript()
    transcript.error("E", "m" * 10**6, ["line"] * 10**5)
    (problem,) = transcript.events()
    assert isinstance(problem, shown.Problem)
    assert len(problem.message) == 64_000
    assert len(problem.lines) == 1000
