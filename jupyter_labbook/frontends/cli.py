"""The terminal's door: words in, text or JSON out, an exit code.

0 is success, 1 a "no" or a failure, 2 a call that cannot be understood. This is the one place
where an error becomes an exit code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from jupyter_labbook import __version__
from jupyter_labbook.errors import LabbookError, QueryError, UsageError
from jupyter_labbook.frontends import commands, manual
from jupyter_labbook.frontends.words import STORE, Word, unquoted
from jupyter_labbook.render.text import plain, terminal_width

PROGRAM = "labbook"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the words on the command line say."""
    words = [Word(word, word) for word in (sys.argv[1:] if arguments is None else arguments)]
    # A terminal that cannot show a star or a dash gets a question mark, not an error.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = _answer(words)
        sys.stdout.flush()
    except LabbookError as error:
        return _failed(str(error) + _about_quotes(error, words), 2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, `head` perhaps, has what it wanted. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _failed(f"{error.strerror or error}: {error.filename}" if error.filename else str(error), 1)
    except Exception as error:
        if os.environ.get("LABBOOK_TRACEBACK"):
            raise
        return _failed(
            f"{type(error).__name__}: {error}. This is a mistake in labbook itself. "
            "LABBOOK_TRACEBACK=1 in front of the same command shows where; please report it with that.",
            1,
        )
    return code


def _answer(words: list[Word]) -> int:
    store: str | None = None
    while words and words[0].raw.startswith("-"):
        flag, equals, value = words.pop(0).raw.partition("=")
        if flag == "--version":
            return _print(f"{PROGRAM} {__version__}")
        if flag in {"--help", "-h"}:
            return _print(manual.overview(PROGRAM))
        if flag != STORE.flag:
            raise UsageError(f"There is no option {flag!r} before the command. See `{PROGRAM} --help`.")
        if not equals and not words:
            raise UsageError(f"{STORE.flag} needs a value: {STORE}.")
        store = unquoted(value) if equals else words.pop(0).text
    if not words:
        sys.stderr.write(manual.overview(PROGRAM) + "\n")
        return 2
    name, *rest = words
    if name.raw == "help":
        return _print(manual.about(rest[0].text, PROGRAM) if rest else manual.overview(PROGRAM))
    verb = commands.find(name.text)
    values = verb.parse(rest, where=PROGRAM)
    if values.get("help"):
        return _print(manual.of_verb(verb, PROGRAM))
    values.setdefault(STORE.parameter, store)
    result = verb.call(values)
    _show(verb.presented(result, as_json=bool(values.get("json"))))
    return 0 if verb.answer(result) else 1


def _show(result: Any) -> None:
    """What streams is written piece by piece, a text as wide as the terminal."""
    if hasattr(result, "pieces"):
        _write(result.pieces())
    elif hasattr(result, "text"):
        _print(result.text(width=terminal_width(), color=_colorful()))
    else:
        _print(str(result))


def _write(pieces: Iterable[bytes]) -> None:
    """Bytes as they are into a file or a pipe; on a terminal, nothing that would act on it."""
    if sys.stdout.isatty():
        for piece in pieces:
            sys.stdout.write(plain(piece.decode(), newlines=True))
        return
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _print(text: str) -> int:
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    return 0


def _colorful() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def _about_quotes(error: LabbookError, words: list[Word]) -> str:
    if not isinstance(error, QueryError) or len(words) < 3:
        return ""
    return " Put the whole query in single quotes: the shell takes quotes, < and > for itself."


def _failed(message: str, code: int) -> int:
    try:
        sys.stdout.flush()
        sys.stderr.write(f"{PROGRAM}: {plain(message, newlines=True)}\n")
    except BrokenPipeError:
        pass
    return code
