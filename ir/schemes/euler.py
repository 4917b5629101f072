"""The Euler step of the papers: decay by the old values, deliver, integrate the rest."""

from __future__ import annotations

from ..expr import Apply, Const, Expr, Ref, affine, apply, names
from ..neuron import Assign, NeuronModel
from .scheme import Scheme
from .simultaneous import sequence


def euler(model: NeuronModel, dt: float) -> Scheme:
    """One Euler step of `dt` [ms], split as the published models are.

    For dx/dt = a x + b with a free of states and inputs:  x <- x + dt a x, then deliver, then
    x <- x + dt b. An ODE that is not so goes whole into the second part.
    """
    variables = frozenset(s.name for s in model.states) | frozenset(model.ports)
    decay: list[Assign] = []
    rests: list[Assign] = []
    for ode in model.derivatives:
        rate, rest = _split(ode, variables)
        state = Ref(ode.target, ode.value.dtype)
        step = Const(dt, ode.value.dtype)
        if rate is not None:
            decay.append(
                Assign(
                    ode.target, apply("add", state, scaled(state, product(step, rate), variables))
                )
            )
        if rest is not None:
            rests.append(Assign(ode.target, apply("add", state, scaled(rest, step, variables))))
    integrate, kept = sequence(rests, model.states)
    return Scheme(tuple(decay), model.on_input, integrate, kept)


def _split(ode: Assign, variables: frozenset[str]) -> tuple[Expr | None, Expr | None]:
    """a and b of dx/dt = a x + b; None for a part that is not there."""
    terms = affine(ode.value, frozenset({ode.target}))
    if terms is None:
        return None, ode.value
    rate = terms.get(ode.target)
    if rate is not None and names(rate) & variables:
        return None, ode.value
    return rate, terms.get("")


def product(factor: Expr, free: Expr) -> Expr:
    """factor * free, the factor moved into a numerator: dt * (-1 / tau) = -(dt / tau)."""
    if isinstance(free, Apply) and free.op == "neg":
        return apply("neg", product(factor, free.args[0]))
    if isinstance(free, Apply) and free.op in ("div", "mul"):
        return apply(free.op, product(factor, free.args[0]), free.args[1])
    if free == Const(1.0, free.dtype):
        return factor
    return apply("mul", factor, free)


def scaled(expr: Expr, factor: Expr, variables: frozenset[str]) -> Expr:
    """expr * factor with the factors of expr that are free of variables gathered into one."""
    if not names(expr) & variables:
        return product(factor, expr)
    if isinstance(expr, Apply) and expr.op == "neg":
        return apply("neg", scaled(expr.args[0], factor, variables))
    if isinstance(expr, Apply) and expr.op in ("mul", "div"):
        left, right = expr.args
        if not names(right) & variables:
            return scaled(left, _gathered(expr.op, factor, right), variables)
        if expr.op == "mul" and not names(left) & variables:
            return scaled(right, product(factor, left), variables)
    return apply("mul", expr, factor)


def _gathered(op: str, factor: Expr, free: Expr) -> Expr:
    return product(factor, free) if op == "mul" else apply("div", factor, free)
