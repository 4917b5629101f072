"""The shape of what leaves each node."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import prod

import numpy as np

from ...ir.nir.graph import CELLS, KINDS, UNFIT, NirGraph, Node, refusal
from ..limits import LIMITS

Shape = tuple[int, ...]
UNDILATED: Shape = (1, 1)
Rule = Callable[[Node, Shape | None], Shape | None]


def shapes_of(graph: NirGraph) -> dict[str, Shape]:
    """The shape of what leaves each node, from its own numbers or from what leads to it.

    CompileError(E091), naming both nodes, where they do not fit.
    """
    shapes: dict[str, Shape] = {}
    before, after = graph.before(), graph.after()
    waiting = deque(graph.nodes)
    while waiting:
        name = waiting.popleft()
        if name in shapes:
            continue
        known = next((shapes[pre] for pre in before[name] if pre in shapes), None)
        node = graph.nodes[name]
        shape = _RULES[node.kind](node, known)
        if shape is not None:
            shapes[name] = _bounded(node, shape)
            waiting.extend(after[name])
    lost = next((name for name in graph.nodes if name not in shapes), None)
    if lost is not None:
        message = f"nothing says how many neurons `{lost}` ({graph.nodes[lost].kind}) has"
        raise refusal(UNFIT, message, "give the Input, or the node, its shape, and write it anew")
    for pre, post in graph.edges:
        _require_fit(graph, pre, post, shapes)
    return shapes


def arrives_at(node: Node) -> Shape | None:
    """The shape of what a node takes, by its own numbers alone; None where they do not say it."""
    if node.kind in ("Affine", "Linear"):
        return np.shape(node.fields["weight"])[1:]
    below = np.shape(node.fields.get("weight", 0))[1:2]
    if below and node.whole("input_shape"):
        return (below[0] * node.whole("groups")[0], *node.whole("input_shape"))
    return leaves_at(node)


def leaves_at(node: Node) -> Shape | None:
    """The shape of what a node sends, by its own numbers alone; None where they do not say it."""
    if node.kind in ("Affine", "Linear"):
        return np.shape(node.fields["weight"])[:1]
    rule = _RULES[node.kind]
    shape = None if rule is _windows else rule(node, None)
    stands_for_all = rule is _own and prod(shape or ()) == 1
    return None if stands_for_all else shape


def _bounded(node: Node, shape: Shape) -> Shape:
    if not shape or min(shape) < 1 or prod(shape) > LIMITS.neurons:
        message = f"`{node.name}` ({node.kind}) has the shape {list(shape)}"
        raise refusal(UNFIT, message, f"a shape is from 1 to {LIMITS.neurons} neurons")
    return shape


def _require_fit(graph: NirGraph, pre: str, post: str, shapes: dict[str, Shape]) -> None:
    node = graph.nodes[post]
    if node.kind in _WINDOWS and _windows(node, shapes[pre]) != shapes[post]:
        message = f"`{pre}` ({graph.nodes[pre].kind}) sends {list(shapes[pre])}, and `{post}`"
        raise refusal(UNFIT, f"{message} ({node.kind}) makes {list(shapes[post])} of another shape")
    taken = _taken(node, shapes)
    if taken is None or taken == prod(shapes[pre]):
        return
    weight = np.shape(node.fields.get("weight", 0))
    way_out = ""
    if node.kind in ("Affine", "Linear") and weight[0] == prod(shapes[pre]):
        way_out = _turned(node)
    raise refusal(
        UNFIT,
        f"`{pre}` ({graph.nodes[pre].kind}) sends {list(shapes[pre])}, and `{post}` "
        f"({node.kind}) takes {taken} numbers",
        way_out or "see how the network was exported",
    )


def _turned(node: Node) -> str:
    shape = list(np.shape(node.fields["weight"]))
    return f"its {shape} fit when transposed: say `--transpose {node.name}`"


def _taken(node: Node, shapes: dict[str, Shape]) -> int | None:
    """How many numbers a node takes."""
    if node.kind in ("Affine", "Linear"):
        return int(np.shape(node.fields["weight"])[1])
    if node.kind in _WINDOWS:
        return None  # its rule was asked
    if node.kind == "Output" and "shape" not in node.fields:
        return None
    return prod(shapes[node.name])


def _matrix(node: Node, _known: Shape | None) -> Shape:
    shape = np.shape(node.fields["weight"])
    if len(shape) != 2:
        message = f"`{node.name}` ({node.kind}) has weights of shape {list(shape)}"
        raise refusal(UNFIT, message, "weights are [outputs, inputs]")
    if node.kind == "Affine" and np.size(node.fields["bias"]) not in (1, shape[0]):
        biases = np.size(node.fields["bias"])
        way_out = _turned(node) if biases == shape[1] else ""
        raise refusal(UNFIT, f"`{node.name}` has {biases} biases for {shape[0]} outputs", way_out)
    return shape[:1]


def _said(node: Node, known: Shape | None) -> Shape | None:
    """What an Input, or the end of a graph, says of itself."""
    return node.whole("shape") or known


def _own(node: Node, known: Shape | None) -> Shape | None:
    """The shape of the largest of a node's numbers; of single ones, that of what leads to it."""
    shapes = [np.shape(value) for value in node.fields.values()]
    largest = max(shapes, key=prod)
    if prod(largest) == 1 and known is not None:
        return known
    odd = next((s for s in shapes if prod(s) not in (1, prod(largest))), None)
    if odd is not None:
        message = f"`{node.name}` ({node.kind}) has numbers of shapes {list(largest)} and"
        raise refusal(UNFIT, f"{message} {list(odd)}", "all are of one shape")
    if not largest:
        return None
    return known if known is not None and prod(known) == prod(largest) else largest


