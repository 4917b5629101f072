"""Nodes of an ONNX graph, made from text in the form of the language `ONNX`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from ..c.tables import runs

Array = npt.NDArray[Any]
# The words of literals in the text.
WORDS: dict[str, Any] = {
    "f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "bool": np.bool_,
}  # fmt: skip
MANY = 64  # numbers


class Nodes:
    """The nodes of a graph, or of the body of a Scan that stands in `outer`, which sees its values.
    Equal nodes are made once, and so are equal constants, which lie in the outermost graph."""

    def __init__(self, outer: Nodes | None = None) -> None:
        self.root: Nodes = self if outer is None else outer.root
        self.protos: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._made: dict[tuple[Any, ...], str] = {}
        self._known: dict[tuple[Any, ...], str] = {}
        self._count = 0

    def fresh(self) -> str:
        """A name that no other value has; no name of a network is like it."""
        self.root._count += 1
        return f"n{self.root._count}"

    def constant(self, array: Array) -> str:
        """The name of an array. One of many numbers, so many of them alike one after the other, is
        made of these."""
        each = runs(array) if array.ndim == 1 and array.size >= MANY else 1
        if each > 1:
            first, shape = self.constant(array[::each, None]), self.indices(1, each)
            return self.root.node(
                "Reshape", self.root.node("Expand", first, shape), self.indices(-1)
            )
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self.root._known:
            self.root._known[key] = self.fresh()
            tensor = numpy_helper.from_array(np.asarray(array, order="C"), self.root._known[key])
            self.root.constants.append(tensor)
        return self.root._known[key]

    def indices(self, *numbers: int) -> str:
        """The name of numbers int64 [count]."""
        return self.constant(np.array(numbers, np.int64))

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """The name of the first result of a node."""
        key = op, inputs, repr(sorted(attributes.items()))
        if key not in self._made:
            self._made[key] = self.fresh()
            self.add(op, inputs, [self._made[key]], **attributes)
        return self._made[key]

    def add(
        self, op: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> None:
        """Makes a node of given outputs."""
        self.protos.append(helper.make_node(op, inputs, outputs, **attributes))

    def text(self, text: str) -> str:
        """The name of what a text computes, whose names are those of values."""
        return self._value(ast.parse(text, mode="eval").body)

    def _value(self, tree: ast.expr) -> str:
        if isinstance(tree, ast.Name):
            return tree.id
        assert isinstance(tree, ast.Call), ast.dump(tree)
        assert isinstance(tree.func, ast.Name), ast.dump(tree)
        op = tree.func.id
        if op in WORDS:
            number = ast.unparse(tree.args[0])
            value = float(number) if op in ("f32", "f64") else ast.literal_eval(number)
            return self.constant(np.array(value, WORDS[op]))
        types = {k.arg: getattr(TensorProto, ast.unparse(k.value)) for k in tree.keywords if k.arg}
        return self.node(op, *map(self._value, tree.args), **types)

    def graph(
        self, name: str, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]
    ) -> GraphProto:
        """All of it as a graph."""
        return helper.make_graph(self.protos, name, inputs, outputs, self.constants)


def described(name: str, kind: Any, shape: Sequence[int | str] | None = None) -> ValueInfoProto:
    """A value of a NumPy type; a shape of None is any."""
    return helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape
    )
