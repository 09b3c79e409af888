"""Redaction is paid by every run: it is cheap where there is nothing to find, and linear whatever the text is."""

from __future__ import annotations

import ast
import inspect
import json
import time
from collections.abc import Callable

import pytest

from jupyter_labbook.record import redact as module
from jupyter_labbook.record.redact import MARK, redact

CELL = (
    """
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

frame = pd.read_csv("data/train.csv")
model = RandomForestClassifier(n_estimators=200, max_depth=depth, random_state=seed)
model.fit(frame[columns], frame["label"])
accuracy = (model.predict(test[columns]) == test["label"]).mean()
print(f"accuracy {accuracy:.3f} after {time.time() - began:.1f} s")
"""
    * 5
)

UNITS = [
    "password=",
    "password ",
    "password: x[",
    "password: a|a|a|",
    "password = \t",
    "password \\\n",
    'password="',
    'password="<',
    'password="x',
    "password='\\",
    'password=f"{',
    "password=[",
    "password=(",
    'password="""\n',
    "password=\n",
    "'password':",
    '\\"password\\": \\"',
    'api_key="$A ',
    "secrets=[f(",
    "token,",
    "token = x or ",
    "token=cfg.get(a",
    'set_token("',
    'add_argument("--token",',
    "export TOKEN=abc123\n",
    'x = "a" password',
    "login(a",
    'auth=("a","',
    "Authorization: ",
    "Bearer ",
    "password",
    "sk-",
    "eyJaaaaaaaaaa.",
    "eyJaaaaaaaaaa-",
    "SG.aaaaaaaaaaaaaaaaaaaaaaaa",
    "-----BEGIN RSA PRIVATE KEY-----",
    "http://a:b@",
    "http://",
    "curl -u a",
    "mysql! -",
    "diff --git a b\n",
    "diff --git a b\nGIT binary patch\n",
    '"',
    "\\",
    "-",
]


def test_a_cell_without_a_secret_costs_a_small_part_of_what_python_takes_to_parse_it() -> None:
    assert redact(CELL) == CELL
    parsing = _best(lambda: ast.parse(CELL), 5)
    first = _best(lambda: module._redact_all(CELL, module.known_secrets()), 200)
    again = _best(lambda: redact(CELL), 200)
    assert first < parsing / 5
    assert again < first / 3


def test_a_megabyte_of_python_takes_a_moment() -> None:
    source = inspect.getsource(inspect) * 9
    text = source[: 1 << 20]
    assert _best(lambda: redact(text), 3) < 0.5


def test_a_long_line_of_json_is_searched_around_what_may_be_a_secret_only() -> None:
    text = json.dumps([{"key": f"x{number}", "token": number, "values": list(range(40))} for number in range(6000)])
    assert _best(lambda: redact(text), 2) < 1.0
    assert redact(text) == text
    assert MARK in redact(text[:-1] + ', {"token": "abcdef1"}]')


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_takes_more_than_time_in_proportion(unit: str) -> None:
    text = unit * ((1 << 18) // len(unit))
    began = time.perf_counter()
    redacted = redact(text)
    assert time.perf_counter() - began < 8.0  # some tenths; were it quadratic, minutes
    assert redacted.count("\n") == text.count("\n")
    assert redact(redacted) == redacted


@pytest.mark.parametrize("unit", ["password=", '"', "x = sk-", "\\"])
def test_a_megabyte_of_the_worst_does_not_either(unit: str) -> None:
    text = unit * ((1 << 20) // len(unit))
    began = time.perf_counter()
    redact(text)
    assert time.perf_counter() - began < 30.0


def _best(work: Callable[[], object], times: int) -> float:
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best
