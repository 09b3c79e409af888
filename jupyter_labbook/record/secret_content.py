"""What is kept of a text that a secret name holds: placeholders, the scheme of a header, the lines."""

from __future__ import annotations

import re
from typing import Final

from jupyter_labbook.record.secret_literals import change_lines
from jupyter_labbook.record.secret_shapes import MARK, is_placeholder

SHORTEST_TOKEN: Final = 6
"""`token = "the"` is a piece of text: nothing called token is redacted below this length."""

_SCHEME: Final = re.compile(r"(?:bearer|basic|token|digest|apikey|api-key)[ \t]+(?=\S)", re.IGNORECASE)
_TEXT_TOKEN: Final = re.compile(r"\[[A-Za-z0-9_ -]*\]|##.*|\W{0,4}\Z|[▁Ġ].*", re.DOTALL)
_WORD: Final = re.compile(r"[^a-z0-9]+")


def hidden_content(name: str, content: str, escapes: int = 0) -> str:
    """What is kept of a string that a secret name holds: the scheme of a header, the number of lines."""
    if is_placeholder(content) or _plain_word(content) == _plain_word(name):
        return content
    if name.lower().endswith("token") and (len(content) < SHORTEST_TOKEN or _TEXT_TOKEN.fullmatch(content)):
        return content
    if name.lower() in {"pwd", "oldpwd"} and content[:1] in {"/", "~", "."}:
        return content  # the working directory
    scheme = _SCHEME.match(content)
    if scheme is not None:
        rest = content[scheme.end() :]
        return scheme[0] + (rest if is_placeholder(rest) else MARK)
    if "\n" in content:
        return change_lines(content, escapes, lambda line: line if is_placeholder(line) else MARK)
    return MARK


def _plain_word(text: str) -> str:
    return _WORD.sub("", text.lower()) if len(text) < 100 else text
