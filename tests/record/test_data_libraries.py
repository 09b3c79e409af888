"""The fingerprint of torch's tensors, of polars' frames and of pyarrow's tables, where these are installed."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pandas
import pytest

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record.data import fingerprint


def of(value: Any) -> str:
    sha256 = fingerprint("x", value).sha256
    assert sha256 is not None
    return sha256


# torch


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


DTYPES = ("bfloat16", "float8_e4m3fn", "float16", "float32", "float64", "bool", "int8", "uint8", "uint16", "int64")


def test_how_a_tensor_lies_in_memory_does_not_count(torch: Any) -> None:
    for dtype in DTYPES:
        tensor = torch.arange(12).reshape(3, 4).to(getattr(torch, dtype))
        assert of(tensor) == of(tensor.T.contiguous().T) == of(tensor.repeat_interleave(2, 0)[::2]), dtype
        others = tensor.T, tensor[:2], tensor.flatten(), tensor.to(torch.int32)
        assert of(tensor) not in map(of, others), dtype
        data = fingerprint("x", tensor)
        assert (data.kind, data.rows, data.columns, data.bytes) == ("tensor", 3, 4, 12 * tensor.element_size())


def test_a_tensor_is_its_values_whatever_is_computed_with_it(torch: Any) -> None:
    tensor = torch.arange(3.0)
    assert of(tensor) == of(tensor.clone().requires_grad_()) == of(torch.nn.Parameter(tensor))
    assert of(torch.tensor([math.nan])) == of(torch.tensor([-math.nan]))
    turned = torch.complex(tensor, tensor)
    assert of(turned.conj()) == of(turned.conj().resolve_conj()) != of(turned)
    assert fingerprint("x", torch.tensor(1)).rows is None


def test_a_tensor_without_plain_items_is_refused(torch: Any) -> None:
    for tensor in (torch.eye(2).to_sparse(), torch.empty(3, device="meta")):
        with pytest.raises(LabbookError, match=r"give \.to_dense\(\)"):
            fingerprint("x", tensor)
    with pytest.raises(LabbookError, match="TensorDataset, of which"):
        fingerprint("x", torch.utils.data.TensorDataset(torch.eye(2)))


def test_lists_of_pairs_with_tensors_are_known(torch: Any) -> None:
    samples = [(torch.full((2,), float(label)), label) for label in range(20)]
    assert of(samples) == of([(image.clone(), label) for image, label in samples])
    assert of(samples) != of([*samples[:-1], (samples[-1][0], 0)])


def test_a_tensor_on_a_graphics_card_is_the_same_tensor(torch: Any) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no graphics card")
    tensor = torch.arange(3_000_000.0).reshape(1000, 3000)
    for dtype in (torch.float32, torch.bfloat16, torch.bool):
        here = tensor.to(dtype)
        assert of(here) == of(here.cuda()) == of(here.cuda().T.contiguous().T)


# polars and pyarrow

CELLS: dict[str, list[Any]] = {
    "a": [1, None, 3],
    "b": [1.5, math.nan, None],
    "c": ["x", None, "z"],
    "d": [True, False, None],
    "e": [[1], [2, 3], None],
    "f": [date(2026, 1, 1), None, date(2026, 1, 2)],
    "g": [datetime(2026, 1, 1, tzinfo=UTC), None, datetime(2026, 1, 2, tzinfo=UTC)],
    "h": [timedelta(1), None, timedelta(2)],
    "i": [Decimal("1.1"), None, Decimal(2)],
    "j": [{"u": 1, "v": "x"}, None, {"u": 1, "v": "y"}],
    "k": [time(1), None, time(2)],
    "l": [b"1", None, b"2"],
    "m": [1, 2, 3],
    "n": [0, None, 0],
    "o": [0, 0, None],
}


def test_a_frame_of_polars_is_its_names_types_and_values() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(CELLS)
    data = fingerprint("x", frame)
    assert (data.kind, data.rows, data.columns, data.coverage) == ("dataframe", 3, len(CELLS), "full")
    assert data.sha256 == of(polars.concat([frame[:1], frame[1:]], rechunk=False)) == of(polars.concat([frame] * 2)[:3])
    for name in CELLS:
        others = [frame.rename({name: "z"}), frame.with_columns(frame[name].gather([2, 0, 1])), frame.drop(name)]
        assert data.sha256 not in map(of, others), name
    assert data.sha256 not in {of(frame[:2]), of(frame.select(list(CELLS)[::-1]))}
    columns = {name: of(frame[name].alias("x")) for name in CELLS}
    assert [pair for pair in combinations(columns, 2) if columns[pair[0]] == columns[pair[1]]] == []
    assert of(polars.Series([2**100], dtype=polars.Int128)) != of(polars.Series([1], dtype=polars.Int128))
    with pytest.raises(LabbookError, match=r"give \.collect\(\) of it"):
        fingerprint("x", frame.lazy())


def test_a_table_of_pyarrow_is_its_names_types_and_values() -> None:
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table(CELLS)
    data = fingerprint("x", table)
    assert (data.kind, data.rows, data.columns, data.coverage) == ("table", 3, len(CELLS), "full")
    assert data.sha256 == of(arrow.concat_tables([table[:1], table[1:]])) == of(arrow.concat_tables([table] * 2)[:3])
    assert data.sha256 == of(table.to_batches()[0])
    for at, name in enumerate(CELLS):
        others = [table.set_column(at, "z", table[name]), table.set_column(at, name, table[name].take([2, 0, 1]))]
        assert data.sha256 not in map(of, [*others, table.drop_columns([name])]), name
    columns = {name: of(table[name]) for name in CELLS}
    assert [pair for pair in combinations(columns, 2) if columns[pair[0]] == columns[pair[1]]] == []
    units = [
        arrow.array([1], kind(unit)) for kind in (arrow.timestamp, arrow.duration) for unit in ("s", "ms", "us", "ns")
    ]
    assert len(set(map(of, units))) == len(units)


def test_texts_of_pandas_are_the_same_in_pyarrow_and_in_python() -> None:
    pytest.importorskip("pyarrow")
    held = [
        pandas.Series(["a", None], dtype=pandas.StringDtype(storage))  # type: ignore[arg-type]
        for storage in ("python", "pyarrow")
    ]
    assert of(held[0]) == of(held[1]) != of(held[1][::-1])
    numbers = pandas.Series([1, None], dtype="int64[pyarrow]")
    assert of(numbers) == of(pandas.concat([numbers[:1], numbers[1:]])) != of(numbers.astype("Int64"))
