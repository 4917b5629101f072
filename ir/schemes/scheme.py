"""What a discretization method makes of a model's ODEs and input jumps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..neuron import Assign, NeuronModel, State

Floats = npt.NDArray[np.float64]
Parameters = Mapping[str, npt.ArrayLike]  # a number, or one a neuron [N]


@dataclass(frozen=True, slots=True)
class Own:
    """How a scheme's own constants follow the parameters. `reads`: by constant, the parameters;
    `values`: of all constants, in their order; `gradients`: dL/d(parameter) by those of the
    constants, by name, [N] each."""

    reads: Mapping[str, frozenset[str]]
    values: Callable[[Parameters], tuple[Floats, ...]]
    gradients: Callable[[Parameters, Mapping[str, Floats]], dict[str, Floats]]


@dataclass(frozen=True, slots=True)
class Scheme:
    """The first phases of a `NeuronStep`, the states they add, and their own constants, if any."""

    decay: tuple[Assign, ...]
    deliver: tuple[Assign, ...]
    integrate: tuple[Assign, ...] = ()
    extra_states: tuple[State, ...] = ()
    own: Own = field(default_factory=lambda: Own({}, lambda _: (), lambda _, __: {}))

    @property
    def constants(self) -> tuple[str, ...]:
        """The names of its own constants."""
        return tuple(self.own.reads)


@dataclass(frozen=True, slots=True)
class Method:
    """A discretization: `scheme(model, dt)`, dt in ms, and what it makes of dx/dt = a x, z = a dt:
    x <- `factor`(z) x. `falls`: the most that -z may be for x to come nearer to its rest without
    swinging around it. `has_phases`: what decays and what arrives are done each by itself, which
    integers and rules of spike times read."""

    scheme: Callable[[NeuronModel, float], Scheme]
    factor: Callable[[float], float]
    falls: float
    has_phases: bool
