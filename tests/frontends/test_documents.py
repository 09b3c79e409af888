"""JSON as the doors give it."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from jupyter_labbook.frontends.documents import Document
from jupyter_labbook.run import Claim


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (2**200, str(2**200)),
        (timedelta(seconds=1.5), 1.5),
        (datetime(2026, 11, 21, tzinfo=UTC), "2026-11-21T00:00:00+00:00"),
        (Path("a/b"), "a/b"),
        (np.float32(0.5), 0.5),
        ((1, {2: None}), [1, {"2": None}]),
        (Claim("acc > 1"), {"claim": "acc > 1", "verdict": "none", "observed": None, "reason": None}),
        (1j, "1j"),
        ("é\x1b", "é\x1b"),
    ],
)
def test_what_json_cannot_hold_is_written_as_text(value: object, written: object) -> None:
    assert json.loads(str(Document({"value": value}))) == {"value": written}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_streamed_document_is_the_same_as_one_in_a_piece(count: int) -> None:
    whole = {"runs": [{"id": number} for number in range(count)], "more": math.inf}
    streamed = b"".join(Document({**whole, "runs": iter(whole["runs"])}).pieces())  # type: ignore[call-overload]
    assert json.loads(streamed) == json.loads(str(Document(whole)))
    assert streamed.endswith(b"\n")


def test_a_streamed_document_is_not_collected_first() -> None:
    def endless():  # type: ignore[no-untyped-def]
        while True:
            yield {"id": "again"}

    pieces = Document({"runs": endless()}).pieces()
    assert [next(pieces) for _ in range(3)][-1].strip(b",\n") == b'{"id":"again"}'
