"""Synapses with states, beside computations of their own in NumPy, double precision."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from snncc import load

EXAMPLES = Path(__file__).parents[2] / "examples"
Floats = npt.NDArray[np.float64]
KINDS = [(0.5, 800.0, 1.0), (0.03, 130.0, 530.0)]  # U, tau_rec, tau_facil [ms]


def released(arriving: npt.NDArray[np.bool_], kind: tuple[float, ...], dt: float) -> Floats:
    """What synapses release in every step, [T, S], 0 where nothing arrives; step by step."""
    use, tau_rec, tau_facil = kind
    u, x = np.zeros(arriving.shape[1]), np.ones(arriving.shape[1])
    found = np.zeros(arriving.shape)
    for t, here in enumerate(arriving):
        u = np.where(here, u + use * (1 - u), u)
        found[t] = np.where(here, u * x, 0)
        x = x - found[t]
        u, x = u * np.exp(-dt / tau_facil), 1 - (1 - x) * np.exp(-dt / tau_rec)
    return found


def membrane(current: Floats, dt: float) -> Floats:
    """The potential after each step: a current of 3 ms onto a membrane of 40 ms, exactly."""
    c = v = 0.0
    found = np.zeros(len(current))
    leak, fall = np.exp(-dt / 40), np.exp(-dt / 3)
    for t, arriving in enumerate(current):
        v = v * leak + c * (fall - leak) / 40 / (1 / 40 - 1 / 3)
        c = c * fall + arriving
        found[t] = v
    return found


def test_depressing_and_facilitating_synapses(tmp_path: Path) -> None:
    program = tmp_path / "step.snn"
    text = (EXAMPLES / "tsodyks_markram.snn").read_text()
    program.write_text(text.replace("start = 1000 ms", "start = 100 ms"))
    found = load(program, target="reference").run(duration="200 ms")
    dt, steps = found.dt, found.steps
    fired = np.zeros((steps + 1, 100), bool)
    fired[found.spikes["axons"][:, 1] + 1, found.spikes["axons"][:, 2]] = True
    for name, kind in zip(("step[0]", "step[1]"), KINDS, strict=True):
        wanted = membrane(released(fired[:steps], kind, dt).sum(axis=1), dt)
        np.testing.assert_allclose(found.states[name]["v"][0, :, 0], wanted, rtol=0, atol=1e-12)
    pulses = np.zeros((steps, 1), bool)
    pulses[21::100] = True  # from 10 ms on, every 50 ms, a step later
    for name, kind in zip(("cell[0][2]", "cell[1][2]"), KINDS, strict=True):
        wanted = membrane(10 * released(pulses, kind, dt)[:, 0], dt)
        np.testing.assert_allclose(found.states[name]["v"][0, :, 0], wanted, rtol=0, atol=1e-12)


PERIODIC = """
import "{0}"
network one {{
  dt = 1 ms
  delay = 1 ms
  method = exact
  source s[1] : regular(period = 50 ms)
  population c[2] : membrane
  s -> c : list(synapses = [[0, 0, 1]])  as down
    via tsodyks_markram(U = 0.5, tau_rec = 800 ms, tau_facil = 1 ms)
  s -> c : list(synapses = [[0, 1, 1]])  as up
    via tsodyks_markram(U = 0.03, tau_rec = 130 ms, tau_facil = 530 ms)
}}
run one {{ duration 6000 ms  record x of s -> c every 1 ms  record u of s -> c every 1 ms }}
"""


def test_the_steady_state_of_a_regular_train(tmp_path: Path) -> None:
    """Tsodyks, Pawelzik & Markram (1998): what a spike finds repeats itself after a period T."""
    (tmp_path / "one.snn").write_text(PERIODIC.format(EXAMPLES / "tsodyks_markram.snn"))
    found = load(tmp_path / "one.snn", target="reference").run()
    for (use, tau_rec, tau_facil), name in zip(KINDS, ("down", "up"), strict=True):
        u = use / (1 - (1 - use) * np.exp(-50 / tau_facil))
        left = np.exp(-50 / tau_rec)
        x = (1 - left) / (1 - (1 - u) * left)  # before the spike
        held = found.synapses[name]
        assert held["u"][0, 5951, 0] == pytest.approx(u, rel=1e-4)
        assert held["x"][0, 5951, 0] == pytest.approx((1 - u) * x, rel=1e-4)


def song(arriving: npt.NDArray[np.int64], w: Floats, dt: float) -> tuple[list[int], Floats]:
    """The spikes of the neuron, and the weights in the end; `arriving` [T, n] counts."""
    a, b = np.zeros(len(w)), 0.0
    v, g, spikes = -60.0, 0.0, []
    for t, here in enumerate(arriving):
        for k in np.flatnonzero(here):
            for _ in range(here[k]):
                g += w[k]
                a[k] += 0.01 * 0.01
                w[k] = min(max(w[k] + b, 0), 0.01)
        rest = -74 / (1 + g)
        v, g = rest + (v - rest) * np.exp(-dt * (1 + g) / 10), g * np.exp(-dt / 5)
        if v > -54:
            v = -60.0
            spikes.append(t)
            b -= 0.0105 * 0.01
            w = np.clip(w + a, 0, 0.01)
        a, b = a * np.exp(-dt / 20), b * np.exp(-dt / 20)
    return spikes, w


def test_competition_by_the_times_of_spikes(tmp_path: Path) -> None:
    program = tmp_path / "stdp.snn"
    text = (EXAMPLES / "stdp.snn").read_text().replace("of post\n", "of post, inputs\n")
    program.write_text(text)
    net = load(program, target="reference", n=200, rate="80 Hz")
    found = net.run(duration="200 ms")
    arriving = np.zeros((found.steps + 1, 200), np.int64)
    np.add.at(arriving, (found.spikes["inputs"][:, 1] + 1, found.spikes["inputs"][:, 2]), 1)
    first = net.weights["inputs->post"][:, 0].astype(np.float64)
    spikes, weights = song(arriving[: found.steps], first.copy(), found.dt)
    assert found.spikes["post"][:, 1].tolist() == spikes
    assert len(spikes) > 2
    seen = found.synapses["inputs->post"]["weight"][0, -1]
    np.testing.assert_allclose(seen, weights, rtol=1e-10)
    assert abs(weights - first).max() > 1e-4
    pre, post = found.ends_of("inputs->post")
    assert pre.tolist() == list(range(200))
    assert not post.any()


@pytest.mark.slow
@pytest.mark.nightly
def test_weights_come_apart() -> None:
    """Song, Miller & Abbott (2000), figure 2: after a while most are near one of the bounds."""
    found = load(EXAMPLES / "stdp.snn").run(duration="100 s")
    weights = found.synapses["inputs->post"]["weight"][0]
    ends = [np.histogram(w, 5, (0, 0.01))[0] / 1000 for w in weights]
    assert ends[0].max() < 0.25
    assert ends[-1][[0, 4]].sum() > 0.55
    assert ends[-1][1:4].max() < ends[-1][[0, 4]].min()


def test_the_window_of_pairs() -> None:
    found = load(EXAMPLES / "stdp_window.snn", target="reference").run()
    times, neurons = found.times("after")
    later = times[np.argsort(neurons)] - 100
    wanted = np.where(later >= 0, 0.01 * np.exp(-later / 20), -0.0105 * np.exp(later / 20))
    assert later.tolist() == list(range(-60, 61, 3))
    weights = found.synapses["before->after"]["weight"][0, 0]
    np.testing.assert_allclose(weights - 0.5, wanted, atol=1e-15)


NMDA = """
synapse nmda(share: 1 = 0.6, tau: ms = 100 ms) {
  weight: nS
  state s: 1 = 0
  ds/dt = -s / tau
  on pre {
    emit weight * share * (1 - s)
    s = s + share * (1 - s)
  }
}
neuron gated {
  input nmda: nS
  state g: nS = 0 nS
  on input { g = g + nmda }
  dg/dt = -g / 100 ms
  emit g
}
network saturating {
  dt = 0.5 ms
  method = exact
  source s[30] : poisson(rate = 60 Hz)
  population cell[4] : gated
  s -> cell : sparse(p = 0.5, init = uniform(1 nS, 2 nS))  delay 1 ms  via nmda
}
run saturating {
  duration 300 ms
  record g of cell
  record s of s -> cell every 0.5 ms
}
"""


def test_synapses_saturate(tmp_path: Path) -> None:
    """The conductance of a neuron is the sum of what its synapses hold, none of which passes 1."""
    (tmp_path / "nmda.snn").write_text(NMDA)
    net = load(tmp_path / "nmda.snn", target="reference")
    found = net.run()
    gates = found.synapses["s->cell"]["s"][0]
    _, post = found.ends_of("s->cell")
    open_ = np.zeros((found.steps, 4))
    for k, n in enumerate(post):
        open_[:, n] += net.weights["s->cell"][k] * gates[:, k]
    np.testing.assert_allclose(found.states["cell"]["g"][0], open_, rtol=1e-12, atol=1e-12)
    assert 0.9 < gates.max() < 1
