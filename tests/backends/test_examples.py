"""Examples that are simulated, beside computations of their own in NumPy, double precision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from snncc import load

EXAMPLES = Path(__file__).parents[2] / "examples"
Floats = npt.NDArray[np.float64]
Slope = Callable[[Floats], Floats]


def runge_kutta(slope: Slope, y: Floats, dt: float) -> Floats:
    k1 = slope(y)
    k2 = slope(y + dt / 2 * k1)
    k3 = slope(y + dt / 2 * k2)
    k4 = slope(y + dt * k3)
    return y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def axon(current: Floats) -> Slope:
    """Hodgkin & Huxley (1952) in uA, mS and uF a cm^2, with rest at -65 mV."""

    def slope(y: Floats) -> Floats:
        v, m, h, n = y
        a = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10))
        b = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10))
        ions = 120 * m**3 * h * (50 - v) + 36 * n**4 * (-77 - v) + 0.3 * (-54.387 - v)
        return np.array(
            [
                current + ions,
                a * (1 - m) - 4 * np.exp(-(v + 65) / 18) * m,
                0.07 * np.exp(-(v + 65) / 20) * (1 - h) - h / (1 + np.exp(-(v + 35) / 10)),
                b * (1 - n) - 0.125 * np.exp(-(v + 65) / 80) * n,
            ]
        )

    return slope


def test_the_axon_of_hodgkin_and_huxley():
    net = load(EXAMPLES / "hodgkin_huxley.snn", target="reference")
    found = net.run(duration="40 ms")
    currents = np.arange(21.0)
    y = np.array([[-65.0], [0.05293], [0.59612], [0.31768]]) * np.ones(21)
    slope, spikes, v = axon(currents), [], []
    for step in range(found.steps):
        before = y[0]
        y = runge_kutta(slope, y, 0.02)
        spikes += [(0, step, k) for k in np.flatnonzero((y[0] > 0) & (before <= 0))]
        v.append(y[0, 10])
    assert found.spikes["cell"].tolist() == [list(map(int, row)) for row in sorted(spikes)]
    assert len(spikes) > 30
    np.testing.assert_allclose(found.states["cell"]["v"][0, :, 0], v[4::5], rtol=0, atol=1e-7)
    assert found.neurons_of("cell", "v").tolist() == [10]


PATTERNS = {  # c, g, rest, tau_w, a, b, v_r, current: Naud et al. (2008), table 1
    "tonic": (200, 10, -70, 30, 2, 0, -58, 500),
    "adapting": (200, 12, -70, 300, 2, 60, -58, 500),
    "bursting": (130, 18, -58, 150, 4, 120, -50, 400),
    "late": (100, 10, -65, 90, -10, 30, -47, 110),
}


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_patterns_of_the_adaptive_exponential_neuron(name):
    found = load(EXAMPLES / "adex.snn", target="reference").run(duration="200 ms")
    c, g, rest, tau, a, b, v_r, current = PATTERNS[name]
    v, w, dt, spikes, potentials = float(rest if rest != -70 else -70), 0.0, 0.05, [], []
    for step in range(found.steps):
        dv = (g * (rest - v) + g * 2 * np.exp((v + 50) / 2) - w + current) / c
        dw = (a * (v - rest) - w) / tau
        v, w = v + dt * dv, w + dt * dw
        if v > 0:
            spikes.append(step)
            v, w = float(v_r), w + b
        potentials.append(v)
    assert found.spikes[name][:, 1].tolist() == spikes
    assert len(spikes) >= 2
    np.testing.assert_allclose(found.states[name]["v"][0, :, 0], potentials[9::10], atol=1e-8)


def brette(n: int, steps: int, net) -> set[tuple[int, int]]:
    """Benchmark 1 of Brette et al. (2007) from the example's own wiring and first values."""
    model = net._package.model
    pairs = {name: wiring.pairs() for name, wiring in model.wirings.items()}
    ends = {"exc": slice(0, 4 * n // 5), "inh": slice(4 * n // 5, n)}
    weights = np.zeros((2, n, n))  # [port, pre, post]
    for name, (pre, post) in pairs.items():
        source, target = (ends[end.partition(".")[0]] for end in name.split("->"))
        weights[int(source.start > 0), source.start + pre, target.start + post] = net.weights[name]
    first = [
        np.concatenate([model.values[f"{end}/{state}"].array for end in ends])
        for state in ("v", "g_e", "g_i")
    ]
    v, g_e, g_i = (array.astype(np.float64) for array in first)
    dt, left, sent, spikes = 0.1, np.zeros(n, int), np.zeros(n, bool), set()
    for step in range(steps):
        g_e = g_e + weights[0][sent].sum(axis=0)
        g_i = g_i + weights[1][sent].sum(axis=0)
        total = 1 + g_e + g_i
        target = (-80 * g_i - 60) / total
        v = target + (v - target) * np.exp(-dt * total / 20)
        g_e, g_i = g_e * np.exp(-dt / 5), g_i * np.exp(-dt / 10)
        v = np.where(left > 0, -60, v)
        sent = (v > -50) & (left == 0)
        v = np.where(sent, -60, v)
        left = np.where(sent, 50, np.maximum(left - 1, 0))
        spikes |= {(step, int(k)) for k in np.flatnonzero(sent)}
    return spikes


def test_conductances_of_vogels_and_abbott():
    n = 500
    net = load(EXAMPLES / "vogels_abbott.snn", target="reference", n=n)
    found = net.run(duration="60 ms")
    own = {(int(t), int(k)) for _, t, k in found.spikes["exc"]}
    own |= {(int(t), int(k) + 4 * n // 5) for _, t, k in found.spikes["inh"]}
    wanted = brette(n, found.steps, net)
    assert own == wanted
    assert len(wanted) > 90


def brunel(n: int, steps: int, net, arriving) -> set[tuple[int, int]]:
    """Model A of Brunel (2000) from the example's own wiring; `arriving` [steps, 5 n] spikes of the
    background."""
    weights = np.zeros((5 * n, 5 * n))  # [pre, post]
    ends = {"exc": slice(0, 4 * n), "inh": slice(4 * n, 5 * n)}
    for name, wiring in net._package.model.wirings.items():
        source, target = name.split("->")
        if source in ends:
            pre, post = wiring.pairs()
            at = ends[source].start + pre, ends[target].start + post
            weights[at] = net.weights[name]
    v, left = np.zeros(5 * n), np.zeros(5 * n, int)
    sent, spikes = np.zeros((steps, 5 * n)), set()
    for step in range(steps):
        before = sent[step - 15] if step >= 15 else 0 * v
        v = v * np.exp(-0.1 / 20) + arriving[step] * 0.5 + before @ weights
        v = np.where(left > 0, 10, v)
        fires = (v >= 20) & (left == 0)
        v = np.where(fires, 10, v)
        left = np.where(fires, 20, np.maximum(left - 1, 0))
        sent[step] = fires
        spikes |= {(step, int(k)) for k in np.flatnonzero(fires)}
    return spikes


def test_the_sparse_network_of_brunel(tmp_path):
    n, program = 20, tmp_path / "brunel.snn"
    text = (EXAMPLES / "brunel.snn").read_text()
    program.write_text(text.replace("of exc, inh", "of exc, inh, to_exc, to_inh"))
    net = load(program, target="reference", n=n, k=4, psp="0.5 mV")
    found = net.run(duration="50 ms")
    arriving = np.zeros((found.steps, 5 * n))
    for name, first in (("to_exc", 0), ("to_inh", 4 * n)):
        _, step, neuron = found.spikes[name].T
        np.add.at(arriving, (step, first + neuron), 1)
    own = {(int(t), int(k)) for _, t, k in found.spikes["exc"]}
    own |= {(int(t), int(k) + 4 * n) for _, t, k in found.spikes["inh"]}
    assert own == brunel(n, found.steps, net, arriving)
    assert len(own) > 100
    # The background is a Poisson process of 4 kHz: in 0.1 ms its mean and variance are 0.4.
    deviations = (arriving.mean() - 0.4, arriving.var() - 0.4)
    assert max(map(abs, deviations)) < 5 * np.sqrt(0.4 * 3 / arriving.size)
