"""Words become arguments: the same rules in the terminal and in a magic."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.errors import UsageError
from jupyter_labbook.frontends import commands
from jupyter_labbook.frontends.words import Word, split, whole_number


def terminal(line: str) -> dict[str, Any]:
    verb, *words = shlex.split(line)
    return commands.find(verb).parse([Word(word, word) for word in words], where="labbook")


def magic(line: str) -> dict[str, Any]:
    verb, *words = split(line)
    return commands.find(verb.text).parse(words, where="%labbook")


@pytest.mark.parametrize("door", [terminal, magic])
def test_a_value_that_begins_with_a_dash_is_a_value(door: Any) -> None:
    assert door("runs --sort -val_acc --limit 3") == {"sort": "-val_acc", "limit": 3}
    assert door("compare --metric=-val_loss") == {"metric": "-val_loss"}


@pytest.mark.parametrize("door", [terminal, magic])
def test_a_value_in_quotes_may_follow_an_equals_sign(door: Any) -> None:
    assert door("runs --store='my labs'") == {"store": "my labs"}


def test_names_may_be_separated_by_commas_or_given_one_by_one() -> None:
    assert terminal("compare --by lr,depth --by seed") == {"by": ("lr", "depth", "seed")}


def test_words_of_a_query_that_the_shell_has_separated_are_joined() -> None:
    assert terminal("runs params.lr '<' 0.01 and status") == {"query": "params.lr < 0.01 and status"}


def test_a_magic_keeps_the_quotes_that_belong_to_a_query() -> None:
    assert magic('runs "baseline" in tags --limit 2') == {"query": '"baseline" in tags', "limit": 2}
    assert magic('runs experiment == "a  b" --archived') == {
        "query": 'experiment == "a  b"',
        "archived": True,
    }
    assert magic('compare experiment=="a b"') == {"what": ('experiment=="a b"',)}


def test_a_query_that_stands_in_quotes_as_a_whole_loses_them() -> None:
    assert magic("runs 'params.lr < 0.01'") == {"query": "params.lr < 0.01"}


def test_an_apostrophe_is_not_a_quote() -> None:
    assert magic("note last don't use the model's bias") == {
        "run": "last",
        "text": "don't use the model's bias",
    }


def test_a_text_in_quotes_is_what_stands_between_them() -> None:
    assert magic('note last "odd  spike"') == terminal('note last "odd  spike"')
    assert magic('note last "odd  spike"') == {"run": "last", "text": "odd  spike"}


def test_a_quote_that_is_never_closed_is_a_character() -> None:
    assert magic('note last 5" too short') == {"run": "last", "text": '5" too short'}
    assert magic('note last "open') == {"run": "last", "text": '"open'}


def test_what_only_looks_like_an_option_is_text() -> None:
    assert terminal("note last '- a list item'") == {"run": "last", "text": "- a list item"}
    assert terminal("note last -5% better") == {"run": "last", "text": "-5% better"}
    assert terminal("note last -- --limit is ignored") == {"run": "last", "text": "--limit is ignored"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("runs --limt 3", "'--limit'"),
        ("runs --limit", "--limit needs a value"),
        ("runs --limit three", "--limit: 'three' is not a whole number"),
        ("runs --limit -1", "less than zero"),
        ("runs --archived=yes", "--archived takes no value"),
        ("show", "RUN is missing"),
        ("note last", "TEXT is missing"),
        ("show last last-1", "'last-1' is one word too many"),
        ("check everything", "one word too many"),
        ("runs -x", "no option '-x'"),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong_and_where_help_is(line: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        terminal(line)
    assert said in str(raised.value)
    assert f"`labbook {line.split()[0]} --help`" in str(raised.value)


def test_help_is_given_whatever_else_is_wrong() -> None:
    assert terminal("show --help")["help"] is True
    assert terminal("note -h")["help"] is True


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="'compare'"):
        commands.find("comapre")
    with pytest.raises(UsageError, match="There are runs, show"):
        commands.find("xyzzy")


@given(st.text(max_size=60))
def test_any_line_is_split_without_losing_a_character(line: str) -> None:
    glued = "".join("".join(word.raw.split()) for word in split(line))
    assert glued == "".join(line.split())


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=6))
def test_any_words_are_understood_or_refused_in_one_way(words: list[str]) -> None:
    for verb in commands.VERBS:
        try:
            values = verb.parse([Word(word, word) for word in words], where="labbook")
        except UsageError:
            continue
        assert isinstance(values, dict)


def test_whole_numbers_are_read_as_numbers() -> None:
    assert whole_number("12") == 12
