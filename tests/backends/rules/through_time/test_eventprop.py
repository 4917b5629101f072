"""EventProp against sensitivities carried forwards, and against exact spike times."""

from __future__ import annotations

import re
from math import exp

import numpy as np
import pytest
from compiled_texts import compiled_text
from exact_times import (
    DELAYS,
    NET,
    REST,
    SIZES,
    TAU_M,
    TAU_S,
    arrivals,
    asked_of,
    exact_gradients,
    joined,
    raster,
    scanned,
    weights,
)

from snncc.backends.reference.network import simulate
from snncc.backends.rules.through_time.oracle import Backward
from snncc.backends.rules.through_time.row import check
from snncc.backends.rules.through_time.tables import scan_of
from snncc.ir.model import draw_model
from snncc.ir.neuron import LAST_EMITTED


class Tangent:
    """dL/dw of every weight, carried forwards through steps of 1 ms: how far each state moves, and
    each spike, in steps. A spike moves by -du / rise; one that arrives later by m is missed for a
    part m of a step, w m (p - M p), with p what it adds to v and c, M what a step makes of them."""

    def __init__(self, drawn, trace, rest):
        self.weights, self.trace, self.rest = drawn, trace, rest
        self.places = [(name, place) for name, w in drawn.items() for place in np.ndindex(w.shape)]
        self.steps = len(trace.spikes["y"])
        keep_v, keep_c, share = 1 - 1 / TAU_M, 1 - 1 / TAU_S, 1 / TAU_S
        self.step = np.array([[keep_v, share * keep_c], [0.0, keep_c]])
        self.add = np.array([share, 1.0])
        self.states = {p: np.zeros((SIZES[p], 2, len(self.places))) for p in "hy"}
        self.shifts = {p: np.zeros((self.steps, SIZES[p], len(self.places))) for p in "xhy"}
        self.values = {p: np.zeros((SIZES[p], 2)) for p in "hy"}
        self.last = {}  # the shift of a neuron's last spike
        self.held = {p: np.zeros(SIZES[p], int) for p in "hy"}

    def gradients(self):
        for t in range(self.steps):
            for p in "hy":
                self.forward(p, t)
        asked = asked_of(np.arange(self.steps))[:, None] * self.trace.spikes["y"][:, 0]
        found = {name: np.zeros(w.shape) for name, w in self.weights.items()}
        by_place = np.einsum("tn,tnk->k", asked, self.shifts["y"])
        for (name, place), value in zip(self.places, by_place, strict=True):
            found[name][place] = value
        return found

    def forward(self, p, t):
        fired, rest = self.trace.spikes[p][t, 0], round(self.rest if p == "h" else 0)
        for n in range(SIZES[p]):
            value = self.step @ self.values[p][n] + self.add * self.arrived(p, t, n)
            moved = self.step @ self.states[p][n] + self.arrived_moved(p, t, n)
            before = self.values[p][n, 0]
            if self.held[p][n]:
                value[0], moved[0] = 0.0, 0.0
                self.held[p][n] -= 1
                if self.held[p][n] == 0:
                    moved[0] = -self.rise(value) * self.last[p, n]
            if fired[n]:
                shift = -moved[0] / (value[0] - before)
                self.shifts[p][t, n] = shift
                value[0], self.held[p][n] = 0.0, rest
                self.last[p, n] = shift
                moved[0] = 0.0 if rest else -self.rise(value) * shift
            self.values[p][n], self.states[p][n] = value, moved

    def rise(self, value):
        return (self.step @ value)[0] - value[0]

    def sources(self, p, t):
        for name, w in self.weights.items():
            pre, post = name.split("->")
            past = t - round(DELAYS[name])
            if post == p and past >= 0:
                sent = self.trace.emitted[pre][past, 0]
                yield name, w.astype(float), sent, self.shifts[pre][past]

    def arrived(self, p, t, n):
        return sum(sent @ w[:, n] for _, w, sent, _ in self.sources(p, t))

    def arrived_moved(self, p, t, n):
        moved = np.zeros((2, len(self.places)))
        late = self.add - self.step @ self.add
        for name, w, sent, shifts in self.sources(p, t):
            moved += late[:, None] * ((sent * w[:, n]) @ shifts)
            for k, (own, place) in enumerate(self.places):
                if own == name and place[1] == n:
                    moved[:, k] += self.add * sent[place[0]]
        return moved


