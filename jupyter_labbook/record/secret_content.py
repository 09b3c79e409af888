"""What is kept of a text that a secret name holds: placeholders, the scheme of a header, the lines."""

from __future__ import annotations

import re
from typing import Final

from jupyter_labbook.record.secret_literals import change_lines
from jupyter_labbook.record.secret_names import is_secret_name, is_token_name
from jupyter_labbook.record.secret_shapes import MARK, is_placeholder

SHORTEST_TOKEN: Final = 6
"""`token = "the"` is a piece of text: nothing called token is redacted below this length."""

_SCHEME: Final = re.compile(r"(?:bearer|basic|token|digest|apikey|api-key)[ \t]+", re.IGNORECASE)
_TEXT_TOKEN: Final = re.compile(r"\[[A-Za-z0-9_ -]*\]|\#[0-9A-Fa-f]{3,8}|##.*|\W{0,4}\Z|[▁Ġ].*", re.DOTALL)
_NAME_OF_ONE: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)+|[A-Z][a-z]+(?:-[A-Z][a-z]+)+")
_WORD: Final = re.compile(r"[^a-z0-9]+")


def hidden_content(name: str, content: str, escapes: int = 0) -> str:
    """What is kept of a string that a secret name holds: the scheme of a header, the number of lines."""
    if _NAME_OF_ONE.fullmatch(content) and is_secret_name(content):
        return content  # password = read("DB_PASSWORD") in two steps
    if is_placeholder(content) or _plain_word(content) == _plain_word(name):
        return content
    if is_token_name(name) and (len(content) < SHORTEST_TOKEN or _TEXT_TOKEN.fullmatch(content)):
        return content
    if name.lower() in {"pwd", "oldpwd"} and content[:1] in {"/", "~", "."}:
        return content  # the working directory
    if content.startswith("{") and content.count("{") != content.count("}"):
        return content  # the beginning of an expression: f"token '{a or 'b'}'"
    scheme = _SCHEME.match(content)
    if scheme is not None:
        rest = content[scheme.end() :]
        return scheme[0] + (rest if is_placeholder(rest) else MARK)
    if "\n" in content:
        return change_lines(content, escapes, lambda line: line if is_placeholder(line) else MARK)
    return MARK


def _plain_word(text: str) -> str:
    return _WORD.sub("", text.lower()) if len(text) < 100 else text
