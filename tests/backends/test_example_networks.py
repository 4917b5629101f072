"""Examples of networks with sources, noise and delays, beside computations of their own in NumPy,
double precision: from the wiring, the first values and the random numbers that ours drew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from snncc import load
from snncc.ir.noise import noise_of, noises
from snncc.ir.sources import counts_of
from snncc.ir.wiring import delays_of
from snncc.runtime.simulation import alone

EXAMPLES = Path(__file__).parents[2] / "examples"
Floats = npt.NDArray[np.float64]
# A population's neurons from one step to the next: what arrives by port and the noise of the step
# come in, whether each neuron fires comes out.
Advance = Callable[[dict[str, Floats], Floats], npt.NDArray[np.bool_]]


class Own:
    """A network of the examples with its synapses; `advance` by population does the rest."""

    def __init__(self, name: str, duration: float, inputs: Any = None, **parameters: Any) -> None:
        self.net = load(EXAMPLES / f"{name}.snn", target="reference", **parameters)
        self.found = self.net.run(inputs, duration=f"{duration} ms", states=inputs is not None)
        self.model = self.net._package.model
        self.graph, self.steps = self.model.graph, self.found.steps
        self.sample = int(alone(1).ids[0])
        self.sent = {p.name: np.zeros((self.steps, p.neurons)) for p in self.graph.populations}
        for p in self.graph.populations:
            if p.role == "input":
                self.sent[p.name][tuple(self.found.spikes[p.name][:, 1:].T)] = 1.0
            if p.source is not None:
                seed = self.model.seed
                self.sent[p.name][:] = counts_of(p, self.graph, seed, self.sample, self.steps)

    def first(self, population: str, state: str) -> Floats:
        """The first values of a state, or a parameter of every neuron."""
        values = self.model.values.get(f"{population}/{state}")
        if values is not None:
            return values.array.astype(np.float64)
        neurons = self.graph.population(population).neurons
        return np.full(neurons, self.graph.population(population).parameter(state))

    def run(self, advance: dict[str, Advance]) -> None:
        """All steps, and every spike compared."""
        projections = [
            (p, *self.model.wirings[p.name].pairs(), self.net.weights[p.name].ravel().astype(float))
            for p in self.graph.projections
        ]
        lags = {p.name: delays_of(p, self.model.wirings[p.name]) for p in self.graph.projections}
        noise = {
            p.name: [
                noise_of(p, port, self.graph, self.model.seed, self.sample, self.steps)
                for _, port in noises(p)
            ]
            for p in self.graph.populations
        }
        for t in range(self.steps):
            arriving: dict[str, dict[str, Floats]] = {name: {} for name in advance}
            for p, pre, post, weights in projections:
                when = t - lags[p.name]
                count = np.where(when >= 0, self.sent[p.pre][np.maximum(when, 0), pre], 0.0)
                neurons = self.graph.population(p.post).neurons
                total = arriving[p.post].setdefault(p.port, np.zeros(neurons))
                total += np.bincount(post, weights * count, neurons)
            for name, step in advance.items():
                drawn = noise[name][0][t].astype(np.float64) if noise[name] else np.zeros(1)
                self.sent[name][t] = step(arriving[name], drawn)
        for name in advance:
            wanted = [(0, t, n) for t, n in np.argwhere(self.sent[name]).tolist()]
            assert self.found.spikes[name].tolist() == [list(row) for row in wanted], name


def exprel(z: Floats | float) -> Any:
    return np.expm1(z) / z


def test_a_thousand_neurons_of_izhikevich() -> None:
    own = Own("cortex", 200, n=100)

    def cells(name: str, a_r: float, b_0: float, b_r: float, c_r: float, d: float, d_r: float):
        r = own.first(name, "r")
        a, b, c, d_ = 0.02 + a_r * r, b_0 + b_r * r, -65 + c_r * r**2, d + d_r * r**2
        v, u = np.full(len(r), -65.0), b * -65
        drive = 5.0 if name == "exc" else 2.0

        def step(arriving: dict[str, Floats], noise: Floats) -> npt.NDArray[np.bool_]:
            nonlocal v, u
            v = v + arriving["i"]
            slope = 0.04 * v**2 + 5 * v + 140 - u + drive * noise
            v, u = v + 0.5 * slope, u + 0.5 * a * (b * v - u)
            fired = v >= 30
            v, u = np.where(fired, c, v), np.where(fired, u + d_, u)
            return fired

        return step

    own.run(
        {
            "exc": cells("exc", 0.0, 0.2, 0.0, 15.0, 8.0, -6.0),
            "inh": cells("inh", 0.08, 0.25, -0.05, 0.0, 2.0, 0.0),
        }
    )
    assert own.found.rate("exc") > 2.0


def relaxed(v: Floats, tau: float, towards: Floats, dt: float = 0.1) -> Floats:
    """An exponential Euler step of dv/dt = (towards - v) / tau."""
    return v + dt * (towards - v) / tau * exprel(-dt / tau)


class Held:
    """The threshold with a refractory time of some steps, after which the potential is 0."""

    def __init__(self, neurons: int, steps: int, threshold: float, reset: float = 0.0) -> None:
        self.left, self.steps = np.zeros(neurons, int), steps
        self.threshold, self.reset = threshold, reset

    def __call__(self, v: Floats, is_reached: bool = False) -> tuple[Floats, npt.NDArray[np.bool_]]:
        v = np.where(self.left > 0, self.reset, v)
        above = v >= self.threshold if is_reached else v > self.threshold
        fired = above & (self.left == 0)
        self.left = np.where(fired, self.steps, np.maximum(self.left - 1, 0))
        return np.where(fired, self.reset, v), fired


def test_a_volley_in_a_synfire_chain() -> None:
    own = Own("synfire", 60, groups=3, each=40, volley=100)
    v, held = own.first("chain", "v"), Held(120, 10, 15.0)
    x, a = np.zeros(120), np.zeros(120)

    def step(arriving: dict[str, Floats], noise: Floats) -> npt.NDArray[np.bool_]:
        nonlocal v, x, a
        x = x + arriving["i"]
        towards = 9 + a + 10 * 2.8 * np.sqrt(0.2) * noise
        v, a, x = relaxed(v, 10, towards), relaxed(a, 1.7, x), relaxed(x, 1.7, np.zeros(120))
        v, fired = held(v)
        return fired

    own.run({"chain": step})
    assert len(own.found.spikes["chain"]) > 50


def test_a_volley_goes_through_or_dies_out() -> None:
    """Diesmann et al. (1999), figure 4: it depends on how many spikes it has and how near they
    are."""
    last = []
    for volley, sd in ((70, "1 ms"), (30, "5 ms")):
        found = load(EXAMPLES / "synfire.snn", volley=volley, sd=sd).run()
        milliseconds, neurons = found.times("chain")
        times = milliseconds[(neurons >= 900) & (milliseconds > 60)]
        last.append(max(np.sum((times >= t) & (times < t + 5)) for t in range(60, 146)))
    assert last[0] > 55
    assert last[1] < 30


def test_a_bump_on_a_ring() -> None:
    own = Own("ring_attractor", 160, n=64, cue=32)
    v, s, held = own.first("ring", "v"), np.zeros(64), Held(64, 20, 20.0)

    def step(arriving: dict[str, Floats], noise: Floats) -> npt.NDArray[np.bool_]:
        nonlocal v, s
        v, s = v + arriving["cue"], s + arriving["around"]
        v = relaxed(v, 20, 15 + s + 20 * np.sqrt(0.1) * noise)
        s = relaxed(s, 80, np.zeros(64))
        v, fired = held(v)
        return fired

    own.run({"ring": step})
    assert len(own.found.spikes["ring"]) > 50


def test_a_bump_stays_where_the_cue_was() -> None:
    for cue in (64, 200):
        found = load(EXAMPLES / "ring_attractor.snn", cue=cue).run()
        milliseconds, neurons = found.times("ring")
        late = np.exp(2j * np.pi * neurons[milliseconds > 1200] / 256).mean()
        centre = np.angle(late) / (2 * np.pi) * 256 % 256
        assert abs(late) > 0.7
        assert abs(centre - cue) < 6
        assert not (milliseconds < 100).any()  # nothing before the cue


@pytest.mark.slow
def test_the_cortical_microcircuit() -> None:
    own = Own("microcircuit", 60, scale=0.004)
    e_m, e_s = np.exp(-0.1 / 10), np.exp(-0.1 / 0.5)
    from_s = 0.5 * 10 / (250 * (0.5 - 10)) * (e_s - e_m)

    def cells(name: str) -> Advance:
        v, dc = own.first(name, "v"), own.first(name, "dc")
        s, held = np.zeros(len(v)), Held(len(v), 20, -50.0, -65.0)

        def step(arriving: dict[str, Floats], noise: Floats) -> npt.NDArray[np.bool_]:
            nonlocal v, s
            v = -65 + (v + 65) * e_m + from_s * s + dc * 10 / 250 * (1 - e_m)
            s = s * e_s + arriving["syn"]
            v, fired = held(v, is_reached=True)
            return fired

        return step

    own.run({f"layer[{k}]": cells(f"layer[{k}]") for k in range(8)})
    assert sum(len(rows) for rows in own.found.spikes.values()) > 60


def test_the_microcircuit_has_the_synapses_of_the_paper() -> None:
    """Potjans & Diesmann (2014): some 0.3 billion of 77 169 neurons, at any scale as many times
    fewer as neurons squared."""
    model = load(EXAMPLES / "microcircuit.snn", scale=0.05)._package.model
    neurons = sum(p.neurons for p in model.graph.populations if p.role != "source")
    synapses = sum(
        model.wirings[p.name].synapses for p in model.graph.projections if p.pre[:2] != "bg"
    )
    assert abs(neurons - 0.05 * 77169) <= 4
    assert abs(synapses / 0.05**2 / 0.3e9 - 1) < 0.02


def test_an_lsnn() -> None:
    own = Own("lsnn", 60, np.linspace(0, 1, 64)[None], n=20)
    kept, kept_a = np.exp(-1 / 20), np.exp(-1 / 200)

    def cells(beta: float) -> Advance:
        v, a = np.zeros(10), np.zeros(10)

        def step(arriving: dict[str, Floats], noise: Floats) -> npt.NDArray[np.bool_]:
            nonlocal v, a
            v, a = v * kept + arriving["i"], a * kept_a
            fired = v > 10 + beta * a
            v, a = np.where(fired, v - 10, v), a + fired
            return fired

        return step

    potential, seen = np.zeros(10), []

    def read(arriving: dict[str, Floats], noise: Floats) -> npt.NDArray[np.bool_]:
        nonlocal potential
        potential = potential * kept + arriving["i"]
        seen.append(potential)
        return np.zeros(10, np.bool_)

    own.run({"fast": cells(0.0), "slow": cells(1.7), "digit": read})
    assert min(len(own.found.spikes[name]) for name in ("fast", "slow")) > 15
    np.testing.assert_allclose(own.found.states["digit"]["v"][0], seen, atol=1e-9)
