"""Networks of floats as nodes: float32 in the order of the expressions, sums by a MatMul, whose
order is the runtime's; and, for `onnx-qdq`, weights of int8 with a scale a post neuron."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....ir.expr import Const, Expr, Ref
from ....ir.graph import Projection
from ....ir.types import DType
from ...compiled.text.onnx import ONNX
from .expressions import Level, Scopes, Value
from .nodes import Nodes

KIND = "f32"
LARGEST = 127  # code of a weight


def real(array: npt.ArrayLike, dtype: object = DType.F32) -> Value:
    """Numbers that stand still, [] or [N], of a type of floats, counters or truth values."""
    kind, stored = _KINDS[dtype]
    return Value(kind, 0, 0, codes=np.asarray(array, stored))


_KINDS: dict[object, tuple[str, type[np.generic]]] = {
    DType.F32: (KIND, np.float32),
    DType.I32: ("i32", np.int32),
    DType.BOOL: ("bool", np.bool_),
}


def kept(name: str, dtype: object) -> Value:
    """A state by its name in a step."""
    return Value(_KINDS[dtype][0], 0, 0, name, Level.STEP)


class FloatWriter:
    """Expressions over the `values` of names, as the tables of operators spell them."""

    def __init__(self, scopes: Scopes, values: Mapping[str, Value]) -> None:
        self.scopes, self.values = scopes, dict(values)

    def value(self, expr: Expr) -> Value:
        """What an expression is."""
        if isinstance(expr, Ref):
            return self.values[expr.name]
        if isinstance(expr, Const):
            return real(np.array(expr.value), expr.dtype)
        args = [self.value(each) for each in expr.args]
        level = max(each.level for each in args)
        names = [self.scopes.name(each, each.kind, level) for each in args]
        own = ONNX.exceptions.get(expr.dtype, {}) if isinstance(expr.dtype, DType) else {}
        spelling = own.get(expr.op, ONNX.spellings[expr.op])
        made = self.scopes.at(level).text(spelling.format(*names))
        return Value(_KINDS[expr.dtype][0], 0, 0, made, level)


@dataclass(frozen=True, slots=True, eq=False)
class RealSynapses:
    """A projection with its weights [pre, post], float32; `is_coded`: kept as int8, one scale a
    post neuron."""

    projection: Projection
    weights: npt.NDArray[np.float32]
    is_coded: bool = False
    kind: str = KIND

    def ends(self, sent: tuple[int, int] = (0, 1)) -> tuple[int, int]:
        """Of no use to floats."""
        return 0, 0

    def delivered(self, nodes: Nodes, spikes: str, ends: tuple[int, int] = (0, 1)) -> str:
        """The sums float32 [..., post] of spikes uint8 [..., pre]."""
        if not self.is_coded:
            sent = nodes.text(f"Cast({spikes}, to=FLOAT)")
            return nodes.node("MatMul", sent, nodes.constant(self.weights))
        one, zero = (nodes.constant(np.array(n, t)) for n, t in ((1, np.float32), (0, np.uint8)))
        sent = nodes.node("DequantizeLinear", spikes, one, zero)
        scales = np.abs(self.weights).max(axis=0) / np.float32(LARGEST)
        scales = np.where(scales > 0, scales, np.float32(1)).astype(np.float32)
        codes = np.clip(np.rint(self.weights / scales), -LARGEST, LARGEST).astype(np.int8)
        none = nodes.constant(np.zeros(len(scales), np.int8))
        given = nodes.constant(codes), nodes.constant(scales), none
        return nodes.node("MatMul", sent, nodes.node("DequantizeLinear", *given, axis=1))