@pytest.mark.parametrize("rest", [0.0, 2.0])
def test_the_scan_is_the_sensitivity_carried_forwards(rest):
    drawn, events = weights(3), arrivals(3, 24)
    trace, found = scanned(drawn, events, 24, 1.0, rest=rest)
    assert trace.spikes["h"].sum() > 8
    assert trace.spikes["y"].sum() > 5
    wanted = Tangent(drawn, trace, rest).gradients()
    for name, gradient in wanted.items():
        assert np.abs(gradient).max() > 1e-3
        np.testing.assert_allclose(found[name], gradient, rtol=1e-10, atol=1e-12, err_msg=name)


# Steps [ms] from which the errors are told to fall by the first order.
STEPS = pytest.mark.parametrize(
    "steps", [(0.2, 0.05), pytest.param((0.05, 0.0125), marks=pytest.mark.nightly)]
)


def falls(errors):
    """Whether the error of steps a quarter as long is about a quarter."""
    return errors[0] < 0.5 and 2.5 < errors[0] / errors[1] < 6


@pytest.mark.slow
@STEPS
def test_the_gradient_is_that_of_exact_spike_times_as_steps_get_short(steps):
    """By the first order in dt, as is that of the spike times themselves."""
    drawn, events = weights(4), arrivals(4, 16)
    exact, spikes = exact_gradients(drawn, events, 16)
    wanted = joined(exact)
    assert spikes == (22, 16)
    errors = []
    for dt in steps:
        trace, found = scanned(drawn, events, 16, dt)
        assert (trace.spikes["y"].sum(), trace.spikes["h"].sum()) == spikes
        errors.append(np.abs(joined(found) - wanted).max() / np.abs(wanted).max())
    assert falls(errors)


ASKED = np.array([1.0, -0.5, 0.25])  # dL/d(score)


@pytest.mark.slow
@STEPS
@pytest.mark.parametrize("readout", ["li", "li_mean"])
def test_potentials_of_a_readout_have_the_gradient_of_exact_spike_times(readout, steps):
    drawn, events, end = weights(4), arrivals(4, 16), 16.0
    drawn |= {"y->h": np.zeros((3, 5), np.float32)}

    def loss(moved, spikes):
        left = [(max(0.0, end - time - DELAYS["h->y"]), n) for time, n in spikes["h"]]
        falls = [(exp(-t / 6.0) if t else 0.0, 6.0 / end * (1 - exp(-t / 6.0)), n) for t, n in left]
        scores = sum(
            moved["h->y"][n] * (mean if "mean" in readout else last) for last, mean, n in falls
        )
        return float(scores @ ASKED)

    silent = drawn | {"h->y": drawn["h->y"] * 1e-3}  # the exact simulation has an output that fires
    exact, _ = exact_gradients(
        silent, events, 16, lambda w, s: loss(w | {"h->y": w["h->y"] * 1e3}, s)
    )
    exact["h->y"] /= 1e3
    wanted = joined({name: exact[name] for name in ("x->h", "h->h", "h->y")})
    errors = []
    for dt in steps:
        text = NET.format(dt=dt, method="euler", duration=16, rest=REST)
        text = re.sub(r"output y.*", f"output y[3] : {readout}(tau_mem = 6 ms)", text)
        program = compiled_text(text.replace("  y -> h : dense  delay 1 ms\n", ""))
        model = draw_model(program.graph, 0)
        model = model.with_weights({k: w for k, w in drawn.items() if k != "y->h"})
        trace = simulate(model, {"x": raster(events, 16, dt)}, np.float64, record=True)
        rule = program.train.call("rule")
        scans = {p.name: scan_of(p, rule) for p in model.graph.populations if p.step is not None}
        final = {"y": {LAST_EMITTED: ASKED[None]}}
        found = Backward(model, trace, {}, scans, final).gradients().weights
        errors.append(np.abs(joined(found) - wanted).max() / np.abs(wanted).max())
    assert falls(errors)


