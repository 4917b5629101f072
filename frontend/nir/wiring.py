"""Linear nodes of NIR as the wiring of the language."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NamedTuple

import numpy as np

from ...ir.nir.graph import UNFIT, Array, Floats, Node, refusal
from .names import key_of
from .shapes import Shape, window_of
from .windows import EXACT, is_square, listed

Tensors = dict[str, Array]
WEIGHTS = "{weights}"  # the file, whose name is not known here
PLAIN = "one_to_one(weight = 1)"


class Wiring(NamedTuple):
    """The words for it, and the delay in steps; None where each synapse has its own."""

    text: str
    delay: int | None = 0


def wiring_of(node: Node | None, pre: Shape, post: Shape, dt: float, tensors: Tensors) -> Wiring:
    """How the node joins what leads to it to what it leads to, None being an edge alone; what it
    reads from a file is added to the tensors, whose keys are `node.field`."""
    if node is None:
        return Wiring(PLAIN)
    return _WIRINGS[node.kind](node, pre, post, dt, tensors)


def bias_of(node: Node, shape: Shape) -> Floats | None:
    """The bias of each output, flat; None for a node without."""
    if "bias" not in node.fields:
        return None
    bias = node.numbers("bias").ravel()
    if node.kind.startswith("Conv"):
        bias = np.broadcast_to(bias, shape[:1]).repeat(prod(shape[1:]))
    return np.array(np.broadcast_to(bias, (prod(shape),)))


def number_text(value: float) -> str:
    """A number as it is written: the shortest text that is this very number."""
    with np.errstate(over="ignore"):
        short = str(np.float32(value))
    return (short if float(short) == value else repr(float(value))).removesuffix(".0")


def _stored(node: Node, field: str, values: Array, tensors: Tensors) -> str:
    key = key_of(node.name, field)
    with np.errstate(over="ignore"):
        tensors[key] = np.ascontiguousarray(values, np.float32)
    if not np.isfinite(tensors[key]).all():
        raise refusal(UNFIT, f"`{key}` holds numbers that single precision has not")
    return f'"{WEIGHTS}", key = "{key}"'


def _matrix(node: Node, _pre: Shape, _post: Shape, _dt: float, tensors: Tensors) -> Wiring:
    file = _stored(node, "weight", node.numbers("weight"), tensors)
    return Wiring(f'file({file}, layout = "post_pre")')


def _scale(node: Node, pre: Shape, _post: Shape, _dt: float, tensors: Tensors) -> Wiring:
    scale = node.numbers("scale").ravel()
    if len(np.unique(scale)) == 1:
        return Wiring(f"one_to_one(weight = {number_text(float(scale[0]))})")
    file = _stored(node, "scale", np.broadcast_to(scale, (prod(pre),)), tensors)
    return Wiring(f"one_to_one(init = file({file}))")


def _convolution(node: Node, pre: Shape, post: Shape, _dt: float, tensors: Tensors) -> Wiring:
    if not is_square(node):
        return _list(node, pre, post, tensors)
    (kernel, _), (stride, _), _ = window_of(node)
    padding = _padding(node, kernel)
    words = [f"channels = {post[0]}", f"kernel = {kernel}"]
    words += [f"stride = {stride}"] if stride != 1 else []
    words += [f"padding = {padding}"] if padding else []
    groups = node.whole("groups")[0]
    words += [f"groups = {groups}"] if groups != 1 else []
    file = _stored(node, "weight", node.numbers("weight"), tensors)
    return Wiring(f"conv2d({', '.join(words)}, init = file({file}))")


def _padding(node: Node, kernel: int) -> int:
    said = node.fields["padding"]
    if isinstance(said, str):
        return (kernel - 1) // 2 if said == "same" else 0
    return node.whole("padding")[0]


def _pool(node: Node, pre: Shape, post: Shape, _dt: float, tensors: Tensors) -> Wiring:
    if not is_square(node):
        return _list(node, pre, post, tensors)
    (kernel, _), (stride, _), _ = window_of(node)
    words = f"kernel = {kernel}" + (f", stride = {stride}" if stride != kernel else "")
    if node.kind == "AvgPool2d":
        words += f", init = constant({number_text(1 / kernel**2)})"
    return Wiring(f"pool2d({words})")


def _list(node: Node, pre: Shape, post: Shape, tensors: Tensors) -> Wiring:
    file = _stored(node, "synapses", listed(node, pre, post), tensors)
    return Wiring(f'file({file}, layout = "list")')


def _delay(node: Node, pre: Shape, _post: Shape, dt: float, tensors: Tensors) -> Wiring:
    exact = node.numbers("delay").ravel() / dt
    steps = np.round(exact)
    bad = np.flatnonzero((np.abs(exact - steps) > 1e-3) | (steps < 0) | (steps > 1e7))
    if len(bad):
        message = f"`{node.name}` (Delay) delays by {exact[bad[0]]:g} steps of {dt:g} s"
        raise refusal(UNFIT, message, "a delay is a whole number of steps: give another --dt")
    if len(np.unique(steps)) == 1:
        return Wiring(PLAIN, int(steps[0]))
    if prod(pre) > EXACT or len(steps) != prod(pre) or not steps.all():
        message = f"`{node.name}` (Delay) has {len(steps)} delays for {prod(pre)} numbers"
        message += "" if steps.all() else ", and some of them are 0"
        raise refusal(UNFIT, message, "delays that differ are one step or longer, and one each")
    index = np.arange(prod(pre), dtype=np.float64)
    rows = np.stack([index, index, np.ones_like(index), steps * dt * 1e3], axis=1)
    key = key_of(node.name, "synapses")
    tensors[key] = rows
    return Wiring(f'file("{WEIGHTS}", key = "{key}", layout = "list")', None)


_Rule = Callable[[Node, Shape, Shape, float, Tensors], Wiring]
_WIRINGS: dict[str, _Rule] = {
    **dict.fromkeys(("Affine", "Linear"), _matrix),
    **dict.fromkeys(("Conv1d", "Conv2d"), _convolution),
    **dict.fromkeys(("SumPool2d", "AvgPool2d"), _pool),
    "Scale": _scale,
    "Delay": _delay,
}
