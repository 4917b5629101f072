"""TSSL-BP against its equations written out with sums over all pairs of steps, and by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.reference.network import simulate
from snncc.backends.rules.through_time.oracle import Backward
from snncc.backends.rules.through_time.row import check
from snncc.backends.rules.through_time.tables import scan_of
from snncc.ir.model import draw_model

BOUND, WIDTH = 8.0, 0.2


class Layer(NamedTuple):
    """What one layer did: potentials before the reset, their rise, spikes, PSCs, all [T, N]."""

    u: np.ndarray
    rise: np.ndarray
    s: np.ndarray
    a: np.ndarray


def psc(x, tau_s):
    """sum over k <= t of (1/tau_s)(1 - 1/tau_s)^(t - k) x[k]."""
    steps = len(x)
    kernel = (1 / tau_s) * (1 - 1 / tau_s) ** np.arange(steps)
    return np.array([sum(kernel[t - k] * x[k] for k in range(t + 1)) for t in range(steps)])


def forward(a_in, w, tau_m, tau_s, v_th):
    """A layer of eq. 5.1: w [pre, post]."""
    u, found = np.zeros(w.shape[1]), []
    for current in a_in @ w:
        rise = -u / tau_m + current
        u = u + rise
        s = (u > v_th).astype(float)
        found.append((u, rise, s))
        u = u * (1 - s)
    u, rise, s = (np.array(x) for x in zip(*found, strict=True))
    return Layer(u, rise, s, psc(s, tau_s))


def backward(layer, g_psc, tau_m, tau_s, v_th):
    """dL/dI [T, N] of a layer, of which dL/d(PSC) is given: sums over all later steps."""
    steps, theta = len(g_psc), 1 / tau_m
    kernel = (1 / tau_s) * (1 - 1 / tau_s) ** np.arange(steps)
    later, found = np.zeros(g_psc.shape[1]), np.zeros_like(g_psc)
    for t in reversed(range(steps)):
        b = sum(kernel[k - t] * g_psc[k] for k in range(t, steps))
        u, s = layer.u[t], layer.s[t]
        with np.errstate(divide="ignore"):
            r = np.clip(-1 / layer.rise[t], -BOUND, 0) * s
        g = -r * b
        if t < steps - 1:
            g = g - theta * u * r * later + (1 - theta) * (1 - s) * later
        later = g * s + (1 - theta) * (1 - s) * later
        x = np.clip((v_th - u) / WIDTH, -8, 8)
        curve = np.exp(x) / ((1 + np.exp(x)) ** 2 * WIDTH)
        found[t] = np.where(layer.a[t] < 1 / (4 * tau_s), b * curve, g)
    return found


def literal(x, weights, target, tau_m, tau_s, v_th):
    """(loss, dL/dW of every layer) for the kernel loss with these target trains [T, outputs]."""
    a_in, layers = [psc(x, tau_s)], []
    for w in weights:
        layers.append(forward(a_in[-1], w, tau_m, tau_s, v_th))
        a_in.append(layers[-1].a)
    error = layers[-1].a - psc(target, tau_s)
    g, found = error, []
    for k in reversed(range(len(weights))):
        g = backward(layers[k], g, tau_m, tau_s, v_th)
        found.insert(0, a_in[k].T @ g)
        g = g @ weights[k].T
    return layers, 0.5 * (error**2).sum(), found


NET = """
network net {{
  dt = 1 ms
  delay = 0 ms
  input x[{inputs}] encode {encoding}(duration = {steps} ms)
  {populations}
  output y[{outputs}] : {cell}
  {projections}
}}
train net {{ data digits  rule tssl_bp }}
"""


def network(sizes, steps, tau_m, tau_s, encoding="spikes", cell=""):
    cell = cell or f"tssl(tau_mem = {tau_m} ms, tau_syn = {tau_s} ms)"
    names = ["x", *(f"h{k}" for k in range(len(sizes) - 2)), "y"]
    hidden = zip(names[1:-1], sizes[1:-1], strict=True)
    text = NET.format(
        inputs=sizes[0],
        outputs=sizes[-1],
        populations="\n  ".join(f"population {n}[{size}] : {cell}" for n, size in hidden),
        projections="\n  ".join(f"{a} -> {b} : dense" for a, b in pairwise(names)),
        steps=steps,
        encoding=encoding,
        cell=cell,
    )
    return compiled_text(text)


def asked_by(spikes, target, tau_s):
    """dL/d(spike) of the kernel loss: what the PSC's error asks, filtered back in time."""
    error = psc(spikes, tau_s) - psc(target, tau_s)
    return psc(error[::-1], tau_s)[::-1]


def gradients(program, weights, x, target, tau_s):
    model = draw_model(program.graph, 0)
    names = [p.name for p in model.graph.projections]
    model = model.with_weights(dict(zip(names, map(np.float32, weights), strict=True)))
    trace = simulate(model, {"x": x[:, None]}, np.float64, record=True)
    asked = {"y": asked_by(trace.spikes["y"][:, 0].astype(float), target, tau_s)[:, None]}
    rule = program.train.call("rule")
    adjoints = {p.name: scan_of(p, rule) for p in model.graph.populations if p.step is not None}
    return trace, Backward(model, trace, asked, adjoints).gradients(), names


