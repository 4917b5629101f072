"""Synapse models: what an author writes (`SynapseModel`), and its use by a projection."""

from __future__ import annotations

from dataclasses import dataclass, field

from .diagnostics import Span
from .neuron import Assign, Parameter, State

WEIGHT = "weight"  # the name of a synapse's weight in its model
SENT = "emit"  # the target of what a synapse sends, which no state can be called


@dataclass(frozen=True, slots=True)
class SynapseModel:
    """A model of synapses with states: ODEs, what is done when a spike of the pre neuron arrives,
    and when the post neuron fires.

    Meaning, for every backend: a synapse is looked at in its events alone. In an event of step t
    its states are first brought from the step s of its last event, or from step 0, to step t by the
    solution of the ODEs over (t - s) dt, then the assignments are done in their order. In a step
    `on_pre` comes first, once for each spike that arrives, before the neurons are stepped, and
    `on_post` after them, once for each spike of the post neuron. An assignment to SENT, one in
    `on_pre`, is what goes to the port in place of the weight. Names: parameters, states and WEIGHT,
    in `unit`, which is a state like others where anything assigns it.
    """

    name: str
    parameters: tuple[Parameter, ...]
    states: tuple[State, ...]
    unit: str
    derivatives: tuple[Assign, ...]
    on_pre: tuple[Assign, ...]
    on_post: tuple[Assign, ...]
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def is_plastic(self) -> bool:
        """Whether weights change."""
        changes = (*self.derivatives, *self.on_pre, *self.on_post)
        return any(assign.target == WEIGHT for assign in changes)

    @property
    def held(self) -> tuple[str, ...]:
        """What every synapse holds a value of: its states, and its weight if that changes."""
        return (*(s.name for s in self.states), *([WEIGHT] if self.is_plastic else []))


@dataclass(frozen=True, slots=True)
class Synapse:
    """The model of a projection's synapses, and every parameter of it with its value in the unit of
    its `neuron.Parameter`."""

    model: SynapseModel
    parameters: tuple[tuple[str, float], ...] = ()
