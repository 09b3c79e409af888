"""`python -m tests.screenshots FOLDER`: executes the example and takes pictures of it, in light and dark."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from jupyter_labbook.frontends.cli import main as labbook
from tests import example


def main() -> int:
    """Take the pictures into the folder that the command line names; print the comparison as text."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    if example.chromium() is None:
        print("There is no Chromium on this machine: on Debian, apt-get install chromium.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as work, example.browser() as browser:
        pieces = example.fragments(example.execute(Path(work)))
        for theme in example.THEMES:
            tab = browser.new_page(viewport={"width": 800, "height": 600}, color_scheme=theme)
            tab.set_content(example.page(pieces, theme))
            picture = folder / f"example-{theme}.png"
            tab.screenshot(path=str(picture), full_page=True)
            print(picture)
        return labbook(["compare", "--store", work])


if __name__ == "__main__":
    sys.exit(main())
