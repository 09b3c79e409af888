"""Secrets that show by their own form: known token formats, private keys, passwords inside URLs.

**Invariant**: each pattern takes time in proportion to the text, whatever the text is: repetitions
are possessive or bounded, and start only where the one before has ended.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from jupyter_labbook.record.secret_names import is_secret_name

MARK: Final = "[redacted]"

SHORTEST_RUN: Final = 20
"""Letters, digits, `_` and `-` in a row: every format in `_token` has a part that is at least as long."""

LONGEST_KEY: Final = 1 << 16

_TO_RUNS: Final = bytes(97 if code < 128 and (chr(code).isalnum() or chr(code) in "_-") else 32 for code in range(256))
_RUN: Final = b"a" * SHORTEST_RUN
_BEFORE_RUN: Final = 12


@cache
def _token() -> re.Pattern[str]:
    return re.compile(
        r"""(?<![A-Za-z0-9])(?:
          (?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}(?![A-Za-z0-9])              # AWS
        | gh[pousr]_[A-Za-z0-9]{30,}+ | github_pat_[A-Za-z0-9_]{30,}+                 # GitHub
        | gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w-]{16,}+              # GitLab
        | (?:hf|api_org)_[A-Za-z0-9]{30,}+                                            # Hugging Face
        | sk-(?=[a-z_-]{0,40}[A-Z0-9])[\w-]{20,}+                                     # OpenAI, Anthropic
        | (?:xox[abceoprs]|xapp)-(?=[\w-]{0,40}[0-9])[\w-]{15,}+                      # Slack
        | AIza[\w-]{35}(?![\w-]) | GOCSPX-[\w-]{20,}+ | ya29\.[\w-]{20,}+                      # Google
        | [rs]k_(?:live|test)_[A-Za-z0-9]{12,}+ | whsec_[A-Za-z0-9+/]{20,}+           # Stripe
        | npm_[A-Za-z0-9]{30,}+ | pypi-[\w-]{40,}+ | dckr_[a-z]{3}_[\w-]{20,}+        # npm, PyPI, Docker
        | dop_v1_[a-f0-9]{40,}+ | dapi[a-f0-9]{32} | key-[a-f0-9]{32}(?![A-Za-z0-9])  # DigitalOcean, Databricks, …
        | (?:gsk|xai|pplx|r8|lin_api|ntn|shpat|shpss|tvly|pcsk|nvapi|lsv2_pt|lsv2_sk)[_-]
            (?=[A-Za-z_-]{0,40}[0-9])[\w-]{24,}+                                      # Groq, xAI, Perplexity, …
        | (?<![\w-])SG\.[\w-]{16,}+\.[\w-]{16,}+ | SK[a-f0-9]{32}(?![A-Za-z0-9])      # SendGrid, Twilio
        | (?<![\w-])eyJ[\w-]{8,}+\.[\w-]{4,}+(?:\.[\w-]*+){0,3}                       # JWT
        | [0-9]{8,10}:AA[\w-]{30,}+ | AGE-SECRET-KEY-1[A-Z0-9]{20,}+                  # Telegram, age
        | (?<=[Bb]earer[ \t])(?=[^\s]{0,80}[0-9])[\w.~+/-]{20,}+=*+
        )""",
        re.VERBOSE | re.ASCII,
    )


_MIGHT_BE_TOKEN: Final = re.compile(
    rb"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA|A3T|gh[pousr]_|github_pat|gl[a-z]{2,5}-|hf_|api_org_|sk-|xox|xapp-|AIza"
    rb"|GOCSPX|ya29|[rs]k_|whsec_|npm_|pypi-|dckr_|dop_v1|dapi|key-|gsk|xai|pplx|r8|lin_api|ntn|shp|tvly|pcsk|nvapi"
    rb"|lsv2|SG\.|SK|eyJ|AA|AGE-SECRET|[Bb]earer[ \t])"
)
_WHOLE_RUN: Final = re.compile(r"[\w.:-]*+", re.ASCII)

_URL: Final = re.compile(r"[^\s\"'<>\\`]*+")
_PORT: Final = re.compile(r"[0-9]{1,5}(?![^/?#])")
_QUERY_VALUE: Final = re.compile(r"(?<=[?&;])([\w.-]{1,80})=([^&\s;#]++)", re.ASCII)
_QUERY_NAMES: Final = frozenset(
    {"sig", "signature", "key", "code", "auth", "x-amz-signature", "x-amz-credential", "x-amz-security-token"}
)
_WEBHOOK: Final = re.compile(
    r"(\Ahooks\.slack\.com/(?:services|workflows|triggers)/|\Adiscord(?:app)?\.com/api/webhooks/[0-9]{1,30}/)([\w/-]{16,}+)"
)

_KEY_BEGINS: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY: Final = re.compile(r"[A-Za-z0-9+/=\s\\\"',:.\[\]-]*+")
_KEY_PIECE: Final = re.compile(r"(\[redacted\]|\\++[nr]|^[+\-])|[A-Za-z0-9+/=]++", re.MULTILINE)
_KEY_MATERIAL: Final = re.compile(r"[A-Za-z0-9+/]{32}")

_PLACEHOLDER: Final = re.compile(
    r"""(?: \{[^{}\n]*\} | \$\{[^{}\n]*\} | \$\([^()\n]*\) | \$[A-Z_][A-Z0-9_]*+(?![\w]) | %\(\w{1,80}\)[sdr] | %[sdr]
      | <[\w\ |/.,:'-]*> | \[redacted\] | [*.•…_\s?:@,/|+=;-] | \\[nrt] | [xX]{2,}+ )*+
      | None | null | nil | ~ | true | false | True | False | undefined""",
    re.VERBOSE,
)


def is_placeholder(value: str) -> bool:
    """Whether `value` stands for a secret without being one: empty, `{token}`, `$TOKEN`, `<your key>`, `***`."""
    return _PLACEHOLDER.fullmatch(value) is not None


def redact_shapes(text: str, raw: bytes) -> str:
    """`text` without what is a secret by its form. `raw` is `text` in ASCII, one byte a character."""
    if b"-----BEGIN" in raw:
        text = _without_keys(text)
        raw = text.encode("ascii", "replace")
    text = _without_tokens(text, raw)
    if (b"@" in raw or b"?" in raw or b"/" in raw) and b"://" in raw:
        first, *others = text.split("://")
        text = "://".join([first, *(_URL.sub(_url, other, count=1) for other in others)])
    return text


def _without_tokens(text: str, raw: bytes) -> str:
    runs = raw.translate(_TO_RUNS)
    start, done, pieces = runs.find(_RUN), 0, []
    while start >= 0:
        end = runs.find(b" ", start)
        end = len(runs) if end < 0 else end
        before = max(start - _BEFORE_RUN, done)
        if _MIGHT_BE_TOKEN.search(raw, before, end):
            end = _WHOLE_RUN.match(text, end).end()  # type: ignore[union-attr]  # it matches anything
            found = _token().sub(MARK, text[before:end])
            pieces += [text[done:before], found]
            done = end
        start = runs.find(_RUN, end)
    if not pieces:
        return text
    return "".join([*pieces, text[done:]])


def _url(match: re.Match[str]) -> str:
    """What follows `://`, without the password before the `@` and the keys behind the `?`."""
    rest = match[0]
    if "@" in rest:
        rest = _without_user_info(rest)
    if "=" in rest:
        rest = _QUERY_VALUE.sub(_query_value, rest)
    if "/" in rest:
        rest = _WEBHOOK.sub(rf"\1{MARK}", rest)
    return rest


def _query_value(match: re.Match[str]) -> str:
    name, value = match[1], match[2]
    told = is_secret_name(name) or (name.lower() in _QUERY_NAMES and len(value) >= 12)
    return f"{name}={MARK}" if told and not is_placeholder(value) else match[0]


def _without_user_info(rest: str) -> str:
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" not in authority:  # a password may hold a slash; a port followed by a path is none
        colon = authority.find(":")
        if colon < 0 or _PORT.match(authority, colon + 1):
            return rest
        authority = rest.split("?", 1)[0]
        if "@" not in authority:
            return rest
    info = authority.rpartition("@")[0]
    user, colon_sign, password = info.partition(":")
    if colon_sign and password and password != "x-oauth-basic":
        shown = user if len(user) < SHORTEST_RUN or is_placeholder(user) else MARK
        hidden = f"{shown}:{password if is_placeholder(password) else MARK}"
    elif looks_random(user, shortest=12):
        hidden = MARK + colon_sign + password
    else:
        return rest
    return hidden + rest[len(info) :]


def _without_keys(text: str) -> str:
    """Private keys in PEM, also inside string literals, JSON and patches: the body goes, the lines stay."""
    pieces, done = [], 0
    begins = [match.span() for match in _KEY_BEGINS.finditer(text)]
    for number, (_, start) in enumerate(begins):
        limit = begins[number + 1][0] if number + 1 < len(begins) else len(text)
        limit = min(limit, start + LONGEST_KEY)
        end = text.find("-----END", start, limit)
        body = _KEY_BODY.match(text, start, end if end >= 0 else limit)
        if body is None or not _KEY_MATERIAL.search(body[0]):
            continue  # code that only speaks of keys
        pieces += [text[done:start], _KEY_PIECE.sub(_key_piece, body[0])]
        done = body.end()
    return "".join([*pieces, text[done:]])


def _key_piece(match: re.Match[str]) -> str:
    return match[1] or MARK


_HASH_LENGTHS: Final = frozenset({32, 40, 56, 64, 96, 128})
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_CHANGES: Final = re.compile(r"[A-Za-z][0-9]|[0-9][A-Za-z]")
_PIECE: Final = re.compile(r"[A-Za-z0-9]++")
_RANDOM: Final = re.compile(r"[\w+/=.~-]+", re.ASCII)


def looks_random(value: str, shortest: int = 20) -> bool:
    """Whether `value` looks like a key, not like words or a hash: letters and digits well mixed, no blanks."""
    if len(value) < shortest or not _RANDOM.fullmatch(value):
        return False
    if len(value) in _HASH_LENGTHS and _HEX.fullmatch(value):
        return False
    longest = max(_PIECE.findall(value), key=len, default="")
    return len(longest) >= shortest * 3 // 5 and len(_CHANGES.findall(longest)) >= 3