@pytest.mark.parametrize("encoding", ["spikes", "current"])
@pytest.mark.parametrize(("tau_m", "tau_s", "steps"), [(5, 3, 5), (8, 4, 21), (4, 2, 30)])
def test_a_network_has_the_gradient_of_the_equations(tau_m, tau_s, steps, encoding):
    generator = np.random.default_rng(steps)
    sizes = (7, 6, 5, 4)
    program = network(sizes, steps, tau_m, tau_s, encoding=encoding)
    weights = [generator.normal(0.6, 1.2, shape).astype(np.float32) for shape in pairwise(sizes)]
    x = generator.random((steps, sizes[0])) < 0.4
    if encoding == "current":
        x = np.tile(generator.normal(size=sizes[0]).astype(np.float32), (steps, 1))
    target = (generator.random((steps, sizes[-1])) < 0.5).astype(float)
    exact = [w.astype(np.float64) for w in weights]
    layers, _, wanted = literal(x.astype(float), exact, target, tau_m, tau_s, 1.0)
    trace, found, names = gradients(program, weights, x, target, tau_s)
    for name, layer in zip(("h0", "h1", "y"), layers, strict=True):
        np.testing.assert_array_equal(trace.spikes[name][:, 0], layer.s > 0)
        assert 0 < layer.s.sum() < layer.s.size
    for name, gradient in zip(names, wanted, strict=True):
        assert np.abs(gradient).max() > 1e-3
        np.testing.assert_allclose(found.weights[name], gradient, rtol=1e-10, atol=1e-12)


def test_the_example_by_hand():
    """tau_m 5, tau_s 3, two inputs, two outputs, target trains 01111 and 00000."""
    x = np.array([[1, 0], [0, 1], [1, 0], [1, 0], [0, 1]], bool)
    weights = np.array([[2.0, 0.8], [0.5, 1.6]], np.float32)
    target = np.array([[0, 0], [1, 0], [1, 0], [1, 0], [1, 0]], float)
    program = network((2, 2), 5, 5, 3)
    trace, found, _ = gradients(program, [weights], x, target, 3)
    fired = trace.spikes["y"][:, 0].astype(int).T.tolist()
    assert fired == [[0, 1, 1, 1, 1], [0, 0, 1, 0, 1]]
    current = np.array([0.012520, 0.186455, 0.494053, 0.144552, 0.180689])  # dL/dI of the second
    wanted = psc(current[::-1], 3)[::-1]
    np.testing.assert_allclose(found.arrived["y"]["i"][:, 0, 1], wanted, atol=2e-6)
    gradient = [[0, 0.456888], [0, 0.271432]]
    np.testing.assert_allclose(found.weights["x->y"], gradient, atol=1e-6)


def test_a_neuron_that_never_fires_passes_the_curve():
    program = network((1, 1), 4, 5, 3)
    x, target = np.ones((4, 1), bool), np.ones((4, 1))
    trace, found, _ = gradients(program, [np.full((1, 1), 0.3, np.float32)], x, target, 3)
    assert not trace.spikes["y"].any()
    layer = forward(psc(x.astype(float), 3), np.full((1, 1), np.float32(0.3), float), 5, 3, 1.0)
    b = asked_by(np.zeros((4, 1)), target, 3)
    e = np.exp((1 - layer.u) / WIDTH)
    wanted = psc((b * e / ((1 + e) ** 2 * WIDTH))[::-1], 3)[::-1]
    np.testing.assert_allclose(found.arrived["y"]["i"][:, 0], wanted, rtol=1e-10)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("lif(refractory = 2 ms)", "it has a refractory time"),
        ("if", "a spike does not set `v` to 0"),
        ("stbp", "it does not have one synaptic current"),
        ("alif", "its threshold is not that of one voltage"),
        ("tssl method rk4", "its equations are solved by `rk4`, and not by `euler` or `exact`"),
        ("izhikevich", "its step is not linear below threshold"),
    ],
)
def test_a_neuron_of_another_form(cell, reason):
    program = network((3, 4, 2), 5, 5, 3, cell=cell)
    found = check(draw_model(program.graph, 0), program.train)
    assert {d.code for d in found} == {"E050"}
    assert f"`tssl_bp` cannot train `h0`: {reason}" in found[0].message
    assert "refractory = 0 ms" in found[0].help


def test_lif_without_a_refractory_time_is_taken():
    program = network((3, 4, 2), 5, 5, 3, cell="lif(refractory = 0 ms)")
    assert check(draw_model(program.graph, 0), program.train) == ()


def test_parameters_of_a_readout_may_learn():
    text = NET.format(
        inputs=3,
        outputs=2,
        populations="population h[4] : tssl",
        projections="x -> h : dense\n  h -> y : dense",
        steps=5,
        encoding="spikes",
        cell="li(tau_mem = 9 ms trainable)",
    )
    program = compiled_text(text.replace("rule tssl_bp", "rule tssl_bp  loss cross_entropy"))
    assert check(draw_model(program.graph, 0), program.train) == ()
