"""The verbs that keep a labbook in order: check and gc."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_labbook.frontends.place import StoreLike, the_store
from jupyter_labbook.store import check as checking
from jupyter_labbook.store import gc as collecting
from jupyter_labbook.store import repair as repairing

if TYPE_CHECKING:
    from jupyter_labbook.store.check import Report
    from jupyter_labbook.store.gc import Garbage


def check(*, repair: bool = False, store: StoreLike = None) -> Report:
    """Look through the whole labbook for damage; with `repair=True`, mend what loses no byte first."""
    home = the_store(store)
    mended = tuple(str(action) for action in repairing.repair(home)) if repair else ()
    return replace(checking.check(home), mended=mended)


def gc(*, delete: bool = False, store: StoreLike = None) -> Garbage:
    """What nothing refers to any more. It is removed with `delete=True` only."""
    return collecting.collect(the_store(store), delete=delete)
