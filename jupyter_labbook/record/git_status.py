"""What `git status --porcelain=v2 --branch -z` prints, as objects."""

from __future__ import annotations

from dataclasses import dataclass, field

LINES = ("--porcelain=v2", "--branch", "-z", "--no-renames", "--no-ahead-behind", "--ignore-submodules=untracked")
"""Options whose output this module reads."""

_BEFORE_PATH = {b"1": 7, b"2": 8, b"u": 9}
"""Fields between the kind of an entry and its path."""


@dataclass(frozen=True, slots=True)
class Change:
    """A tracked file that is not as the commit has it. `old` names its content there."""

    path: bytes
    old: bytes | None = None
    unmerged: bool = False
    deleted: bool = False
    submodule: str = "N..."

    @property
    def only_inside_submodule(self) -> bool:
        """A submodule that is at the commit it should be at, with changes that are not committed there."""
        return self.submodule[0] == "S" and self.submodule[1] != "C"


@dataclass(slots=True)
class Status:
    commit: str | None = None
    branch: str | None = None
    changes: list[Change] = field(default_factory=list)
    new: list[bytes] = field(default_factory=list)


def parse(output: bytes) -> Status:
    """The status that git printed; entries of a form that is not known are passed over."""
    status = Status()
    entries = iter(output.split(b"\0"))
    for entry in entries:
        kind, _, rest = entry.partition(b" ")
        if kind == b"?":
            status.new.append(rest)
        elif kind == b"#":
            _heading(status, rest)
        elif kind in _BEFORE_PATH:
            fields = rest.split(b" ", _BEFORE_PATH[kind])
            if len(fields) > _BEFORE_PATH[kind]:
                status.changes.append(_change(kind, fields))
            if kind == b"2":
                next(entries, None)
    return status


def _heading(status: Status, rest: bytes) -> None:
    name, _, value = rest.partition(b" ")
    text = value.decode("utf-8", "backslashreplace")
    if name == b"branch.oid" and text != "(initial)":
        status.commit = text
    elif name == b"branch.head" and text != "(detached)":
        status.branch = text


def _change(kind: bytes, fields: list[bytes]) -> Change:
    unmerged = kind == b"u"
    mode = fields[5 if unmerged else 4]
    old = None if unmerged or not fields[5].strip(b"0") else fields[5]
    return Change(fields[-1], old, unmerged, not mode.strip(b"0"), fields[1].decode("ascii", "replace"))
