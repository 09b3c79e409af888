"""Secrets that show by their name: the value after `password =`, `"api_key":`, `--token`, `export X=`.

A value that is a literal goes; one that is a name, a call or a placeholder stays, because it says
where the secret comes from and not what it is. Quotes and lines are kept, so that what was valid
Python, JSON or a patch is so afterwards.

**Invariant**: whatever the text is, each part of it is read a bounded number of times.
"""

from __future__ import annotations

import re
from typing import Final

from jupyter_labbook.record.secret_bare import Place, bare_value
from jupyter_labbook.record.secret_content import hidden_content
from jupyter_labbook.record.secret_literals import Literal, LongStrings, Strings, is_key, joined_literal, literal_at
from jupyter_labbook.record.secret_names import LONGEST, NEEDLES, is_secret_name, is_token_name
from jupyter_labbook.record.secret_shapes import MARK, looks_random

LONGEST_CONTAINER: Final = 1 << 14
LONGEST_EXPRESSION: Final = 300

_LETTERS: Final = "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTER_RUN: Final = re.compile(r"[\w-]*+", re.ASCII)
_NAME: Final = re.compile(r"(?<![\w-])(--?)?([A-Za-z_][\w-]*+)", re.ASCII)
_SIGN: Final = re.compile(
    r"""(?P<close>\\{0,7}["'])?+[ \t]*+(?:\][ \t]*+)?
    (?: (?: : [ \t]*+ (?: [A-Za-z_][\w.]*+ (?:\[[\w., |\[\]]{0,60}+\])? (?:[ \t]*+\|[ \t]*+[\w.]++)*+
            | "[\w., |\[\]]{1,80}+" | '[\w., |\[\]]{1,80}+' ) [ \t]*+ )? =(?!=)
      | (?P<other> := | \+= | == | != | => | : | , | \( | in\b(?=[ \t]*+[\[({]) )
      | (?P<none>)
    )
    (?P<blank>[ \t]*+)""",
    re.VERBOSE | re.ASCII,
)
_QUOTE_AHEAD: Final = r"(?=[rbfuRBFU]{0,2}\\{0,7}[\"'])"
_WRAPPED: Final = re.compile(
    r"(?:[A-Za-z_]\w{0,60}+\.){0,3}(?:Secret(?:Str|Bytes|Field)?|str|bytes|bytearray|(?:urlsafe_)?b64(?:de|en)code"
    r"|unhexlify|fromhex|quote(?:_plus)?|Field|Param|Option|Argument|Query|Header|Password|Text|PasswordInput)"
    r"\([ \t]*(?:(?:default|value)[ \t]*=[ \t]*)?" + _QUOTE_AHEAD,
    re.ASCII,
)
_NEXT_LINE: Final = re.compile(r"(?:\\?\r?\n|\\\\?n\",\r?\n[+\- ]?[ \t]*\")[+\- ]?[ \t]*+" + _QUOTE_AHEAD)
_GETTER: Final = re.compile(r"\b(?:get|getenv|pop|setdefault|putenv|setenv|set|set_env|setitem|set_password)\([ \t]*\Z")
_EXPRESSION: Final = re.compile(r"[^,;\n(\"']*+(?:\([^()\n]*+\)[^,;\n(\"']*+)*+")
_FALLBACK: Final = re.compile(r"\b(?:or|else)[ \t]+\Z")
_DEFAULT: Final = re.compile(r"\b(?:get|getenv|pop)\([^()\n]{0,120}?,[ \t]*" + _QUOTE_AHEAD)
_OPTION: Final = re.compile(r"\b(?:add_argument|add_option|option)\([^()\n]{0,60}\Z")
_OPTION_DEFAULT: Final = re.compile(r"[^\n]{0,200}?\bdefault[ \t]*=[ \t]*" + _QUOTE_AHEAD)
_SETTER: Final = re.compile(r"(?:set|put|update)(?:_|[A-Z])|[A-Za-z]{0,80}Credentials?\Z|Secret(?:Str|Bytes)\Z")
_SHELL: Final = re.compile(
    r"[+\- ]?[ \t]*+[\"']?(?:!|\$[ \t]|\$env:|(?:%env|%set_env|export|setenv|set|setx|ENV|ARG|declare|env)[ \t])"
)
_ENV_MAGIC: Final = re.compile(r"(?:%env|%set_env|setenv|setx|ENV)[ \t]++(?:export[ \t]++)?\Z")
_NETRC: Final = re.compile(
    r"\b(?:machine[ \t]+\S{1,80}[ \t]+(?:login[ \t]+\S{1,80}[ \t]+)?|default[ \t]+login[ \t]+\S{1,80}[ \t]+)\Z"
)
_CONTAINED: Final = re.compile(
    r"(?P<open>[\[({])|(?P<close>[\])}])|(?P<quote>[rbfuRBFU]{0,2}(?P<slashes>\\*+)[\"'])|(?P<word>\w++)"
)
_WEAK: Final = frozenset({"key", "login"})
_PAIR: Final = re.compile(
    r"[ \t]*+(?:=[ \t]*+)?\([ \t]*+[rbfu]?(?:\"[^\"\n]*+\"|'[^'\n]*+'|[\w.\[\]\"']++)[ \t]*,[ \t]*"
)
_TARGETS: Final = re.compile(r"(?:\A|\n)[+\- ]?[ \t]*+(?:[\w.]++(?:\[[^\[\]\n,]*+\])?[ \t]*+,[ \t]*+)+\Z")
_PIECE_OF_TEXT: Final = re.compile(r"[^0-9]{0,15}")
_HARMLESS_KEYS: Final = frozenset({"type", "description", "title", "name", "format", "kind", "help", "label", "in"})
"""Keys in a dictionary of settings *about* a secret: a schema, a form."""

