"""The example notebook, executed for real, and what a person sees of it in a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parents[1] / "example_notebooks" / "quickstart.ipynb"

THEMES = {"light": ("#ffffff", "#1f2328"), "dark": ("#111417", "#e6edf3")}
"""Background and text of the page around our HTML, which has no colours of its own for either."""


def execute(folder: Path) -> Any:
    """Execute a copy of the notebook in `folder`, where its labbook is made; the notebook with its outputs."""
    import nbformat
    from nbclient import NotebookClient

    copy = folder / NOTEBOOK.name
    shutil.copy(NOTEBOOK, copy)
    notebook = nbformat.read(copy, 4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    return client.execute(env={**os.environ, "LABBOOK_NOTEBOOK": str(copy)})


def fragments(notebook: Any) -> list[str]:
    """The HTML of each output that has some, in the order of the cells."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]


def page(pieces: list[str], theme: str) -> str:
    """A page that holds `pieces` as a notebook would: nothing but a background and a text colour."""
    background, text = THEMES[theme]
    body = "".join(f'<div style="margin:1em 0">{piece}</div>' for piece in pieces)
    return (
        f'<!doctype html><meta charset="utf-8"><body style="margin:1em;background:{background};color:{text};'
        f'font:13px/1.5 system-ui,sans-serif">{body}</body>'
    )


def chromium() -> str | None:
    """The path of a Chromium of the system's, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium that talks to nobody."""
    from playwright.sync_api import sync_playwright

    flags = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += " --disable-component-update --disable-sync"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), headless=True, args=flags.split())
        try:
            yield running
        finally:
            running.close()
