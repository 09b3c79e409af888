"""The `%%experiment` line and the lab-notebook comments under it, understood.

**Invariant**: a line is understood as a whole or refused with a `UsageError` that says what to
type instead; nothing on it is ever guessed, because what it says goes into a record.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from msgspec import Struct

from jupyter_labbook.errors import UsageError, did_you_mean
from jupyter_labbook.record import quoting
from jupyter_labbook.record.grid import Each, expand, parse_each

MAGIC_DOC: Final = """Run the cell as it is and record it as a run.

%%experiment [NAME]
  --what TEXT         what is tested; also a leading comment line  # what: …
  --why TEXT          and why; also  # why: …
  --expect CLAIM      what should come out:  val_acc > 0.92  or  val_loss <= 0.95 * baseline.val_loss;
                      judged when the run ends; repeatable; also  # expect: …
  --params NAMES      variables that are parameters:  lr,depth  (else they are found)
  --metrics NAMES     metrics decided on in advance:  val_acc,val_loss  (else they are found)
  --each NAME=VALUES  run the cell once for each value:  seed=0..4 (five)  lr=0.1,0.01  opt=adam,sgd;
                      repeated: once for each combination
  --seed N            seed python, numpy and torch, where they are loaded
  --data NAMES        variables or files to fingerprint
  --baseline RUN      the run that claims and comparisons refer to
  --parent RUN        the run that this one follows
  --tag TAG           repeatable
  --store FOLDER      where runs are kept (else the labbook folder found upwards from the notebook)
  --quiet             record, show no card

