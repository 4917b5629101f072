"""The networks by surrogate gradients through time in XLA, in turns with ours on this processor.

    python -m venv .jax && .jax/bin/pip install . jax rich && \
        .jax/bin/python benchmarks/jax_baseline.py [--json jax.json]

JAX is no dependency of the project. The same neurons (LIF with a synaptic current, the numbers of
the program), wiring, first weights, input spikes, count loss and Adam, float32, all of it compiled
as one function: a training step is forward, backward through all steps, and the update. A recurrent
population is a scan over time with a product by its dense matrix a step (the liquid one masked).
Two forms: "layers", where a layer's input is one product over all steps and samples before its
scan, and "one scan", where a single scan takes all layers a step further; the faster is the peer.

What differs. The rule: a triangle stands for a spike's derivative at every step, where a
spike-train rule sends one error a neuron. The input spikes: ours, drawn before the clock starts,
where our times include drawing them. The order of additions: a few spikes fall elsewhere, so both
firing rates are told. Its delays, refractory times and lateral inhibition are ours.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from gpu_report import pairs_grid
from jax import lax
from nets import CONSTANT
from programs import NETS
from speed import STILL, Options, Pair, Subject, compare
from tables import add_outputs, publish

from snncc.backends.protocols import Samples
from snncc.ir.graph import Graph, Population

Spikes = Any  # f32 [T, B, N]
Weights = dict[str, Any]


class Cell(NamedTuple):
    """A layer: its projections by name, `lateral` the fixed weight between its neurons."""

    feed: str
    own: str | None
    leak: float
    decay: float
    threshold: float
    width: float
    refractory: int
    lateral: float


class State(NamedTuple):
    """Of a layer, each [B, N]; `rest`: refractory steps that are left."""

    v: Any
    c: Any
    rest: Any
    spikes: Any


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def fire(excess: Any, width: float) -> Any:
    """1 where the excess over the threshold is positive; the derivative is a triangle's."""
    return (excess > 0).astype(jnp.float32)


@fire.defjvp
def _fire_jvp(width: float, primals: Any, tangents: Any) -> Any:
    slope = jnp.maximum(1 - jnp.abs(primals[0]) / width, 0) / width
    return fire(primals[0], width), slope * tangents[0]


def advance(cell: Cell, weights: Weights, state: State, drive: Any) -> State:
    """One step of a layer under what arrived; resets and refractory steps pass no gradient."""
    if cell.own is not None:
        drive = drive + state.spikes @ weights[cell.own]
    if cell.lateral:
        drive = drive + cell.lateral * (state.spikes.sum(1, keepdims=True) - state.spikes)
    c = (1 - cell.decay) * state.c + drive
    free = (state.rest <= 0).astype(jnp.float32)
    v = ((1 - cell.leak) * state.v + cell.decay * c) * free
    spikes = fire(v - cell.threshold, cell.width) * free
    fired = lax.stop_gradient(spikes)
    rest = jnp.where(fired > 0, cell.refractory, jnp.maximum(state.rest - 1, 0))
    return State(v * (1 - fired), c, rest, spikes)


def silent(batch: int, neurons: int) -> State:
    """A layer before the first step."""
    zeros = jnp.zeros((batch, neurons), jnp.float32)
    return State(zeros, zeros, zeros.astype(jnp.int32), zeros)


def by_layers(cells: tuple[Cell, ...], weights: Weights, inputs: Spikes) -> list[Spikes]:
    """The spikes of every layer: a product over all steps, then a scan, layer by layer."""
    trains = [inputs]
    for cell in cells:
        drive = trains[-1] @ weights[cell.feed]
        late = jnp.concatenate([jnp.zeros_like(drive[:1]), drive[:-1]])  # all delays are 1

        def step(state: State, now: Any, cell: Cell = cell) -> tuple[State, Any]:
            new = advance(cell, weights, state, now)
            return new, new.spikes

        trains.append(lax.scan(step, silent(*drive.shape[1:]), late)[1])
    return trains[1:]


