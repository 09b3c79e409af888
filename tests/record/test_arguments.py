"""The `%%experiment` line: what it says, and what is said about it when it cannot be understood."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.errors import UsageError
from jupyter_labbook.record.arguments import MAGIC_DOC, Arguments, Comments, experiment_comments, parse


def said(line: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse(line)
    return str(caught.value)


def test_an_empty_line_says_nothing() -> None:
    assert parse("") == Arguments()
    assert parse("   ") == Arguments()


def test_every_option_is_understood() -> None:
    line = (
        'dropout --what "Does dropout help?" --why \'runs overfit\' --expect "val_acc > 0.92" '
        "--params lr,depth --metrics val_acc,val_loss --each seed=0..4 --seed 7 --data train "
        "--baseline best:val_acc --parent last-2 --tag night --store ../runs --quiet"
    )
    assert parse(line) == Arguments(
        name="dropout",
        what="Does dropout help?",
        why="runs overfit",
        expect=("val_acc > 0.92",),
        params=("lr", "depth"),
        metrics=("val_acc", "val_loss"),
        each=(("seed", (0, 1, 2, 3, 4)),),
        seed=7,
        data=("train",),
        baseline="best:val_acc",
        parent="last-2",
        tags=("night",),
        store="../runs",
        quiet=True,
    )


def test_the_name_may_follow_an_option_that_is_complete() -> None:
    assert parse("--quiet dropout").name == "dropout"
    assert parse("--seed 3 dropout").name == "dropout"
    assert parse('--what "a b" dropout').name == "dropout"
    assert parse('"my experiment" --quiet').name == "my experiment"


def test_text_without_quotes_runs_on_to_the_next_option() -> None:
    arguments = parse("a --what does dropout help --why I don't know, it's odd --expect loss < 0.3 --quiet")
    assert arguments.what == "does dropout help"
    assert arguments.why == "I don't know, it's odd"
    assert arguments.expect == ("loss < 0.3",)
    assert arguments.quiet


def test_quotes_and_option_like_words_inside_quotes_are_text() -> None:
    assert parse("--what 'the model's bias' x").what == "the model's bias"
    assert parse('--what "we --quiet it"').what == "we --quiet it"
    assert parse('--what "a \\"b\\" c"').what == 'a "b" c'
    assert parse('--what="with an equals sign"').what == "with an equals sign"
    assert parse(r'--why "C:\new\data"').why == r"C:\new\data"


def test_a_dash_in_a_text_is_no_option() -> None:
    assert parse("--what lr -- the big one -0.5").what == "lr -- the big one -0.5"


@pytest.mark.parametrize("names", ["lr,depth", '"lr depth"', "'lr, depth'", "lr, depth", "lr --params depth"])
def test_names_are_separated_by_commas_or_blanks(names: str) -> None:
    assert parse(f"x --params {names}").params == ("lr", "depth")


def test_a_name_given_twice_is_one_name() -> None:
    assert parse("--params lr,lr --params lr").params == ("lr",)


def test_a_word_after_names_is_one_of_them_where_the_run_has_its_name() -> None:
    assert parse("dropout --params lr depth").params == ("lr", "depth")


def test_a_word_that_may_be_a_name_or_the_name_is_asked_about() -> None:
    assert said("--params lr depth") == (
        "Is 'depth' the experiment's name, or meant for --params? "
        "Write --params lr,depth or put the name first: %%experiment depth …"
    )


def test_claims_and_tags_are_repeatable_and_a_quoted_tag_keeps_its_blanks() -> None:
    arguments = parse('--expect "a > 1" --expect "b < 2" --tag x,y --tag "needs work"')
    assert arguments.expect == ("a > 1", "b < 2")
    assert arguments.tags == ("x", "y", "needs work")


def test_data_may_be_variables_or_a_path_with_blanks() -> None:
    assert parse("--data train,test").data == ("train", "test")
    assert parse('--data "train test"').data == ("train", "test")
    assert parse('--data "my data/set 1.csv" --data data/x.csv').data == ("my data/set 1.csv", "data/x.csv")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0..4", (0, 1, 2, 3, 4)),
        ("3..1", (3, 2, 1)),
        ("-1..1,10", (-1, 0, 1, 10)),
        ("0.1,0.01", (0.1, 0.01)),
        ("0.1, 0.01", (0.1, 0.01)),
        ("1e-3,1_000,-.5", (1e-3, 1000, -0.5)),
        ("adam,sgd", ("adam", "sgd")),
        ("'a,b',\"c d\"", ("a,b", "c d")),
        ("True,False,None", (True, False, None)),
        ("[1, 2],[3]", ([1, 2], [3])),
        ("(1,),{'a': [1, 2]}", ((1,), {"a": [1, 2]})),
        ("10**-3,2**8", (10**-3, 256)),
        ("data/x.csv,./y-2.csv", ("data/x.csv", "./y-2.csv")),
        ("1,True", (1, True)),
        ("resnet-50,3x3", ("resnet-50", "3x3")),
    ],
)
def test_values_are_what_they_look_like(text: str, values: tuple[object, ...]) -> None:
    (each,) = parse(f"--each v={text}").each
    assert each == ("v", values)
    assert [type(value) for value in each[1]] == [type(value) for value in values]


def test_infinities_and_nan_are_values() -> None:
    ((_, (inf, minus, nan)),) = parse("--each v=inf,-inf,nan").each
    assert (inf, minus) == (math.inf, -math.inf)
    assert math.isnan(nan)


def test_the_grid_has_the_first_option_slowest() -> None:
    arguments = parse("--each lr=0.1,0.01 --each 'seed=0..1 opt=a,b'")
    assert [tuple(values.values()) for values in arguments.grid()] == [
        (0.1, 0, "a"), (0.1, 0, "b"), (0.1, 1, "a"), (0.1, 1, "b"),
        (0.01, 0, "a"), (0.01, 0, "b"), (0.01, 1, "a"), (0.01, 1, "b"),
    ]  # fmt: skip
    assert list(arguments.grid()[0]) == ["lr", "seed", "opt"]
    assert parse("").grid() == [{}]


def test_a_cell_that_changes_its_list_does_not_change_the_next_run() -> None:
    arguments = parse("--each layers=[1],[2]")
    arguments.grid()[0]["layers"].append(9)
    assert parse("--each layers=[1],[2]").grid()[0] == {"layers": [1]}


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("--waht x", "no option --waht. Did you mean '--what'?"),
        ("--tags x", "Did you mean '--tag'?"),
        ("--what some text --amp here", "put the text in quotes"),
        ('--what "never closed', "is not closed"),
        ("'half a name", "is not closed"),
        ("--what", "--what needs a value"),
        ('--what ""', "--what needs a value"),
        ("--params --quiet", "--params needs a value, as --params lr,depth"),
        ("--seed", "--seed needs a value, as --seed 0"),
        ("--seed 0..4", "To run with several, --each seed=0..4"),
        ("--seed -1", "from 0 to 2**32 - 1"),
        ("--seed 4294967296", "from 0 to 2**32 - 1"),
        ("--seed 1 --seed 2", "--seed is given twice"),
        ("--what a --what b", "--what is given twice"),
        ("two words", "An experiment has one name"),
        ("'' --quiet", "name is empty"),
        ("—what text", "Did you mean '--what'?"),
        ("-quiet", "Did you mean '--quiet'?"),
        ("--params lr=0.1", "--each lr=0.1"),
        ("--each", "--each takes NAME=VALUES"),
        ("--each 0.1,0.2", "--each takes NAME=VALUES"),
        ("--each lr=", "a value is missing"),
        ("--each lr=1,,2", "a value is missing"),
        ("--each lr=1,", "a value is missing"),
        ("--each lr=1,2,1", "the value 1 is there twice"),
        ("--each lr=1,1.0", "is there twice"),
        ("--each lr=nan,nan", "is there twice"),
        ("--each lr=1 --each lr=2", "--each has 'lr' twice"),
        ("--each lr=1 lr=2", "--each has 'lr' twice"),
        ("--each lr=0.1..0.5", "`..` counts whole numbers"),
        ("--each 2x=1", "not the name of a variable"),
        ("--each for=1", "not the name of a variable"),
        ("--each lr=[1,2", "a bracket is not closed"),
        ("--each lr='a,b", "a quote is not closed"),
        ("--each lr=uniform(0,1)", "not a value that can be read"),
        ("--each lr=9**9**9**9", "not a value that can be read"),
        ("--each seed=0..4 dropout", "the experiment's name comes before"),
        ("--each seed=0..1000000", "asks for more than 10,000 runs"),
        ("--help", "%%experiment? shows"),
    ],
)
def test_a_line_that_cannot_be_understood_says_what_to_type(line: str, part: str) -> None:
    assert part in said(line)


def test_a_grid_of_more_runs_than_anyone_means_is_refused() -> None:
    with pytest.raises(UsageError, match="1,000,000 runs"):
        parse("--each a=1..1000 b=1..1000").grid()


@given(st.text(alphabet="ab-=,.'\"[](){}\\ 0*1—\t", max_size=40))
def test_any_line_is_understood_or_refused_with_a_usage_error(line: str) -> None:
    for text in (line, "--what " + line, "--each a=" + line, "--params " + line, "x --tag " + line):
        with suppress(UsageError):
            assert isinstance(parse(text), Arguments)


def test_comments_at_the_top_of_a_cell_are_the_lab_notebook_entry() -> None:
    body = (
        "\n%%time\n\n# what: does dropout help\n#   on the small set\n#why: the last runs overfit\n"
        "# Expect: val_acc > 0.9\n# expect: loss < 0.3\nlr = 0.1\n# what: not this\n"
    )
    assert experiment_comments(body) == Comments(
        "does dropout help on the small set", "the last runs overfit", ("val_acc > 0.9", "loss < 0.3")
    )


def test_an_empty_comment_line_ends_what_a_comment_says() -> None:
    assert experiment_comments("# what: a\n#\n# unrelated\n# why: b\n\n# unrelated\n") == Comments("a", "b", ())


def test_comments_that_say_nothing_of_the_kind_are_left_alone() -> None:
    assert experiment_comments("# train the model\nx = 1  # what: no\n") == Comments()
    assert experiment_comments("x = '# what: no'\n# what: no") == Comments()
    assert experiment_comments("# what:\n# why:   \n# expect:") == Comments()
    assert experiment_comments("") == Comments()


def test_the_help_names_every_option() -> None:
    for option in (
        "what",
        "why",
        "expect",
        "params",
        "metrics",
        "each",
        "seed",
        "data",
        "baseline",
        "parent",
    ):
        assert f"--{option} " in MAGIC_DOC
