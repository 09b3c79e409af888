"""Texts that people type, paste and are sent, and that have made other programs do something."""

from __future__ import annotations

from typing import Final

from tests.markup import HOSTILE

NAMES: Final = [
    "../../escape",
    "..",
    ".",
    "/etc/passwd",
    "a/b\\c:d",
    "NUL\0byte",
    "new\nline",
    "tab\tand\rreturn",
    "📈 prüfung 実験",
    "x" * 10_000,
    "CON",
    "aux.txt",
    ".hidden",
    ".new-name",
    "-rf",
    "--help",
    " ",
    "",
    "~root",
    "$HOME {x} %s",
    "run.json",
    "quote\"s and 'others'",
    "\ud800 alone",
]

FORMULAS: Final = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", '=HYPERLINK("x")']

TEXTS: Final = [*HOSTILE, *FORMULAS, "\x9b2Jcleared", "safe\u202egpj.exe", "\ud800 alone"]
