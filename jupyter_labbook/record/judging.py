"""When a run ends: its claims are judged and what deserves a second look is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jupyter_labbook.compare.names import resembles
from jupyter_labbook.judge import regression, verdict
from jupyter_labbook.record import earlier
from jupyter_labbook.run import Summary, shown_metrics

if TYPE_CHECKING:
    from jupyter_labbook.record.recorder import Recorder


def judge(recorder: Recorder, metrics: Mapping[str, Summary], duration: float, failure: str | None) -> None:
    """Give every claim its verdict, and the run the one that follows."""
    claims = [claim["claim"] for claim in recorder.draft.fields["expect"]]
    if not claims:
        return
    others = earlier.Others(recorder.store, recorder.plan.experiment, recorder.plan.baseline, recorder.id)
    judged = verdict.judge(claims, metrics, duration, others, failure)
    recorder.draft.update(expect=judged, verdict=verdict.overall(judged))


def look_again(recorder: Recorder, metrics: Mapping[str, Summary], duration: float) -> None:
    """Add to the run's warnings what a person should know of it, in a sentence each."""
    say = recorder.warnings.append
    missing = [name for name in recorder.plan.metrics or () if name not in metrics]
    if missing:
        recorder.draft.update(missing_metrics=missing)
        say("declared but never logged: " + ", ".join(missing))
    absent = [name for name in recorder.plan.params or () if name not in recorder.draft.fields["parameters"]]
    if absent:
        say("--params names what is no variable: " + ", ".join(absent))
    own_metrics = shown_metrics(metrics)
    for name in regression.not_finite(own_metrics):
        say(f"{name} is {metrics[name].last}")
    for name, summary in own_metrics.items():
        if regression.logged_too_much(summary.count):
            say(f"{name} has {summary.count:,} points, far more than anyone will read: log every few steps")
    known = earlier.names_of(recorder.store)
    own = {*own_metrics, *recorder.draft.fields["parameters"]}
    for new, old in resembles(own, known):
        say(f"{new} looks like {old}, which earlier runs have: one name makes them comparable")
    known_runs = earlier.of(recorder.store, recorder.plan.experiment).recent
    cell = recorder.draft.fields["cell"]["sha256"]
    slower = regression.slower_than_usual(duration, cell, recorder.plan.experiment, known_runs)
    if slower is not None:
        say(str(slower))
