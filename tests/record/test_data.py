"""The fingerprint of arrays and of python values changes when they do, and only then."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as some_numpy

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record import data_content
from jupyter_labbook.record.data import fingerprint
from tests.record.test_data_objects import VALUES

DTYPES = ("?", "i1", "u2", "i4", "i8", "u8", "f2", "f4", "f8", "g", "c8", "c16", "M8[ns]", "m8[s]", "S3", "U2")


def of(value: Any) -> str:
    sha256 = fingerprint("x", value).sha256
    assert sha256 is not None
    return sha256


def layouts(array: Any) -> list[Any]:
    """The same array as it may lie in memory."""
    every_second = (..., *(slice(None, None, 2) for _ in array.shape))
    backwards = (..., *(slice(None, None, -1) for _ in array.shape))
    spread = numpy.zeros(tuple(2 * size for size in array.shape), array.dtype)[every_second]
    spread[...] = array
    return [
        array,
        numpy.asfortranarray(array).reshape(array.shape, order="A"),
        spread,
        numpy.ascontiguousarray(array[backwards])[backwards].reshape(array.shape),
        array.astype(array.dtype.newbyteorder(">")),
        array.astype(array.dtype.newbyteorder("<")),
    ]


# arrays


@given(
    array=some.sampled_from(DTYPES).flatmap(
        lambda dtype: some_numpy.arrays(dtype, some_numpy.array_shapes(min_dims=0, min_side=0, max_side=4))
    )
)
def test_how_an_array_lies_in_memory_does_not_count(array: Any) -> None:
    assert len({of(layout) for layout in layouts(array)}) == 1


@given(data=some.data())
def test_one_other_item_is_another_fingerprint(data: some.DataObject) -> None:
    dtype = data.draw(some.sampled_from(["?", "i4", "u8", "f4", "f8", "c16", "U2"]))
    array = data.draw(some_numpy.arrays(dtype, some_numpy.array_shapes(max_side=4)))
    other = array.copy()
    at = data.draw(some.integers(0, array.size - 1))
    item = data.draw(some_numpy.from_dtype(array.dtype))
    other.flat[at] = item
    same = numpy.array_equal(array, other, equal_nan=dtype in ("f4", "f8", "c16"))
    negative_zeros = dtype[0] in "fc" and array.size and bool(numpy.any(array == 0))
    if not negative_zeros:
        assert (of(array) == of(other)) == same


@pytest.mark.parametrize("shape", [(3, 700_001), (700_001, 3), (5, 7, 30_011), (30_011, 7, 5), (2, 3, 2, 90_001)])
@pytest.mark.parametrize("dtype", ["u1", "f8"])
def test_arrays_of_several_blocks_are_read_in_their_order(shape: tuple[int, ...], dtype: str) -> None:
    array = numpy.arange(math.prod(shape)).astype(dtype).reshape(shape)
    transposed = numpy.ascontiguousarray(array.T).T
    assert of(array) == of(transposed) == of(numpy.repeat(array, 2, axis=-1)[..., ::2])
    other = transposed.copy()
    other[(-1,) * len(shape)] += 1
    assert of(other) != of(array)


DIFFERENT = {
    "empty": numpy.empty(0),
    "empty of two dimensions": numpy.empty((0, 3)),
    "empty the other way": numpy.empty((3, 0)),
    "a number": numpy.array(1.0),
    "one number": numpy.array([1.0]),
    "one number, two dimensions": numpy.array([[1.0]]),
    "one number of 32 bits": numpy.array([1.0], "f4"),
    "one whole number": numpy.array([1]),
    "unsigned": numpy.array([1], "u8"),
    "true": numpy.array([True]),
    "a moment": numpy.array([1], "M8[s]"),
    "a moment in milliseconds": numpy.array([1], "M8[ms]"),
    "a time": numpy.array([1], "m8[s]"),
    "no moment": numpy.array(["NaT"], "M8[s]"),
    "a text": numpy.array(["1"]),
    "a longer text": numpy.array(["1"], "U2"),
    "no letters": numpy.array([""]),
    "bytes": numpy.array([b"1"]),
    "an object": numpy.array([1], object),
    "a float object": numpy.array([1.0], object),
    "an object that is true": numpy.array([True], object),
    "a text object": numpy.array(["1"], object),
    "no object": numpy.array([None], object),
    "NaN among objects": numpy.array([math.nan], object),
    "NaN": numpy.array([math.nan]),
    "NaN later": numpy.array([0.0, math.nan]),
    "NaN first": numpy.array([math.nan, 0.0]),
    "zero": numpy.array([0.0]),
    "negative zero": numpy.array([-0.0]),
    "infinity": numpy.array([math.inf]),
    "fields": numpy.array([(1, 2.0)], [("a", "i8"), ("b", "f8")]),
    "fields of other names": numpy.array([(1, 2.0)], [("a", "i8"), ("c", "f8")]),
    "fields in other order": numpy.array([(2.0, 1)], [("b", "f8"), ("a", "i8")]),
    "fields in a field": numpy.array([((1, 2.0),)], [("x", [("a", "i8"), ("b", "f8")])]),
    "a field with a shape": numpy.array([((1, 2),)], [("a", "i8", 2)]),
    "a field that is an object": numpy.array([(1, "x")], [("a", "i8"), ("b", object)]),
    "masked": numpy.ma.array([1.0, 2.0], mask=[False, True]),
    "masked, but not there": numpy.ma.array([1.0, 2.0], mask=[True, False]),
    "not masked": numpy.array([1.0, 0.0]),
}

if hasattr(numpy.dtypes, "StringDType"):
    DIFFERENT["texts of any length"] = numpy.array(["1"], numpy.dtypes.StringDType())


def test_arrays_that_differ_have_different_fingerprints() -> None:
    hashes = {name: of(array) for name, array in DIFFERENT.items()}
    assert [pair for pair in combinations(hashes, 2) if hashes[pair[0]] == hashes[pair[1]]] == []


def test_every_nan_is_the_same_nan() -> None:
    for width, bits in (("2", "<H"), ("4", "<I"), ("8", "<Q")):
        usual = numpy.array([1, math.nan, 2], f"<f{width}")
        other = usual.copy()
        pattern = int.from_bytes(usual[1].tobytes(), "little") ^ 1 | 1 << (int(width) * 8 - 1)
        other.view(f"u{width}")[1] = pattern
        assert struct.pack(bits, pattern) != usual[1].tobytes()
        assert numpy.isnan(other[1])
        assert of(other) == of(usual)
    strange = struct.unpack("<d", struct.pack("<Q", 0xFFF8000000000123))[0]
    assert of([strange]) == of([math.nan])


def test_what_fills_up_a_long_double_and_a_structure_does_not_count() -> None:
    clean, dirty = numpy.zeros(3, "g"), numpy.full(3 * numpy.dtype("g").itemsize, 255, "u1").view("g")
    dirty[...] = 0
    assert of(clean) == of(dirty)
    dtype = numpy.dtype([("a", "i1"), ("b", "f8")], align=True)
    clean, dirty = numpy.zeros(3, dtype), numpy.full(3 * dtype.itemsize, 255, "u1").view(dtype)
    dirty["a"], dirty["b"] = 0, 0
    assert of(clean) == of(dirty) == of(numpy.zeros(3, [("a", "i1"), ("b", "f8")]))


def test_what_lies_under_a_mask_does_not_count() -> None:
    masks = [True, False]
    assert of(numpy.ma.array([5, 2], mask=masks)) == of(numpy.ma.array([7, 2], mask=masks))
    texts = [numpy.ma.array([text, "b"], mask=masks) for text in ("x", "y")]
    assert of(texts[0]) == of(texts[1])
    assert of(numpy.ma.array([1, 2])) == of(numpy.ma.array([1, 2], mask=[False, False]))


def test_an_array_on_a_file_is_the_array(tmp_path: Path) -> None:
    array = numpy.arange(12.0).reshape(3, 4)
    numpy.save(tmp_path / "x.npy", array)
    assert of(numpy.load(tmp_path / "x.npy", mmap_mode="r")) == of(array)
    assert of(array.view(numpy.matrix)) == of(array)
    assert of(array.view(numpy.recarray)) == of(array)


def test_what_says_more_than_its_items_is_refused() -> None:
    class Quantity(numpy.ndarray):
        unit = "m"

    with pytest.raises(LabbookError, match=r"Quantity.*numpy\.asarray"):
        fingerprint("x", numpy.arange(3).view(Quantity))


def test_sizes_are_told() -> None:
    data = fingerprint("train", numpy.zeros((3, 4), "f4"))
    assert (data.name, data.kind, data.rows, data.columns, data.bytes) == ("train", "array", 3, 4, 48)
    assert (data.coverage, data.path) == ("full", None)
    image = fingerprint("x", numpy.zeros((3, 4, 5)))
    assert (image.rows, image.columns) == (3, None)
    assert fingerprint("x", numpy.float64(1)).rows is None
    pair = fingerprint("x", (numpy.zeros((3, 4)), numpy.zeros(3)))
    assert (pair.kind, pair.rows, pair.columns, pair.bytes) == ("tuple", 3, None, 120)
    assert fingerprint("x", {"train": numpy.zeros(3), "test": numpy.zeros(2)}).rows is None
    assert fingerprint("x", ["a", "b"]).rows == 2
    assert fingerprint("x", [numpy.zeros(3)] * 7).rows == 7


def test_sparse_arrays_are_known() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    dense = numpy.array([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0]])
    formats = [sparse.csr_matrix(dense), sparse.csc_array(dense), sparse.coo_array(dense), sparse.lil_array(dense)]
    data = [fingerprint("x", matrix) for matrix in formats]
    assert {(each.kind, each.rows, each.columns) for each in data} == {("sparse array", 2, 3)}
    assert len({each.sha256 for each in data}) == 3  # lil goes as coo
    assert of(sparse.csr_array(dense * 2)) != of(formats[0])
    assert of(sparse.csr_array(numpy.pad(dense, ((0, 0), (0, 1))))) != of(formats[0])


# of any size, in any process


def test_what_is_larger_than_256_mib_is_sampled_from_head_to_tail() -> None:
    large = numpy.zeros((300 << 10, 1 << 10), "u1")
    before = fingerprint("x", large)
    assert (before.coverage, before.bytes, before.rows) == ("sampled", 300 << 20, 300 << 10)
    assert of(large[:-1]) != before.sha256
    for at in (0, -1):
        large[at, at] = 1
        assert of(large) != before.sha256
        large[at, at] = 0
    assert of(numpy.broadcast_to(numpy.uint8(0), large.shape)) == before.sha256
    parts = {"small": numpy.zeros(1000), "large": large}
    before = fingerprint("x", parts)
    parts["small"][500] = 1
    assert (before.coverage, before.sha256 == of(parts)) == ("sampled", False)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 1000, 10**6, 10**9 + 7])
@pytest.mark.parametrize("most", [1, 64, 1000, 10**6, 10**10])
def test_spans_go_from_head_to_tail_and_are_no_more_than_asked_for(length: int, most: int) -> None:
    spans = list(data_content.spans(length, most))
    ends = [at for span in spans for at in span]
    assert ends == sorted(ends)
    assert not spans or (ends[0], ends[-1]) == (0, length)
    assert sum(stop - start for start, stop in spans) <= max(most, data_content.SPANS)
    assert length <= most or length <= 64 or len(spans) == data_content.SPANS


PROGRAM = """
import sys
sys.path.insert(0, {root!r})
from tests.record.test_data import DIFFERENT, VALUES, of
print([of(each) for each in (*DIFFERENT.values(), VALUES, {{"b": 1, "a": {{"x", "y", "z"}}}})])
"""


def test_a_fresh_process_gives_the_same_fingerprints() -> None:
    root = str(Path(__file__).parents[2])
    here = str([of(each) for each in (*DIFFERENT.values(), VALUES, {"b": 1, "a": {"x", "y", "z"}})])
    for seed in ("0", "4242"):
        command = [sys.executable, "-c", PROGRAM.format(root=root)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
        assert done.stdout.strip() == here, done.stderr


def test_no_library_is_loaded_to_look_at_data() -> None:
    program = """
