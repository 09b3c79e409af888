"""Reads HTML back as a browser would, to see whether text became markup; and texts that try."""

from __future__ import annotations

from html.parser import HTMLParser

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]><!--",
    "javascript:alert(1)",
    "' onmouseover='alert(1)",
    "</td></table><iframe>",
    "\x1b[31m\u202e",
    "&lt;b&gt;",
    "line one\nline two\r\nline three",
    "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "\u2066isolated\u2069 \u200fmarked",
    "n" * 10_000,
]


class Tags(HTMLParser):
    """Collects every tag and attribute, and the text between them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in {"meta", "br", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
