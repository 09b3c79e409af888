"""Queries: what can be said, what it means, and what is answered where it cannot be understood."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from jupyter_labbook.errors import QueryError
from jupyter_labbook.run import Notebook, Record, Summary
from jupyter_labbook.store.query import LONGEST, parse, parse_name
from jupyter_labbook.store.vocabulary import FIELDS, RecordNames

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RUN = Record(
    id="20261121-031502-dropout-k3f9x",
    experiment="dropout",
    what="Does dropout help on digits?",
    status="finished",
    verdict="supported",
    tags=["baseline", "night"],
    parameters={
        "lr": 0.1,
        "optimizer": "adam",
        "layers": [64, 32],
        "model": {"depth": 3, "name": "mlp"},
        "model.width": 7,
        "a b": 1,
        "warm": True,
        "clip": None,
        "limit": "inf",
        "shape": [2, 3],
        "lambda": 0.5,
        "both": 1,
        "huge": 10**30,
        "enormous": 10**400,
    },
    parameter_types={"limit": "float", "shape": "tuple"},
    metrics={
        "val_acc": Summary(0.9, 0.1, 0.95, 0.5, 100, 99),
        "val/acc": Summary(0.8, 0.1, 0.95, 0.5, 3),
        "loss": Summary("nan", 0.2, "inf", "inf", 100, 99),
        "both": Summary(2, 2, 2, 2, 1),
    },
    started="2026-11-21T03:15:02.500000Z",
    ended="2026-11-21T03:16:00Z",
    duration=57.5,
    trial=3,
    seed=0,
    notebook=Notebook(path="night/train.ipynb"),
    host="gpu1",
)
NAMES = RecordNames([RUN])


def holds(query: str) -> bool:
    return parse(query, NOW).matcher(NAMES)(RUN)


@pytest.mark.parametrize(
    "query",
    [
        'params.lr < 0.2 and metrics.val_acc > 0.89 and status == "finished"',
        '"baseline" in tags',
        '"day" not in tags',
        'experiment == "dropout"',
        "lr == 0.1",
        "parameters.lr == 0.1",
        "val_acc > 0.5",
        "0 < lr < 1 < 2",
        "0.05 < lr",
        'optimizer in ("adam", "sgd")',
        'optimizer in {"adam"} and optimizer in ["adam"]',
        '"dropout" in what',
        "params.model.depth == 3",
        'params["model"]["name"] == "mlp"',
        "model.depth >= 3",
        "model.width == 7",  # a name with a dot in it, and not a part of `model`
        "params.model.width == 7",
        'params["a b"] == 1',
        'metrics["val/acc"] == 0.8',
        "metrics.val_acc.max == 0.95",
        "val_acc.min < val_acc.mean < val_acc.max",
        "val_acc.count == 100 and val_acc.last_step == 99 and val_acc.last == val_acc",
        'metrics["val/acc"].last_step == None',
        "layers == [64, 32] and layers == (64, 32) and shape == (2, 3)",
        "64 in layers and layers[0] == 64 and layers[-1] == 32",
        '"depth" in params.model',
        "warm and warm == True and warm == 1",
        "clip == None and params.clip != 0",
        "limit > 1e300",
        "enormous > 1e300 and huge > 1e29 and huge == 1000000000000000000000000000000",
        'params["lambda"] == 0.5',
        "params.both == 1 and metrics.both == 2",
        "lr * 10 == 1 and lr + 0.9 == 1.0 and -lr < 0 and 1 - lr == 0.9 and val_acc / lr > 8.9",
        "(clip or 5) == 5",
        "not archived",
        "trial == 3 and seed == 0 and duration > 57 and host == 'gpu1'",
        'notebook == "night/train.ipynb" and notebook.path == notebook and "train" in notebook',
        'started > "2026-11-20" and started < "2026-11-22" and "2026-11-20" < started',
        'started == "2026-11-21 03:15Z" and started in "2026-11-21T03:15:02Z"',
        'started in ("2025-01-01", "9 hours ago", "2026-11-21T03:15:02Z")',
        'started > "9 hours ago" and started <= "now" and ended > started',
        '"2026-11-21T03" in started',
        "started != None and group == None and conclusion == None",
        'verdict == "supported"',
        """status == 'finished' and (
              lr > 1 or
              val_acc > 0.5)""",
        '"k3f9x" in id',
        "+lr == 0.1",
        "True",
    ],
)
def test_it_holds(query: str) -> None:
    assert holds(query)


@pytest.mark.parametrize(
    "query",
    [
        "lr > 0.1",
        # what is missing or of another kind is neither smaller nor larger
        "clip < 1",
        "clip >= 1",
        "group > 'a'",
        "optimizer > 1",
        "lr < 'a'",
        "layers > 1",
        "started > 5",
        "tags > 1",
        # NaN is Python's
        "loss == loss",
        "loss < 1",
        "loss >= 1",
        # and nothing raises
        "lr / 0 == lr / 0 and False",
        "1 / (lr - lr) > 0",
        "optimizer + 1 > 0",
        "enormous * 1.5 > 0",
        "model.depth.deeper.still == 1",
        "layers[7] == 1",
        "layers['a'] == 1",
        "1 in lr",
        "1 in optimizer",
        "1 in group",
        "'x' in clip",
        "started == 'yesterday' and archived",
    ],
)
def test_it_does_not_hold(query: str) -> None:
    assert not holds(query)


def test_what_is_missing_is_none() -> None:
    assert holds("params.clip != 0.1 and not params.clip == 0.1 and not params.clip < 0.1")
    assert holds("loss != loss and loss != None and not (loss < 1 or loss >= 1)")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("stauts == 'x'", "'stauts'. Did you mean status"),
        ("optimiser == 'adam'", "Did you mean optimizer?"),
        ("params.optimiser == 'adam'", "No run has a parameter 'optimiser'. Did you mean params.optimizer?"),
        ("metrics.val_ac > 1", "Did you mean metrics.val_acc"),
        ("metrics.val/acc > 1", "metrics['val/acc']"),
        ("metrics.lr > 1", "No run has a metric 'lr'. Did you mean params.lr?"),
        ("both > 1", "'both' is a parameter and a metric: write params.both or metrics.both."),
        ("status == finished", 'text goes in quotes: "finished"'),
        ("what == dropouts_are_good", 'Text goes in quotes: "dropouts_are_good"'),
        ("warm == true", "'true' is written True."),
        ("clip == null", "'null' is written None."),
        ("status = 'finished'", "write == to compare"),
        ("a && b", "write `and` instead of &&"),
        ("a || b", "write `or` instead of ||"),
        ("!archived", "write `not` instead of !"),
        ("lr <> 1", "write != instead of <>"),
        ("lr => 1", "write >= or <="),
        ("status is None", "write == instead of `is`"),
        ("status is not None", "write != instead of `is not`"),
        ("(lr > 1) & (lr < 2)", "write `and` instead of &"),
        ("(lr > 1) | (lr < 2)", "write `or` instead of |"),
        ("~archived", "write `not` instead of ~"),
        ("lr > 1 AND lr < 2", "small letters"),
        ("\u201cx\u201d in tags", "plain quotes"),
        ("params.lambda > 1", "'lambda' is a word of Python: write params[\"lambda\"]."),
        ("len(tags) > 1", "nothing is called in a query"),
        ("__import__('os').system('true')", "nothing is called in a query"),
        ("lr ** 2 > 1", "+ - * /"),
        ("[x for x in tags]", "not understood"),
        ("lambda: 1", "not understood"),
        ("lr if 1 else 2", "`and` and `or`"),
        ("f'{lr}' == ''", "without f"),
        ("{'a': 1} == model", "key by key"),
        ("b'x' in tags", "only numbers, texts"),
        ("1j == lr", "only numbers, texts"),
        ("...", "only numbers, texts"),
        ("(lr).real.x()", "nothing is called"),
        ("[lr].x", "is not a name"),
        ("params[lr]", "is not a name"),
        ("params", "'params' needs a name"),
        ("tags.first", "'tags' has no parts"),
        ("loss.mim < 1", "'loss' has no 'mim'"),
        ("started > 'yesterdy'", "'yesterdy' is not understood as a time"),
        ("lr >", "not understood"),
        ("(lr > 1", "a bracket is not closed"),
        ("'abc", "ends with the quote it began with"),
        ("lr > 1\0", "NUL"),
        ("", "The query is empty"),
        ("  \n ", "The query is empty"),
        ("a" * (LONGEST + 1), "at most 100,000 characters"),
        ("(" * 500 + "lr" + ")" * 500, "not understood"),
        ("not " * 5000 + "lr", "too long or too deeply nested"),
        ("-" * 50000 + "1", "too long or too deeply nested"),
        ("1+" * 40000 + "1", "too long or too deeply nested"),
        ("a." * 40000 + "a", "too long or too deeply nested"),
        ("1+" * 200 + "1", "too long or too deeply nested"),
        ("lr < 1 < " * 9000 + "2", "too long or too deeply nested"),
        ("9" * 5000 + " > lr", "not understood"),
    ],
    ids=lambda text: text[:30],
)
def test_a_mistake_is_answered_with_what_to_write(query: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        holds(query)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500


def test_the_nearest_names_are_at_hand_for_a_program() -> None:
    with pytest.raises(QueryError) as caught:
        holds("params.optimiser == 1")
    assert caught.value.nearest == ("params.optimizer",)


def test_where_there_are_no_runs_no_name_is_wrong() -> None:
    empty = RecordNames([])
    for query in ("params.lr < 1", "lr < 1", "model.depth == 3", "metrics.loss.min < 1", "loss.min < 1"):
        assert parse(query).bind(empty)
    with pytest.raises(QueryError):
        parse("metrics.loss.mim < 1").matcher(empty)


def test_every_field_of_a_query_is_one_of_the_record() -> None:
    for field in FIELDS:
        assert hasattr(RUN, field)
        assert holds(f"{field} == {field} and not {field} == -1")


def test_a_query_says_which_names_it_uses() -> None:
    assert parse("not archived and params.lr < 1").fields == {"archived", "params"}


def test_python_has_no_remarks_on_a_query() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not holds(r"'\d' in what")


@pytest.mark.parametrize(
    ("text", "kind", "name", "part"),
    [
        ("started", "field", "started", ""),
        ("lr", "parameter", "lr", ""),
        ("params.lr", "parameter", "lr", ""),
        ("params.a b", "parameter", "a b", ""),
        ("a b", "parameter", "a b", ""),
        ("val/acc", "metric", "val/acc", "last"),
        ("metrics.val/acc", "metric", "val/acc", "last"),
        ("metrics['val/acc'].min", "metric", "val/acc", "min"),
        ("model.width", "parameter", "model.width", ""),
        ("metrics.loss.max", "metric", "loss", "max"),
    ],
)
def test_a_name_to_sort_by_may_be_written_plainly(text: str, kind: str, name: str, part: str) -> None:
    found = parse_name(text, NAMES)
    assert (found.kind, found.name, found.part) == (kind, name, part)


@pytest.mark.parametrize("text", ["", "1", "lr > 1", "nothing/like/it", "lr lr"])
def test_what_is_no_name_is_refused_as_one(text: str) -> None:
    with pytest.raises(QueryError):
        parse_name(text, NAMES)


pieces = (
    "lr params . [ ] ( ) ' \" == = < and or not in is 1 - started tags metrics val_acc x := lambda { } , * ** \\ é 𝟙 #"
)
words = some.sampled_from([*pieces.split(), "\n", "\0"])


@settings(max_examples=300)
@given(some.lists(words, max_size=12).map(" ".join) | some.text(max_size=60))
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    try:
        answer = holds(text)
    except QueryError:
        return
    assert answer in (True, False)
