"""The README's code map, written from the tree: `python tests/code_map.py` after a file has come or gone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "jupyter_labbook"
ROOMS = ("record", "store", "judge", "compare", "render", "frontends")
"""In the order in which data flows."""

_BLOCK = re.compile(r"(<!-- code map -->\n```\n).*?(\n```)", re.DOTALL)


def code_map() -> str:
    """Every module, with the sentence that it opens with."""
    lines = [f"{PACKAGE.name}/"]
    lines += [_line(path, 1) for path in sorted(PACKAGE.glob("*.py"))]
    found = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file())
    for room in sorted(found, key=lambda name: (ROOMS.index(name) if name in ROOMS else len(ROOMS), name)):
        lines.append(_entry(f"{room}/", _sentence(PACKAGE / room / "__init__.py"), 1))
        lines += [_line(path, 2) for path in sorted((PACKAGE / room).glob("*.py")) if path.name != "__init__.py"]
    return "\n".join(lines)


def in_readme() -> str:
    block = _BLOCK.search((ROOT / "README.md").read_text("utf-8"))
    return block[0].removeprefix(block[1]).removesuffix(block[2]) if block else ""


def _line(path: Path, depth: int) -> str:
    return _entry(path.name, _sentence(path), depth)


def _entry(name: str, sentence: str, depth: int) -> str:
    return f"{'  ' * depth}{name:<{28 - 2 * depth}}{sentence}".rstrip()


def _sentence(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    sentence = re.split(r"(?<=[.!?])\s", paragraph)[0]
    return sentence.removesuffix(".")


if __name__ == "__main__":
    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    readme.write_text(_BLOCK.sub(lambda block: block[1] + code_map() + block[2], text), "utf-8")