NAME is what the runs are filed under, the notebook's file name where it is left out. Text may
stand in quotes or run on to the next option. RUN is an id, the last letters of one, last,
last-2, best:METRIC or best:-METRIC.
"""


class Arguments(Struct, frozen=True):
    """What one `%%experiment` line says; None or empty where it says nothing."""

    name: str | None = None
    what: str | None = None
    why: str | None = None
    expect: tuple[str, ...] = ()
    params: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    each: tuple[Each, ...] = ()
    seed: int | None = None
    data: tuple[str, ...] = ()
    baseline: str | None = None
    parent: str | None = None
    tags: tuple[str, ...] = ()
    quiet: bool = False
    store: str | None = None

    def grid(self) -> list[dict[str, Any]]:
        """One mapping for each run that `--each` asks for, the first option slowest; `[{}]` without it."""
        return expand(self.each)


class Comments(NamedTuple):
    """What the leading comment lines of a cell say."""

    what: str | None = None
    why: str | None = None
    expect: tuple[str, ...] = ()


@lru_cache(maxsize=8)
def parse(line: str) -> Arguments:
    """The arguments of a magic line, without the magic's own name.

    Raises
    ------
    UsageError
        An option is unknown, given twice, lacks its value, or has one that cannot be understood.
    """
    before, found = quoting.options(line)
    words = quoting.words(before)
    named = bool(words)
    values: dict[str, Any] = {}
    for option, text in found:
        take = _OPTIONS.get(option)
        if take is None:
            raise _unknown(option, in_text=bool(values))
        left = take(option, text, values, named)
        if left:
            words += quoting.words(left)
    if words:
        values["name"] = _name(words)
    return Arguments(**values)


_comment_key: Final = re.compile(r"#+\s*(what|why|expect)\s*:\s*(.*)", re.IGNORECASE)


def experiment_comments(body: str) -> Comments:
    """What, why and expectations from the comment lines a cell begins with.

    The comments may follow blank lines and `%%` lines. Comment lines under `# what:` or
    `# why:` continue it, up to an empty one.
    """
    if "#" not in body:
        return Comments()
    texts: dict[str, list[str]] = {"what": [], "why": [], "expect": []}
    current: list[str] | None = None
    for line in body.splitlines():
        text = line.strip()
        if not text.startswith("#"):
            if text and not text.startswith("%%"):
                break
            current = None
            continue
        key = _comment_key.match(text)
        if key:
            lines = texts[key[1].lower()]
            lines.append(key[2])
            current = None if lines is texts["expect"] else lines
        elif current is not None:
            text = text.lstrip("#").strip()
            if text:
                current.append(text)
            else:
                current = None
    what, why = (" ".join(filter(None, texts[key])) or None for key in ("what", "why"))
    return Comments(what, why, tuple(filter(None, texts["expect"])))


# Each kind of option: stores its value and returns the words that are not part of it ------------


def _text(option: str, text: str, values: dict[str, Any], _named: bool) -> str:
    value, left = _one_argument(option, text) if quoting.is_quoted(text) else (text, "")
    _store(option, value, values)
    return left


def _claim(option: str, text: str, values: dict[str, Any], named: bool) -> str:
    one: dict[str, Any] = {}
    left = _text(option, text, one, named)
    values["expect"] = (*values.get("expect", ()), one["expect"])
    return left


def _word(option: str, text: str, values: dict[str, Any], _named: bool) -> str:
    value, left = _one_argument(option, text)
    _store(option, value, values)
    return left


def _seed(option: str, text: str, values: dict[str, Any], _named: bool) -> str:
    value, left = _one_argument(option, text)
    if not (value.isascii() and value.isdigit() and int(value) < 2**32):
        several = " To run with several, --each seed=0..4." if ".." in value or "," in value else ""
        raise UsageError(f"--seed takes one whole number from 0 to 2**32 - 1, not {value!r}.{several}")
    _store(option, int(value), values)
    return left


def _names(option: str, text: str, values: dict[str, Any], named: bool) -> str:
    listed, left = _listed(option, text, named)
    names = _split(listed)
    for name in names:
        if "=" in name:
            raise UsageError(f"--{option} takes names, not {name!r}. To run with a value, --each {name}.")
    _extend(option, option, names, values)
    return left


def _tags(option: str, text: str, values: dict[str, Any], named: bool) -> str:
    listed, left = _listed(option, text, named)
    _extend(option, "tags", [listed.strip()] if quoting.is_quoted(text) else _split(listed), values)
    return left


def _data(option: str, text: str, values: dict[str, Any], named: bool) -> str:
    listed, left = _listed(option, text, named)
    names = _split(listed)
    if quoting.is_quoted(text) and not all(name.isidentifier() for name in names):
        names = [listed.strip()]  # a path may hold blanks and commas
    _extend(option, option, names, values)
    return left


def _each(_option: str, text: str, values: dict[str, Any], _named: bool) -> str:
    if quoting.is_quoted(text):
        word, left = quoting.first(text)
        text = quoting.plain(word)
    else:
        left = ""
    before: tuple[Each, ...] = values.get("each", ())
    each = before + parse_each(text)
    for position, (name, _) in enumerate(each):
        if name in dict(each[:position]):
            raise UsageError(f"--each has {name!r} twice: put all its values together, as {name}=1,2.")
    values["each"] = each
    return left


def _quiet(_option: str, text: str, values: dict[str, Any], _named: bool) -> str:
    values["quiet"] = True
    return text


_OPTIONS: Final[dict[str, Callable[[str, str, dict[str, Any], bool], str]]] = {
    "what": _text,
    "why": _text,
    "expect": _claim,
    "params": _names,
    "metrics": _names,
    "each": _each,
    "seed": _seed,
    "data": _data,
    "baseline": _word,
    "parent": _word,
    "tag": _tags,
    "store": _word,
    "quiet": _quiet,
}

_DASHES: Final = ("-", "—", "–")
_word_gap: Final = re.compile(r"(?<![,\s])\s+(?!,)")
_name_gap: Final = re.compile(r"[,\s]+")


def _split(names: str) -> list[str]:
    return [name for name in _name_gap.split(names) if name]


def _one_argument(option: str, text: str) -> tuple[str, str]:
    if not text:
        raise _missing(option)
    word, left = quoting.first(text)
    return quoting.plain(word), left


def _listed(option: str, text: str, named: bool) -> tuple[str, str]:
    """The names given; a further word is one of them only where the experiment has its name already."""
    if quoting.is_quoted(text):
        return _one_argument(option, text)
    words = _word_gap.split(text, maxsplit=1)
    if len(words) == 2 and not named:
        listed, other = words
        raise UsageError(
            f"Is {other!r} the experiment's name, or meant for --{option}? Write --{option} "
            f"{listed},{','.join(other.split())} or put the name first: %%experiment {other} …"
        )
    return text, ""


def _name(words: list[str]) -> str:
    for word in words:
        if word.startswith(_DASHES) and len(word) > 1:
            raise _unknown(word.lstrip("".join(_DASHES)), in_text=False)
    if len(words) > 1:
        together = " ".join(words)
        raise UsageError(f"An experiment has one name, not {together!r}: quote it, or put --what before text.")
    name = quoting.plain(words[0])
    if not name.strip():
        raise UsageError("The experiment's name is empty: give it one, or leave it out.")
    return name


def _store(option: str, value: Any, values: dict[str, Any]) -> None:
    if value == "":
        raise _missing(option)
    if option in values:
        raise UsageError(f"--{option} is given twice: leave one out.")
    values[option] = value


def _extend(option: str, key: str, names: list[str], values: dict[str, Any]) -> None:
    if not any(names):
        raise _missing(option)
    values[key] = tuple(dict.fromkeys((*values.get(key, ()), *names)))


def _missing(option: str) -> UsageError:
    example = {"expect": '"val_acc > 0.9"', "params": "lr,depth", "metrics": "val_acc", "seed": "0"}
    return UsageError(f"--{option} needs a value, as --{option} {example.get(option, option.upper())}.")


def _unknown(option: str, *, in_text: bool) -> UsageError:
    if option == "help":
        return UsageError("%%experiment? shows what can be written on the line.")
    near = did_you_mean(option, list(_OPTIONS), most=1).replace(" '", " '--")
    quotes = " If it belongs to a text, put the text in quotes." if in_text and not near else ""
    return UsageError(f"%%experiment has no option --{option}.{near}{quotes} %%experiment? shows them all.")
