"""Discretizations: what each method makes of a model's ODEs."""

from __future__ import annotations

from collections.abc import Callable

from ..neuron import NeuronModel
from .euler import euler
from .exact import exact
from .scheme import Scheme

# The methods that a population may name; dt in ms.
SCHEMES: dict[str, Callable[[NeuronModel, float], Scheme]] = {"euler": euler, "exact": exact}

__all__ = ["SCHEMES", "Scheme"]
