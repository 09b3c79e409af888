"""Which objects are still wanted: every hash that is spelled anywhere in a labbook counts.

**Invariant**: this errs on the side of keeping. A hash in a note keeps its object, so does one in
an object that is kept; what cannot be read at all is named, and nothing may be removed then.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

from jupyter_labbook.errors import StoreError
from jupyter_labbook.render.text import plain
from jupyter_labbook.store import files, layout

SMALL: Final = 4 << 20
"""Objects up to this size are looked through for hashes of others: snapshots, not models."""

_HASH: Final = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
_PIECE: Final = 1 << 20


def unreadable(path: str, error: OSError | str) -> StoreError:
    reason = error if isinstance(error, str) else error.strerror or str(error)
    return StoreError(
        f"{plain(path)}: {reason}. Nothing can be removed while nobody knows what this refers to; "
        "`labbook check` says more."
    )


def wanted(store: Path, objects: set[str]) -> set[str]:
    """Those of `objects` that something in the store names. Raises StoreError where one cannot be read."""
    found: set[str] = set()
    for path in _texts(store):
        found |= _named(store, path, objects - found)
        if len(found) == len(objects):
            return found
    fresh = set(found)
    while fresh:
        digest = fresh.pop()
        path = layout.object_path(store, digest).relative_to(store).as_posix()
        if os.lstat(store / path).st_size <= SMALL:
            more = _named(store, path, objects - found)
            found |= more
            fresh |= more
    return found


def walk(store: Path, folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Everything under a folder, links not followed. Raises StoreError where one cannot be listed."""
    waiting = [folder]
    while waiting:
        inside = waiting.pop()
        try:
            names = sorted(os.listdir(store / inside))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise unreadable(inside or ".", error) from error
        for name in names:
            path = f"{inside}/{name}".lstrip("/")
            try:
                status = os.lstat(store / path)
            except FileNotFoundError:  # replaced or removed meanwhile
                continue
            except OSError as error:
                raise unreadable(path, error) from error
            if S_ISDIR(status.st_mode):
                waiting.append(path)
            yield path, status


def _texts(store: Path) -> Iterator[str]:
    """Files in which a hash may stand: all but the objects, the tables and what was put aside."""
    objects = layout.OBJECTS.partition("/")[0]
    for top in sorted(os.listdir(store)):
        if top in (objects, layout.LOST_AND_FOUND):
            continue
        status = os.lstat(store / top)
        found = walk(store, top) if S_ISDIR(status.st_mode) else iter([(top, status)])
        for path, its in found:
            if S_ISREG(its.st_mode) and not path.endswith((".csv", layout.TORN)):
                yield path


def _named(store: Path, path: str, objects: set[str]) -> set[str]:
    """Those of `objects` whose hash stands in a file."""
    opened = files.open_regular(store / path)
    if opened is None:
        if os.path.lexists(store / path):
            raise unreadable(path, "it cannot be opened")
        return set()
    found: set[str] = set()
    rest = b""
    try:
        while piece := os.read(opened[0], _PIECE):
            data = rest + piece
            found.update(hash.decode().lower() for hash in _HASH.findall(data))
            rest = data[-64:]
    except OSError as error:
        raise unreadable(path, error) from error
    finally:
        os.close(opened[0])
    return found & objects
