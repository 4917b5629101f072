"""The classical Runge-Kutta step of fourth order."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import CompileError, Diagnostic, Note
from ..expr import Const, Expr, Ref, apply, substitute
from ..neuron import Assign, NeuronModel, State
from ..noise import is_noise
from .scheme import Scheme

STAGES = 4


def rk4(model: NeuronModel, dt: float) -> Scheme:
    """Deliver, then, of dx/dt = f(x) with the ports as they are in the step,

        k1 = f(x),  k2 = f(x + dt/2 k1),  k3 = f(x + dt/2 k2),  k4 = f(x + dt k3)
        x <- x + dt/6 (k1 + 2 k2 + 2 k3 + k4)

    over all equations at once; E031 where they have noise, which has no slope. The slopes of `x`
    are states k1.x to k4.x, which carry nothing from step to step.
    """
    if any(map(is_noise, model.ports)):
        raise CompileError(_noisy(model))
    slopes = [each for stage in range(1, STAGES + 1) for each in _stage(model, dt, stage)]
    moves = (_moved(ode, dt) for ode in model.derivatives)
    kept = {s.name: s for s in model.states}
    extra = tuple(
        State(_name(stage, ode.target), kept[ode.target].unit, Const(0.0, ode.value.dtype))
        for stage in range(1, STAGES + 1)
        for ode in model.derivatives
    )
    return Scheme((), model.on_input, (*slopes, *moves), extra)


def _noisy(model: NeuronModel) -> Diagnostic:
    message = f"`{model.name}` has noise, of which a Runge-Kutta step would take four slopes"
    declared = () if model.span is None else (Note(model.span, "the model"),)
    way_out = "use `method = forward_euler`"
    return Diagnostic("E031", message, model.span, related=declared, help=way_out)


def _stage(model: NeuronModel, dt: float, stage: int) -> Iterator[Assign]:
    """The slopes of a stage, at the values to which those of the one before it lead."""
    reach = dt if stage == STAGES else dt / 2
    at: dict[str, Expr] = {}
    if stage > 1:
        at = {
            ode.target: _ahead(ode, Const(reach, ode.value.dtype), _slope(stage - 1, ode))
            for ode in model.derivatives
        }
    for ode in model.derivatives:
        yield Assign(_name(stage, ode.target), substitute(ode.value, at))


def _moved(ode: Assign, dt: float) -> Assign:
    k1, k2, k3, k4 = (_slope(stage, ode) for stage in range(1, STAGES + 1))
    middle = apply("add", k2, k3)
    total = apply("add", apply("add", apply("add", middle, middle), k1), k4)
    return Assign(ode.target, _ahead(ode, Const(dt / 6, ode.value.dtype), total))


def _ahead(ode: Assign, time: Const, slope: Expr) -> Expr:
    return apply("add", Ref(ode.target, ode.value.dtype), apply("mul", time, slope))


def _slope(stage: int, ode: Assign) -> Ref:
    return Ref(_name(stage, ode.target), ode.value.dtype)


def _name(stage: int, state: str) -> str:
    return f"k{stage}.{state}"
