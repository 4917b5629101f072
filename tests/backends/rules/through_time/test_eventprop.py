"""EventProp against sensitivities carried forwards, and against exact spike times."""

from __future__ import annotations

import heapq
import re
from itertools import count
from math import exp, inf, log

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.reference.network import simulate
from snncc.backends.rules.table import on_gpu
from snncc.backends.rules.through_time.oracle import Backward
from snncc.backends.rules.through_time.row import check
from snncc.backends.rules.through_time.tables import scan_of
from snncc.ir.model import draw_model
from snncc.ir.neuron import LAST_EMITTED

TAU_M, TAU_S, V_TH, REST = 9.0, 3.0, 1.0, 2.0
NET = """
network net {{
  dt = {dt} ms
  method = {method}
  input x[4] encode spikes(duration = {duration} ms)
  population h[5] : lif(tau_mem = 9 ms, tau_syn = 3 ms, v_th = 1 mV, refractory = {rest} ms)
  output y[3] : lif(tau_mem = 9 ms, tau_syn = 3 ms, v_th = 1 mV, refractory = 0 ms)
  x -> h : dense  delay 1 ms
  h -> h : dense  delay 3 ms
  h -> y : dense  delay 2 ms
  y -> h : dense  delay 1 ms
}}
train net {{ data digits  rule eventprop  loss first_spike(tau = 5 ms) }}
"""
DELAYS = {"x->h": 1.0, "h->h": 3.0, "h->y": 2.0, "y->h": 1.0}
SIZES = {"x": 4, "h": 5, "y": 3}
RESTS = {"h": REST, "y": 0.0}


def weights(seed):
    generator = np.random.default_rng(seed)
    scale = {"x->h": (1.5, 0.7), "h->h": (0.0, 0.3), "h->y": (0.9, 0.4), "y->h": (0.0, 0.3)}
    drawn = {}
    for name in DELAYS:
        shape = tuple(SIZES[p] for p in name.split("->"))
        drawn[name] = generator.normal(*scale[name], shape).astype(np.float32)
    return drawn


def arrivals(seed, duration):
    """Spikes of the input at whole milliseconds: (time, neuron)."""
    generator = np.random.default_rng(seed)
    return [
        (float(t), i) for t in range(1, int(duration)) for i in range(4) if generator.random() < 0.2
    ]


def raster(events, duration, dt):
    x = np.zeros((round(duration / dt), 1, 4), bool)
    for time, i in events:
        x[round(time / dt), 0, i] = True
    return x


def asked_of(time):
    """dL/d(time) of an output spike, a ms, of the loss that sums sin(time / 5 ms) over them."""
    return np.cos(time / 5.0) / 5.0


def scanned(drawn, events, duration, dt, method="euler", rest=REST):
    """(trace, gradients) of the scan for steps of dt."""
    text = NET.format(dt=dt, method=method, duration=duration, rest=rest)
    program = compiled_text(text)
    model = draw_model(program.graph, 0).with_weights(drawn)
    steps = round(duration / dt)
    trace = simulate(model, {"x": raster(events, duration, dt)}, np.float64, record=True)
    fired = trace.spikes["y"]
    asked = dt * asked_of(np.arange(steps) * dt)[:, None, None] * fired
    rule = program.train.call("rule")
    scans = {p.name: scan_of(p, rule) for p in model.graph.populations if p.step is not None}
    return trace, Backward(model, trace, {"y": asked}, scans).gradients().weights


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


