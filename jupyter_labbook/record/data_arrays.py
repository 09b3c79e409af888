"""Numpy arrays, scipy's sparse ones and torch's tensors as content to be hashed.

Layout, views, byte order, and for a tensor the device, do not count; dtype, shape and values do.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from jupyter_labbook.errors import LabbookError
from jupyter_labbook.record.data_numbers import Numbers, dtype_words, numbers, reader
from jupyter_labbook.record.data_objects import Objects

if TYPE_CHECKING:
    from jupyter_labbook.record.data_content import Content


def is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def is_scalar(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.generic)


def is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and hasattr(torch, "Tensor") and isinstance(value, torch.Tensor)


def is_sparse(value: Any) -> bool:
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and hasattr(sparse, "issparse") and bool(sparse.issparse(value))


def add_array(content: Content, array: Any, where: str) -> None:
    """Dtype, shape and items. LabbookError for a subclass that means more than its items."""
    numpy = sys.modules["numpy"]
    kind = type(array)
    if isinstance(array, numpy.generic):
        array = numpy.asarray(array)
    elif isinstance(array, numpy.ma.MaskedArray):
        _add_masked(content, array, where)
        return
    elif kind is not numpy.ndarray:
        if kind.__module__.partition(".")[0] != "numpy":
            raise LabbookError(
                f"{where} is a {kind.__qualname__}, which says more than its numbers do: "
                "give numpy.asarray(…) of it, and record the rest with labbook.param"
            )
        array = array.view(numpy.ndarray)
    content.say("array", array.ndim, *array.shape, *dtype_words(array.dtype))
    _add_items(content, array, where)


def add_range(content: Content, values: range) -> None:
    """As the array of these whole numbers."""
    numpy = sys.modules["numpy"]
    content.say("array", 1, len(values), *dtype_words(numpy.dtype("i8")))
    content.add(Numbers(len(values), 8, lambda part: _numbers_of(numpy, values[part])))


def _numbers_of(numpy: Any, values: range) -> Any:
    return numpy.arange(values.start, values.stop, values.step, dtype="i8")


def _add_items(content: Content, array: Any, where: str) -> None:
    dtype = array.dtype
    if dtype.names is not None:
        for name in dtype.names:
            _add_items(content, array[name], f"{where}[{name!r}]")
    elif dtype.kind in "OT":
        read = reader(array)
        content.add(Objects(array.size, lambda part: read(part).tolist(), where))
    else:
        content.add(numbers(array))


def _add_masked(content: Content, array: Any, where: str) -> None:
    """What lies under a mask is anything: it is nulled."""
    numpy = sys.modules["numpy"]
    content.say("masked")
    add_array(content, numpy.ma.getmaskarray(array).view(numpy.ndarray), where)
    add_array(content, array.filled(numpy.zeros((), array.dtype)[()]).view(numpy.ndarray), where)


def add_sparse(content: Content, matrix: Any, where: str) -> int:
    """Its format and the arrays that make it, as they are. Their bytes."""
    if matrix.format not in ("csr", "csc", "bsr", "coo"):
        matrix = matrix.tocoo()
    content.say("sparse", matrix.format, *matrix.shape)
    names = ("data", "row", "col") if matrix.format == "coo" else ("data", "indices", "indptr")
    arrays = [getattr(matrix, name) for name in names]
    for array in arrays:
        add_array(content, array, where)
    return sum(int(array.nbytes) for array in arrays)


def add_tensor(content: Content, tensor: Any, where: str) -> None:
    """Dtype, shape and items; those of a graphics card are brought over block by block."""
    torch = sys.modules["torch"]
    tensor = tensor.detach()
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type == "meta":
        raise LabbookError(f"{where} is a tensor without plain items: give .to_dense() or .dequantize() of it")
    content.say("tensor", tensor.ndim, *tensor.shape, str(tensor.dtype))
    tensor = tensor.resolve_conj().resolve_neg()
    if tensor.dtype.is_floating_point and tensor.element_size() < 4 and tensor.dtype is not torch.float16:
        # numpy has no bfloat16 and no float8: their bits stand for them
        tensor = tensor.view({1: torch.uint8, 2: torch.int16}[tensor.element_size()])
    if tensor.device.type == "cpu":
        content.add(numbers(tensor.numpy()))
        return
    flat = tensor.reshape(-1)
    content.add(Numbers(flat.numel(), flat.element_size(), lambda part: flat[part].cpu().numpy()))