def by_one_scan(cells: tuple[Cell, ...], weights: Weights, inputs: Spikes) -> list[Spikes]:
    """The spikes of every layer, all of them a step further in a single scan."""
    drive = inputs @ weights[cells[0].feed]
    late = jnp.concatenate([jnp.zeros_like(drive[:1]), drive[:-1]])

    def step(states: tuple[State, ...], now: Any) -> tuple[tuple[State, ...], Any]:
        below = [s.spikes @ weights[c.feed] for s, c in zip(states, cells[1:], strict=False)]
        drives = zip(cells, states, [now, *below], strict=True)
        new = tuple(advance(cell, weights, state, drive) for cell, state, drive in drives)
        return new, [state.spikes for state in new]

    sizes = [weights[cell.feed].shape[1] for cell in cells]
    found: list[Spikes] = lax.scan(step, tuple(silent(inputs.shape[1], n) for n in sizes), late)[1]
    return found


FORMS = {"layers": by_layers, "one scan": by_one_scan}


class Peer:
    """A network that learns through time in XLA; an `Engine`."""

    def __init__(self, subject: Subject, form: str) -> None:
        network = subject.network
        self.precision = form
        self.names = [p.name for p in network.graph.populations]
        self.trainer = subject.trainer
        self.cells = tuple(cells_of(network.graph, subject.weights))
        self.weights, masks = dense_weights(subject)
        rule = (
            float(str(subject.spec.call("rule")[name])) for name in ("target", "other", "margin")
        )
        self.moments = tuple({k: jnp.zeros_like(w) for k, w in self.weights.items()} for _ in "12")
        self.updates = 0
        self.run = jax.jit(partial(FORMS[form], self.cells))
        loss = partial(count_loss, partial(FORMS[form], self.cells), tuple(rule))
        adam = {name: float(str(subject.spec.call("optimizer")[name])) for name in ADAM}
        self.learn = jax.jit(partial(learn, loss, masks, adam), donate_argnums=(0, 1))
        self.kept: dict[tuple[int, int], list[tuple[Any, Any]]] = {}

    def batches(self, samples: Samples, batch: int) -> list[tuple[Any, Any]]:
        """(input spikes, labels) of every batch; drawn by our simulator, once."""
        key = len(samples.ids), batch
        if key not in self.kept:
            inputs = samples.values.shape[1]
            rasters = [self.trainer.raster(samples, k)[:, :inputs] for k in range(len(samples.ids))]
            parts = [slice(k, k + batch) for k in range(0, len(rasters), batch)]
            self.kept[key] = [
                (jnp.asarray(np.stack(rasters[part], 1), jnp.float32), jnp.asarray(labels))
                for part in parts
                for labels in (samples.labels[part],)
            ]
        return self.kept[key]

    def present(self, samples: Samples, batch: int) -> None:
        """Forward."""
        for inputs, _ in self.batches(samples, batch):
            self.run(self.weights, inputs)[-1].block_until_ready()

    def train(self, samples: Samples, batch: int) -> None:
        """Forward, backward, update."""
        for inputs, labels in self.batches(samples, batch):
            self.updates += 1
            new = self.learn(self.weights, self.moments, inputs, labels, self.updates)
            self.weights, self.moments = jax.block_until_ready(new)

    def rates(self, samples: Samples, batch: int) -> dict[str, float]:
        """Percent of the steps with a spike, by population; of the first batch."""
        inputs, _ = self.batches(samples, batch)[0]
        trains = [inputs, *self.run(self.weights, inputs)]
        return {n: 100 * float(train.mean()) for n, train in zip(self.names, trains, strict=True)}

    def forget(self) -> None:
        """Let go of the input spikes."""
        self.kept.clear()


ADAM = ("beta1", "beta2", "eps")


def count_loss(
    run: Any, rule: tuple[float, ...], weights: Weights, inputs: Spikes, labels: Any
) -> Any:
    """Half the squared errors of the output's counts outside the margin, mean over the samples;
    `rule`: wanted counts of the label and of the others, and the margin."""
    target, other, margin = rule
    counts = run(weights, inputs)[-1].sum(0)
    wanted = jnp.where(jnp.arange(counts.shape[1]) == labels[:, None], target, other)
    error = counts - wanted
    error = jnp.where(jnp.abs(error) > margin, error, 0.0)
    return 0.5 * (error * error).sum() / len(counts)


