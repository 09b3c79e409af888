"""The verb that lists runs; in a file of its own because it is asked for most, and has to be quick."""

from __future__ import annotations

from jupyter_labbook.frontends.place import StoreLike, the_store
from jupyter_labbook.store.selection import Runs, select


def runs(
    query: str | None = None,
    *,
    sort: str | None = None,
    limit: int | None = None,
    archived: bool = False,
    store: StoreLike = None,
) -> Runs:
    """The runs that fit a query, newest first.

    Parameters
    ----------
    query
        An expression over the record: `params.lr < 0.01 and "baseline" in tags`.
    sort
        What to order by, such as `params.lr`; from the largest with `-` in front: `-val_acc`.
    limit
        At most this many.
    archived
        Archived runs as well.
    store
        The folder of a labbook; found upwards from here where not given.

    Returns
    -------
    Runs
        Iterable of `Run`; `to_pandas()` gives a frame.
    """
    return select(the_store(store), query, sort=sort, limit=limit, archived=archived)