_WANDB_KEY: Final = re.compile(r"[0-9a-f]{40}")


def redact_named(text: str, lowered: bytes, *, plain: bool = False) -> str:
    """`text` without the values of secret names.

    Parameters
    ----------
    lowered
        `text` in lower case ASCII, one byte a character.
    plain
        Whether it is a shell script or a settings file, where a value needs no quotes.
    """
    hits: list[int] = []
    for needle in NEEDLES:
        position = lowered.find(needle)
        while position >= 0:
            hits.append(position)
            position = lowered.find(needle, position + 1)
    values = _Values(text, plain)
    for position in sorted(hits):
        values.hit(position)
    return values.result()


class _Values:
    """One pass over a text, from left to right; `_done` is up to where it has been decided."""

    def __init__(self, text: str, plain: bool) -> None:
        self._text, self._plain = text, plain
        self._pieces: list[str] = []
        self._done = self._contained = 0
        self._long_strings = LongStrings(text)
        self._speaks_of_wandb = "wandb" in text
        self._strings = Strings("", 0, 0)
        self._start = self._end = self._passed = 0
        self._shell = self._compared = False

    def result(self) -> str:
        return "".join([*self._pieces, self._text[self._done :]]) if self._pieces else self._text

    def hit(self, position: int) -> None:
        """Look at the name around `position`; positions come in rising order."""
        if position < self._passed:
            return
        self._compared = False
        if position >= self._end:
            self._begin_line(position)
        before = self._text[max(self._start, position - LONGEST) : position]
        match = _NAME.match(self._text, position - len(before) + len(before.rstrip(_LETTERS)), self._end)
        if match is None:
            rest = _LETTER_RUN.match(self._text, position, self._end)
            self._passed = rest.end() if rest is not None else position
            return
        self._passed, name = match.end(), match[2]
        if match.start() < self._done or self._text.startswith("::", match.start() - 2):
            return  # decided, or the last part of a path, AWS::IAM::AccessKey
        if name[0] in "nrt" and match.start() and self._text[match.start() - 1] == "\\":
            name = name[1:]  # the n of a newline inside a string
        if is_secret_name(name):
            self._named(match, name)
        elif name in _WEAK:
            self._weakly_named(match)
        elif name.lower().endswith(("auth", "login")):
            self._pair(match)

    def _begin_line(self, position: int) -> None:
        start, end = self._text.rfind("\n", self._end, position) + 1, self._text.find("\n", position)
        self._start, self._end = max(start, self._end), end if end >= 0 else len(self._text)
        self._strings = Strings(self._text, self._start, self._end)
        self._shell = self._plain or _SHELL.match(self._text, self._start, self._end) is not None

    def _named(self, match: re.Match[str], name: str) -> None:
        sign = _SIGN.match(self._text, match.end(), self._end)
        if sign is None or not self._is_followed(match, name, sign):
            return
        at = self._over_gap(sign)
        span = self._strings.around(at)
        literal = literal_at(self._text, at)
        if literal is not None and literal.triple and self._long_strings.is_inside(at):
            return  # it ends here
        self._compared = sign["other"] in {"==", "!=", "in"}
        if literal is not None:
            if span is None or literal.start < span[1]:
                if sign["blank"] and sign["other"] is None and self._is_one_of_several(match.start()):
                    self._hide_strings(name, at, self._end, [False])  # user, password = "bob", "…"
                else:
                    self._literals(name, literal, span[1] if span is not None else None)
            return
        operator = sign["other"] or ("" if sign["none"] is not None else "=")
        source = self._strings.source
        if self._text[at : at + 1] in {"[", "{", "("} and operator != "(" and (span is None or source):
            self._container(name, at)
        elif operator != "(":
            spaced = bool(sign["blank"]) or self._text[match.end() : match.end() + 1] in {" ", "\t"}
            is_option = self._is_option(match) and (operator == "" or (operator == "=" and not spaced))
            plain = self._shell or (operator == "" and not is_option)
            inside = span is not None and not source
            if inside and operator == ":" and self._text.startswith("{", match.start() - 1):
                return  # how a value is formatted: f"{token:02x}"
            limit = min(self._end, span[1] - 1) if span is not None else self._end
            self._bare(match, name, sign["close"] or "", at, Place(plain, inside, operator, spaced, is_option, limit))

    def _is_option(self, match: re.Match[str]) -> bool:
        """`--token`, `-token`; a single sign at the start of a line is that of a patch."""
        return bool(match[1]) and (match[1] == "--" or match.start() > self._start)

    def _is_one_of_several(self, position: int) -> bool:
        """`user, password = "bob", "…"`"""
        before = self._text[max(0, self._start - 1) : position] if position - self._start < 200 else ""
        return _TARGETS.search(before) is not None

    def _is_followed(self, match: re.Match[str], name: str, sign: re.Match[str]) -> bool:
        """Whether the sign after a secret name says that its value comes next."""
        before = self._text[max(self._start, match.start() - 80) : match.start()]
        if sign["none"] is not None:  # only blanks, or nothing
            if sign["close"] or self._text[match.end() : match.end() + 1] not in {" ", "\t"}:
                return False
            return self._is_option(match) or bool(_ENV_MAGIC.search(before)) or bool(_NETRC.search(before))
        if sign["other"] == ",":
            bare = before.rstrip("\\\"'bruf")
            if match[1] and _OPTION.search(bare):
                self._option_default(name, sign.end())
                return False
            return bool(sign["close"]) and (bool(match[1]) or _GETTER.search(bare) is not None)
        return sign["other"] != "(" or _SETTER.match(name) is not None

    def _option_default(self, name: str, at: int) -> None:
        default = _OPTION_DEFAULT.match(self._text, at, self._end)
        literal = literal_at(self._text, default.end()) if default is not None else None
        if literal is not None:
            self._literals(name, literal)

    def _over_gap(self, sign: re.Match[str]) -> int:
        """Where the value begins: after a call that only wraps it, or on the next line."""
        at = sign.end()
        wrapped = _WRAPPED.match(self._text, at, self._end)
        if wrapped is not None:
            return wrapped.end()
        continues = self._text[at : at + 1] == "\\" or (sign["close"] and sign["other"] == ":")
        following = _NEXT_LINE.match(self._text, at) if continues else None
        if following is None or self._text.startswith(('"""', "'''"), following.end()):
            return at  # of def f() -> "Token": the docstring
        return following.end()

    # literals -------------------------------------------------------------------------------

    def _literals(self, name: str, literal: Literal, limit: int | None = None) -> None:
        """One literal, and those that Python joins to it, up to `limit`, where a string around them ends."""
        joined: Literal | None = literal
        while joined is not None and (limit is None or joined.start < limit):
            self._hide(name, joined)
            joined = joined_literal(self._text, joined)

    def _hide(self, name: str, literal: Literal) -> None:
        content = self._text[literal.start : literal.end]
        if self._compared and is_token_name(name) and _PIECE_OF_TEXT.fullmatch(content):
            return  # a lexer's
        hidden = hidden_content(name, content, literal.escapes)
        if hidden != content:
            self._put(literal.start, literal.end, hidden)

    def _weakly_named(self, match: re.Match[str]) -> None:
        """`key="…"` and `login("…")` are secrets where the literal looks like one."""
        if match[2] == "login":
            self._pair(match)
        sign = _SIGN.match(self._text, match.end(), self._end)
        if sign is None or (match[2] != "key") != (sign["other"] == "("):
            return
        literal = literal_at(self._text, sign.end())
        if literal is None:
            return
        content = self._text[literal.start : literal.end]
        if looks_random(content) or (self._speaks_of_wandb and _WANDB_KEY.fullmatch(content)):
            span = self._strings.around(sign.end())
            if span is None or literal.start < span[1]:
                self._put(literal.start, literal.end, MARK)

    def _pair(self, match: re.Match[str]) -> None:
        """`auth=("user", "password")`, `HTTPBasicAuth("user", "password")`, `smtp.login("user", "password")`."""
        pair = _PAIR.match(self._text, match.end(), self._end)
        literal = literal_at(self._text, pair.end()) if pair is not None else None
        if literal is not None:
            self._hide("password", literal)

    # containers -----------------------------------------------------------------------------

    def _container(self, name: str, at: int) -> None:
        """Every string in `[…]`, `(…)`, `{…}`, except a dictionary's keys and the arguments of calls."""
        if at >= self._contained:
            self._contained = self._hide_strings(name, at, min(at + LONGEST_CONTAINER, len(self._text)), [])

    def _hide_strings(self, name: str, position: int, limit: int, calls: list[bool]) -> int:
        """Hide what stands between `position` and the bracket that closes it; `calls`: for each open bracket."""
        text, escapes, first, key = self._text, int(self._strings.source), position, ""
        while position < limit:
            found = _CONTAINED.search(text, position, limit)
            if found is None:
                return limit
            position = found.end()
            if found["open"]:
                before = text[found.start() - 1] if found.start() > first else " "
                calls.append(before.isalnum() or before in "_])" or (bool(calls) and calls[-1]))
            elif found["close"]:
                calls.pop()
                if not calls:
                    return position
            elif found["quote"] and len(found["slashes"]) == escapes:
                literal = literal_at(text, found.start())
                if literal is None:
                    continue
                position = max(literal.after, position)
                if is_key(text, literal):
                    key = text[literal.start : literal.end].lower()
                elif not calls[-1] and key not in _HARMLESS_KEYS:
                    self._hide(name, literal)
        return position

    # values without quotes ------------------------------------------------------------------

    def _bare(self, match: re.Match[str], name: str, close: str, at: int, place: Place) -> None:
        found = bare_value(self._text, at, name, match.start(), place)
        if found is not None:
            start, end = found
            is_number = bool(close) and self._text[start:end].isdigit()  # {"password": 123456} stays JSON
            self._put(start, end, close + MARK + close if is_number else MARK)
            return
        if place.inside or place.plain:
            return
        expression = _EXPRESSION.match(self._text, at, min(self._end, at + LONGEST_EXPRESSION))
        if expression is None:
            return
        default = _DEFAULT.search(self._text, at, expression.end())
        for position in [default.end()] if default is not None else []:
            literal = literal_at(self._text, position)
            if literal is not None:
                self._hide(name, literal)
        if _FALLBACK.search(expression[0]):
            literal = literal_at(self._text, expression.end())
            if literal is not None:
                self._literals(name, literal)

    def _put(self, start: int, end: int, hidden: str) -> None:
        if start >= self._done:
            self._pieces += [self._text[self._done : start], hidden]
            self._done = end
