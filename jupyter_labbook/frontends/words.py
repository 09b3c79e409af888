"""How words become a verb's arguments: declared once, parsed the same in the terminal and in a magic.

A word is what a person typed: `text` without the quotes around it, `raw` with them. The
terminal's shell has removed the quotes already, so that there both are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from jupyter_labbook.errors import UsageError, did_you_mean

Kind = Literal["one", "joined", "several"]


class Word(NamedTuple):
    """One word of a command: `text` is what it means, `raw` how it was typed."""

    text: str
    raw: str


class Argument(msgspec.Struct, frozen=True):
    """What stands on its place. `joined` takes all words that are left as one text, `several` as they are."""

    parameter: str
    shown: str
    help: str
    kind: Kind = "one"
    required: bool = True

    def __str__(self) -> str:
        return self.shown if self.required else f"[{self.shown}]"


class Option(msgspec.Struct, frozen=True):
    """What is named. Without `shown` it takes no value and gives `parameter` the value `constant`."""

    flag: str
    parameter: str
    help: str
    shown: str = ""
    read: Callable[[str], Any] = str
    short: str = ""
    constant: Any = True

    def __str__(self) -> str:
        names = f"{self.short}, {self.flag}" if self.short else self.flag
        return f"{names} {self.shown}" if self.shown else names


STORE: Final = Option("--store", "store", "The labbook to use, instead of the one found from here.", "DIR")
JSON: Final = Option("--json", "json", "One JSON document, and nothing else.")
HELP: Final = Option("--help", "help", "Show this help.", short="-h")
OF_THE_DOOR: Final = frozenset({STORE.parameter, JSON.parameter, HELP.parameter})
"""What a door sees to itself; the rest goes to the verb's function."""


class Parsed(NamedTuple):
    """What was typed: the words on the places, and values by parameter."""

    places: list[Word]
    values: dict[str, Any]


def whole_number(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a whole number.") from None
    if number < 0:
        raise UsageError(f"{text} is less than zero.")
    return number


def names(text: str) -> tuple[str, ...]:
    """`lr,depth` as two names."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def parse(
    words: Sequence[Word], arguments: Sequence[Argument], options: Sequence[Option], *, where: str
) -> dict[str, Any]:
    """The values by parameter; UsageError says what is wrong, and where help is."""
    try:
        parsed = _separate(words, options)
        if not parsed.values.get(HELP.parameter):
            parsed.values.update(_place(parsed.places, arguments))
    except UsageError as error:
        raise UsageError(f"{error} See `{where} --help`.") from None
    return parsed.values


def _separate(words: Sequence[Word], options: Sequence[Option]) -> Parsed:
    known = {name: option for option in options for name in (option.flag, option.short) if name}
    parsed = Parsed([], {})
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word.raw == "--":
            parsed.places.extend(words[position:])
            break
        name, equals, value = word.raw.partition("=")
        option = known.get(name)
        if option is None:
            if _looks_like_option(word.raw):
                raise UsageError(_unknown(name, list(known)))
            parsed.places.append(word)
        elif not option.shown:
            if equals:
                raise UsageError(f"{name} takes no value.")
            parsed.values[option.parameter] = option.constant
        elif equals:
            _set(parsed.values, option, unquoted(value))
        elif position == len(words):
            raise UsageError(f"{name} needs a value: {option}.")
        else:
            # Whatever follows is the value, a dash in front or not: `--sort -val_acc`.
            _set(parsed.values, option, words[position].text)
            position += 1
    return parsed


def _set(values: dict[str, Any], option: Option, text: str) -> None:
    try:
        value = option.read(text)
    except UsageError as error:
        raise UsageError(f"{option.flag}: {error}") from None
    before = values.get(option.parameter)
    values[option.parameter] = before + value if isinstance(before, tuple) else value


def _looks_like_option(raw: str) -> bool:
    """`--anything` and `-x`; not `-`, `-5`, `- a list item` or `-val_acc`."""
    if " " in raw:
        return False
    return raw.startswith("--") or (len(raw) == 2 and raw[0] == "-" and raw[1].isalpha())


def _unknown(name: str, known: list[str]) -> str:
    return (
        f"There is no option {name!r}.{did_you_mean(name, known)} "
        "Where it is meant as text, put -- before it or quotes around the whole text."
    )


def _place(words: list[Word], arguments: Sequence[Argument]) -> dict[str, Any]:
    left = list(words)
    values: dict[str, Any] = {}
    for argument in arguments:
        if not left:
            if argument.required:
                raise UsageError(f"{argument.shown} is missing: {argument.help}")
        elif argument.kind == "one":
            values[argument.parameter] = left.pop(0).text
        else:
            values[argument.parameter] = joined(left) if argument.kind == "joined" else tuple(_several(left))
            left = []
    if left:
        raise UsageError(f"{left[0].raw!r} is one word too many.")
    return values


def joined(words: Sequence[Word]) -> str:
    """One word stands for what is between its quotes; of several, quotes belong to the text."""
    return words[0].text if len(words) == 1 else " ".join(word.raw for word in words)


def _several(words: Sequence[Word]) -> list[str]:
    return [words[0].text] if len(words) == 1 else [word.raw for word in words]


def unquoted(raw: str) -> str:
    if len(raw) >= 2 and raw[0] == raw[-1] and raw[0] in "\"'":
        return raw[1:-1]
    return raw


def split(line: str) -> list[Word]:
    """The words of a magic's line. A quote in the middle of a word, as in `don't`, is an apostrophe."""
    words: list[Word] = []
    position, length = 0, len(line)
    while position < length:
        if line[position].isspace():
            position += 1
            continue
        end = _end_of_word(line, position)
        raw = line[position:end]
        words.append(Word(unquoted(raw), raw))
        position = end
    return words


def _end_of_word(line: str, start: int) -> int:
    position = start
    while position < len(line) and not line[position].isspace():
        char = line[position]
        opens = char in "\"'" and (position == start or not line[position - 1].isalnum())
        closing = line.find(char, position + 1) if opens else -1
        position = closing + 1 if closing > 0 else position + 1
    return position
