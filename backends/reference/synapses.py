"""The synapses of a projection in the oracle: weights alone, or with states of their own."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ...ir.expr import evaluate
from ...ir.graph import Projection
from ...ir.neuron import Assign
from ...ir.schemes.events import constants_of, starts_of, synapse_step, terms_of
from ...ir.synapse import SENT, WEIGHT
from ...ir.wiring import Wiring, delays_of

Array = npt.NDArray[Any]
Real = type[np.floating[Any]]
Rows = list[tuple[Array, Array]]


class Synapses(Protocol):
    """The synapses of a projection."""

    projection: Projection

    def bring(self, t: int, emitted: Array, total: Array) -> None:
        """Add to the totals [B, post] what arrives in step t of what was emitted, [T, B, pre]: the
        delays, if there are several, shortest first, in each the pre neurons ascending."""

    def answer(self, t: int, fired: Array) -> None:
        """Take note of the spikes of the post neurons in step t, [B, post]."""


class Plain:
    """A projection with its weights: by delay, one row of targets for every pre neuron.
    `is_each`: several spikes of a pre neuron in a step arrive one by one, else as a product."""

    def __init__(
        self, projection: Projection, wiring: Wiring, weights: Array, is_each: bool = False
    ) -> None:
        assert weights.shape == wiring.weight_shape, (projection.name, weights.shape)
        self.projection, self.is_each = projection, is_each
        pre, post = wiring.pairs()
        values = weights.ravel()[wiring.places()]
        delays = delays_of(projection, wiring)
        self.rows: dict[int, Rows] = {}
        for delay in sorted({projection.delay, *delays.tolist()}):
            ends, own = pre[delays == delay], post[delays == delay]
            bounds = np.searchsorted(ends, np.arange(wiring.pre_neurons + 1))
            weighed = values[delays == delay]
            self.rows[delay] = [(own[lo:hi], weighed[lo:hi]) for lo, hi in pairwise(bounds)]

    def bring(self, t: int, emitted: Array, total: Array) -> None:
        """Add weight x value of what was emitted."""
        for delay, rows in self.rows.items():
            if t < delay:
                continue
            sent = emitted[t - delay]
            for sample, neuron in zip(*np.nonzero(sent), strict=True):
                post, weights = rows[neuron]
                number = sent[sample, neuron]
                times, value = (int(number), 1) if self.is_each else (1, number)
                for _ in range(times):
                    # One by one, as a neuron may have several synapses to a target.
                    np.add.at(total[sample], post, weights * value)

    def answer(self, t: int, fired: Array) -> None:
        """A weight takes no note."""


class Stateful:
    """A projection whose synapses hold values, [B, S] by name, since the steps of their last
    events."""

    def __init__(
        self,
        projection: Projection,
        wiring: Wiring,
        weights: Array,
        dt: float,
        shape: tuple[int, int],
    ) -> None:
        synapse = projection.synapse
        assert synapse is not None
        self.projection, self.real = projection, weights.dtype.type
        self.step = synapse_step(synapse.model)
        pre, self.post = wiring.pairs()
        delays = delays_of(projection, wiring)
        self.sent = {
            int(delay): _grouped(np.where(delays == delay, pre, -1), wiring.pre_neurons)
            for delay in np.unique(delays)
        }
        self.into = _grouped(self.post, wiring.post_neurons)
        steps, batch = shape
        self.weights = weights.ravel()[wiring.places()]
        starts = [*starts_of(synapse).astype(self.real), self.weights]
        size = batch, len(pre)
        self.held = {
            name: np.array(np.broadcast_to(start, size))
            for name, start in zip(self.step.held, starts, strict=False)
        }
        self.since = np.zeros(size, np.int64)
        self.terms = terms_of(synapse, dt, steps).astype(self.real)
        values = constants_of(synapse).astype(self.real)
        self.constants = dict(zip(self.step.constants, values, strict=True))

    def bring(self, t: int, emitted: Array, total: Array) -> None:
        """Do `on pre` for every spike that arrives, and add what is sent."""
        for delay, rows in self.sent.items():
            if t < delay:
                continue
            sent = emitted[t - delay]
            for sample, neuron in zip(*np.nonzero(sent), strict=True):
                own = rows[neuron]
                for _ in range(int(sent[sample, neuron])):
                    arriving = self._event(t, int(sample), own, self.step.pre)[SENT]
                    np.add.at(total[sample], self.post[own], arriving)

    def answer(self, t: int, fired: Array) -> None:
        """Do `on post` for every spike of a post neuron."""
        if not self.step.post:
            return
        for sample, neuron in zip(*np.nonzero(fired), strict=True):
            own = self.into[neuron]
            for _ in range(int(fired[sample, neuron])):
                self._event(t, int(sample), own, self.step.post)

    def values(self, t: int) -> dict[str, Array]:
        """What every synapse holds after step t, [B, S]."""
        found = {name: array.copy() for name, array in self.held.items()}
        every = np.arange(len(self.post))
        for sample in range(len(self.since)):
            evolved = self._evolved(t, sample, every)
            for name, array in found.items():
                array[sample] = evolved[name]
        return found

    def _event(self, t: int, sample: int, own: Array, assigns: Iterable[Assign]) -> dict[str, Any]:
        """What an event of step t makes of the synapses `own`, and what they send."""
        values = self._evolved(t, sample, own)
        self._assign(assigns, values)
        for name, array in self.held.items():
            array[sample, own] = values[name]
        self.since[sample, own] = t
        return values

    def _evolved(self, t: int, sample: int, own: Array) -> dict[str, Any]:
        terms = self.terms[t - self.since[sample, own]]
        values: dict[str, Any] = {
            **{name: terms[:, k] for k, name in enumerate(self.step.terms)},
            **self.constants,
            WEIGHT: self.weights[own],
            **{name: array[sample, own] for name, array in self.held.items()},
        }
        self._assign(self.step.evolve, values)
        return values

    def _assign(self, assigns: Iterable[Assign], values: dict[str, Any]) -> None:
        with np.errstate(all="ignore"):
            for assign in assigns:
                values[assign.target] = evaluate(assign.value, values, self.real)


def _grouped(neurons: Array, count: int) -> list[Array]:
    """The synapses of each neuron, ascending, by the neuron of every synapse, -1 of none."""
    order = np.argsort(neurons, kind="stable")
    bounds = np.searchsorted(neurons[order], np.arange(count + 1))
    return [order[lo:hi] for lo, hi in pairwise(bounds)]