FORM = """
neuron other {{
  state v: mV = 0 mV
  state c: mV = 0 mV
  on input {{ c = c + i }}
  dv/dt = -v / 9 ms + c / 3 ms
  dc/dt = -c / 3 ms
  {rest}
}}
network net {{
  input x[3] encode poisson(duration = 9 ms)
  population h[4] : {cell}
  output y[2] : {output}
  x -> h : dense
  h -> y{port} : dense
}}
train net {{ data digits  rule eventprop  loss {loss} }}
"""
SPIKES = "spike when v > 1 mV  on spike { v = 0 mV }"


def found_in(cell="lif", output="lif", loss="first_spike(tau = 3 ms)", rest=SPIKES, port=""):
    text = FORM.format(cell=cell, output=output, loss=loss, rest=rest, port=port)
    program = compiled_text(text)
    return check(draw_model(program.graph, 0), program.train)


@pytest.mark.parametrize(
    ("cell", "rest", "reason"),
    [
        ("if", SPIKES, "what arrives at `i` moves `v` at once"),
        ("alif", SPIKES, "its threshold is not that of one voltage"),
        ("izhikevich", SPIKES, "its step is not linear below threshold"),
        ("lif(v_th = 1 mV trainable)", SPIKES, "`v_th` of `h` is to learn"),
        ("other", "spike when v > 1 mV", "a spike does not set `v` to a number"),
        ("other", "spike when v > 1 mV  on spike { v = c }", "a spike does not set `v`"),
        (
            "other",
            SPIKES + "  refractory 2 ms { v = 0 mV  c = 0 mV }",
            "it is not `v` alone that its refractory time holds",
        ),
        ("lif method rk4", SPIKES, "its equations are solved by `rk4`, and not by `euler`"),
        ("li_max", SPIKES, "`highest` is not linear in what arrives"),
    ],
)
def test_a_neuron_of_another_form(cell, rest, reason):
    found = (
        found_in("lif", cell, "cross_entropy") if cell == "li_max" else found_in(cell, rest=rest)
    )
    assert {d.code for d in found} == {"E050"}
    assert reason in found[0].message
    assert found[0].help


@pytest.mark.parametrize("output", ["li", "li_mean", "li(tau_mem = 9 ms trainable)"])
def test_readouts_that_are_linear_in_what_arrives(output):
    assert found_in(output=output, loss="cross_entropy") == ()


EARLY = """
neuron early {{  # its potential counts for less as time goes on
  state v: mV = 0 mV
  state total: mV = 0 mV
  state share: 1 = 1
  on input {{
    v = v + i
    total = total + share * v
  }}
  dv/dt = -v / 9 ms
  dshare/dt = -share / 40 ms
  emit total
}}
"""


@pytest.mark.parametrize(("output", "near"), [("li", 1e-9), ("li_mean", 1e-9), ("early", 0.2)])
def test_a_later_arrival_is_asked_for_the_difference(output, near):
    text = (EARLY + FORM).format(
        cell="lif", output=output, loss="cross_entropy", rest=SPIKES, port=""
    )
    program = compiled_text(text)
    model, rule = draw_model(program.graph, 0), program.train.call("rule")
    scans = {p.name: scan_of(p, rule) for p in model.graph.populations if p.step is not None}
    trace = simulate(model, {"x": np.zeros((9, 1, 3), bool)}, np.float64, record=True)
    sweep = Backward(model, trace, {}, scans, {"y": {LAST_EMITTED: np.ones((1, 2))}})
    arrived = sweep.gradients().arrived["y"]["i"]
    np.testing.assert_allclose(sweep.moved["y"]["i"][1:], np.diff(arrived, axis=0), rtol=near)


def test_neurons_of_the_form():
    assert found_in("tssl", "cuba_lif(v_reset = -1 mV)", port=".exc") == ()
    assert found_in("other", rest="spike when v > 1 mV  on spike { v = v - 1 mV }") == ()


@pytest.mark.parametrize("loss", ["count", "count_hinge", "rate_mse", "cross_entropy"])
def test_counts_have_no_gradient(loss):
    (found,) = found_in(loss=loss)
    assert found.code == "E050"
    assert "have a gradient of 0" in found.message
    assert "first_spike" in found.help
