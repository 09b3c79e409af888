"""What each run pays for redaction and random states, beside what Python and numpy themselves take."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from jupyter_labbook.record import random_state, redact
from tests.benchmarks import report, timing
from tests.benchmarks.report import Row

CELL = (
    """
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

frame = pd.read_csv("data/train.csv")
model = RandomForestClassifier(n_estimators=200, max_depth=depth, random_state=seed)
model.fit(frame[columns], frame["label"])
accuracy = (model.predict(test[columns]) == test["label"]).mean()
print(f"accuracy {accuracy:.3f} after {time.time() - began:.1f} s")
"""
    * 5
)


def rows(scratch: Path) -> Iterator[Row]:
    """The rows; `scratch` is not used, nothing is written."""
    del scratch
    source = (inspect.getsource(inspect) * 9)[: 1 << 20]
    longer = CELL * (len(source) // len(CELL) // 10)
    actions = (
        lambda: redact._redact_all(CELL, redact.known_secrets()),
        lambda: ast.parse(CELL),
        random_state.capture,
        np.random.get_state,
        lambda: redact.redact(source),
        lambda: ast.parse(longer),
    )
    redacted, parsed, states, numpys, long, parsed_long = timing.in_turns(*map(timing.clock, actions), rounds=40)
    yield report.times("redacting a cell of 2 kB without a secret", "ast.parse of it", redacted, parsed)
    yield report.times("redacting 1 MB of Python", "ast.parse of a tenth of it", long, parsed_long)
    yield report.times("states of the random generators", "numpy's own get_state", states, numpys)