class Cell:
    """A neuron in continuous time: v and c at `now`, v held until `free`."""

    def __init__(self, rest):
        self.v, self.c, self.now, self.free, self.rest = 0.0, 0.0, 0.0, 0.0, rest

    def at(self, time):
        """(v, c) at a time before which nothing happens."""
        since = max(0.0, time - max(self.now, self.free))
        c = self.c * exp(-(max(self.now, min(time, self.free)) - self.now) / TAU_S)
        slow, fast = exp(-since / TAU_M), exp(-since / TAU_S)
        v = self.v * slow + c * TAU_M / (TAU_M - TAU_S) * (slow - fast)
        return v, self.c * exp(-(time - self.now) / TAU_S)

    def go(self, time):
        (self.v, self.c), self.now = self.at(time), time

    def crossing(self, end):
        """When v next reaches the threshold, `end` at the latest; infinite if it does not."""
        start = max(self.now, self.free)
        if start >= end:
            return inf
        v, c = self.at(start)
        rate = c / TAU_S - v / TAU_M
        if rate <= 0.0:
            return inf
        part = c * TAU_M / (TAU_M - TAU_S)  # v = (v + part) slow - part fast, highest where v' = 0
        ratio = part * TAU_M / ((v + part) * TAU_S) if v + part > 0.0 else inf
        top = start + log(ratio) * TAU_M * TAU_S / (TAU_M - TAU_S) if ratio < inf else end
        low, high = start, min(top, end)
        if self.at(high)[0] < V_TH:
            return inf
        for _ in range(80):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.at(middle)[0] < V_TH else (low, middle)
        return high


def exact_spikes(drawn, events, duration):
    """(time, neuron) of all spikes by population, in continuous time."""
    cells = {(p, n): Cell(RESTS[p]) for p in "hy" for n in range(SIZES[p])}
    number, queue, found = count(), [], {"h": [], "y": []}

    def send(pre, n, time):
        for name, w in drawn.items():
            if name.startswith(pre):
                post = name.split("->")[1]
                heapq.heappush(queue, (time + DELAYS[name], next(number), post, w[n]))

    for time, i in events:
        send("x", i, time)
    while True:
        end = min(queue[0][0], duration) if queue else duration
        time, (p, n) = min((cell.crossing(end), key) for key, cell in cells.items())
        if time == inf:
            if not queue or queue[0][0] >= duration:
                return found
            time, _, post, row = heapq.heappop(queue)
            for k, weight in enumerate(row):
                cells[post, k].go(time)
                cells[post, k].c += float(weight)
            continue
        cell = cells[p, n]
        cell.go(time)
        cell.v, cell.free = 0.0, time + cell.rest
        send(p, n, time)
        found[p].append((time, n))


def by_times(_drawn, spikes):
    """The loss of output spikes that `asked_of` is of."""
    return sum(np.sin(time / 5.0) for time, _ in spikes["y"])


def exact_gradients(drawn, events, duration, loss=by_times):
    """Differences of a loss of exact spike times, and the numbers of output and hidden spikes."""
    precise = {name: w.astype(np.float64) for name, w in drawn.items()}
    spikes = numbers_of(exact_spikes(precise, events, duration))
    found = {}
    for name, w in precise.items():
        found[name] = np.zeros(w.shape)
        for place in np.ndindex(w.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = {k: v.copy() for k, v in precise.items()}
                moved[name][place] += step
                fired = exact_spikes(moved, events, duration)
                assert numbers_of(fired) == spikes
                ends.append(loss(moved, fired))
            found[name][place] = (ends[0] - ends[1]) / 2e-6
    return found, spikes


def numbers_of(spikes):
    return len(spikes["y"]), len(spikes["h"])


def joined(found):
    return np.concatenate([found[name].ravel() for name in DELAYS if name in found])


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


def test_neurons_of_the_form():
    assert found_in("tssl", "cuba_lif(v_reset = -1 mV)", port=".exc") == ()
    assert found_in("other", rest="spike when v > 1 mV  on spike { v = v - 1 mV }") == ()


@pytest.mark.parametrize("loss", ["count", "count_hinge", "rate_mse", "cross_entropy"])
def test_counts_have_no_gradient(loss):
    (found,) = found_in(loss=loss)
    assert found.code == "E050"
    assert "have a gradient of 0" in found.message
    assert "first_spike" in found.help


def test_a_gpu():
    program = compiled_text(NET.format(dt=1, method="euler", duration=9, rest=2))
    message = refused("E071", on_gpu, program.train).message
    assert "`eventprop` does not train" in message
