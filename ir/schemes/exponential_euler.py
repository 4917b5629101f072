"""The exponential Euler step: each equation solved by itself, all else held over the step."""

from __future__ import annotations

from ..diagnostics import CompileError, Diagnostic, Note
from ..expr import Const, Expr, Ref, affine, apply, names
from ..neuron import Assign, NeuronModel
from ..noise import is_noise
from .euler import product
from .scheme import Scheme
from .simultaneous import sequence


def exponential_euler(model: NeuronModel, dt: float) -> Scheme:
    """Deliver, then of every dx/dt = a x + b, where a and b may read all but x,

        x <- x + dt (a x + b) (exp(z) - 1) / z,    z = a dt

    from the values before it: x' = x exp(z) + (b / a) (exp(z) - 1). E031 for another equation, and
    for one whose noise is multiplied by x.
    """
    steps = [_step(ode, model, dt) for ode in model.derivatives]
    integrate, kept = sequence(steps, model.states)
    return Scheme((), model.on_input, integrate, kept)


def _step(ode: Assign, model: NeuronModel, dt: float) -> Assign:
    terms = affine(ode.value, frozenset({ode.target}))
    if terms is None:
        raise CompileError(_not_linear(model, ode.target))
    state = Ref(ode.target, ode.value.dtype)
    step: Expr = Const(dt, ode.value.dtype)
    if any(map(is_noise, names(terms.get(ode.target, step)))):
        raise CompileError(_noisy(model, ode.target))
    if ode.target in terms:
        step = apply("mul", step, _growth(product(step, terms[ode.target])))
    return Assign(ode.target, apply("add", state, apply("mul", step, ode.value)))


def _growth(z: Expr) -> Expr:
    """(exp(z) - 1) / z, 1 at 0. By exp(z) - 1 = 2 t / (1 - t) with t = tanh(z / 2), which loses no
    digits where z is small."""
    one, zero = Const(1.0, z.dtype), Const(0.0, z.dtype)
    is_zero = apply("eq", z, zero)
    t = apply("tanh", apply("mul", Const(0.5, z.dtype), z))
    risen = apply("div", apply("add", t, t), apply("sub", one, t))
    divisor = apply("select", is_zero, one, z)  # so that not even its slope is no number
    return apply("select", is_zero, one, apply("div", risen, divisor))


def _not_linear(model: NeuronModel, state: str) -> Diagnostic:
    declared = () if model.span is None else (Note(model.span, "the model"),)
    return Diagnostic(
        "E031",
        f"`{model.name}` cannot be discretized by exponential Euler steps: d{state}/dt is not "
        f"linear in `{state}`",
        model.span,
        related=declared,
        help="use `method = rk4`, or `euler`",
    )


def _noisy(model: NeuronModel, state: str) -> Diagnostic:
    return Diagnostic(
        "E031",
        f"`{model.name}` cannot be discretized by exponential Euler steps: in d{state}/dt noise is "
        f"multiplied by `{state}`",
        model.span,
        related=() if model.span is None else (Note(model.span, "the model"),),
        help="use `method = forward_euler`",
    )