def learn(
    loss: Any, masks: Weights, adam: dict[str, float], weights: Weights, moments: Any, *batch: Any
) -> tuple[Weights, Any]:
    """The weights and moments after a step of Adam."""
    *data, updates = batch
    gradients = jax.grad(loss)(weights, *data)
    one, two, first, second = adam["beta1"], adam["beta2"], {}, {}
    new = {}
    for name, w in weights.items():
        g = gradients[name] * masks[name] if name in masks else gradients[name]
        first[name] = one * moments[0][name] + (1 - one) * g
        second[name] = two * moments[1][name] + (1 - two) * g * g
        size = STILL * jnp.sqrt(1 - two**updates) / (1 - one**updates)
        new[name] = w - size * first[name] / (jnp.sqrt(second[name]) + adam["eps"])
    return new, (first, second)


def cells_of(graph: Graph, weights: dict[str, Any]) -> Iterator[Cell]:
    """The layers of a chain of projections, each perhaps with one to itself."""
    for feed in (p for p in graph.projections if p.pre != p.post):
        loop = next((p for p in graph.projections if p.pre == p.post == feed.post), None)
        own = loop.name if loop is not None and loop.trainable else None
        lateral = 0.0 if loop is None or own else float(weights[loop.name].flat[0])
        yield cell_of(graph.population(feed.post), graph.dt, feed.name, own, lateral)


def cell_of(post: Population, dt: float, feed: str, own: str | None, lateral: float) -> Cell:
    """A layer with the numbers of its population."""
    tau_mem, tau_syn, v_th, refractory = (
        post.parameter(name) for name in ("tau_mem", "tau_syn", "v_th", "refractory")
    )
    steps = round(refractory / dt)
    return Cell(feed, own, dt / tau_mem, dt / tau_syn, v_th - 1e-6, v_th, steps, lateral)


def dense_weights(subject: Subject) -> tuple[Weights, Weights]:
    """(trained weights as matrices [pre, post], 1 where there is a synapse if not everywhere)."""
    network, weights, masks = subject.network, {}, {}
    for projection, link in zip(network.graph.projections, network.links, strict=True):
        if link.trains:
            matrix = np.zeros((link.wiring.pre_neurons, link.posts), np.float32)
            matrix[link.wiring.pairs()] = subject.weights[projection.name].ravel()
            weights[projection.name] = jnp.asarray(matrix)
            if not link.is_full:
                mask = np.zeros_like(matrix)
                mask[link.wiring.pairs()] = 1
                masks[projection.name] = jnp.asarray(mask)
    return weights, masks


def main() -> None:
    """Measure in turns, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Time our training beside XLA's.")
    parser.add_argument("--nets", nargs="+", choices=list(NETS), default=["active dense"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 128])
    parser.add_argument("--steps", nargs="+", type=int, default=[400])
    parser.add_argument("--forms", nargs="+", choices=list(FORMS), default=list(FORMS))
    parser.add_argument("--threads", type=int, default=2, help="ours; XLA takes all cores")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--samples", type=int, default=8, help="of a turn, if the batch is smaller")
    add_outputs(parser)
    given = parser.parse_args()
    options = Options(
        nets=tuple(given.nets),
        steps=tuple(given.steps),
        inputs=(CONSTANT,),
        batches=tuple(given.batches),
        threads=(given.threads,),
        fewest=given.samples,
        repeats=given.turns,
        seconds=240.0,
    )
    make = lambda subject: (Peer(subject, form) for form in given.forms)  # noqa: E731
    pairs: list[Pair] = list(compare("cpu", options, make, partial(print, flush=True)))
    lines = [{"part": "compare", **asdict(pair)} for pair in pairs]
    publish({"peers": pairs_grid(lines)}, lines, given)


if __name__ == "__main__":
    main()
