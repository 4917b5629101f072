"""Named tuples of arrays as one pointer in compiled kernels.

Numba passes a tuple as all its fields, an array as 5 + 2 D words: a function that takes a plan of
thirty arrays has two hundred arguments, whatever it reads, which costs a second to compile and
reference counts at every call. A `Record` is the same named tuple in the kernels' eyes
(`plan.neurons`), laid out once in memory; passed on it is an address, and what a kernel does not
read is never loaded.

A field takes whole words of 8 bytes: a number one, an array of D dimensions 5 + 2 D, in the order
of Numba's own structure, without an owner, since the record keeps its arrays alive.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    register_model,
    unbox,
)
from numba.np.numpy_support import from_dtype

WORD = 8
Fields = TypeVar("Fields", bound=tuple[Any, ...])


# The types of all records that were made, by the names of their tuples.
RECORDS: dict[str, RecordType] = {}


class Record(Generic[Fields]):
    """A named tuple as the kernels take it; to Python it has the same fields."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.words = np.array(
            [word % 2**64 for value in fields for word in _words(value)], np.uint64
        )
        self.address = self.words.ctypes.data
        self._numba_type_ = _type_of_fields(fields)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.fields, name)

    def __reduce__(self) -> Any:
        return Record, (self.fields,)


def _words(value: Any) -> list[int]:
    """The words of a field."""
    if not isinstance(value, np.ndarray):
        return [int.from_bytes(_scalar(value).tobytes().ljust(WORD, b"\0"), "little")]
    assert value.flags.c_contiguous
    head = [0, 0, value.size, value.itemsize, value.ctypes.data]
    return [*head, *value.shape, *value.strides]


def _scalar(value: Any) -> np.generic:
    if isinstance(value, np.generic):
        return value
    if callable(value):  # a compiled function; one that is not has no address
        return np.int64(getattr(value, "address", 0))
    return {bool: np.bool_, int: np.int64, float: np.float64}[type(value)](value)


def _type_of(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return types.Array(from_dtype(value.dtype), value.ndim, "C")
    return from_dtype(_scalar(value).dtype)  # type: ignore[arg-type]


def _size(kind: Any) -> int:
    return 5 + 2 * kind.ndim if isinstance(kind, types.Array) else 1


class RecordType(types.Type):
    """The type of a record: the names and types of its fields, and the word where each begins."""

    def __init__(self, name: str, fields: tuple[tuple[str, Any], ...]) -> None:
        self.fields = fields
        ends = np.cumsum([0, *(_size(kind) for _, kind in fields)])
        self.places = {
            field: (kind, int(at)) for (field, kind), at in zip(fields, ends, strict=False)
        }
        super().__init__(f"{name}({', '.join(f'{field}: {kind}' for field, kind in fields)})")


def _type_of_fields(fields: Any) -> RecordType:
    kinds = tuple(zip(fields._fields, map(_type_of, fields), strict=True))
    made = RecordType(type(fields).__name__, kinds)
    known = RECORDS.setdefault(type(fields).__name__, made)
    assert known == made, (known, made)
    return known


@register_model(RecordType)
class _Model(models.OpaqueModel):
    """An address."""


@infer_getattr
class _Attributes(AttributeTemplate):
    key = RecordType

    def generic_resolve(self, record: Any, name: str) -> Any:  # type: ignore[override]
        """The type of a field; None if there is none of that name."""
        return record.places[name][0] if name in record.places else None


@lower_getattr_generic(RecordType)
def _load(context: Any, builder: Any, record: RecordType, value: Any, name: str) -> Any:
    kind, place = record.places[name]
    words = builder.bitcast(value, ir.IntType(64).as_pointer())
    where = builder.gep(words, [ir.Constant(ir.IntType(64), place)])
    stored = context.get_data_type(kind) if not isinstance(kind, types.Array) else None
    target = (stored or context.get_value_type(kind)).as_pointer()
    return context.unpack_value(builder, kind, builder.bitcast(where, target))


@unbox(RecordType)
def _unbox(_kind: RecordType, value: Any, c: Any) -> NativeValue:
    number = c.pyapi.object_getattr_string(value, "address")
    address = c.pyapi.long_as_voidptr(number)
    c.pyapi.decref(number)
    failed = cgutils.is_not_null(c.builder, c.pyapi.err_occurred())
    return NativeValue(address, is_error=failed)
