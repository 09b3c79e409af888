"""A new file as git writes it into a patch, for files that git does not know yet.

`git apply` of it makes the same file: text line by line, anything else as a binary hunk.
"""

from __future__ import annotations

import base64
import zlib
from hashlib import sha1, sha256
from typing import Final

_ESCAPED: Final = {
    7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 11: b"\\v", 12: b"\\f", 13: b"\\r", 34: b'\\"', 92: b"\\\\",
}  # fmt: skip
_LOOKED_AT: Final = 8000
"""Bytes from the start in which git looks for a NUL to tell binary files."""

_LINE: Final = 52
"""Bytes in one line of a binary hunk, at most."""


def hunk(path: bytes, content: bytes, mode: int, *, sha256_names: bool = False) -> bytes:
    """The part of a patch that makes `path` with `content`; `mode` is git's: 0o100644, 0o100755 or 0o120000."""
    old, new = quoted(b"a/" + path), quoted(b"b/" + path)
    name = _object_name(content, sha256_names)
    head = b"diff --git %s %s\nnew file mode %o\nindex %s..%s\n" % (old, new, mode, b"0" * len(name), name)
    if is_binary(content):
        return (
            head + b"GIT binary patch\nliteral %d\n" % len(content) + _binary(content) + b"\nliteral 0\nHcmV?d00001\n\n"
        )
    if not content:
        return head
    lines = content.split(b"\n")
    ending = b"\n\\ No newline at end of file\n"
    if not lines[-1]:
        lines.pop()
        ending = b"\n"
    # git ends a name that has a space with a tab, so that no reader takes the rest for a time
    tab = b"\t" if b" " in path and not new.startswith(b'"') else b""
    count = b"1" if len(lines) == 1 else b"1,%d" % len(lines)
    return head + b"--- /dev/null\n+++ %s%s\n@@ -0,0 +%s @@\n+" % (new, tab, count) + b"\n+".join(lines) + ending


def is_binary(content: bytes) -> bool:
    return b"\0" in content[:_LOOKED_AT]


def quoted(path: bytes) -> bytes:
    """A path as it stands in a patch: in quotes with escapes where it is not plain ASCII."""
    if not any(byte < 32 or byte > 126 or byte in b'"\\' for byte in path):
        return path
    return b'"' + b"".join(_escaped(byte) for byte in path) + b'"'


def _escaped(byte: int) -> bytes:
    known = _ESCAPED.get(byte)
    if known is not None:
        return known
    return b"\\%03o" % byte if byte < 32 or byte > 126 else bytes((byte,))


def _binary(content: bytes) -> bytes:
    packed = zlib.compress(content)
    lines = []
    for start in range(0, len(packed), _LINE):
        piece = packed[start : start + _LINE]
        letter = len(piece) + (64 if len(piece) <= 26 else 70)  # A to Z are 1 to 26, a to z 27 to 52
        lines.append(bytes((letter,)) + base64.b85encode(piece, pad=True) + b"\n")
    return b"".join(lines)


def _object_name(content: bytes, sha256_names: bool) -> bytes:
    blob = b"blob %d\0" % len(content) + content
    name = sha256(blob) if sha256_names else sha1(blob, usedforsecurity=False)
    return name.hexdigest().encode()
