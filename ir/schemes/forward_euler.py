"""The plain Euler step: after what arrives, every equation whole, from the values before it."""

from __future__ import annotations

from ..expr import Const, Ref, apply
from ..neuron import Assign, NeuronModel
from .euler import scaled
from .scheme import Scheme
from .simultaneous import sequence


def forward_euler(model: NeuronModel, dt: float) -> Scheme:
    """Deliver, then x <- x + dt f(x) of every dx/dt = f(x), the ports as they are in the step."""
    variables = frozenset(s.name for s in model.states) | frozenset(model.ports)
    steps = []
    for ode in model.derivatives:
        rise = scaled(ode.value, Const(dt, ode.value.dtype), variables)
        steps.append(Assign(ode.target, apply("add", Ref(ode.target, ode.value.dtype), rise)))
    integrate, kept = sequence(steps, model.states)
    return Scheme((), model.on_input, integrate, kept)
