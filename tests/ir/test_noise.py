"""White noise: its table, its keys, and what neurons make of it."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest

from snncc import Network, Recording, load
from snncc.ir.graph import Graph, Population
from snncc.ir.noise import (
    NOISE_CELLS,
    POINT,
    is_noise,
    noise_key,
    noise_of,
    noise_port,
    noise_scale,
    normal_table,
    normals_of_words,
)
from snncc.ir.philox import philox4x32

Floats = npt.NDArray[np.float64]


def test_a_number_has_the_tail_that_its_word_says():
    generator = np.random.default_rng(0)
    words = generator.integers(0, 2**32, 3000, dtype=np.uint32) >> generator.integers(0, 31, 3000)
    words = np.concatenate([words, [0, 1, 2, 3, 511, 512, 513, 2**32 - 1]]).astype(np.uint32)
    found = normals_of_words(words) / 2**POINT
    tails = ((words >> 1) + 0.5) / 2.0**32
    wanted = np.array([-NormalDist().inv_cdf(tail) for tail in tails])
    wanted[words % 2 == 1] *= -1
    np.testing.assert_allclose(found, wanted, rtol=0, atol=3e-6)


def test_the_numbers_of_all_words_have_the_moments_of_a_normal_one():
    """By the cells, in each of which the numbers fall along a line; signs are even."""
    value, fall = normal_table() / 2.0**POINT
    octave = np.maximum(np.arange(len(value)) // NOISE_CELLS - 1, 0)
    chance = 2.0**octave / 2**31
    middle = value - fall / 2 * (1 - 2.0**-octave)
    assert chance.sum() == 1
    assert np.sum(chance * (middle**2 + fall**2 / 12)) == pytest.approx(1, abs=2e-6)
    assert np.sum(chance * middle**4) == pytest.approx(3, abs=1e-3)


def test_every_number_is_keyed_by_the_port_the_sample_the_step_and_the_neuron():
    population, port, sample = Population("e", (7,), "hidden"), noise_port(1), 2**33 + 5
    graph = Graph("n", 0.25, (population,), ())
    made = noise_of(population, port, graph, 3, sample, 20)
    key = noise_key("e", port, 3)
    for t, j in ((0, 0), (9, 6), (19, 4)):
        words = philox4x32([j // 4, t, sample & 0xFFFFFFFF, sample >> 32], key)
        assert made[t, j] == np.float32(normals_of_words(words)[j % 4]) * np.float32(2.0**-26)
    np.testing.assert_array_equal(made[:8], noise_of(population, port, graph, 3, sample, 8))
    others = [("f", port, 3), ("e", noise_port(0), 3), ("e", port, 4)]
    assert all(noise_key(*other) != key for other in others)
    assert noise_scale(0.25) == np.float32(2.0**-26)
    assert [is_noise(name) for name in (port, "noise", "i")] == [True, False, False]


def test_the_variance_is_one_over_dt():
    population = Population("e", (400,), "hidden")
    made = noise_of(population, noise_port(0), Graph("n", 0.1, (population,), ()), 1, 0, 200)
    assert abs(made.mean()) < 5 * np.sqrt(10 / made.size)
    assert abs(made.var() / 10 - 1) < 5 * np.sqrt(2 / made.size)
    assert abs(np.corrcoef(made[:-1].ravel(), made[1:].ravel())[0, 1]) < 5 / np.sqrt(made.size)


OU = """
neuron ou {
  param tau: ms = 5 ms
  param sigma: mV = 2 mV
  state v: mV = normal(0 mV, 2 mV)
  state w: mV = 0 mV
  dv/dt = -v / tau + sigma * sqrt(2 / tau) * noise
  dw/dt = (v - w) / tau + sigma / sqrt(tau) * noise
  spike when v > 1000 mV
}
network n(k: int = 20) {
  dt = 0.1 ms
  method = METHOD
  population e[k] : ou
}
run n { duration 10 ms  record v of e  record w of e }
"""


def simulated(tmp_path: Path, method: str, **given: object) -> tuple[Network, Recording]:
    program = tmp_path / "ou.snn"
    program.write_text(OU.replace("METHOD", method))
    net = load(program, target="reference", **given)
    return net, net.run()


def drive(net: Network, steps: int) -> tuple[Floats, Floats]:
    """The noise of both equations, as it comes to them."""
    graph, seed = net._package.model.graph, net._package.model.seed
    (population,) = graph.populations
    sample = 2**32  # the first that is simulated
    return tuple(
        noise_of(population, noise_port(k), graph, seed, sample, steps).astype(np.float64)
        for k in range(2)
    )


@pytest.mark.parametrize("method", ["forward_euler", "euler", "exponential_euler", "exact"])
def test_neurons_step_by_step_beside_a_computation_in_numpy(tmp_path, method):
    net, found = simulated(tmp_path, method)
    first, second = drive(net, found.steps)
    tau, dt, sigma = 5.0, 0.1, 2.0
    v = np.float64(net._package.model.values["e/v"].array)
    w = np.zeros(20)
    decay = np.exp(-dt / tau)
    for t in range(found.steps):
        a = sigma * np.sqrt(2 / tau) * first[t]
        b = sigma / np.sqrt(tau) * second[t]
        if method == "forward_euler":  # Euler and Maruyama: sigma sqrt(dt) times a normal number
            v, w = v + dt * (a - v / tau), w + dt * ((v - w) / tau + b)
        elif method == "euler":  # decays first; then the rest, of v before it
            fallen = v * (1 - dt / tau)
            v, w = fallen + dt * a, w * (1 - dt / tau) + dt * (fallen / tau + b)
        elif method == "exponential_euler":
            v, w = (
                v * decay + tau * a * (1 - decay),
                w * decay + (1 - decay) * (v + tau * b),
            )
        else:  # the solution with the noise held over the step
            rest = tau * a
            v, w = (
                rest + (v - rest) * decay,
                rest + tau * b + (w - rest - tau * b + (v - rest) * dt / tau) * decay,
            )
        np.testing.assert_allclose(found.states["e"]["v"][0, t], v, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(found.states["e"]["w"][0, t], w, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", ["forward_euler", "exact"])
def test_the_variance_and_the_correlation_of_an_ornstein_uhlenbeck_process(tmp_path, method):
    """sigma^2, and sigma^2 exp(-t / tau) between values t apart."""
    _, found = simulated(tmp_path, method, k=2000)
    v = found.states["e"]["v"][0]
    step = 0.1 / 5
    factor = {"forward_euler": 1 - step, "exact": np.exp(-step)}[method]
    variance = 4 / (1 - step / 2) if method == "forward_euler" else 4 * np.tanh(step / 2) / step * 2
    size = 2000 * (1 + found.steps * step / 2)  # of values that tell anew
    assert abs(v.mean()) < 5 * 2 / np.sqrt(size)
    assert abs(v.var() / variance - 1) < 5 * np.sqrt(2 / size)
    for lag in (1, 20, 50):
        found_there = np.mean(v[:-lag] * v[lag:]) / v.var()
        assert abs(found_there - factor**lag) < 5 / np.sqrt(size)


def test_every_noise_of_an_equation_is_another_one(tmp_path):
    net, found = simulated(tmp_path, "forward_euler")
    first, second = drive(net, found.steps)
    assert (first != second).mean() > 0.99
    assert net._package.model.graph.populations[0].model.ports == ("i", "noise#0", "noise#1")
