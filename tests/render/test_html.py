"""That static HTML is harmless, whole without styles, and stands alone where asked."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.render import html
from jupyter_labbook.render.cells import Cell, Column, Table
from tests.markup import HOSTILE, Tags


def everything(text: str) -> str:
    return "".join(
        [
            html.table([Column(text)], [[Cell(text, "best")], [Cell(text, "bad")], [text]]),
            html.heading(text),
            html.paragraph(text, dim=True),
            html.details(text, html.preformatted(text)),
            html.code(text),
            html.definitions([(text, text)]),
        ]
    )


@pytest.mark.parametrize("hostile", HOSTILE)
def test_user_text_never_becomes_markup(hostile: str) -> None:
    harmless = Tags(everything("words"))
    seen = Tags(everything(hostile))
    assert seen.tags == harmless.tags
    assert seen.attributes == harmless.attributes <= {"style", "align", "open"}
    assert not seen.open


@given(st.text(max_size=80))
def test_any_text_leaves_the_structure_alone(anything: str) -> None:
    assert Tags(everything(anything)).tags == Tags(everything("words")).tags


def test_escaped_text_reads_as_it_was_written() -> None:
    assert Tags(html.code("<b> & \"q\" 'a'")).text == "<b> & \"q\" 'a'"


def test_direction_overrides_are_shown_as_escapes() -> None:
    assert html.escape("a\u202eb\nc") == "a\\u202eb\\nc"


def test_the_best_is_told_by_markup_alone() -> None:
    markup = html.table([Column("loss", "right")], [[Cell("0.1", "best")]])
    without_styles = re.sub(r' style="[^"]*"', "", markup)
    assert '<td align="right"><b>★&nbsp;0.1</b></td>' in without_styles


def test_nothing_is_painted_in_a_colour_of_one_theme() -> None:
    markup = Table([Column("a")], [["b"]])._repr_html_() + html.preformatted("x")
    assert "color:#" not in markup
    assert "background:#" not in markup
    assert "<style" not in markup


def test_a_text_of_ten_kilobytes_is_cut() -> None:
    assert len(html.table([Column("n" * 10_000)], [["v" * 10_000]])) < 3000


def test_a_page_stands_alone_without_script_in_light_and_dark() -> None:
    document = html.page("<i>title</i>", html.paragraph("hello"))
    assert document.startswith("<!doctype html>")
    assert "prefers-color-scheme:dark" in document
    assert "<script" not in document
    assert "<i>" not in document
    assert "default-src 'none'" in document
    assert Tags(document).text.startswith("\n<i>title</i>")
