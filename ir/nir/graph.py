"""A NIR graph as data, and what each kind of its nodes holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..diagnostics import CompileError, Diagnostic

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Edge = tuple[str, str]
Form = Literal["numbers", "whole", "padding"]

DAMAGED, UNFIT, OPEN = "E090", "E091", "E092"


@dataclass(frozen=True, slots=True)
class Field:
    """A dataset of a node: real numbers, whole numbers, or whole numbers or a word."""

    name: str
    form: Form = "numbers"
    is_optional: bool = False


def _numbers(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name) for name in names)


_RESET = (Field("v_reset", is_optional=True),)  # since 1.0; 0 before
_GAIN = (Field("w_in", is_optional=True),)  # 1 where a file does not say it
_WINDOW = (
    Field("weight"),
    Field("bias"),
    Field("stride", "whole"),
    Field("padding", "padding"),
    Field("dilation", "whole"),
    Field("groups", "whole"),
    Field("input_shape", "whole", is_optional=True),
)
_POOL = (Field("kernel_size", "whole"), Field("stride", "whole"), Field("padding", "whole"))

GRAPH = "NIRGraph"
KINDS: dict[str, tuple[Field, ...]] = {
    "Input": (Field("shape", "whole"),),
    "Output": (Field("shape", "whole", is_optional=True),),
    "Affine": _numbers("weight", "bias"),
    "Linear": _numbers("weight"),
    "Scale": _numbers("scale"),
    "Threshold": _numbers("threshold"),
    "Conv1d": _WINDOW,
    "Conv2d": _WINDOW,
    "SumPool2d": _POOL,
    "AvgPool2d": _POOL,
    "Flatten": (
        Field("start_dim", "whole"),
        Field("end_dim", "whole"),
        Field("input_type", "whole", is_optional=True),
    ),
    "Delay": _numbers("delay"),
    "I": _numbers("r"),
    "IF": (*_numbers("r", "v_threshold"), *_RESET),
    "LI": _numbers("tau", "r", "v_leak"),
    "LIF": (*_numbers("tau", "r", "v_leak", "v_threshold"), *_RESET),
    "CubaLI": (*_numbers("tau_mem", "tau_syn", "r", "v_leak"), *_GAIN),
    "CubaLIF": (
        *_numbers("tau_mem", "tau_syn", "r", "v_leak", "v_threshold"),
        *_RESET,
        *_GAIN,
    ),
    GRAPH: (),
}
SPIKING = frozenset({"IF", "LIF", "CubaLIF"})
INTEGRATING = SPIKING | {"I", "LI", "CubaLI"}
CELLS = INTEGRATING | {"Threshold"}
LINEAR = frozenset(
    {"Affine", "Linear", "Scale", "Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Delay"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A node: its kind, its numbers by field, and what it holds if it is a graph itself. `marks`:
    what its metadata say, `reset` and `comparison`, where it is not what those of the graph do."""

    name: str
    kind: str
    fields: Mapping[str, Array | str]
    graph: NirGraph | None = None
    marks: Mapping[str, str] = field(default_factory=dict)

    def numbers(self, field: str, absent: float = 0.0) -> Floats:
        """The numbers of a field, or the one that stands for a field that the file lacks."""
        return np.asarray(self.fields.get(field, absent), np.float64)

    def whole(self, field: str) -> tuple[int, ...]:
        """The whole numbers of a field, flat; of none, ()."""
        found = self.fields.get(field)
        return () if found is None else tuple(int(k) for k in np.ravel(np.asarray(found)))


@dataclass(frozen=True, slots=True, eq=False)
class NirGraph:
    """Nodes by name, in the order of the file, and the edges between them."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]

    def before(self) -> dict[str, tuple[str, ...]]:
        """For each node those that lead to it, in the order of the edges."""
        return _ends(self.nodes, ((b, a) for a, b in self.edges))

    def after(self) -> dict[str, tuple[str, ...]]:
        """For each node those that it leads to."""
        return _ends(self.nodes, self.edges)


def _ends(nodes: Iterable[str], pairs: Iterable[Edge]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {name: [] for name in nodes}
    for one, other in pairs:
        found[one].append(other)
    return {name: tuple(others) for name, others in found.items()}


def refusal(code: str, message: str, way_out: str = "") -> CompileError:
    """What is wrong with a NIR file, which has no lines to point at: messages name its nodes."""
    return CompileError(Diagnostic(code, message, help=way_out))