def _flat(node: Node, known: Shape | None) -> Shape | None:
    shape = known or node.whole("input_type")
    if not shape:
        return None
    axes = len(shape)
    first, last = (node.whole(field)[0] for field in ("start_dim", "end_dim"))
    first, last = (k + axes if k < 0 else k for k in (first, last))
    if not 0 <= first <= axes or last >= axes:
        return (prod(shape),)
    return (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])


def pair(node: Node, field: str, axes: int = 2) -> Shape:
    """A whole number for each axis, of which the file may say one for all."""
    found = node.whole(field)
    if len(found) not in (1, axes):
        raise refusal(UNFIT, f"`{node.name}` ({node.kind}) has {len(found)} numbers as `{field}`")
    return found if len(found) == axes else found * axes


def paddings(node: Node, kernel: Shape) -> tuple[tuple[int, int], ...]:
    """What is added before and behind, along each axis."""
    said = node.fields["padding"]
    if not isinstance(said, str):
        return tuple((k, k) for k in pair(node, "padding", len(kernel)))
    if said == "valid":
        return ((0, 0),) * len(kernel)
    if said != "same" or set(pair(node, "stride", len(kernel))) != {1}:
        message = f"`{node.name}` ({node.kind}) has the padding `{said[:40]}`"
        raise refusal(UNFIT, message, "it is a number, `valid`, or with a stride of 1 `same`")
    spread = [d * (k - 1) for d, k in zip(pair(node, "dilation", len(kernel)), kernel, strict=True)]
    return tuple((k // 2, k - k // 2) for k in spread)


def window_of(node: Node) -> tuple[Shape, Shape, Shape]:
    """Kernel, stride and dilation of a convolution or a pool, along each axis."""
    if node.kind.endswith("Pool2d"):
        kernel, dilation = pair(node, "kernel_size"), UNDILATED
    else:
        kernel = np.shape(node.fields["weight"])[2:]
        dilation = pair(node, "dilation", len(kernel))
    stride = pair(node, "stride", len(kernel))
    if min((*kernel, *stride, *dilation), default=0) < 1:
        message = f"`{node.name}` ({node.kind}) has a kernel, stride or dilation below 1"
        raise refusal(UNFIT, message)
    return kernel, stride, dilation


def _windows(node: Node, known: Shape | None) -> Shape | None:
    axes = 1 if node.kind == "Conv1d" else 2
    is_pool = node.kind.endswith("Pool2d")
    weight = np.shape(node.fields.get("weight", 0))
    if not is_pool and len(weight) != axes + 2:
        message = f"`{node.name}` ({node.kind}) has weights of shape {list(weight)}"
        raise refusal(UNFIT, message, "weights are [channels out, channels in, kernel…]")
    if known is None and node.whole("input_shape") and not is_pool:
        known = (weight[1] * node.whole("groups")[0], *node.whole("input_shape"))
    if known is None:
        return None
    _require_planes(node, known, axes, weight, is_pool)
    kernel, stride, dilation = window_of(node)
    extents = tuple(
        (n + sum(p) - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(
            known[1:], paddings(node, kernel), dilation, kernel, stride, strict=True
        )
    )
    return (known[0] if is_pool else weight[0], *extents)


def _require_planes(node: Node, known: Shape, axes: int, weight: Shape, is_pool: bool) -> None:
    if len(known) != axes + 1:
        message = f"`{node.name}` ({node.kind}) takes [channels, extents…], and gets {list(known)}"
        raise refusal(UNFIT, message)
    if is_pool:
        return
    groups = node.whole("groups")[0]
    if groups < 1 or known[0] != weight[1] * groups or weight[0] % groups:
        message = f"`{node.name}` ({node.kind}) has weights {list(weight)} in {groups} groups"
        raise refusal(UNFIT, f"{message}, and gets {known[0]} channels")
    if np.size(node.fields["bias"]) not in (1, weight[0]):
        message = f"`{node.name}` has {np.size(node.fields['bias'])} biases"
        raise refusal(UNFIT, f"{message} for {weight[0]} channels")


_WINDOWS = ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d")
_RULES: dict[str, Rule] = {
    **dict.fromkeys(("Affine", "Linear"), _matrix),
    **dict.fromkeys(("Input", "Output", "Enter", "Leave"), _said),
    **dict.fromkeys((*CELLS, "Scale", "Delay"), _own),
    **dict.fromkeys(_WINDOWS, _windows),
    "Flatten": _flat,
}
assert set(_RULES) >= KINDS.keys() - {"NIRGraph"}
