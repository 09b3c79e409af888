"""The environment of a run: Python, machine, installed packages, the few variables that matter.

**Invariant**: two runs in the same environment get the same snapshot, so nothing in it changes by
itself; and of the environment's variables nothing is recorded but those listed here.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any, Final

from jupyter_labbook.record import hardware, packages
from jupyter_labbook.record.redact import redact
from jupyter_labbook.store import files

VARIABLES: Final = (
    "BLIS_NUM_THREADS",
    "CONDA_DEFAULT_ENV",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_DEVICE_ORDER",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "JAX_ENABLE_X64",
    "JAX_PLATFORMS",
    "LANG",
    "LC_ALL",
    "MKL_CBWR",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED",
    "ROCR_VISIBLE_DEVICES",
    "TF_CUDNN_DETERMINISTIC",
    "TF_DETERMINISTIC_OPS",
    "TOKENIZERS_PARALLELISM",
    "TZ",
    "VECLIB_MAXIMUM_THREADS",
    "VIRTUAL_ENV",
)
"""The only environment variables that are ever recorded: what changes results or speed, no paths, no keys.

Numbers of a job (`SLURM_JOB_ID`) are none of them: every job would be an environment of its own.
"""

LONGEST_LOCK_FILE: Final = 4 << 20

_ONLY_THE_NAME: Final = ("CONDA_DEFAULT_ENV", "VIRTUAL_ENV")
_LOCK_FILE: Final = re.compile(
    r"(?:uv|poetry|pdm|pixi)\.lock|pixi\.toml|pylock(?:\..+)?\.toml|pipfile(?:\.lock)?|pyproject\.toml"
    r"|conda-lock\.ya?ml|environment\.ya?ml|requirements.*\.(?:txt|lock)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_VALUE: Final = 1000
_HIGHEST: Final = 8
"""Folders that are looked through for lock files, at most."""


def fingerprint() -> Hashable:
    """A key that changes when the environment may have changed; some tens of microseconds."""
    return (sys.executable, packages.fingerprint(), tuple(os.environ.get(name) for name in VARIABLES))


def snapshot() -> dict[str, Any]:
    """All that is known of the environment, as JSON has it."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable or None,
        **hardware.machine(),
        "gpus": hardware.gpus(),
        "conda_environment": _conda_environment(),
        "environment": _variables(),
        "packages": packages.installed(),
        "conda_packages": packages.of_conda(),
    }


def lock_files(folder: Path, top: Path) -> dict[str, Path]:
    """Files around the notebook that say which packages belong to it, by their name from the project's folder.

    They are looked for in `folder`, the notebook's, in `top`, the project's, and between them and the
    top of the repository.
    """
    places = _places(Path(os.path.realpath(folder)), Path(os.path.realpath(top)))
    found: dict[str, Path] = {}
    for prefix, place in places.items():
        for name in _names(place):
            found.setdefault(prefix + name, place / name)
    return dict(sorted(found.items()))


def lock_file_content(path: Path) -> bytes | None:
    """A lock file as it may be kept: without passwords in its addresses; None where it is none or too long."""
    content = files.read(path, LONGEST_LOCK_FILE)
    if content is None:
        return None
    return redact(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _variables() -> dict[str, str]:
    found = {}
    for name in VARIABLES:
        value = os.environ.get(name)
        if value is None:
            continue
        if name in _ONLY_THE_NAME:
            value = os.path.basename(value.rstrip("/\\").replace("\\", "/"))
        found[name] = redact(value[:_LONGEST_VALUE].encode("utf-8", "backslashreplace").decode())
    return found


def _conda_environment() -> str | None:
    """By the prefix: a kernel of one environment is often started from another, whose variables it has."""
    if not os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return None
    return "base" if os.path.isdir(os.path.join(sys.prefix, "condabin")) else os.path.basename(sys.prefix)


def _places(folder: Path, top: Path) -> dict[str, Path]:
    """Folders to look in, with what stands before a file's name: the way from the outermost."""
    chain = [folder, *folder.parents][:_HIGHEST]
    outermost = next((place for place in chain if os.path.lexists(place / ".git")), None)
    if outermost is None or top in outermost.parents:
        outermost = top
    if outermost not in chain:
        apart = {} if top == folder else {f"{top.name or 'top'}/": top}
        return {"": folder, **apart}
    within = chain[: chain.index(outermost) + 1]
    places = {_prefix(place, outermost): place for place in reversed(within)}
    if top not in within and outermost in top.parents:
        places[_prefix(top, outermost)] = top
    return places


def _prefix(place: Path, outermost: Path) -> str:
    return "" if place == outermost else place.relative_to(outermost).as_posix() + "/"


def _names(place: Path) -> Iterator[str]:
    """Links are left out, and what cannot be read: their content could not be kept."""
    try:
        names = [name for name in os.listdir(place) if _LOCK_FILE.fullmatch(name)]
    except OSError:
        return
    for name in names:
        opened = files.open_regular(place / name)
        if opened is not None:
            os.close(opened[0])
            yield name
