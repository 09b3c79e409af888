"""Values without quotes after a secret name: a secret in a settings file, mostly a name in Python.

`PASSWORD=hunter2` in a shell line gives the secret away; `password=args.password` in a call says
where it comes from. What tells them apart is where the text stands and what it is made of.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from jupyter_labbook.record.secret_names import is_pin
from jupyter_labbook.record.secret_shapes import is_placeholder, looks_random


class Place(NamedTuple):
    """Where a value stands: in a settings file or shell line, inside a string, after which sign."""

    plain: bool
    inside: bool
    operator: str
    spaced: bool
    is_option: bool
    limit: int


_WORD: Final = re.compile(r"[^\s\"'`,;&<>|)\]}\\]{1,200}+")
_REST: Final = re.compile(r"[^\s\"'`,;&<>|)\]}\\]*+")
_PLAIN_WORD: Final = re.compile(r"[^\s\"'`;&|<>]++")
_REST_OF_LINE: Final = re.compile(r"[^\s#\"'][^\n\"']*?(?=[ \t]*(?:[ \t]#[^\n]*)?\r?\Z)")
_SCHEME: Final = re.compile(r"(?:bearer|basic|token|digest|apikey)[ \t]++(?=[^\s\"'])", re.IGNORECASE)
_ENDS_LINE: Final = re.compile(r"[ \t]*+(?:#[^\n]*+)?\r?\Z")
_STARTS_LINE: Final = re.compile(r"(?:\A|(?<=\n))[+\- ]?[ \t]*+(?:-[ \t]++)?[\"']?\Z")
_DOTTED: Final = re.compile(r"[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)*+")
_PIECES: Final = re.compile(r"[-+*/%@^~.=:!]++")
_PIECE: Final = re.compile(r"[A-Za-z_]\w*+|[0-9][0-9_]*+(?:[eE][0-9]++)?[jJ]?|0[xX][0-9a-fA-F]++|")
_TYPE: Final = re.compile(r"(?:u?int|float|complex|bfloat|str|bytes)[0-9]{1,3}")
_WORDS: Final = frozenset(
    {
        "none",
        "null",
        "nil",
        "true",
        "false",
        "undefined",
        "required",
        "optional",
        "str",
        "bytes",
        "int",
        "float",
        "bool",
        "any",
        "self",
        "not",
        "lambda",
        "await",
    }
)


def bare_value(text: str, at: int, name: str, start: int, place: Place) -> tuple[int, int] | None:
    """Start and end of the secret that begins at `at`, None where what stands there is none.

    `start` is where `name` begins.
    """
    scheme = _SCHEME.match(text, at, place.limit)
    if scheme is not None:
        at = scheme.end()
    word = (_PLAIN_WORD if place.plain else _WORD).match(text, at, place.limit)
    if word is None or word[0].startswith(("$", "{", "%(", "<", "[redacted", "(", "[")):
        return None
    value = word[0]
    if is_placeholder(value) or value.lower() in _WORDS or len(value) < 3:
        return None
    if place.plain or place.is_option:
        return _in_settings(text, word, start, place)
    if scheme is not None or (place.inside and name.lower().endswith("authorization")):
        told = _is_mixed(value) or len(value) >= 16
    elif place.inside:
        told = not _is_call(value) and (_is_mixed(value) or (not place.spaced and place.operator in {"=", ""}))
    else:
        told = _gives_itself_away(text, word, name, start, place)
    if not told:
        return None
    rest = _REST.match(text, word.end(), place.limit)
    return word.start(), rest.end() if rest is not None else word.end()


def _in_settings(text: str, word: re.Match[str], start: int, place: Place) -> tuple[int, int] | None:
    if place.is_option and not place.plain and word[0].startswith("-"):
        return None
    if place.is_option and not place.plain and place.operator == "" and word[0].isalpha():
        return None  # "use --password to …"
    if place.plain and not place.is_option and (place.spaced or place.operator == ":"):
        before = text[max(0, start - 100) : start]
        rest = _REST_OF_LINE.match(text, word.start(), place.limit)
        if rest is not None and _STARTS_LINE.search(before):
            return rest.span()
    return word.span()


def _gives_itself_away(text: str, word: re.Match[str], name: str, start: int, place: Place) -> bool:
    value, after = word[0], text[word.end() : word.end() + 1]
    if value.isdigit():
        return is_pin(value, name)
    dotted = _DOTTED.match(value)
    if dotted is not None and (value[dotted.end() :] or after)[:1] in {"(", "[", "."}:
        return False  # a call, an element
    if dotted is not None and dotted.end() == len(value):
        before = text[max(0, start - 100) : start]
        alone = _STARTS_LINE.search(before) and _ENDS_LINE.match(text, word.end(), place.limit)
        if alone and "." not in value and not _TYPE.fullmatch(value) and len(value) >= 6:
            is_setting = place.operator == ":" and place.spaced
            is_variable = name.isupper() and place.operator == "=" and not place.spaced
            if (is_setting or is_variable) and _is_mixed(value):
                return True
        return "." not in value and looks_random(value, 16)
    return _is_mixed(value) and len(value) >= 6 and not all(map(_PIECE.fullmatch, _PIECES.split(value)))


def _is_call(value: str) -> bool:
    dotted = _DOTTED.match(value)
    return dotted is not None and value[dotted.end() :].startswith(("(", "["))


def _is_mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))
