"""A network with its steps made smooth: a neuron emits H(m) of its threshold's margin m in place of
a spike, H' being the surrogate curve, and resets by so much of it. What a surrogate gradient is for
a network that fires, it is exactly for this one, so finite differences must find it."""

from __future__ import annotations

from dataclasses import replace

from snncc.backends.rules.through_time.oracle import Backward
from snncc.ir.expr import Apply, Const, Expr, Ref, apply, evaluate
from snncc.ir.model import Model
from snncc.ir.neuron import SPIKED, Assign, NeuronStep, State, margin
from snncc.ir.passes.discretize import scored

FIRED = "fired"
HALF, ONE, ZERO = Const(0.5), Const(1.0), Const(0.0)


def _sigmoid(m: Expr, a: Expr) -> Expr:
    return apply("div", ONE, apply("add", ONE, apply("exp", apply("neg", apply("div", m, a)))))


def _fast_sigmoid(m: Expr, a: Expr) -> Expr:
    below = apply("add", a, apply("mul", Const(2.0), apply("abs", m)))
    return apply("add", apply("div", m, below), HALF)


PRIMITIVES = {"sigmoid": _sigmoid, "fast_sigmoid": _fast_sigmoid}


def mixed(expr: Expr, fired: Expr) -> Expr:
    """The expression with every choice by the spike a mixture by how much of one there is."""
    if not isinstance(expr, Apply):
        return expr
    if expr.op == "select" and expr.args[0] == Ref(SPIKED, expr.args[0].dtype):
        yes, no = (mixed(a, fired) for a in expr.args[1:])
        return apply("add", apply("mul", fired, yes), apply("mul", apply("sub", ONE, fired), no))
    return apply(expr.op, *(mixed(a, fired) for a in expr.args), immediate=expr.immediate)


def smooth_step(step: NeuronStep, curve: str, width: float) -> NeuronStep:
    """The step of a neuron that emits how much it fires."""
    assert step.threshold is not None
    assert step.refractory is None
    found = margin(step.threshold)
    fired = Ref(FIRED)
    after = tuple(Assign(a.target, mixed(a.value, fired)) for a in step.after)
    fires = Assign(FIRED, PRIMITIVES[curve](found.value, Const(width)))
    made = replace(
        step,
        states=(*step.states, State(FIRED, "1", ZERO)),
        integrate=(*step.integrate, fires, *after),
        threshold=None,
        reset=(),
        emit=fired,
    )
    return scored(made, None, 1.0)


def smooth_model(model: Model, curve: str, width: float) -> Model:
    """The model of which every spiking population is smooth."""
    populations = tuple(
        replace(p, step=smooth_step(p.step, curve, width))
        if p.step is not None and p.step.threshold is not None
        else p
        for p in model.graph.populations
    )
    return replace(model, graph=replace(model.graph, populations=populations))


class SmoothBackward(Backward):
    """The sweep over a smooth trace: what fired is a number."""

    def value(self, expr, values):
        return evaluate(mixed(expr, Ref(SPIKED)), values, float)
