"""Keys and passwords leave a text before it touches the disk; `[redacted]` stands in their place.

A value goes because its name says so (`api_key = "…"`), because of its own form (`ghp_…`, a private
key, a password in a URL), or because an environment variable with a secret name holds the same.
What was valid Python stays so, and has as many lines as before.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Any, Final, TypeVar

from jupyter_labbook.record.secret_content import hidden_content
from jupyter_labbook.record.secret_names import NEEDLES, is_pin, is_secret_name
from jupyter_labbook.record.secret_shapes import MARK, is_placeholder, looks_random, redact_shapes

__all__ = ["MARK", "is_secret_name", "known_secrets", "redact", "redact_patch", "redact_value"]

SHORTEST_KNOWN: Final = 8
LONGEST_REMEMBERED: Final = 1 << 15
DEEPEST: Final = 20

_Value = TypeVar("_Value")

_SHELL_CELL: Final = re.compile(
    r"\s*+(?:%%(?:bash|sh|zsh|script|cmd|system|sx|!)\b|%%(?:writefile|file)\b[^\n]*"
    r"(?:\.(?:env|sh|ini|cfg|conf|toml|ya?ml|properties|netrc)|\.env\S*|\.netrc|rc)[ \t]*\n|\#!\S*sh\b)"
)
_OPTION: Final = re.compile(
    r"(\bsshpass[ \t]+-p[ \t]*|\b(?:mysql|mysqldump|mariadb)\b[^\n|;]{0,200}?[ \t]-p"
    r"|\bdocker[ \t]login\b[^\n|;]{0,200}?[ \t]-p[ \t]+"
    r"|\bcurl\b[^\n|;]{0,300}?[ \t](?:-u|--user)[ \t=]*[\"']?[^\s:'\"]{1,100}:)([^\s'\"\-][^\s'\"]*+)"
)
_ON_COMMAND_LINE: Final = re.compile(rb"sshpass|mysql|mariadb|docker login")
_FILE: Final = re.compile(r"^diff --git ", re.MULTILINE)
_HUNKS: Final = re.compile(r"^(?:@@ -|GIT binary patch$)", re.MULTILINE)
_CODE_FILE: Final = re.compile(
    r"\.(?:py|pyi|pyx|ipynb|r|jl|js|jsx|ts|tsx|json|c|h|cc|cpp|java|go|rs|scala|sql|md|rst|txt)\"?\Z",
    re.IGNORECASE,
)

_seen: tuple[dict[Any, Any], frozenset[str]] = ({}, frozenset())


def redact(text: str) -> str:
    """`text` without what looks like a key or a password.

    Source, shell lines, JSON, YAML, tracebacks, URLs and patches are understood. Applied twice it
    gives the same. A text without any hint of a secret costs about ten nanoseconds a character; one
    that was seen lately, as the source of earlier cells is at each run, next to nothing.
    """
    secrets = known_secrets()
    return _remembered(text, secrets) if len(text) <= LONGEST_REMEMBERED else _redact_all(text, secrets)


def _redact_all(text: str, secrets: frozenset[str]) -> str:
    if "diff --git " in text:
        parts = _patch_parts(text)
        return "".join(_redact(part, secrets, plain=plain) if told else part for part, told, plain in parts)
    return _redact(text, secrets, plain=_SHELL_CELL.match(text) is not None)


_remembered = lru_cache(maxsize=256)(_redact_all)


def redact_patch(patch: bytes) -> bytes:
    """A git patch without secrets: it keeps its lines and its binary hunks."""
    return redact(patch.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def redact_value(name: str, value: _Value) -> _Value:
    """`value` as it may be recorded under `name`: strings redacted, also inside lists and dictionaries.

    Under a secret name every string goes, and a number where it must be a password. Numbers,
    arrays and other objects come back as they are.
    """
    redacted: _Value = _redact_value(name, value, 0)
    return redacted


def known_secrets() -> frozenset[str]:
    """Values of environment variables with secret names, from 8 characters on."""
    global _seen
    now = getattr(os.environ, "_data", None)  # as the system holds them: nothing is decoded to compare
    if not isinstance(now, dict):
        now = dict(os.environ)
    if _seen[0] != now:
        secrets = frozenset(value for name, value in os.environ.items() if _is_known_secret(name, value))
        _seen = (dict(now), secrets)
    return _seen[1]


def _is_known_secret(name: str, value: str) -> bool:
    if len(value) < SHORTEST_KNOWN or not is_secret_name(name) or is_placeholder(value):
        return False
    return not (value[0] in "/~." and (name.upper().endswith("PWD") or os.path.exists(os.path.expanduser(value))))


def _redact(text: str, secrets: frozenset[str], *, plain: bool) -> str:
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MARK)
    raw = text.encode("ascii", "replace")
    found = redact_shapes(text, raw)
    if b"curl" in raw or ((plain or b"!" in raw) and _ON_COMMAND_LINE.search(raw)):
        found = _OPTION.sub(rf"\1{MARK}", found)
    if found is not text:
        text, raw = found, found.encode("ascii", "replace")
    lowered = raw.lower()
    for needle in NEEDLES:
        if needle in lowered:
            # Most cells need none of its twenty patterns, which take 10 ms to compile.
            from jupyter_labbook.record.secret_values import redact_named

            return redact_named(text, lowered, plain=plain)
    return text


def _patch_parts(text: str) -> list[tuple[str, bool, bool]]:
    """Pieces of a patch: text, whether secrets are looked for in it, whether it is a settings file."""
    starts = [match.start() for match in _FILE.finditer(text)]
    ends = [*starts[1:], len(text)]
    parts = [(text[: starts[0] if starts else len(text)], True, False)]
    for start, end in zip(starts, ends, strict=False):
        header = text.find("\n", start, end)
        header = header if header >= 0 else end
        hunks = _HUNKS.search(text, start, end)
        content = hunks.start() if hunks is not None else header
        is_binary = hunks is not None and hunks[0].startswith("GIT")
        plain = _CODE_FILE.search(text, start, header) is None
        parts += [(text[start:content], False, False), (text[content:end], not is_binary, plain)]
    return parts


def _redact_value(name: str, value: Any, depth: int) -> Any:
    if isinstance(value, str):
        if is_secret_name(name):
            return hidden_content(name, value)
        return MARK if name == "key" and looks_random(value) else redact(value)
    if isinstance(value, bytes):
        text = value.decode("utf-8", "surrogateescape")
        return _redact_value(name, text, depth).encode("utf-8", "surrogateescape")
    if type(value) is int:
        return MARK if is_secret_name(name) and is_pin(str(value), name) else value
    if depth < DEEPEST and isinstance(value, dict):
        inherited = is_secret_name(name)
        return {key: _redact_value(name if inherited else str(key), item, depth + 1) for key, item in value.items()}
    if depth < DEEPEST and type(value) in (list, tuple, set, frozenset):
        return type(value)(_redact_value(name, item, depth + 1) for item in value)
    return value
