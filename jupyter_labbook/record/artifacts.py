"""What can be kept with a run: a file, a folder, bytes, or a figure; stored by its content."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_labbook.errors import UsageError
from jupyter_labbook.run import Artifact
from jupyter_labbook.store import objects

if TYPE_CHECKING:
    from jupyter_labbook.store.store import Store


class Piece(NamedTuple):
    """One artifact to be: a name, and bytes or the path of a file."""

    name: str
    content: bytes | Path


def pieces(content: Any, name: str | None) -> list[Piece]:
    """What `content` comes to. Raises UsageError for what cannot be kept, FileNotFoundError for no file."""
    if isinstance(content, bytes | bytearray | memoryview):
        return [Piece(_named(name, "bytes"), bytes(content))]
    if hasattr(content, "savefig"):
        return [_figure(content, _named(name, "a figure"))]
    if isinstance(content, str | os.PathLike):
        path = Path(os.fspath(content)).expanduser()
        if path.is_dir():
            return list(_folder(path, name or path.name))
        if not path.is_file():
            raise FileNotFoundError(f"there is no file {str(path)!r} to keep (looked in {Path.cwd()})")
        return [Piece(name or path.name, path)]
    raise UsageError(
        f"an artifact is a path, bytes or a matplotlib figure, not a {type(content).__name__}: "
        "save it to a file first and give its path"
    )


def _named(name: str | None, what: str) -> str:
    if not name:
        raise UsageError(f'{what} has no name of its own: artifact(…, name="model.bin")')
    return name


def _figure(figure: Any, name: str) -> Piece:
    suffix = PurePosixPath(name).suffix.lstrip(".").lower()
    buffer = io.BytesIO()
    known = suffix in {"png", "svg", "pdf", "jpg", "jpeg"}
    figure.savefig(buffer, format=suffix if known else "png", bbox_inches="tight")
    return Piece(name if known else f"{name}.png", buffer.getvalue())


def _folder(path: Path, name: str) -> Iterator[Piece]:
    for file in sorted(path.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield Piece(f"{name}/{file.relative_to(path).as_posix()}", file)


def keep(store: Store, piece: Piece, kind: str | None) -> Artifact:
    """Store one piece. Raises OSError where the disk refuses."""
    sha256, size = objects.put(store, piece.content)
    return Artifact(name=piece.name, kind=kind, sha256=sha256, bytes=size)
