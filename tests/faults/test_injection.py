"""No text of a user does anything where it is shown: no markup, no terminal sequence, no formula."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_labbook as labbook
from jupyter_labbook.frontends import cli
from jupyter_labbook.frontends.run_page import RunPage
from jupyter_labbook.record import card
from jupyter_labbook.record.background import background
from jupyter_labbook.run import Run
from tests.faults.texts import TEXTS
from tests.markup import Tags

HARMLESS = frozenset(
    {"b", "br", "code", "details", "div", "em", "hr", "i", "img", "li", "ol", "p", "pre", "s", "small"}
)
HARMLESS |= {"del", "ins", "span", "strong", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul"}
ATTRIBUTES = frozenset({"style", "title", "colspan", "rowspan", "open", "scope", "aria-label", "align", "src", "alt"})

ACTING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

CELL = """%%experiment "injection" --tag "{tag}"
# what: {line}
# why: {line}
# expect: {line}
text = TEXT
labbook.param({text: text})
labbook.log({text: NUMBER, 'loss': NUMBER})
labbook.artifact(text.encode('utf-8', 'replace'), name=text)
labbook.note(text)
print(text)
{text: text}"""

FAILING = """%%experiment failing
raise ValueError(TEXT)"""


@pytest.fixture(params=range(len(TEXTS)), ids=lambda number: repr(TEXTS[number][:14]))
def text(request: pytest.FixtureRequest) -> str:
    return TEXTS[request.param]


@pytest.fixture
def recorded(text: str, notebook: InteractiveShell) -> list[Run]:
    """Three runs that have the text in every place there is: two that ended, one that failed."""
    for number in (1, 2):
        with labbook.experiment(
            text, what=text, why=text, params={text: f"{number}{text}", "text": text}, tags=[text], metrics=[text]
        ) as run:
            run.log({text: number, "loss": number})
            run.artifact(text.encode("utf-8", "replace") + b"%d" % number, name=text)
            run.note(text)
    notebook.user_ns["TEXT"], notebook.user_ns["NUMBER"] = text, 3
    line = " ".join(text.splitlines()).strip() or "nothing"
    tag = text.replace("\\", "").replace('"', "").replace("\n", " ").replace("\r", " ")
    notebook.run_cell(CELL.replace("{tag}", tag).replace("{line}", line.encode("utf-8", "replace").decode()))
    notebook.run_cell(FAILING)
    background.settle()
    for reference in ("last", "last-1", "last-2"):
        labbook.conclude(reference, text)
        labbook.tag(reference, text)
    labbook.lesson(text)
    return list(labbook.runs())


def shown(runs: list[Run]) -> dict[str, Any]:
    """Everything that shows runs, as the object that a front end gets."""
    objects: dict[str, Any] = {"runs": labbook.runs(), "lessons": labbook.lessons(), "check": labbook.check()}
    for number, run in enumerate(runs):
        objects |= {f"run {number}": run, f"page {number}": RunPage(run)}
    objects["compare"] = labbook.compare(runs)
    objects["compare by"] = labbook.compare(runs, by=["text"])
    objects["diff"] = labbook.diff(runs[-1], runs[-2])
    objects["diff of failed"] = labbook.diff(runs[0], runs[1])
    return objects


def assert_plain(where: str, text: str) -> None:
    found = ACTING.search(text)
    assert found is None, f"{where}: {found[0]!r} in {text[max(found.start() - 80, 0) : found.end() + 20]!r}"


def assert_harmless(where: str, markup: str) -> None:
    tags = Tags(markup)
    assert set(tags.tags) <= HARMLESS, where
    assert tags.attributes <= ATTRIBUTES, where
    assert "javascript:" not in "".join(re.findall(r'(?:src|href)="[^"]*"', markup)), where
    assert_plain(where, markup)


def test_nothing_that_is_shown_controls_a_terminal_or_becomes_markup(recorded: list[Run]) -> None:
    for where, thing in shown(recorded).items():
        assert_harmless(where, thing._repr_html_())
        assert_plain(where, str(thing))
        assert_plain(where, repr(thing))
        if hasattr(thing, "text"):
            for width in (40, 200):
                assert_plain(where, thing.text(width=width, color=False))
    for run in recorded:
        text, markup = card.card(run, recorded[-1])
        assert_plain("card", text)
        assert_harmless("card", markup)
    assert_no_formula(recorded)


def assert_no_formula(recorded: list[Run]) -> None:
    exported = str(labbook.export())
    rows = list(csv.reader(io.StringIO(exported, newline="")))
    assert len({len(row) for row in rows}) == 1
    for row in rows:
        for cell in row:
            if cell[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"}:
                float(cell)
    assert len(json.loads(str(labbook.export(format="json")))["runs"]) == len(recorded)


COMMANDS: dict[str, list[str]] = {
    "runs": ["runs"],
    "show": ["show", "last"],
    "show failed": ["show", "last-1"],
    "compare": ["compare"],
    "compare two": ["compare", "last-2", "last-3"],
    "diff": ["diff", "last-2", "last-3"],
    "lesson": ["lesson"],
    "check": ["check"],
    "gc": ["gc"],
}


def test_nothing_that_the_command_line_prints_controls_a_terminal(
    recorded: list[Run], text: str, notebook: InteractiveShell
) -> None:
    for where, words in COMMANDS.items():
        assert_plain(where, printed(lambda words=words: cli.main(words)))  # type: ignore[misc]
    for verb in ("show", "note", "tag", "conclude", "runs", "diff", "compare", text):
        assert_plain(verb, printed(lambda verb=verb: cli.main([verb, text, text])))  # type: ignore[misc]
    for line in ("runs", "show last", "compare", "diff last-2 last-3", "lesson"):
        assert_plain(line, printed(lambda line=line: notebook.run_line_magic("labbook", line)))  # type: ignore[misc]


def printed(work: Callable[[], object]) -> str:
    """What is printed; an error that IPython shows is its own."""
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream), contextlib.suppress(Exception):
        work()
    stream.flush()
    return stream.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]
