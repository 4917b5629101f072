"""Invariants of neuron models and steps: known names, matching types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite

from ..expr import Apply, Const, Expr, Ref, apply, walk
from ..neuron import (
    REFRACTORY,
    SPIKED,
    TRACE,
    Assign,
    NeuronModel,
    NeuronStep,
    State,
    port_types,
)
from ..ops import OPS
from ..types import FLOATS, DType, Fixed, Scalar
from .require import GraphError, require, require_distinct, require_finite

Types = dict[str, Scalar]


def verify_model(model: NeuronModel) -> None:
    """GraphError unless every expression of the model is typed and reads what it may."""
    parameters: Types = {p.name: DType.F32 for p in model.parameters}
    states: Types = {s.name: s.dtype for s in model.states}
    ports: Types = dict.fromkeys(model.ports, DType.F32)
    names = [*(p.name for p in model.parameters), *(s.name for s in model.states), *model.ports]
    require_distinct(f"name in {model.name}", [*names, SPIKED, REFRACTORY])
    everything = parameters | states | ports
    require_finite(model.name, [p.default for p in model.parameters if p.default is not None])
    for state in model.states:
        _verify_init(model.name, state, parameters)
    for assigns in (model.derivatives, model.on_input, model.on_spike):
        verify_assigns(model.name, assigns, states, everything)
    require_distinct(f"derivative in {model.name}", [a.target for a in model.derivatives])
    for ode in model.derivatives:
        require(states[ode.target] in FLOATS, f"{model.name}: d{ode.target}/dt is no float")
    _verify_optional(model.name, model.spike, everything, DType.BOOL)
    _verify_optional(model.name, model.emit, everything, DType.F32)
    if model.spike is None:
        require(not model.on_spike and not model.refractory, f"{model.name}: resets, never fires")
    if model.refractory is not None:
        verify_expr(model.name, model.refractory.duration, parameters, DType.F32)
        verify_assigns(model.name, model.refractory.hold, states, everything)


def verify_step(step: NeuronStep) -> None:
    """GraphError unless every expression of the step is typed and reads what it may."""
    # A constant is a float; where a step reads it as another type it is a whole number.
    constants: dict[str, Scalar | None] = dict.fromkeys(step.constants)
    states: Types = {s.name: s.dtype for s in step.states}
    ports = port_types(step)
    require_distinct("name in a step", [*states, *ports, *constants])
    everything: dict[str, Scalar | None] = {**constants, **states, **ports}
    for state in step.states:
        _verify_init("step", state, constants)
    for assigns in step.assigns.values():
        verify_assigns("step", assigns, states, everything)
    _verify_optional("step", step.threshold, everything, DType.BOOL)
    trace = states.get(TRACE, DType.F32)
    is_number = trace in FLOATS or isinstance(trace, Fixed)
    require(is_number, "step: a trace that is no number")
    verify_assigns("step", _after(step), states, {**everything, SPIKED: DType.BOOL})
    never_assigned = step.still
    still = {name: dtype for name, dtype in states.items() if name in never_assigned}
    _verify_optional("step", step.refractory, {**constants, **still}, DType.I32)
    if step.emit is not None:
        is_number = isinstance(step.emit.dtype, Fixed) or step.emit.dtype is DType.F32
        require(is_number, f"step: emits {step.emit.dtype}")
        verify_expr("step", step.emit, everything, step.emit.dtype)
    has_counter = states.get(REFRACTORY) is DType.I32
    require(has_counter == (step.refractory is not None), "step: the counter of refractory steps")
    if step.threshold is None:
        require(not step.reset and not has_counter, "step: resets, never fires")
    if step.refractory is None:
        require(not step.hold, "step: holds, never refractory")


def _after(step: NeuronStep) -> tuple[Assign, ...]:
    """What follows the threshold; GraphError where the types of its parts do not fit."""
    try:
        return step.after
    except TypeError as error:
        raise GraphError(f"step: {error}") from None


def _verify_optional(
    where: str, expr: Expr | None, names: Mapping[str, Scalar | None], dtype: Scalar
) -> None:
    if expr is not None:
        verify_expr(where, expr, names, dtype)


def _verify_init(where: str, state: State, names: Mapping[str, Scalar | None]) -> None:
    verify_expr(f"{where}: {state.name}", state.init, names, state.dtype)


def verify_assigns(
    where: str, assigns: Iterable[Assign], states: Types, names: Mapping[str, Scalar | None]
) -> None:
    """GraphError unless each assigns to a state what has its type."""
    for assign in assigns:
        require(assign.target in states, f"{where}: {assign.target} is no state")
        verify_expr(f"{where}: {assign.target}", assign.value, names, states[assign.target])


def verify_expr(where: str, expr: Expr, names: Mapping[str, Scalar | None], dtype: Scalar) -> None:
    """GraphError unless the expression is of the type and reads these names."""
    require(expr.dtype == dtype, f"{where}: {expr.dtype} in place of {dtype}")
    for node in walk(expr):
        if isinstance(node, Ref):
            require(node.name in names, f"{where}: unknown name {node.name}")
            known = names[node.name]
            require(known in (None, node.dtype), f"{where}: {node.name} read as {node.dtype}")
        elif isinstance(node, Const):
            is_held = not isinstance(node.dtype, Fixed) or node.dtype.holds(node.value)
            require(isfinite(node.value) and is_held, f"{where}: literal {node.value}")
        else:
            require(node.op in OPS, f"{where}: operator {node.op}")
            require(_is_typed(node), f"{where}: {node.op} mistyped")


def _is_typed(node: Apply) -> bool:
    try:
        return apply(node.op, *node.args, immediate=node.immediate) == node
    except TypeError:
        return False
