"""Help, read off the table of verbs; the same words for the terminal and for `%labbook`."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_labbook.frontends import commands
from jupyter_labbook.frontends.commands import Verb

_RUN = """\
RUN is a run's id, any piece of it that fits one run only (its last five letters do),
last, last-2 for the one two before, best:METRIC, or best:-METRIC for the smallest.

QUERY is an expression over a run's record:
  params.lr < 0.01 and metrics.val_acc > 0.9 and status == "finished"
  "baseline" in tags        experiment == "dropout"        started > "yesterday"
"""


def overview(program: str) -> str:
    """All verbs, a line each."""
    lines = [f"Usage: {program} [--store DIR] COMMAND …", "", "A lab notebook for experiments, in plain files."]
    part = ""
    for verb in commands.VERBS:
        if verb.part != part:
            part = verb.part
            lines += ["", f"{part}:"]
        lines.append(f"  {verb.name:<10} {verb.summary}")
    lines += ["", _RUN, f"`{program} COMMAND --help` says more about one of them."]
    return "\n".join(lines)


def about(name: str, program: str) -> str:
    """Help on the verb called `name`."""
    return of_verb(commands.find(name), program)


def of_verb(verb: Verb, program: str) -> str:
    """How one verb is called."""
    places = " ".join(str(argument) for argument in verb.arguments)
    lines = [f"Usage: {program} {verb.name}{' ' + places if places else ''} [options]", "", verb.summary]
    if verb.arguments:
        lines += ["", *_columns((argument.shown, argument.help) for argument in verb.arguments)]
    lines += ["", "Options:", *_columns((str(option), option.help) for option in verb.all_options)]
    if verb.examples:
        lines += ["", "Examples:", *(f"  {program} {example}" for example in verb.examples)]
    return "\n".join(lines)


def _columns(pairs: Iterable[tuple[str, str]]) -> list[str]:
    entries = list(pairs)
    width = max(len(left) for left, _ in entries) + 2
    return [f"  {left:<{width}}{right}" for left, right in entries]