import sys
from jupyter_labbook.record.data import fingerprint
fingerprint("x", [1, "a", 2.5])
fingerprint("x", b"abc")
print(sorted({"numpy", "pandas", "torch", "polars", "pyarrow", "scipy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


FROZEN: dict[str, Any] = {
    "e033688967a724c3131cbec7541f1d38abc28c991599ae20de07efe89a847b98": numpy.arange(6.0).reshape(2, 3),
    "efcf02d48c0a0e8d1a559ccde319c463e9168ef837338bfdd841abc76142280c": ["a", None, math.nan, 1, (2**70, b"")],
    "c3652f1fbaa98d5c4e8979c0d935ffe8cca1e30bdf58588636cb2eb67d3246d9": pandas.DataFrame(
        {"a": [1, 2], "b": [0.5, math.nan], "c": [True, False]}
    ),
    "69a5d95b345cf37fa3eb9e6a41412593fadce40a4f692c7843b818ff00d83cc6": {
        "x": numpy.array(["a", "b"]),
        "y": pandas.Series([1, 2], name="y"),
    },
    "a8937056008ac55eaa9b59af5a4194bda63ef848ee6b4f24bd3850c6f93f87d2": numpy.zeros(40 << 20),
}


def test_fingerprints_are_the_same_in_every_version() -> None:
    """Others would say of every run ever recorded that its data were others."""
    assert [of(value) for value in FROZEN.values()] == list(FROZEN)
