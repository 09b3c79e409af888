"""The vocabulary, once: every verb, what it takes, and where it is done.

The terminal, `%labbook` and the package's public functions are read off this table; a new verb
is one entry here and one function. A verb's function is the public function of the same name,
and `target` names it as text, so that a door loads what the verb at hand needs and no more:
`labbook runs` has the time of a few `python -c pass`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, Literal

import msgspec

from jupyter_labbook.errors import UsageError, did_you_mean
from jupyter_labbook.frontends.words import (
    HELP,
    JSON,
    OF_THE_DOOR,
    STORE,
    Argument,
    Option,
    Word,
    names,
    parse,
    whole_number,
)

Part = Literal["Look", "Write down", "Keep"]


class Verb(msgspec.Struct, frozen=True):
    """One verb. `document` turns its result into JSON, `page` into what a door shows, where they differ.

    `answer` says whether the result is a "yes": the terminal exits with 1 where it is not.
    """

    name: str
    part: Part
    summary: str
    target: str
    arguments: Sequence[Argument] = ()
    options: Sequence[Option] = ()
    examples: Sequence[str] = ()
    document: Callable[[Any], Any] | None = None
    page: str | None = None
    answer: Callable[[Any], bool] = lambda _: True

    @property
    def function(self) -> Callable[..., Any]:
        return _load(self.target)

    @property
    def python(self) -> str:
        """Its name in the package."""
        return self.target.partition(":")[2]

    @property
    def all_options(self) -> list[Option]:
        """Its own and those that every verb has."""
        json = [JSON] if self.document else []
        return [*self.options, *json, STORE, HELP]

    def parse(self, words: Sequence[Word], *, where: str) -> dict[str, Any]:
        """What `words` ask of this verb, by parameter."""
        return parse(words, self.arguments, self.all_options, where=f"{where} {self.name}")

    def call(self, values: dict[str, Any]) -> Any:
        """Do it: what stands on a place goes to the function by place, options by name."""
        places: list[Any] = []
        for argument in self.arguments:
            if argument.parameter in values:
                value = values[argument.parameter]
                places += value if argument.kind == "several" else [value]
        taken = {argument.parameter for argument in self.arguments} | OF_THE_DOOR
        named = {name: value for name, value in values.items() if name not in taken}
        return self.function(*places, **named, store=values.get(STORE.parameter))

    def presented(self, result: Any, *, as_json: bool) -> Any:
        """The object that a door shows for `result`."""
        if as_json and self.document:
            return _load("documents:Document")(self.document(result))
        return _load(self.page)(result) if self.page else result


def _load(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(import_module(f"jupyter_labbook.frontends.{module}"), name)
    return function


def find(name: str) -> Verb:
    """The verb called `name`; UsageError with the nearest names where there is none."""
    for verb in VERBS:
        if verb.name == name:
            return verb
    every = [verb.name for verb in VERBS]
    nearest = did_you_mean(name, every) or f" There are {', '.join(every)}."
    raise UsageError(f"There is no command {name!r}.{nearest}")


def _run(help: str = "A run's id or a piece of it, last, last-2, best:METRIC or best:-METRIC.") -> Argument:
    return Argument("run", "RUN", help)


_QUERY: Final = Argument(
    "query", "QUERY", 'Such as: params.lr < 0.01 and "baseline" in tags', kind="joined", required=False
)
_SORT: Final = Option("--sort", "sort", "Order by this; with - in front, the largest first.", "KEY")
_ARCHIVED: Final = Option("--archived", "archived", "Archived runs as well.")


VERBS: Final[tuple[Verb, ...]] = (
    Verb(
        "runs",
        "Look",
        "List runs, newest first.",
        "listing:runs",
        arguments=[_QUERY],
        options=[
            Option("--limit", "limit", "At most this many.", "N", whole_number),
            _SORT,
            _ARCHIVED,
        ],
        examples=["runs", "runs 'val_acc > 0.9 and status == \"finished\"' --sort -val_acc --limit 10"],
        document=lambda runs: {"runs": (run.to_dict() for run in runs)},
    ),
    Verb(
        "show",
        "Look",
        "Show one run: what, why, claims, parameters, metrics, notes.",
        "reading:run",
        arguments=[_run()],
        examples=["show last", "show k3f9x", "show best:val_acc"],
        document=lambda run: run.to_dict(),
        page="run_page:RunPage",
    ),
    Verb(
        "compare",
        "Look",
        "Compare runs side by side: only what differs, the best marked.",
        "reading:compare",
        arguments=[
            Argument(
                "what",
                "RUN… | QUERY",
                "Runs, or a query; without either the newest runs of the last run's experiment.",
                kind="several",
                required=False,
            )
        ],
        options=[
            Option("--by", "by", "Group by these parameters, separated by commas.", "PARAM,…", names),
            Option("--metric", "metric", "The metric that decides; with - in front, smaller is better.", "M"),
            Option("--baseline", "baseline", "The run that the others are measured against.", "RUN"),
        ],
        examples=["compare", "compare last last-1", "compare 'experiment == \"dropout\"' --metric val_acc"],
        document=lambda comparison: comparison.to_dict(),
    ),
    Verb(
        "diff",
        "Look",
        "Say what differs between two runs: parameters, source, code, packages, data, outputs.",
        "reading:diff",
        arguments=[
            Argument("a", "A", "The run to start from."),
            Argument("b", "B", "The run to arrive at."),
        ],
        examples=["diff last-1 last"],
        document=lambda difference: difference.to_dict(),
    ),
    Verb(
        "note",
        "Write down",
        "Add a note, in markdown, to a run.",
        "writing:note",
        arguments=[_run(), Argument("text", "TEXT", "The note.", kind="joined")],
        examples=["note last 'odd spike at step 400'"],
    ),
    Verb(
        "conclude",
        "Write down",
        "Write what was learned from a run; a later conclusion replaces an earlier one.",
        "writing:conclude",
        arguments=[_run(), Argument("text", "TEXT", "The conclusion.", kind="joined")],
        examples=["conclude k3f9x 'Dropout helps only beyond depth 4.'"],
    ),
    Verb(
        "tag",
        "Write down",
        "Give a run tags.",
        "writing:tag",
        arguments=[_run(), Argument("tags", "TAG…", "One or more tags.", kind="several")],
        options=[Option("--remove", "remove", "Take the tags away instead.")],
        examples=["tag last baseline", "tag last baseline --remove"],
    ),
    Verb(
        "archive",
        "Write down",
        "Put a run out of sight; nothing is deleted.",
        "writing:archive",
        arguments=[_run()],
        options=[Option("--undo", "undo", "Bring it back.")],
        examples=["archive last", "archive last --undo"],
    ),
    Verb(
        "lesson",
        "Write down",
        "Write down a lesson learned, of a run or of none; without words, list the lessons.",
        "writing:lesson",
        arguments=[Argument("words", "[RUN] TEXT", "The lesson, in quotes after RUN.", "several", required=False)],
        examples=["lesson", "lesson 'Try a small subset first.'", "lesson last 'It costs an hour.'"],
        document=lambda lessons: lessons.to_dict(),
    ),
    Verb(
        "check",
        "Keep",
        "Look through the whole labbook for damage.",
        "keeping:check",
        options=[Option("--repair", "repair", "Mend what can be mended without losing a byte.")],
        examples=["check", "check --repair"],
        document=lambda report: report.to_dict(),
        answer=lambda report: not report.faults,
    ),
    Verb(
        "gc",
        "Keep",
        "List what nothing refers to any more: unused objects, leftovers of a crash.",
        "keeping:gc",
        options=[Option("--delete", "delete", "Delete it; without this, nothing is touched.")],
        examples=["gc", "gc --delete"],
        document=lambda garbage: garbage.to_dict(),
    ),
    Verb(
        "export",
        "Keep",
        "Write runs as CSV, one row a run, or as JSON, whole.",
        "export:export",
        arguments=[_QUERY],
        options=[
            Option("--csv", "format", "As CSV; this is so unless told otherwise.", constant="csv"),
            Option("--json", "format", "As JSON, the whole records.", constant="json"),
            Option("--output", "to", "Into this file, instead of showing it.", "FILE", short="-o"),
            _SORT,
            _ARCHIVED,
        ],
        examples=["export -o runs.csv", "export 'status == \"finished\"' --json"],
    ),
)
