"""A recurrent network with delays: its gradients by EventProp, its spikes in continuous time."""

from __future__ import annotations

import heapq
from itertools import count
from math import exp, inf, log

import numpy as np
from compiled_texts import compiled_text

from snncc.backends.reference.network import simulate
from snncc.backends.rules.through_time.oracle import Backward
from snncc.backends.rules.through_time.tables import scan_of
from snncc.ir.model import draw_model

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
