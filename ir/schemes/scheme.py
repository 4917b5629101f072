"""What a discretization method makes of a model's ODEs and input jumps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..neuron import Assign, State

Values = Callable[[Mapping[str, float]], tuple[float, ...]]


def _no_values(parameters: Mapping[str, float]) -> tuple[float, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Scheme:
    """The first phases of a `NeuronStep`, the states they add, and their own constants, whose
    values `values` computes from a population's parameters."""

    decay: tuple[Assign, ...]
    deliver: tuple[Assign, ...]
    integrate: tuple[Assign, ...] = ()
    extra_states: tuple[State, ...] = ()
    constants: tuple[str, ...] = ()
    values: Values = _no_values
