"""Which names say that their value is a secret: `api_key` and `DB_PASSWORD` do, `max_tokens` does not.

Only the name is looked at. A name is cut into words at `_`, `-`, and a change of case; the last
word decides, with the one before it where the last alone says too little (`key`, `token`, `pass`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

LONGEST: Final = 200
SHORTEST_PIN: Final = 4

NEEDLES: Final = (b"pass", b"pw", b"secret", b"token", b"key", b"cred", b"auth", b"login")
"""Every secret name has one of these in it, and what is called with a password as an argument."""

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\x00-\x7f]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALWAYS: Final = _words(
    """password passwords passwd passwds passphrase passphrases passcode passwort pwd pw pswd secret secrets
    credential credentials creds apikey apikeys authorization authtoken accesstoken apitoken apisecret
    secretkey privatekey accesskey clientsecret userpass sshpass connectionpassword"""
)
"""Last words that say it alone."""

_ENDINGS: Final = (
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "apitoken",
    "authtoken",
    "accesstoken",
    "secretkey",
    "privatekey",
    "accesskey",
    "clientsecret",
)
"""Words written together: `PGPASSWORD`, `myapikey`."""

_BEFORE_KEY: Final = _words(
    """access account admin anthropic api app application auth aws azure client cohere comet consumer crypt datadog
    dd decryption deepseek deploy encryption fernet gcp gemini github gitlab google groq hf hmac huggingface
    jwt langchain langsmith licence license mailgun maps master mistral neptune openai openrouter partner
    pgp pinecone private replicate rsa sas secret security sendgrid sentry serp service shared signing ssh
    storage stripe subscription tavily together twilio vault wandb webhook write"""
)
"""What makes a `…_key` a secret; `sort_key`, `primary_key` and `public_key` are none."""

_BEFORE_PASS: Final = _words(
    """admin amqp broker cache db database elastic email es ftp git http imap ldap login mail mongo my mysql neo4j
    pg pop postgres proxy rabbit rabbitmq redis root sftp smtp sql ssh sudo user vpn wifi"""
)
"""What makes a `…_pass` a secret; `forward_pass` and `low_pass` are none."""

_BEFORE_HARMLESS_TOKEN: Final = _words(
    """a additional after all any assistant audio background bad base before begin beginning bin blank bod bof boi
    bos boundary bov box bpe byte char character class cls codec coord corpus decoder delim delimiter
    detection dist distillation document dummy each empty encoder end endoftext eod eof eoi eol eom eos eot
    eov every example extra fim final first forced frame from global ground head ignore ignored image img in
    indent init initial input inserted is keyword lang language last latent left lex line locale location
    mask masked max mean memory meta mid middle min most motion multimodal n naive nearest negative newline
    next nl noise null num number numeric object one op operator other output pad padding parse parsed patch
    per phoneme piece placeholder pointer pos position positive predicted prediction prefix prev previous
    prompt punctuation query random rare raw reference register regular response right role sampled sentence
    sep separator sequence single size sot source space speaker special speech split start starting state
    step stop string sub subword suffix summary symbol syntax system tail target task tensor text the think
    thinking time timestep to tool total trailing train transcribe translate trigger type typed uncased unk
    unknown unused video vision visual vocab wav wildcard word wordpiece"""
)
"""What makes a `…_token` a piece of text: language models have dozens of such names."""

_TRAILERS: Final = _words(
    """backup base64 b64 bytes confirm confirmation current default dev live main new old plain plaintext primary prod
    production raw repeat sandbox secondary staging str string text value"""
)
"""Words after the one that matters: `password_new`, `API_KEY_PROD`."""

_WHOLE: Final = _words(
    """_auth accountkey sharedaccesskey sharedaccesssignature secret_key_base x-amz-signature x-amz-security-token
    set-cookie xoauth2_bearer redis_auth rediscli_auth npm_config__auth"""
)


@lru_cache(maxsize=8192)
def is_secret_name(name: str) -> bool:
    """Whether `name`, of a variable, a key, an option or a header, says that its value is a secret.

    Plurals of `token` never do, since `max_tokens` counts; `token` does unless the word before it
    is one that language models use (`pad_token`, `eos_token`, `image_token`).
    """
    if len(name) > LONGEST:
        name = name[-LONGEST:]
    lowered = name.lower().strip(" -")
    if lowered in _WHOLE:
        return True
    words = [word.lower() for word in _WORDS.findall(name)]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()  # api_key_2, password1
    while len(words) > 1 and words[-1] in _TRAILERS and words[-2] != "token":
        words.pop()  # API_KEY_PROD
    return bool(words) and _last_word_says_so(words)


def _last_word_says_so(words: list[str]) -> bool:
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _ALWAYS or last.endswith(_ENDINGS):
        return True
    if last in {"key", "keys"}:
        return before in _BEFORE_KEY
    if last == "pass":
        return before in _BEFORE_PASS
    if last == "token":
        return before not in _BEFORE_HARMLESS_TOKEN
    if last == "pat":
        return before in {"github", "gitlab", "ado", "azure", "devops"}
    return False


def is_token_name(name: str) -> bool:
    """Whether it ends in the word `token`, which may also be a piece of text."""
    return name.rstrip("_0123456789").lower().endswith("token")


def is_pin(digits: str, name: str) -> bool:
    """Whether a number under a secret name is a secret: `password = 123456`, not `token = 50256`."""
    return len(digits) >= SHORTEST_PIN and any(part in name.lower() for part in ("pass", "pw", "pin"))
