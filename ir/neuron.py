"""Neuron models: what an author writes (`NeuronModel`) and what a step computes (`NeuronStep`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .diagnostics import Span
from .expr import Expr
from .types import DType, Scalar

SPIKED = "spiked"
REFRACTORY = "refractory_left"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant of a model. Values and `default` are in `unit`, a coherent one, whatever the
    author wrote: "ms", "mV", "pA", "kHz" (not "Hz"), "nS", "1", "mV/ms" …"""

    name: str
    unit: str
    default: float | None


@dataclass(frozen=True, slots=True)
class State:
    """A variable of every neuron; `init` may read parameters."""

    name: str
    unit: str
    init: Expr
    dtype: Scalar = DType.F32


@dataclass(frozen=True, slots=True)
class Assign:
    """`target` takes `value`; in `NeuronModel.derivatives` it is d target/dt = value, per ms."""

    target: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Refractory:
    """For `duration` [ms, an expression of parameters] after a spike, `hold` is done in each step
    and the neuron cannot fire."""

    duration: Expr
    hold: tuple[Assign, ...]


@dataclass(frozen=True, slots=True)
class NeuronModel:
    """A model as written: ODEs, jumps on input, a spike condition and what a spike does.

    Meaning of one step, for every backend: decay (the part of an ODE linear in its own state),
    deliver (`on_input`, each port holding the sum of weights of the spikes that arrive),
    integrate (the rest of the ODEs), refractory hold, threshold, `on_spike`. The pass `discretize`
    turns this into a `NeuronStep`. Names in expressions: parameters, states, ports.
    """

    name: str
    parameters: tuple[Parameter, ...]
    states: tuple[State, ...]
    ports: tuple[str, ...]
    derivatives: tuple[Assign, ...]
    on_input: tuple[Assign, ...]
    spike: Expr
    on_spike: tuple[Assign, ...]
    refractory: Refractory | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NeuronStep:
    """One step of dt as straight-line code; equal steps share one kernel.

    In order: `update` assigns states from states, ports and constants; `spike` is tested and its
    value named SPIKED (bool); `after` assigns states, reading SPIKED. `constants` names per-
    population numbers, whose values are `Population.constants` in the same order. A refractory
    counter is an I32 state named REFRACTORY.
    """

    states: tuple[State, ...]
    ports: tuple[str, ...]
    constants: tuple[str, ...]
    update: tuple[Assign, ...]
    spike: Expr
    after: tuple[Assign, ...]
