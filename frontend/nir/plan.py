"""From a flat graph to populations and projections.

Nodes with a threshold or a state are populations. A linear node that leads to one neuron alone is
the projection to it, from each node that leads to the linear one, and its bias a current of that
neuron; any other linear node is a population that sends the sum of what arrives, within the step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from ...ir.nir.graph import CELLS, LINEAR, UNFIT, Floats, NirGraph, Node, refusal
from .cycles import closing
from .decisions import Settled
from .shapes import Shape
from .wiring import Tensors, Wiring, bias_of, wiring_of

SUM = "Sum"
ROLES = {"Input": "input"}


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A population: `name` is the node's, `kind` that of the neuron, or `Sum`, or `Input`."""

    name: str
    kind: str
    role: str
    shape: Shape
    node: Node
    bias: Floats | None = None


@dataclass(frozen=True, slots=True)
class Joint:
    """A projection: `through` is the linear node that it is, if it is one; `delay` in steps, None
    where its synapses have their own."""

    pre: str
    post: str
    wiring: Wiring
    through: str | None
    delay: int | None
    closes: bool = False

    @property
    def path(self) -> str:
        """The nodes that it leads along."""
        middle = f"{self.through} -> " if self.through else ""
        return f"{self.pre} -> {middle}{self.post}"


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a program says, and the tensors beside it."""

    groups: tuple[Group, ...]
    joints: tuple[Joint, ...]
    tensors: Tensors


def plan_of(graph: NirGraph, shapes: dict[str, Shape], settled: Settled) -> Plan:
    """The populations and projections of a graph without graphs in it.

    CompileError(E091) for an Output to which nothing leads, and for a cycle without a neuron.
    """
    before, after = graph.before(), graph.after()
    fused = {
        name: after[name][0]
        for name, node in graph.nodes.items()
        if node.kind in LINEAR and [graph.nodes[n].kind in CELLS for n in after[name]] == [True]
    }
    late = _late(graph, before, after, shapes, settled)
    answers, dropped = _outputs(graph, before, fused)
    biases = _biases(graph, fused, shapes)
    groups = [
        _group(graph, name, shapes, name in answers, biases.get(name))
        for name in graph.nodes
        if name not in fused and name not in dropped and name not in late
    ]
    tensors: Tensors = {}
    joints = [
        joint
        for group in groups
        for joint in _joints(graph, group, fused, late, before, shapes, settled, tensors)
    ]
    return Plan(tuple(groups), _delayed(groups, joints, settled), tensors)


def _outputs(
    graph: NirGraph, before: dict[str, tuple[str, ...]], fused: dict[str, str]
) -> tuple[set[str], set[str]]:
    """The nodes that are outputs, and the Output nodes that are these and nothing of their own."""
    answers: set[str] = set()
    dropped: set[str] = set()
    for name in [n for n, node in graph.nodes.items() if node.kind == "Output"]:
        pres = before[name]
        if not pres:
            raise refusal(UNFIT, f"nothing leads to the Output `{name}`", "add an edge to it")
        if len(pres) == 1 and graph.nodes[pres[0]].kind != "Input" and pres[0] not in fused:
            answers.add(pres[0])
            dropped.add(name)
        else:
            answers.add(name)
    return answers, dropped


def _group(
    graph: NirGraph, name: str, shapes: dict[str, Shape], answers: bool, bias: Floats | None
) -> Group:
    node = graph.nodes[name]
    kind = node.kind if node.kind in CELLS or node.kind == "Input" else SUM
    role = "output" if answers else ROLES.get(kind, "population")
    return Group(name, kind, role, shapes[name], node, bias)


def _biases(graph: NirGraph, fused: dict[str, str], shapes: dict[str, Shape]) -> dict[str, Floats]:
    """For each population the sum of the biases of all that is a projection to it, flat."""
    found: dict[str, Floats] = {}
    for name, node in graph.nodes.items():
        bias = bias_of(node, shapes[name]) if node.kind in LINEAR else None
        if bias is not None and np.any(bias):
            at = fused.get(name, name)
            found[at] = found.get(at, 0.0) + bias
    return found


def _joints(
    graph: NirGraph,
    group: Group,
    fused: dict[str, str],
    late: dict[str, int],
    before: dict[str, tuple[str, ...]],
    shapes: dict[str, Shape],
    settled: Settled,
    tensors: Tensors,
) -> list[Joint]:
    """The projections that end at a population."""
    found: list[Joint] = []

    def join(pre: str, linear: str | None, through: str | None) -> None:
        if pre in late:
            for origin in before[pre]:
                join_late(origin, linear, through, late[pre])
            return
        join_late(pre, linear, through, 0)

    def join_late(pre: str, linear: str | None, through: str | None, steps: int) -> None:
        node = None if linear is None else graph.nodes[linear]
        post = shapes[linear] if linear is not None else group.shape
        wiring = wiring_of(node, shapes[pre], post, settled.dt, tensors)
        delay = None if wiring.delay is None else wiring.delay + steps
        found.append(Joint(pre, group.name, wiring, through, delay))

    own = group.name if graph.nodes[group.name].kind in LINEAR else None
    for pre in before[group.name]:
        if pre not in fused:
            join(pre, own, None)
            continue
        for first in before[pre]:  # not fused itself, as it leads to no neuron
            join(first, pre, pre)
    return found


def _late(
    graph: NirGraph,
    before: dict[str, tuple[str, ...]],
    after: dict[str, tuple[str, ...]],
    shapes: dict[str, Shape],
    settled: Settled,
) -> dict[str, int]:
    """The steps of Delay nodes that are the delay of the projections behind them: those of one
    delay for all neurons, which lead to linear nodes alone, none of them a Delay."""
    delays = {name for name, node in graph.nodes.items() if node.kind == "Delay"}
    ways = LINEAR - {"Delay"}
    found: dict[str, int] = {}
    for name in delays:
        leads = after[name] and all(graph.nodes[n].kind in ways for n in after[name])
        if leads and not delays & set(before[name]):
            shape = shapes[name]
            steps = wiring_of(graph.nodes[name], shape, shape, settled.dt, {}).delay
            found |= {} if steps is None else {name: steps}
    return found


def _delayed(groups: list[Group], joints: list[Joint], settled: Settled) -> tuple[Joint, ...]:
    """The projections, where those that close a cycle within one step have the delay."""
    immediate = [(k, joint) for k, joint in enumerate(joints) if joint.delay == 0]
    starts = [group.name for group in groups if group.kind == "Input"]
    names = [*starts, *(group.name for group in groups if group.kind != "Input")]
    pairs = [(joint.pre, joint.post) for _, joint in immediate]
    cut, cycles = closing(names, pairs)
    cells = {group.name for group in groups if group.kind in CELLS}
    for cycle in cycles:
        if not cells & set(cycle):
            message = f"the cycle {' -> '.join([*cycle, cycle[0]])} has no neuron"
            raise refusal(UNFIT, message, "a cycle needs a neuron, which spikes or integrates")
    made = list(joints)
    for place in cut:
        k, joint = immediate[place]
        made[k] = replace(joint, delay=settled.delay, closes=True)
    return tuple(made)


def neurons(group: Group) -> int:
    """How many neurons a population has."""
    return prod(group.shape)
