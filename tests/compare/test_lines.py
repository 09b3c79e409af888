"""Two texts line by line."""

from __future__ import annotations

import difflib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.compare.lines import LONGEST_LINE, Line, counted, line_difference, patch_lines


def test_the_lines_that_differ_come_with_three_around_them() -> None:
    before = "\n".join("abcdefghijklmnop")
    after = before.replace("h", "H").replace("\np", "")
    assert [str(line) for line in line_difference(before, after)] == [
        "@@ -5,7 +5,7 @@",
        *(" e", " f", " g", "-h", "+H", " i", " j", " k"),
        "@@ -13,4 +13,3 @@",
        *(" m", " n", " o", "-p"),
    ]


def test_equal_texts_have_no_difference() -> None:
    assert line_difference("a\nb", "a\nb") == ()


def test_a_missing_newline_at_the_end_is_a_difference() -> None:
    assert [line.sign for line in line_difference("a\n", "a")] == ["@", " ", "-"]


@given(
    st.lists(st.sampled_from(["a", "b", "", "-c", "+d", "@@ x", "e\r", "f\x0c"]), max_size=30),
    st.lists(st.sampled_from(["a", "b", "", "-c", "+d", "@@ x", "e\r", "f\x0c"]), max_size=30),
)
def test_it_says_the_same_as_the_standard_library_on_the_whole_texts(before: list[str], after: list[str]) -> None:
    lines = line_difference("\n".join(before), "\n".join(after))
    old, new = "\n".join(before).split("\n"), "\n".join(after).split("\n")
    whole = list(difflib.unified_diff(old, new, lineterm=""))[2:]
    assert sum(line.sign == "-" for line in lines) - sum(line.sign == "+" for line in lines) == len(old) - len(new)
    assert bool(lines) == bool(whole)
    removed = [line.text for line in lines if line.sign == "-"]
    assert all(text in old for text in removed)


@given(st.lists(st.sampled_from("abcd"), min_size=8, max_size=40), st.data())
def test_applying_the_difference_to_the_first_text_gives_the_second(before: list[str], data: st.DataObject) -> None:
    after = list(before)
    for _ in range(3):
        after.insert(data.draw(st.integers(0, len(after))), "new")
        del after[data.draw(st.integers(0, len(after) - 1))]
    result: list[str] = []
    position = 0
    for line in line_difference("\n".join(before), "\n".join(after)):
        if line.sign == "@":
            begin = int(line.text.split()[0].removeprefix("-").split(",")[0]) - 1
            result += before[position:begin]
            position = begin
        elif line.sign == "+":
            result.append(line.text)
        else:
            assert before[position] == line.text
            position += 1
            if line.sign == " ":
                result.append(line.text)
    assert result + before[position:] == after


def test_texts_too_long_to_compare_are_told_by_their_length_and_cost_no_time() -> None:
    begin = time.process_time()
    (line,) = line_difference("\n".join(map(str, range(50_000))), "\n".join(map(str, range(1, 90_000, 2))))
    assert str(line) == "@@ too long to compare: 50000 lines before, 45000 after @@"
    assert time.process_time() - begin < 1


def test_a_small_change_in_a_very_long_text_is_found() -> None:
    before = [str(i) for i in range(200_000)]
    after = [*before[:100_000], "new", *before[100_000:]]
    lines = line_difference("\n".join(before), "\n".join(after))
    assert [str(line) for line in lines] == [
        "@@ -99998,6 +99998,7 @@",
        " 99997",
        " 99998",
        " 99999",
        "+new",
        " 100000",
        " 100001",
        " 100002",
    ]


def test_a_line_of_a_megabyte_is_cut() -> None:
    lines = line_difference("x" * 1_000_000, "y" * 1_000_000)
    assert [len(line.text) for line in lines[1:]] == [LONGEST_LINE, LONGEST_LINE]


def test_a_patch_is_shown_as_it_is() -> None:
    patch = "diff --git a/m.py b/m.py\n--- a/m.py\n+++ b/m.py\n@@ -1,2 +1,2 @@ def f():\n same\n-old\n+new\n"
    lines = patch_lines(patch)
    assert [line.sign for line in lines] == ["", "", "", "@", " ", "-", "+"]
    assert [str(line) for line in lines[3:]] == ["@@ -1,2 +1,2 @@ def f(): @@", " same", "-old", "+new"]


@pytest.mark.parametrize(
    ("signs", "told"),
    [("-+", "1 line less, 1 more"), ("--", "2 lines less, 0 more"), ("@ +", "0 lines less, 1 more")],
)
def test_lines_less_and_more_are_counted(signs: str, told: str) -> None:
    assert counted([Line(sign, "") for sign in signs]) == told
