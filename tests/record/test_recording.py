"""A mistake of ours at a run's end costs what it is about, and not the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_labbook.record import judging, outputs


@pytest.mark.parametrize(
    ("holder", "name", "missing"),
    [
        (outputs.Outputs, "notebook", "outputs are missing"),
        (outputs.Outputs, "figures", "outputs are missing"),
        (judging, "judge", "verdicts are missing"),
        (judging, "look_again", "remarks are missing"),
    ],
)
def test_the_run_ends_and_says_what_is_missing(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: object, name: str, missing: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.chdir(tmp_path)
    shell.run_line_magic("load_ext", "jupyter_labbook")
    monkeypatch.setattr(holder, name, broken)
    with pytest.warns(UserWarning, match="a mistake of ours"):
        result = shell.run_cell("%%experiment x\nacc = abs(-0.5)\nacc", store_history=True)
    assert result.success
    assert result.result == 0.5
    (path,) = tmp_path.glob("labbook/runs/*/run.json")
    record = json.loads(path.read_bytes())
    assert record["status"] == "finished"
    assert record["metrics"]["acc"]["last"] == 0.5
    assert missing in record["degraded"]
