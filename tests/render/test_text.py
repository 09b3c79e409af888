"""What text looks like on a terminal, and that no user text can do anything there."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_labbook.render import text
from jupyter_labbook.render.text import Cell, Column, Table

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "\x9b2J",
    "safe\u202egpj.exe",
    "a\u2066b\u2069",
    "bell\x07 back\x08 delete\x7f",
    "line one\nline two\r\nline three",
    "paragraph\u2029 separator\u2028",
    "null\x00",
    "\ud800 alone",
    "tag \U000e0041",
    "\ufeffmark",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_control_character_survives(hostile: str) -> None:
    shown = text.plain(hostile)
    assert shown.isprintable()
    assert "\\" in shown
    shown.encode("utf-8")


@given(st.text())
def test_plain_text_never_controls_a_terminal(anything: str) -> None:
    shown = text.plain(anything, newlines=True)
    assert not any(ord(char) < 32 and char not in "\n\t" for char in shown)
    assert not any(127 <= ord(char) < 160 or char in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068" for char in shown)


@pytest.mark.parametrize("kept", ["naïve café", "日本語", "👩‍🔬 works", "a\u00a0b", "0.1 – 0.2"])
def test_ordinary_writing_stays_as_it_is(kept: str) -> None:
    assert text.plain(kept) == kept


def test_newlines_are_kept_only_where_asked() -> None:
    assert text.plain("a\n\tb") == "a\\n\\tb"
    assert text.plain("a\n\tb\r", newlines=True) == "a\n\tb\\r"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.91, "0.91"),
        (0.912345, "0.9123"),
        (1e-5, "1e-5"),
        (0.00012345, "0.0001234"),
        (12345.6, "12346"),
        (1234.56, "1235"),
        (9999.7, "10000"),
        (1.5e12, "1.5e12"),
        (3, "3"),
        (1437, "1437"),
        (-0.0, "-0"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        ("inf", "inf"),
        (None, "–"),
        (True, "True"),
        (10**20, "1e20"),
        (10**400, "1e400 or so"),
    ],
)
def test_numbers_have_four_significant_digits_and_whole_ones_stay_whole(value: object, shown: str) -> None:
    assert text.number(value) == shown  # type: ignore[arg-type]


def test_a_number_too_long_for_python_to_print_is_still_shown() -> None:
    assert text.number(-(10**6000)).startswith("-1e")


def test_a_column_of_numbers_aligns_its_decimal_points() -> None:
    assert text.numbers([0.91, 0.9083, 1.0, None, "nan"]) == ["0.9100", "0.9083", "1.0000", "–", "nan"]
    assert text.numbers([3, 12]) == ["3", "12"]
    assert text.numbers([1e-7, 0.5]) == ["1e-7", "0.5"]
    assert text.numbers([0.99, 0.05598]) == ["0.9900", "0.0560"]
    assert text.numbers([2.5, 0.0012]) == ["2.5000", "0.0012"]
    assert text.numbers([32.44, 0.1164, 0.119]) == ["32.440", "0.116", "0.119"]
    assert text.numbers([15202.3, 9.5]) == ["15202", "9.5"]
    assert text.numbers([math.inf, 0.0, -1.25]) == ["inf", "0.00", "-1.25"]


@pytest.mark.parametrize(
    ("difference", "shown"), [(0.012, "+0.012"), (-0.5, "-0.5"), (0.0, "±0"), (3, "+3"), (math.nan, "nan")]
)
def test_a_difference_always_carries_its_sign(difference: float, shown: str) -> None:
    assert text.signed(difference) == shown


def test_a_difference_has_the_decimals_of_its_column_unless_they_would_hide_it() -> None:
    assert text.signed(0.02, 4) == "+0.0200"
    assert text.signed(-0.00001, 4) == "-1e-5"
    assert text.signed(math.inf, 4) == "+inf"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.00004, "0.04 ms"),
        (0.34, "340 ms"),
        (1.24, "1.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.8, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (86399, "1 d 0 h"),
        (280000, "3 d 6 h"),
        (-2, "-2.0 s"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_durations_are_short_and_never_say_sixty(seconds: float | None, shown: str) -> None:
    assert text.duration(seconds) == shown


def test_times_of_today_are_told_as_how_long_ago() -> None:
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    ago = [timedelta(seconds=3), timedelta(seconds=40), timedelta(minutes=5), timedelta(hours=2, minutes=10)]
    assert [text.when((now - each).isoformat(), now) for each in ago] == [
        "just now",
        "40 s ago",
        "5 min ago",
        "2 h ago",
    ]


def test_older_times_are_told_as_a_date_and_other_years_by_year() -> None:
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).astimezone()
    earlier = now.replace(day=19, hour=3, minute=15)
    assert text.when(earlier, now) == "19 Nov 03:15"
    assert text.when(earlier.replace(year=2025), now) == "19 Nov 2025"


def test_a_time_that_is_none_is_shown_harmlessly() -> None:
    assert text.when("yester\x1bday") == "yester\\x1bday"
    assert text.when(None) == "–"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (812, "812 B"), (3400, "3.4 kB"), (99_960, "100 kB"), (1_250_000_000, "1.2 GB")],
)
def test_sizes_have_two_digits_and_a_unit(count: int, shown: str) -> None:
    assert text.size(count) == shown


def test_a_table_aligns_and_marks_the_best() -> None:
    table = Table(
        [Column("run"), Column("val_acc", "right")],
        [["k3f9x", Cell("0.9100", "best")], ["ab2cd", "0.8950"]],
    )
    assert str(table).splitlines() == [
        "run     val_acc",
        "─────  ────────",
        "k3f9x  * 0.9100",
        "ab2cd    0.8950",
    ]


def test_a_table_measures_wide_letters() -> None:
    lines = text.table([Column("name"), Column("n", "right")], [["日本語", "1"], ["e\u0301te", "2"]]).splitlines()
    assert [text.display_width(line) for line in lines] == [9, 9, 9, 9]


def test_a_table_that_is_too_wide_cuts_long_words_first() -> None:
    shown = text.table([Column("name"), Column("loss", "right")], [["x" * 100, "0.123456"]], width=30)
    assert all(text.display_width(line) <= 30 for line in shown.splitlines())
    assert "…" in shown
    assert "0.123456" in shown


def test_a_table_that_cannot_be_cut_is_continued_below_with_its_first_column() -> None:
    columns = [Column("run"), *(Column(f"metric_{i}", "right") for i in range(12))]
    shown = text.table(columns, [["k3f9x", *(f"0.{i:04}" for i in range(12))]], width=80)
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert shown.count("k3f9x") == shown.count("\n\n") + 1 > 1
    assert all(f"metric_{i}" in shown for i in range(12))


def test_columns_that_belong_together_are_continued_together() -> None:
    columns = [
        Column("lr", "right"),
        Column("optimizer", joined=True),
        *(column for i in range(6) for column in (Column(f"metric_{i}"), Column("Δ", joined=True))),
    ]
    shown = text.table(columns, [["0.1", "adam", *(["0.9123", "+0.0012"] * 6)]], width=60)
    headings = [block.splitlines()[0].split() for block in shown.split("\n\n")]
    assert len(headings) > 1
    assert all(heading[:2] == ["lr", "optimizer"] for heading in headings)
    assert all(heading[-1] == "Δ" and len(heading) % 2 == 0 for heading in headings)


@given(
    st.lists(st.lists(st.text(max_size=60), min_size=3, max_size=3), max_size=5),
    st.integers(min_value=40, max_value=120),
)
def test_any_table_fits_its_width_and_holds_one_line_a_row(rows: list[list[str]], width: int) -> None:
    titles = [Column("first", most=20), Column("second"), Column("third", "right", most=12), Column("fourth")]
    shown = text.table(titles, [["run", *row] for row in rows], width=width)
    assert all(text.display_width(line) <= width for line in shown.split("\n"))
    blocks = shown.split("\n\n")
    assert all(len(block.split("\n")) == len(rows) + 2 for block in blocks)


def test_colour_is_added_only_when_asked_and_never_the_only_sign() -> None:
    columns, rows = [Column("loss", "right")], [[Cell("0.1", "best")]]
    coloured = text.table(columns, rows, color=True)
    assert "\x1b[1;32m* 0.1\x1b[0m" in coloured
    assert "\x1b" not in text.table(columns, rows)


def test_user_text_in_a_coloured_table_cannot_add_its_own_escapes() -> None:
    shown = text.table([Column("\x1b[5mtitle")], [[Cell("\x1b]0;owned\x07", "bad")]], color=True)
    assert "\\x1b]0;owned\\x07" in shown
    assert "\x1b[5m" not in shown
    assert "\x07" not in shown


def test_a_name_of_ten_kilobytes_does_not_widen_the_table() -> None:
    shown = text.table([Column("n" * 10_000)], [["v" * 10_000]])
    assert max(map(len, shown.splitlines())) == 40


def test_the_width_of_a_pipe_is_unlimited_and_columns_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    assert text.terminal_width() == 72
    monkeypatch.setenv("COLUMNS", "wide")
    assert text.terminal_width() is None
