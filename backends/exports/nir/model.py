"""A neuron model taken apart: its numbers, what it adds to its ports, its step as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.analysis.affine import affine_terms
from ....ir.expr import Apply, Const, Expr, Ref, affine, apply, evaluate, names, substitute, walk
from ....ir.graph import Population
from ....ir.model import Model, value_name
from ....ir.neuron import Assign, NeuronModel, NeuronStep
from ....ir.noise import is_noise
from ....ir.passes.discretize import assemble
from ....ir.schemes import SCHEMES
from ....ir.tensors import numbers

Floats = npt.NDArray[np.float64]
Row = dict[str, Floats]
Known = Mapping[str, Any]


def known_of(model: Model, population: Population) -> dict[str, Any]:
    """The values of the parameters, [] or [neurons] each."""
    found: dict[str, Any] = {}
    for name, value in population.parameters:
        own = model.values.get(value_name(population.name, name))
        found[name] = np.float64(value) if own is None else numbers(own).astype(np.float64)
    return found


def without_noise(neuron: NeuronModel) -> NeuronModel:
    """The model with 0 in place of all noise."""
    zeros = {port: Const(0.0) for port in neuron.ports if is_noise(port)}
    ports = tuple(port for port in neuron.ports if port not in zeros)
    return replace(_changed(neuron, lambda e: substitute(e, zeros)), ports=ports)


def parted(neuron: NeuronModel) -> tuple[NeuronModel, Expr | None]:
    """The model without what it adds to its one port wherever it reads that, and this: the current
    of a bias. None where it adds nothing, or not everywhere the same."""
    if len(neuron.ports) != 1:
        return neuron, None
    port = neuron.ports[0]
    variables = frozenset((port, *(s.name for s in neuron.states)))
    nodes = [node for root in neuron.expressions for node in walk(root)]
    added = [_added(node, port) for node in nodes]
    sums = [bias for bias in added if bias is not None and not names(bias) & variables]
    reads = sum(isinstance(node, Ref) and node.name == port for node in nodes)
    if len(set(sums)) != 1 or len(sums) != reads:
        return neuron, None
    return _changed(neuron, lambda e: _without(e, port, sums[0])), sums[0]


def _added(node: Expr, port: str) -> Expr | None:
    """What a sum of the port and something else adds; None of another expression."""
    if not isinstance(node, Apply) or node.op != "add":
        return None
    first, rest = node.args
    return rest if isinstance(first, Ref) and first.name == port else None


def _without(expr: Expr, port: str, bias: Expr) -> Expr:
    if not isinstance(expr, Apply):
        return expr
    if _added(expr, port) == bias:
        return expr.args[0]
    return apply(expr.op, *(_without(a, port, bias) for a in expr.args), immediate=expr.immediate)


def _changed(neuron: NeuronModel, change: Callable[[Expr], Expr]) -> NeuronModel:
    def assigns(found: tuple[Assign, ...]) -> tuple[Assign, ...]:
        return tuple(Assign(a.target, change(a.value)) for a in found)

    return replace(
        neuron,
        derivatives=assigns(neuron.derivatives),
        on_input=assigns(neuron.on_input),
        spike=None if neuron.spike is None else change(neuron.spike),
        on_spike=assigns(neuron.on_spike),
        emit=None if neuron.emit is None else change(neuron.emit),
    )


def step_of(
    neuron: NeuronModel, population: Population, dt: float, known: Known
) -> tuple[NeuronStep, Known]:
    """The step of the model, and the values of all that its phases read."""
    bare = replace(neuron, refractory=None)
    scheme = SCHEMES[population.method].scheme(bare, dt)
    own = dict(zip(scheme.constants, scheme.own.values(known), strict=True))
    return assemble(bare, scheme), {**known, **own}


def rows_of(step: NeuronStep, known: Known) -> dict[str, Row | None]:
    """What a step makes of each state before its threshold, over the states before and the ports,
    "" being the constant; None of one that is not affine."""
    terms = affine_terms(step, step.decay, step.deliver, step.integrate)
    return {s: None if t is None else _values(t, known) for s, t in terms.items()}


def row_of(expr: Expr, neuron: NeuronModel, known: Known) -> Row | None:
    """The same of one expression."""
    variables = frozenset((*neuron.ports, *(s.name for s in neuron.states)))
    terms = affine(expr, variables)
    return None if terms is None else _values(terms, known)


def value_of(expr: Expr, known: Known) -> Floats:
    """The value of an expression of parameters, [] or [neurons]."""
    with np.errstate(all="ignore"):
        return np.asarray(evaluate(expr, known, np.float64), np.float64)


def _values(terms: Mapping[str, Expr], known: Known) -> Row:
    row = {name: value_of(expr, known) for name, expr in terms.items()}
    return {name: value for name, value in row.items() if np.any(value)}
