"""One tree of errors; each message says what happened and what to do next.

LabbookError
├── UsageError            a verb or an option was called wrongly            (ValueError)
│   ├── QueryError        a query cannot be understood
│   └── ClaimError        a claim cannot be understood
├── RunNotFound           no run answers to a reference                     (LookupError)
├── RunAmbiguous          several runs do                                   (LookupError)
└── StoreError
    ├── StoreNotFound     there is no labbook here or above                 (FileNotFoundError)
    ├── StoreTooNew       a newer format: it is read, never written
    ├── StoreUnwritable   the disk is full, read-only or failing            (OSError)
    └── RunDamaged        a record cannot be read                           (ValueError)

Turned into an exit code in `frontends/cli.py` and into a line under the cell in
`frontends/magic.py`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


class LabbookError(Exception):
    """Everything this package raises on purpose."""


class UsageError(LabbookError, ValueError):
    """A verb or an option was called wrongly."""


class QueryError(UsageError):
    """A query cannot be understood; `nearest` holds names that might have been meant."""

    def __init__(self, message: str, *, nearest: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.nearest = tuple(nearest)


class ClaimError(UsageError):
    """A claim cannot be understood."""


class RunNotFound(LabbookError, LookupError):
    """No run answers to `reference`."""

    def __init__(self, message: str, *, reference: str = "") -> None:
        super().__init__(message)
        self.reference = reference


class RunAmbiguous(LabbookError, LookupError):
    """More than one run answers to `reference`: `candidates`, newest first."""

    def __init__(self, message: str, *, reference: str = "", candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reference = reference
        self.candidates = tuple(candidates)


class StoreError(LabbookError):
    """Something about the folder that holds the runs."""


class StoreNotFound(StoreError, FileNotFoundError):
    """There is no labbook here or in any folder above."""


class StoreTooNew(StoreError):
    """The store was written by a newer version: it can be read, and is not written."""


class StoreUnwritable(StoreError, OSError):
    """The disk is full, read-only or failing."""


class RunDamaged(StoreError, ValueError):
    """The record of run `id` cannot be read."""

    def __init__(self, message: str, *, id: str = "") -> None:
        super().__init__(message)
        self.id = id


class LabbookWarning(UserWarning):
    """Something was not recorded as asked; the user's own code is not affected."""


def did_you_mean(wrong: str, names: Sequence[str], *, most: int = 3) -> str:
    """` Did you mean 'a' or 'b'?` with the names nearest to `wrong`, or an empty string."""
    near = get_close_matches(wrong, names, n=most, cutoff=0.6)
    if not near:
        folded = {name.casefold(): name for name in names}
        near = [folded[hit] for hit in get_close_matches(wrong.casefold(), list(folded), n=most, cutoff=0.6)]
    if not near:
        return ""
    return " Did you mean " + " or ".join(repr(name) for name in near) + "?"
