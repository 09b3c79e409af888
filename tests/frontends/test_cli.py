"""The terminal: what it prints, where, and with which exit code. All by the installed command."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_labbook import __version__
from jupyter_labbook.frontends import commands
from jupyter_labbook.store import layout
from jupyter_labbook.store.store import Store
from tests.frontends.conftest import FAILED, FIRST, OTHER, SECOND, write_run

Call = Callable[..., "subprocess.CompletedProcess[str]"]


def document(done: subprocess.CompletedProcess[str]) -> object:
    """What the command printed, which is one JSON document and nothing else."""
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_runs_lists_them_newest_first(labbook: Call) -> None:
    done = labbook("runs")
    assert done.returncode == 0, done.stderr
    places = [done.stdout.index(letters) for letters in ("ccccc", "bbbbb", "aaaaa", "ddddd")]
    assert places == sorted(places)
    assert done.stderr == ""


def test_runs_as_json_holds_whole_records_newest_first(labbook: Call) -> None:
    shown = document(labbook("runs", "--json"))
    assert isinstance(shown, dict)
    assert [record["id"] for record in shown["runs"]] == [FAILED, SECOND, FIRST, OTHER]
    assert shown["runs"][2]["metrics"]["val_acc"]["max"] == 0.85
    assert shown["runs"][2]["notes"] == [{"text": "odd spike", "time": "2026-11-20T20:00:10.000000Z"}]


def test_no_run_is_an_answer_and_no_failure(labbook: Call) -> None:
    assert document(labbook("runs", "p > 100", "--json")) == {"runs": []}
    assert labbook("runs", "p > 100").returncode == 0


def test_a_query_may_come_in_one_word_or_in_many(labbook: Call) -> None:
    wanted = {"runs": [SECOND]}
    for words in (["params.p == 0.2"], ["params.p", "==", "0.2"], ["params.p==0.2"]):
        shown = document(labbook("runs", *words, "--json"))
        assert isinstance(shown, dict)
        assert {"runs": [record["id"] for record in shown["runs"]]} == wanted


def test_runs_are_sorted_and_limited(labbook: Call) -> None:
    shown = document(labbook("runs", "--sort", "-val_acc", "--limit", "2", "--json"))
    assert isinstance(shown, dict)
    assert [record["id"] for record in shown["runs"]] == [SECOND, FIRST]


def test_as_many_runs_are_shown_as_are_asked_for(labbook: Call, store: Store) -> None:
    for number in range(30):
        write_run(store, f"20261201-0000{number:02}-many-eee{number:02}", points={}, source="")
    text = labbook("runs").stdout
    assert text.count(" many ") == 20
    assert "and 14 more" in text
    assert labbook("runs", "--limit", "25").stdout.count(" many ") == 25
    assert "more" not in labbook("runs", "--limit", "25").stdout


def test_a_wrong_name_in_a_query_is_answered_with_the_right_one(labbook: Call) -> None:
    done = labbook("runs", "val_ac > 0.5")
    assert done.returncode == 2
    assert "val_acc" in done.stderr
    assert done.stdout == ""


def test_quotes_that_the_shell_took_are_explained(labbook: Call) -> None:
    done = labbook("runs", "experiment", "==", "dropout")
    assert done.returncode == 2
    assert "single quotes" in done.stderr
    assert "single quotes" not in labbook("runs", "experiment == dropout").stderr


def test_show_tells_everything_a_person_asks_of_a_run(labbook: Call) -> None:
    text = labbook("show", "aaaaa").stdout
    for said in (
        FIRST,
        "how much dropout the small net needs",
        "it overfits",
        "val_acc > 0.8",
        "supported",
        "papermill",
        "0.85",
        "odd spike",
        "#baseline",
    ):
        assert said in text, said
    assert "ValueError: p must not be negative" in labbook("show", "last").stdout


def test_show_as_json_is_the_record(labbook: Call, store: Store) -> None:
    path = layout.run_folder(store.path, FIRST) / layout.RECORD
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "from_tomorrow": {"kept": True}}))
    shown = document(labbook("show", FIRST, "--json"))
    assert isinstance(shown, dict)
    assert shown == {**kept, "from_tomorrow": {"kept": True}}


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("last", FAILED),
        ("last-1", SECOND),
        ("best:val_acc", SECOND),
        ("best:-val_acc", OTHER),
        ("depth", OTHER),
    ],
)
def test_a_run_is_found_by_many_names(labbook: Call, name: str, id: str) -> None:
    shown = document(labbook("show", name, "--json"))
    assert isinstance(shown, dict)
    assert shown["id"] == id


def test_a_run_that_is_not_there_is_a_failure_said_in_one_line(labbook: Call) -> None:
    done = labbook("show", "zzzzz")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("labbook: ")
    assert done.stderr.count("\n") == 1
    ambiguous = labbook("show", "dropout")
    assert ambiguous.returncode == 1
    assert FIRST in ambiguous.stderr


def test_compare_takes_runs_or_a_query_or_nothing(labbook: Call) -> None:
    for words in (["aaaaa", "bbbbb", "ccccc"], ['experiment == "dropout"'], []):
        text = labbook("compare", *words).stdout
        assert all(letters in text for letters in ("aaaaa", "bbbbb", "ccccc")), text
        assert "ddddd" not in text
    assert "depth" in labbook("compare", "last", "ddddd").stdout


def test_compare_as_json_has_its_three_keys(labbook: Call) -> None:
    shown = document(labbook("compare", "aaaaa", "bbbbb", "--by", "p", "--metric", "val_acc", "--json"))
    assert isinstance(shown, dict)
    assert set(shown) == {"groups", "comparisons", "verdict"}
    assert len(shown["groups"]) == 2


def test_compare_says_which_of_two_names_is_wrong(labbook: Call) -> None:
    done = labbook("compare", "aaaaa", "bbbbx")
    assert done.returncode == 1
    assert "'bbbbx'" in done.stderr
    assert "'bbbbb'" in done.stderr
    assert labbook("compare", "val_ac > 0.1").returncode == 2
    assert labbook("compare", "p > 100").returncode == 1


def test_diff_shows_parameters_and_source(labbook: Call) -> None:
    text = labbook("diff", "aaaaa", "bbbbb").stdout
    assert "0.5" in text
    assert "0.2" in text
    assert "+p = 0.2" in text.replace("+ p", "+p")
    shown = document(labbook("diff", "aaaaa", "bbbbb", "--json"))
    assert isinstance(shown, dict)
    assert "parameters" in shown
    assert labbook("diff", "aaaaa", FIRST).returncode == 2


def test_what_is_written_down_is_there_for_the_next_reader(labbook: Call) -> None:
    assert labbook("note", "aaaaa", "see", "the", "curve").stdout == f"{FIRST}: note added\n"
    assert labbook("conclude", "aaaaa", "Dropout helps.").returncode == 0
    assert labbook("conclude", "aaaaa", "Dropout helps only a deep net.").returncode == 0
    assert labbook("tag", "aaaaa", "paper", "chosen one").stdout == f"{FIRST}: tags baseline, paper, chosen one\n"
    assert labbook("tag", "aaaaa", "baseline", "--remove").returncode == 0
    shown = document(labbook("show", "aaaaa", "--json"))
    assert isinstance(shown, dict)
    assert [note["text"] for note in shown["notes"]] == ["odd spike", "see the curve"]
    assert shown["conclusion"] == "Dropout helps only a deep net."
    assert shown["tags"] == ["paper", "chosen one"]


def test_an_archived_run_is_out_of_sight_until_it_is_asked_for(labbook: Call) -> None:
    assert labbook("archive", "last").returncode == 0
    assert "ccccc" not in labbook("runs").stdout
    assert "ccccc" in labbook("runs", "--archived").stdout
    assert "ccccc" in labbook("runs", "archived").stdout
    assert labbook("archive", "ccccc", "--undo").returncode == 0
    assert "ccccc" in labbook("runs").stdout


def test_lessons_are_written_and_listed(labbook: Call) -> None:
    assert "No lessons yet" in labbook("lesson").stdout
    labbook("lesson", "Try a small subset first.")
    labbook("lesson", "aaaaa", "Dropout costs an epoch.")
    labbook("lesson", "last", "night", "was", "wasted")
    labbook("lesson", "Normalise", "first")
    text = labbook("lesson").stdout
    assert text.index("Normalise first") < text.index("last night was wasted") < text.index("small subset")
    shown = document(labbook("lesson", "--json"))
    assert isinstance(shown, dict)
    of_runs = {lesson["text"]: lesson["run"] for lesson in shown["lessons"]}
    assert of_runs["Dropout costs an epoch."] == FIRST
    assert of_runs["Try a small subset first."] is None
    wrong = labbook("lesson", "lsat", "The run is misspelled.")
    assert wrong.returncode == 1
    assert "misspelled" not in labbook("lesson").stdout


def test_a_secret_in_a_text_does_not_reach_the_disk(labbook: Call, store: Store) -> None:
    secret = "ghp_" + "a1B2" * 9
    labbook("note", "last", f"pushed with {secret}")
    labbook("conclude", "last", f"token={secret}")
    labbook("tag", "last", secret)
    labbook("lesson", f"never paste {secret}")
    texts = [path.read_bytes() for path in store.path.rglob("*") if path.is_file()]
    assert not [text for text in texts if secret.encode() in text]
    assert [text for text in texts if b"[redacted]" in text]


def test_check_says_no_where_there_is_damage(labbook: Call, store: Store) -> None:
    assert document(labbook("check", "--json")) == {"faults": []}
    (layout.run_folder(store.path, FIRST) / layout.RECORD).write_text("{")
    done = labbook("check", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["faults"][0]["run"] == FIRST
    assert labbook("check").returncode == 1
    assert labbook("runs").returncode == 0


def test_gc_deletes_nothing_unless_it_is_told_to(labbook: Call, store: Store) -> None:
    leftover = store.path / layout.OBJECTS / "ab" / ("ab" * 32)
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"nobody's")
    os.utime(leftover, (time.time() - 86400 * 30,) * 2)
    assert labbook("gc").returncode == 0
    assert isinstance(document(labbook("gc", "--json")), dict)
    assert leftover.exists()
    assert labbook("gc", "--delete").returncode == 0
    assert not leftover.exists()


@pytest.mark.parametrize("verb", commands.VERBS, ids=lambda verb: verb.name)
def test_every_command_explains_itself(labbook: Call, verb: commands.Verb) -> None:
    done = labbook(verb.name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for option in verb.all_options:
        assert option.flag in done.stdout
    assert done.stdout == labbook("help", verb.name).stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_the_command_alone_shows_what_there_is(labbook: Call) -> None:
    done = labbook()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == labbook("--help").stdout == labbook("help").stdout
    for verb in commands.VERBS:
        assert verb.name in done.stderr
    assert labbook("--version").stdout == f"labbook {__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rusn"], "'runs'"),
        (["--frobnicate"], "'--frobnicate'"),
        (["--store"], "--store needs a value"),
        (["runs", "--limt", "3"], "'--limit'"),
        (["help", "rusn"], "'runs'"),
        (["show"], "RUN is missing"),
        (["tag", "last"], "TAG… is missing"),
        (["note", "last", "  "], "no text"),
    ],
)
def test_a_call_that_is_not_understood_exits_with_2(labbook: Call, words: list[str], said: str) -> None:
    done = labbook(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_the_store_is_named_before_or_after_the_command_or_by_the_environment(
    labbook: Call, store: Store, tmp_path: Path
) -> None:
    folder = str(store.path)
    for words, environment in (
        (["--store", folder, "runs"], {}),
        ([f"--store={folder}", "runs"], {}),
        (["runs", "--store", str(store.path.parent)], {}),
        (["runs"], {"LABBOOK_STORE": folder}),
    ):
        assert "bbbbb" in labbook(*words, cwd=tmp_path, environment=environment).stdout
    nowhere = labbook("runs", cwd=tmp_path)
    assert nowhere.returncode == 1
    assert "There is no labbook" in nowhere.stderr


def test_jupyter_finds_the_command(labbook: Call) -> None:
    jupyter = Path(sys.executable).with_name("jupyter")
    done = subprocess.run([jupyter, "labbook", "runs", "--json"], capture_output=True, text=True)
    assert document(done) == document(labbook("runs", "--json"))


def test_reading_changes_no_byte_of_the_labbook(labbook: Call, store: Store) -> None:
    def state() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in store.path.rglob("*") if path.is_file()}

    before = state()
    for words in (
        ["runs"],
        ["show", "last"],
        ["compare"],
        ["diff", "last", "last-1"],
        ["lesson"],
        ["check"],
        ["gc"],
    ):
        assert labbook(*words).returncode == 0, words
    assert state() == before


def test_a_reader_that_has_enough_is_no_error(labbook: Call, store: Store) -> None:
    for number in range(300):
        write_run(store, f"20260101-{number:06}-many-{number:05}", points={}, source="", what="x" * 900)
    command = f"{Path(sys.executable).with_name('labbook')} runs --json | head -c 10"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_disk_that_is_full_is_said(labbook: Call) -> None:
    with Path("/dev/full").open("w") as full:
        done = labbook("runs", "--json", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_it_without_a_traceback(store: Store, tmp_path: Path) -> None:
    fifo = tmp_path / "out"
    os.mkfifo(fifo)
    command = [str(Path(sys.executable).with_name("labbook")), "export", "-o", str(fifo)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    time.sleep(2)  # by then it waits for somebody to read
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert process.stderr is not None
    assert process.stderr.read() == ""


def in_terminal(words: list[str], columns: int = 100, **environment: str) -> str:
    """What the command prints, errors included, where that is a terminal."""
    ours, theirs = pty.openpty()
    command = [str(Path(sys.executable).with_name("labbook")), *words]
    settings = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), **environment}
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=settings)
    os.close(theirs)
    pieces = []
    try:
        while piece := os.read(ours, 1 << 16):
            pieces.append(piece)
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    process.wait(30)
    return b"".join(pieces).decode()


def test_colour_is_for_terminals_that_want_it(labbook: Call) -> None:
    for verb in ("runs", "compare"):
        assert "\x1b[" in in_terminal([verb], 120)
    assert "\x1b[" not in in_terminal(["compare"], 120, NO_COLOR="1")
    assert "\x1b[" not in in_terminal(["compare"], 120, TERM="dumb")
    assert "\x1b[" not in labbook("compare").stdout


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_text_fits_the_terminal(store: Store, columns: int) -> None:
    for words in (["runs"], ["compare"], ["show", "aaaaa"]):
        text = in_terminal(words, columns, NO_COLOR="1")
        tables = [line for line in text.splitlines() if "─" in line]
        assert tables
        assert max(map(len, tables)) <= columns


@pytest.mark.parametrize("evil", ["\x1b]0;owned\x07\x1b[2J", "\u202egnp.exe", "a\rb", "\x9b31m"])
def test_no_text_of_a_user_acts_on_the_terminal(labbook: Call, store: Store, evil: str) -> None:
    id = "20261121-010000-evil-eeeee"
    write_run(
        store,
        id,
        points={},
        source=evil,
        experiment=f"e{evil}",
        what=evil,
        tags=[evil],
        parameters={evil: evil},
    )
    labbook("note", "eeeee", f"x{evil}")
    labbook("lesson", f"x{evil}")
    for words in (
        ["runs"],
        ["show", "eeeee"],
        ["compare", "eeeee", "aaaaa"],
        ["diff", "aaaaa", "eeeee"],
        ["lesson"],
        ["export"],
        ["show", f"no{evil}"],
        ["runs", f"params.{evil} > 1"],
    ):
        text = in_terminal(words, NO_COLOR="1")
        bad = [char for char in text if not (char.isprintable() or char in "\r\n\t")]
        assert bad == [], (words, bad)
        assert "\r" not in text.replace("\r\n", "\n")


def test_a_mistake_of_our_own_is_said_without_a_traceback(labbook: Call, store: Store) -> None:
    broken = "import sys; sys.modules['jupyter_labbook.frontends.listing'] = object()\n"
    program = broken + "from jupyter_labbook.frontends.cli import main\nsys.exit(main(['runs']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "mistake in labbook itself" in done.stderr
    assert "Traceback" not in done.stderr
    environment = {**os.environ, "LABBOOK_TRACEBACK": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert "Traceback" in done.stderr


def test_a_terminal_that_knows_no_star_gets_a_question_mark(labbook: Call) -> None:
    done = labbook("compare", environment={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0
    assert done.stdout.isascii()
