"""Redaction comes to an end whatever the text is; what it costs is measured in `tests/benchmarks`."""

from __future__ import annotations

import json

import pytest

from jupyter_labbook.record.redact import MARK, redact

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


pytestmark = pytest.mark.timeout(100)
"""Tenths of a second are usual; a pattern that goes back and forth would take hours."""


def test_a_long_line_of_json_is_searched_around_what_may_be_a_secret_only() -> None:
    text = json.dumps([{"key": f"x{number}", "token": number, "values": list(range(40))} for number in range(6000)])
    assert redact(text) == text
    assert MARK in redact(text[:-1] + ', {"token": "abcdef1"}]')


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_makes_it_go_back_and_forth(unit: str) -> None:
    text = unit * ((1 << 18) // len(unit))
    redacted = redact(text)
    assert redacted.count("\n") == text.count("\n")
    assert redact(redacted) == redacted


@pytest.mark.parametrize("unit", ["password=", '"', "x = sk-", "\\"])
def test_a_megabyte_of_the_worst_comes_to_an_end(unit: str) -> None:
    text = unit * ((1 << 20) // len(unit))
    assert len(redact(text)) > 0
