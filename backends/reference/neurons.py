"""Neurons of a population step by step: by these the oracle, and layouts of cores, compute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.expr import NUMPY, evaluate
from ...ir.graph import Population, Semantics
from ...ir.model import Model, start_of
from ...ir.neuron import SPIKED, Assign, port_types, types_read
from ...ir.types import FLOATS, DType, Fixed, Scalar

Array = npt.NDArray[Any]
Real = type[np.floating[Any]]


class Event(NamedTuple):
    """What arrives at a port of the neurons `post` of a sample, so often."""

    port: str
    sample: int
    post: Array
    arriving: Array
    times: int


class Sent(NamedTuple):
    """What a step brings forth: how often each neuron fires, [B, n], and the numbers that it sends,
    if it sends any."""

    fired: Array
    numbers: Array | None


class Neurons:
    """The neurons of a population, or those numbered `which`, in so many samples.

    `states` are [B, n] by name, `ports` the NumPy type of what each port takes. Arithmetic is in
    `real`; fixed-point numbers are their codes, in int64.
    """

    def __init__(
        self,
        model: Model,
        population: Population,
        batch: int,
        real: Real,
        which: Array | None = None,
    ) -> None:
        step = population.step
        assert step is not None, f"{population.name} has no step"
        self.step, self.real = step, real
        self.means: Semantics = model.graph.semantics
        self.neurons = population.neurons if which is None else len(which)
        self.batch = batch
        self.ports = {p: numpy_type(kind, real) for p, kind in port_types(step).items()}
        self.constants = constants_of(population, real)
        # Straight-line code is worked out once.
        self.update, self.spike, self.after = step.update, step.spike, step.after
        self.states = {s.name: self._start(model, population, s, which) for s in step.states}

    def _start(
        self, model: Model, population: Population, state: Any, which: Array | None
    ) -> Array:
        start = start_of(model, population, state, self.constants, self.real)
        own = start if which is None or not start.ndim else start[which]
        return self._spread(own).astype(numpy_type(state.dtype, self.real))

    def advance(
        self,
        ports: Mapping[str, Array],
        events: Iterable[Event] = (),
        forced: Array | None = None,
    ) -> Sent:
        """One step, of what arrived at the ports, [B, n], or where each arrives by itself of the
        events in their order. Of neurons that are `forced` the spikes are given, [B, n]."""
        values: dict[str, Any] = {**self.constants, **self.states}
        fired = np.zeros((self.batch, self.neurons), np.uint8)
        with np.errstate(all="ignore"):
            if self.means.sums == "each":
                self._assign(self.step.decay, values)
                self._deliver_each(events, values, fired)
                self._assign(self.step.settled, values)
            else:
                values |= ports
                self._assign(self.update, values)
            if self.means.fires_once:
                values[SPIKED] = self._spread(evaluate(self.spike, values, self.real))
                if forced is not None:
                    values[SPIKED] = forced
                self._assign(self.after, values)
                fired = values[SPIKED]
            else:
                self._fire_often(values, fired, forced)
            emit = self.step.emit
            numbers = None if emit is None else np.asarray(evaluate(emit, values, self.real))
        for state in self.step.states:
            kept = self._spread(values[state.name]).astype(numpy_type(state.dtype, self.real))
            self.states[state.name] = kept
        return Sent(fired, numbers)

    def _deliver_each(self, events: Iterable[Event], values: dict[str, Any], fired: Array) -> None:
        """Deliver one event after the other. Where thresholds are tested after every event, those
        that fire are added to `fired` [B, n]."""
        states = {s.name for s in self.step.states}
        for state in states:
            values[state] = np.array(self._spread(values[state]))
        for event in events:
            sample, post = event.sample, event.post
            for _ in range(event.times):
                here = {n: v[sample, post] if n in states else v for n, v in values.items()}
                here[event.port] = event.arriving
                self._take(event.port, here, fired[sample], post)
                for state in states:
                    values[state][sample, post] = here[state]

    def _take(self, port: str, here: dict[str, Any], fired: Array, post: Array) -> None:
        """What an event does to the neurons `post`, whose values are `here`; `fired` [n]."""
        self._assign(self.step.delivered(port), here)
        if self.means.threshold == "event":
            holds = np.broadcast_to(evaluate(self.spike, here, self.real), post.shape)
            here[SPIKED] = holds & (fired[post] < self.means.spikes_per_step)
            self._assign(self.step.again, here)
            fired[post] += here[SPIKED]

    def _fire_often(self, values: dict[str, Any], fired: Array, forced: Array | None) -> None:
        """Fire as long as the threshold holds, or as often as is forced, up to the most spikes of a
        step; `fired` [B, n] are those that there were already."""
        for k in range(self.means.spikes_per_step):
            holds = self._spread(evaluate(self.spike, values, self.real))
            if forced is not None:
                holds = forced > k
            values[SPIKED] = holds & (fired < self.means.spikes_per_step)
            self._assign(self.step.again, values)
            fired += values[SPIKED]
        values[SPIKED] = fired > 0
        self._assign(self.step.closing, values)

    def _assign(self, assigns: tuple[Assign, ...], values: dict[str, Any]) -> None:
        for assign in assigns:
            values[assign.target] = evaluate(assign.value, values, self.real)

    def _spread(self, value: Any) -> Array:
        """A value for every neuron, also where the expression has one for all."""
        return np.broadcast_to(value, (self.batch, self.neurons))


def numpy_type(dtype: Scalar, real: Real) -> Any:
    """In what numbers of a type are computed."""
    if isinstance(dtype, Fixed):
        return np.int64
    return real if dtype in FLOATS else NUMPY[dtype]


def constants_of(population: Population, real: Real) -> dict[str, Any]:
    """The constants of a population's step by name, in their types."""
    step = population.step
    assert step is not None
    types = types_read(step)
    return {
        name: numpy_type(types.get(name, DType.F32), real)(value)
        for name, value in zip(step.constants, population.constants, strict=True)
    }
