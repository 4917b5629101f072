"""What a synapse does in an event, as straight-line code (see `synapse.SynapseModel`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..diagnostics import CompileError, Diagnostic
from ..expr import Const, affine, evaluate
from ..neuron import Assign, NeuronModel, State
from ..synapse import WEIGHT, Synapse, SynapseModel
from .exact import exact, propagators
from .scheme import Floats


@dataclass(frozen=True, slots=True)
class SynapseStep:
    """An event in its phases: `evolve`, then `pre` or `post`, each a sequence of assignments.

    They read `held`, the values of each synapse; the weight, where it is none of them;
    `constants`, numbers of a projection; `terms`, which are looked up by the steps since the last
    event; and what `evolve` keeps for itself, `kept`.
    """

    held: tuple[str, ...]
    constants: tuple[str, ...]
    terms: tuple[str, ...]
    kept: tuple[str, ...]
    evolve: tuple[Assign, ...]
    pre: tuple[Assign, ...]
    post: tuple[Assign, ...]


@lru_cache(maxsize=256)
def synapse_step(model: SynapseModel) -> SynapseStep:
    """The step of a model; CompileError(E031) for equations that are not solved in closed form."""
    unsolved = [
        Diagnostic(
            "E031",
            f"the synapse `{model.name}` cannot be carried from event to event: "
            f"d{ode.target}/dt is not linear in its states",
            model.span,
            help="between events an equation reads x and parameters as in `dx/dt = -x / tau + b`; "
            "what jumps belongs into `on pre` or `on post`, what lasts into a neuron",
        )
        for ode in model.derivatives
        if affine(ode.value, frozenset(model.held) | {WEIGHT}) is None
    ]
    if unsolved:
        raise CompileError(unsolved)
    scheme = exact(_as_neuron(model), 1.0)
    return SynapseStep(
        model.held,
        tuple(p.name for p in model.parameters),
        scheme.constants,
        tuple(s.name for s in scheme.extra_states),
        scheme.decay,
        model.on_pre,
        model.on_post,
    )


def _as_neuron(model: SynapseModel) -> NeuronModel:
    """The equations alone; a weight stays as it is where none is about it."""
    states = (*model.states, State(WEIGHT, model.unit, Const(0.0)))
    return NeuronModel(
        model.name, model.parameters, states, (), model.derivatives, (), None, (), span=model.span
    )


def terms_of(synapse: Synapse, dt: float, steps: int) -> Floats:
    """What the terms of a step are 0 … `steps` steps after an event, f64[steps + 1, terms]."""
    step = synapse_step(synapse.model)
    if not step.terms:
        return np.zeros((steps + 1, 0))
    times = np.arange(steps + 1, dtype=np.float64) * dt
    with np.errstate(all="ignore"):
        found = propagators(_as_neuron(synapse.model), dict(synapse.parameters), times)
    return np.stack([found[name] for name in step.terms], axis=1)


def constants_of(synapse: Synapse) -> Floats:
    """The values of the step's constants."""
    values = dict(synapse.parameters)
    return np.array([values[name] for name in synapse_step(synapse.model).constants], np.float64)


def starts_of(synapse: Synapse) -> Floats:
    """The first values of the model's states."""
    with np.errstate(all="ignore"):
        return np.array(
            [
                float(evaluate(s.init, dict(synapse.parameters), np.float64))
                for s in synapse.model.states
            ]
        )
