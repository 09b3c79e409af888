"""A clock that is set back changes no duration, and `last` is still the last."""

from __future__ import annotations

from pathlib import Path

from tests.faults.jumping import JUMPS, jump
from tests.faults.victims import Victim


def test_a_clock_that_jumps_confuses_neither_durations_nor_order(tmp_path: Path) -> None:
    victim = Victim(jump, tmp_path / "project")
    assert victim.last_words() == 0, victim.said()
    ran = [answer[1:] for answer in victim.answers if answer[0] == "ran"]
    ids = [id for id, *_ in ran]
    assert len(set(ids)) == len(JUMPS)
    for number, (_, began, ended, duration, times, shown, said) in enumerate(ran):
        assert began <= ended
        assert 0.02 <= duration < 10
        assert 0 <= times[0] < times[1] <= duration
        assert times[1] - times[0] >= 0.02
        assert shown == ids[number::-1]
        assert said == []
    assert [began for _, began, *_ in ran] == sorted(began for _, began, *_ in ran)
    still = [answer[1:] for answer in victim.answers if answer[0] == "still"]
    assert len({id for id, _ in still}) == 50
    assert all(id == last for id, last in still)
