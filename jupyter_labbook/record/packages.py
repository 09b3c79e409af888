"""Names and versions of all installed packages, read from the names of their folders.

Reading each package's metadata takes a good half millisecond a package, and Python holds all other
threads meanwhile; the name of its folder says the same. Folders that have not changed are not
read twice.
"""

from __future__ import annotations

import os
import re
import sys
from email.parser import HeaderParser
from typing import Final

from jupyter_labbook.store import files

Found = dict[str, list[str]]
"""Versions by name; several where an installation was broken off."""

_MOST_METADATA: Final = 1 << 20
_SEPARATORS: Final = re.compile(r"[-_.]+")
_EGG: Final = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(?:-py\d.*)?\.egg(?:-info)?", re.IGNORECASE)

_known: dict[str, tuple[int, Found]] = {}


def fingerprint() -> tuple[tuple[str, int], ...]:
    """The folders that packages are in, with the times at which they changed."""
    marks = []
    for folder in (*sys.path, _conda_folder()):
        if folder and isinstance(folder, str):  # the empty one is wherever the process stands
            try:
                marks.append((folder, os.stat(folder).st_mtime_ns))
            except (OSError, ValueError):
                pass
    return tuple(marks)


def installed() -> dict[str, str]:
    """Version by name, sorted: of two with the same name the one that Python would import.

    Names are in lower case with hyphens. Where one folder has two versions of a package, both are told.
    """
    packages: Found = {}
    for folder, changed in fingerprint():
        for name, versions in _in_folder(folder, changed).items():
            packages.setdefault(name, versions)
    return {name: ", ".join(packages[name]) for name in sorted(packages)}


def of_conda() -> dict[str, str]:
    """Version and build by name of what conda installed, which is not only Python; empty elsewhere."""
    try:
        names = sorted(os.listdir(_conda_folder()))
    except OSError:
        return {}
    parts = (name.removesuffix(".json").rsplit("-", 2) for name in names if name.endswith(".json"))
    return {part[0]: f"{part[1]} {part[2]}" for part in parts if len(part) == 3}


def _conda_folder() -> str:
    return os.path.join(sys.prefix, "conda-meta")


def _in_folder(folder: str, changed: int) -> Found:
    known = _known.get(folder)
    if known is None or known[0] != changed:
        known = _known[folder] = (changed, _read_folder(folder))
    return known[1]


def _read_folder(folder: str) -> Found:
    found: Found = {}
    egg = _EGG.fullmatch(os.path.basename(folder))
    if egg is not None and os.path.isdir(os.path.join(folder, "EGG-INFO")):
        found[_canonical(egg["name"])] = [egg["version"]]
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return found
    for name in names:
        package = _read_package(folder, name)
        if package is not None:
            versions = found.setdefault(_canonical(package[0]), [])
            if package[1] not in versions:
                versions.append(package[1])
    return found


def _read_package(folder: str, name: str) -> tuple[str, str] | None:
    if name.startswith("~"):  # pip renames so what it could not remove
        return None
    path = os.path.join(folder, name)
    if name.endswith(".dist-info"):
        metadata = os.path.join(path, "METADATA")
        title, _, version = name.removesuffix(".dist-info").partition("-")
        if title and version and "_" not in version and "-" not in version:
            return (title, version) if os.path.exists(metadata) else None
        return _from_metadata(metadata)
    if name.endswith(".egg-info"):
        egg = _EGG.fullmatch(name)
        if egg is not None:
            return egg["name"], egg["version"]
        return _from_metadata(os.path.join(path, "PKG-INFO") if os.path.isdir(path) else path)
    return None


def _from_metadata(path: str) -> tuple[str, str] | None:
    content = files.read(path, _MOST_METADATA)
    if content is None:
        return None
    headers = HeaderParser().parsestr(content.decode("utf-8", "replace"), headersonly=True)
    name, version = headers["Name"], headers["Version"]
    return (str(name), str(version)) if name and version else None


def _canonical(name: str) -> str:
    return _SEPARATORS.sub("-", name).strip("-").lower()
