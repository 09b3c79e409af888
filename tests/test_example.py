"""The example does what it says, and looks right in a browser, in light and in dark."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jupyter_labbook as labbook
from tests import example


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("example")
    return folder, example.execute(folder)


def test_it_records_three_runs_and_a_failed_one(executed: tuple[Path, Any]) -> None:
    runs = list(labbook.runs(sort="started", store=executed[0]))
    assert [run.status for run in runs] == ["finished", "finished", "finished", "failed"]
    assert [run.parameters["hidden"] for run in runs] == [16, 64, 64, 64]
    assert runs[0].verdict == "supported"
    assert all(run.what for run in runs)
    assert runs[3].record.error is not None
    assert len(runs[0].history("val_acc")) == 30
    assert runs[0].metrics["val_acc"] > 0.9


def test_what_was_learned_is_written_down(executed: tuple[Path, Any]) -> None:
    failed, third = list(labbook.runs(store=executed[0]))[:2]
    assert third.conclusion is not None
    assert third.conclusion.startswith("Four times the rate")
    assert "Diverges" in failed.notes[0].text


def test_the_comparison_shows_what_differs_and_the_curves(executed: tuple[Path, Any]) -> None:
    _, notebook = executed
    (cell,) = [cell for cell in notebook.cells if cell.source.startswith("%labbook compare")]
    table, curves = cell.outputs
    assert "hidden" in table.data["text/plain"]
    assert "random_state" not in table.data["text/plain"]
    assert "image/png" in curves.data


def test_no_output_of_ours_holds_a_script_or_asks_for_anything(executed: tuple[Path, Any]) -> None:
    for piece in example.fragments(executed[1]):
        assert not re.search(r"<script|<iframe|<link|\bon\w+=|url\(|https?:", piece)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if example.chromium() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no Chromium: .ci/run installs it")
        pytest.skip("no Chromium on this machine: on Debian, apt-get install chromium")
    with example.browser() as running:
        yield running


@pytest.mark.parametrize("theme", example.THEMES)
def test_every_text_can_be_read_and_nothing_leaves_the_page(
    executed: tuple[Path, Any], browser: Any, theme: str
) -> None:
    tab = browser.new_page(viewport={"width": 800, "height": 600})
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.set_content(example.page(example.fragments(executed[1]), theme))
    assert tab.evaluate("document.documentElement.scrollWidth") <= 800
    contrasts = tab.evaluate(CONTRASTS)
    tab.close()
    assert len(contrasts) > 100
    assert min(contrast for contrast, _ in contrasts) >= 3.5, sorted(contrasts)[:5]
    assert [url for url in asked if not url.startswith(("about:", "data:"))] == []


@pytest.mark.parametrize("theme", example.THEMES)
def test_a_card_opens_and_tells_the_rest(executed: tuple[Path, Any], browser: Any, theme: str) -> None:
    tab = browser.new_page(viewport={"width": 800, "height": 600})
    tab.set_content(example.page(example.fragments(executed[1])[:1], theme))
    why = tab.get_by_text("something to compare with")
    assert not why.is_visible()
    tab.locator("summary").click()
    assert why.is_visible()
    tab.close()


CONTRASTS = """() => {
    const luminance = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
        return .2126 * x + .7152 * y + .0722 * z;
    };
    const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const over = (top, below) => [0, 1, 2].map(i => top[i] * (top[3] ?? 1) + below[i] * (1 - (top[3] ?? 1)));
    const found = [], page = numbers(getComputedStyle(document.body).backgroundColor);
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode.textContent.trim();
        if (!text) continue;
        const chain = [];
        for (let e = texts.currentNode.parentElement; e; e = e.parentElement) chain.unshift(e);
        let background = page, opacity = 1;
        for (const e of chain) {
            const style = getComputedStyle(e);
            background = over(numbers(style.backgroundColor), background);
            opacity *= Number(style.opacity);
        }
        const color = numbers(getComputedStyle(texts.currentNode.parentElement).color);
        const [a, b] = [luminance(over([...color.slice(0, 3), opacity], background)), luminance(background)];
        found.push([(Math.max(a, b) + .05) / (Math.min(a, b) + .05), text]);
    }
    return found;
}"""
