"""A kernel's arguments, flattened as Numba hands them to the device.

Numba passes a tuple as its fields, one after the other, and an array of D dimensions as 5 + 2 D
words: memory information, parent, items, bytes of an item, address of the data, shape, strides.
"""

from __future__ import annotations

import ast
import ctypes
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..compiled.text.sources import statements
from .arrays import DeviceArray

WORD = 8
# What a kernel of compute capability 7.0 or newer takes since CUDA 12.1 (driver 530); 4096 before,
# which `learn` exceeds: see `presence.OLDEST_DRIVER`.
LIMIT = 32764
_ENTRY = re.compile(r"\.entry\s+(\w+)\s*\((.*?)\)", re.DOTALL)
_PARAM = re.compile(
    r"\.param\s+(?:\.align\s+\d+\s+)?\.[a-z]+(\d+)"  # .param .u64, .param .align 8 .b8
    r"(?:\s+\.ptr(?:\s+\.[a-z]+)?(?:\s+\.align\s+\d+)?)?"  # .ptr .global .align 4
    r"\s+\w+(?:\[(\d+)\])?"
)


@dataclass(frozen=True, slots=True)
class Param:
    """A scalar (`dimensions` None) or an array; `name` is its path, as in "plan.neurons"."""

    name: str
    dtype: str
    dimensions: int | None

    @property
    def sizes(self) -> tuple[int, ...]:
        """The bytes of each of its words."""
        if self.dimensions is None:
            return (np.dtype(self.dtype).itemsize,)
        return (WORD,) * (5 + 2 * self.dimensions)


def params_of(source: str, entry: str, arguments: Sequence[Any]) -> tuple[Param, ...]:
    """The flattened parameters of a module's entry that is called with arguments like these."""
    names = _argument_names(source, entry)
    assert len(names) == len(arguments), (names, len(arguments))
    return tuple(
        _param(path, value)
        for name, argument in zip(names, arguments, strict=True)
        for path, value in leaves(name, argument)
    )


def _argument_names(source: str, entry: str) -> tuple[str, ...]:
    (found,) = (
        node
        for node in statements(source)
        if isinstance(node, ast.FunctionDef) and node.name == entry
    )
    return tuple(argument.arg for argument in found.args.args)


def leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Arrays and scalars of nested named tuples, with their paths, in the order of the fields."""
    if not isinstance(value, tuple):
        yield path, value
        return
    fields = getattr(value, "_fields", range(len(value)))
    for field, inner in zip(fields, value, strict=True):
        yield from leaves(f"{path}.{field}", inner)


def _param(path: str, value: Any) -> Param:
    if isinstance(value, np.ndarray | DeviceArray):
        assert not isinstance(value, np.ndarray) or value.flags.c_contiguous, path
        return Param(path, str(value.dtype), len(value.shape))
    return Param(path, scalar_type(path, value), None)


def scalar_type(path: str, value: Any) -> str:
    """The name of a scalar's type; Python's floats are refused, they would compute in float64."""
    if isinstance(value, np.bool_ | np.number):
        return str(value.dtype)
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64"
    raise TypeError(f"argument `{path}` is a {type(value).__name__}: use a NumPy scalar")


def entry_sizes(ptx: str, entry: str) -> tuple[int, ...]:
    """The bytes of each parameter of an entry, as the PTX text declares them."""
    found: dict[str, str] = dict(_ENTRY.findall(ptx))
    if entry not in found:
        raise ValueError(f"it has no kernel `{entry}`")
    return tuple(int(b) // 8 * int(n or 1) for b, n in _PARAM.findall(found[entry]))


def check_params(params: Sequence[Param], ptx: str, entry: str) -> None:
    """Refuse (ValueError) PTX that takes other parameters, or more than a kernel can have."""
    wanted = tuple(size for param in params for size in param.sizes)
    declared = entry_sizes(ptx, entry)
    if wanted != declared:
        raise ValueError(f"`{entry}` takes {len(declared)} other words than the {len(wanted)}")
    if sum(wanted) > LIMIT:
        raise ValueError(f"`{entry}` takes {sum(wanted)} bytes of arguments, {LIMIT} are possible")


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """The array of addresses that a launch takes; `words` keeps what it points at alive."""

    addresses: Any
    words: list[Any]


def pack(params: Sequence[Param], arguments: Sequence[Any]) -> Packed:
    """The words of the arguments, arrays being on the device; they must fit the parameters."""
    values = [value for k, a in enumerate(arguments) for _, value in leaves(str(k), a)]
    assert len(values) == len(params), (len(values), len(params))
    words = [w for p, v in zip(params, values, strict=True) for w in _words(p, v)]
    addresses = (ctypes.c_void_p * len(words))(*(ctypes.addressof(w) for w in words))
    return Packed(addresses, words)


def _words(param: Param, value: Any) -> list[Any]:
    if param.dimensions is None:
        assert scalar_type(param.name, value) == param.dtype, (param, type(value))
        return [_SCALARS[param.dtype](value.item() if isinstance(value, np.generic) else value)]
    assert isinstance(value, DeviceArray), (param, type(value))
    assert (str(value.dtype), len(value.shape)) == (param.dtype, param.dimensions), param
    strides = _strides(value.shape, value.dtype.itemsize)
    items = value.nbytes // value.dtype.itemsize
    head = [0, 0, items, value.dtype.itemsize, value.pointer]
    return [ctypes.c_uint64(word) for word in (*head, *value.shape, *strides)]


_SCALARS: dict[str, type[Any]] = {
    "bool": ctypes.c_uint8,
    "int8": ctypes.c_int8,
    "int16": ctypes.c_int16,
    "int32": ctypes.c_int32,
    "int64": ctypes.c_int64,
    "uint8": ctypes.c_uint8,
    "uint16": ctypes.c_uint16,
    "uint32": ctypes.c_uint32,
    "uint64": ctypes.c_uint64,
    "float32": ctypes.c_float,
    "float64": ctypes.c_double,
}


def _strides(shape: Sequence[int], itemsize: int) -> list[int]:
    strides, step = [], itemsize
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return strides[::-1]


def to_json(params: Sequence[Param]) -> list[dict[str, Any]]:
    """The parameters as plain data."""
    return [asdict(param) for param in params]


def from_json(document: Sequence[Mapping[str, Any]]) -> tuple[Param, ...]:
    """The parameters that `to_json` wrote; ValueError, KeyError or TypeError for anything else."""
    return tuple(_from_json(row) for row in document)


def _from_json(row: Mapping[str, Any]) -> Param:
    name, dtype, dimensions = str(row["name"]), str(row["dtype"]), row["dimensions"]
    if dtype not in _SCALARS or not (dimensions is None or dimensions in range(9)):
        raise ValueError(f"a parameter of the type {dtype}, {dimensions} dimensions")
    return Param(name, dtype, dimensions)
