"""Mean effect of n output spikes: the curve behind the post-synaptic derivative of ST-RSBP.

The S-PSP of a synapse is linear in its presynaptic train, so its mean over random trains is
e(u, n) ~ u g(n) for u presynaptic and n postsynaptic spikes, and one curve g serves a population.
All time constants here are in steps.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Quartic = tuple[float, float, float, float, float]

MOST_SPIKES = 100
# Presynaptic count 20, divided by 20, of the authors' file for (64, 8, 2, 400), M = 100.
PUBLISHED_QUARTICS: dict[tuple[float, float, int, int], Quartic] = {
    (64.0, 8.0, 2, 400): (-6.48e-8, 1.554e-5, -1.336e-3, 4.437e-2, 1.975e-1),
}
_KNOTS = (1, 2, 3, 5, 7, 10, 14, 20, 30, 40, 60, 80, 100)
_SEED = 20190701
_CELLS = 400_000  # trials x steps of one Monte-Carlo run, as far as trials are 200 to 1000


@lru_cache(maxsize=64)
def effect_curve(tau_mem: float, tau_syn: float, refractory: int, steps: int) -> Floats:
    """g(n) for n = 0 … 100 postsynaptic spikes in `steps` steps; g(0) = 0, read-only.

    Monte-Carlo over random trains with gaps above `refractory`, the presynaptic mean taken
    exactly, on a coarse grid of n with a monotone cubic between. Where n spikes no longer fit,
    the last value that does is held.
    """
    knots, values = _sample_curve(tau_mem, tau_syn, refractory, steps)
    curve = _hermite(knots, values, np.minimum(np.arange(MOST_SPIKES + 1.0), knots[-1]))
    curve.flags.writeable = False
    return curve


def tabulated_slope(curve: Floats) -> Floats:
    """g'(n) at n = 0 … 100: of a monotone cubic through the curve, clipped at >= 0, g'(0) = 0."""
    slope = np.maximum(_monotone_slopes(np.arange(len(curve), dtype=np.float64), curve), 0.0)
    slope[0] = 0.0
    return slope


@lru_cache(maxsize=64)
def polynomial_slope(tau_mem: float, tau_syn: float, refractory: int, steps: int) -> Quartic:
    """The quartic (p0 … p4, highest power first) fitted to g(n) over n = 1 … 100.

    The post-synaptic derivative is D(u, o) = u (4 p0 o^3 + 3 p1 o^2 + 2 p2 o + p3), with u
    clipped to [1, 100]. The authors' own coefficients stand in where they published them.
    """
    published = PUBLISHED_QUARTICS.get((tau_mem, tau_syn, refractory, steps))
    if published is not None:
        return published
    curve = effect_curve(tau_mem, tau_syn, refractory, steps)
    counts = np.arange(1.0, MOST_SPIKES + 1.0)
    p0, p1, p2, p3, p4 = (float(p) for p in np.polyfit(counts, curve[1:], 4))
    return p0, p1, p2, p3, p4


def quartic_derivative(quartic: Quartic, count: Floats) -> Floats:
    """4 p0 o^3 + 3 p1 o^2 + 2 p2 o + p3 at o = `count`."""
    p0, p1, p2, p3, _ = quartic
    return ((4.0 * p0 * count + 3.0 * p1) * count + 2.0 * p2) * count + p3


def _sample_curve(
    tau_mem: float, tau_syn: float, refractory: int, steps: int
) -> tuple[Floats, Floats]:
    """The knots n = 0, 1, 2, … and g there.

    Spike times are 0 … steps, the two ends half as likely (they are rounded uniform numbers), and
    drawn one after the other among those that keep the gap. As in the published tables, a train
    that fires at time 0 has no effect; `weight` is the probability that it does not.
    """
    trace = _mean_trace(tau_mem, tau_syn, steps)
    trials = int(np.clip(_CELLS // steps, 200, 1000))
    generator = np.random.default_rng(_SEED)
    trains = np.zeros((trials, 0), dtype=np.int64)
    weight = np.ones(trials)
    values = {0: 0.0}
    for n in range(1, MOST_SPIKES + 1):
        room = _room(trains, refractory, steps)
        has_room = room.later > 0.0
        if 2 * has_room.sum() < len(has_room):
            values[n - 1] = _mean_effect(trains, weight, trace, tau_mem, refractory)
            break
        room = room.of(has_room)
        weight = weight[has_room] * (1.0 - room.start / (room.start + room.later))
        times = _draw_times(room, steps, generator)
        trains = np.sort(np.column_stack([trains[has_room], times]), axis=1)
        if n in _KNOTS:
            values[n] = _mean_effect(trains, weight, trace, tau_mem, refractory)
    return np.array(list(values), dtype=np.float64), np.array(list(values.values()))


def _mean_trace(tau_mem: float, tau_syn: float, steps: int) -> Floats:
    """Q[t] of one presynaptic spike, averaged over its time; from where it stays as it is, held."""
    p = q = 0.0
    density, trace = 0.5 / steps, np.zeros(steps + 1)
    for t in range(1, steps + 1):
        before = p, q
        p = (1.0 - 1.0 / tau_syn) * p + density
        q = (1.0 - 1.0 / tau_mem) * q + p / tau_syn
        trace[t] = q
        if (p, q) == before:
            trace[t:] = q
            break
        density = 1.0 / steps
    return trace


class _Room(NamedTuple):
    """Where R trains can take one more spike; a time weighs 1, the times 0 and `steps` one half."""

    start: Floats  # [R] weight of time 0: 0.5, or 0 if it is taken
    later: Floats  # [R] weight of all others
    first: Ints  # [R, n] where the times begin that each spike takes of those …
    taken: Ints  # [R, n] … and how many there are, without what the spike before it has taken

    def of(self, chosen: npt.NDArray[np.bool_]) -> _Room:
        """The room in some of the trains."""
        first, taken = self.first[chosen], self.taken[chosen]
        return _Room(self.start[chosen], self.later[chosen], first, taken)


def _room(trains: Ints, refractory: int, steps: int) -> _Room:
    """The room in trains [R, n] of ordered spikes, each of which takes `refractory` times before
    and after it too."""
    last = np.minimum(trains + refractory, steps - 1)
    first = np.maximum(trains - refractory, 1)
    first[:, 1:] = np.maximum(first[:, 1:], last[:, :-1] + 1)
    taken = np.maximum(last - first + 1, 0)
    inner = steps - 1 - taken.sum(axis=1)
    start = 0.5 * np.all(trains[:, :1] > refractory, axis=1)
    end = 0.5 * np.all(trains[:, -1:] < steps - refractory, axis=1)
    return _Room(start, inner + end, first, taken)


def _draw_times(room: _Room, steps: int, generator: np.random.Generator) -> Ints:
    """One more spike for every train, not at time 0: the first time up to which all free ones
    together weigh more than a random number. Weights are halves, so that all sums are exact."""
    pick = room.start + generator.random(len(room.start)) * room.later
    passed = np.floor(pick - room.start).astype(np.int64)
    free_before = room.first - 1 - (np.cumsum(room.taken, axis=1) - room.taken)
    skipped = (room.taken * (free_before <= passed[:, None])).sum(axis=1)
    return np.minimum(1 + passed + skipped, steps)


def _mean_effect(
    trains: Ints, weight: Floats, trace: Floats, tau_mem: float, refractory: int
) -> float:
    """The mean S-PSP: Q at every spike, less what the reset after the spike before it took."""
    resets = trains[:, :-1] + refractory
    lost = (1.0 - 1.0 / tau_mem) ** (trains[:, 1:] - resets) * trace[resets]
    return float(np.mean(weight * (trace[trains].sum(axis=1) - lost.sum(axis=1))))


def _monotone_slopes(x: Floats, y: Floats) -> Floats:
    """Slopes at the knots that make the cubic Hermite interpolant monotone between them.

    Fritsch & Carlson (1980): means of the neighbouring secants, 0 at an extremum, then shrunk
    into the circle of radius 3 around the origin of (left/secant, right/secant).
    """
    secants = np.diff(y) / np.diff(x)
    if len(secants) == 0:
        return np.zeros_like(y)
    slopes = np.concatenate([secants[:1], (secants[:-1] + secants[1:]) / 2.0, secants[-1:]])
    slopes[1:-1][secants[:-1] * secants[1:] <= 0.0] = 0.0
    for k, secant in enumerate(secants):
        left, right = slopes[k], slopes[k + 1]
        radius = np.hypot(left, right)
        if radius > 3.0 * abs(secant):
            slopes[k : k + 2] *= 3.0 * abs(secant) / radius
    return slopes


def _hermite(x: Floats, y: Floats, at: Floats) -> Floats:
    """The monotone cubic through (x, y), evaluated within the range of x."""
    slopes = _monotone_slopes(x, y)
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, max(len(x) - 2, 0))
    right = np.minimum(k + 1, len(x) - 1)
    width = np.maximum(x[right] - x[k], 1.0)
    s = (at - x[k]) / width
    rise = (3.0 - 2.0 * s) * s * s
    bend = s * (1.0 - s) * ((1.0 - s) * slopes[k] - s * slopes[right])
    return np.asarray(y[k] + (y[right] - y[k]) * rise + width * bend)
