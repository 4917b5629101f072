"""Mean effect of n output spikes: the curve behind the post-synaptic derivative of ST-RSBP.

The S-PSP of a synapse is linear in its presynaptic train, so its mean over random trains is
e(u, n) ~ u g(n) for u presynaptic and n postsynaptic spikes, and one curve g serves a population.
All time constants here are in steps.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Quartic = tuple[float, float, float, float, float]

MOST_SPIKES = 100
# Presynaptic count 20, divided by 20, of the authors' file for (64, 8, 2, 400), M = 100.
PUBLISHED_QUARTICS: dict[tuple[float, float, int, int], Quartic] = {
    (64.0, 8.0, 2, 400): (-6.48e-8, 1.554e-5, -1.336e-3, 4.437e-2, 1.975e-1),
}
_KNOTS = (1, 2, 3, 5, 7, 10, 14, 20, 30, 40, 60, 80, 100)
_SEED = 20190701
_CELLS = 400_000  # trials x steps of one Monte-Carlo run: about half a second


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
    density = np.ones(steps + 1)
    density[[0, -1]] = 0.5
    trace = _mean_trace(tau_mem, tau_syn, density / steps)
    trials = int(np.clip(_CELLS // steps, 200, 1000))
    generator = np.random.default_rng(_SEED)
    free = np.tile(density, (trials, 1))
    fired = np.zeros(free.shape, dtype=np.bool_)
    weight = np.ones(trials)
    values = {0: 0.0}
    for n in range(1, MOST_SPIKES + 1):
        has_room = free[:, 1:].sum(axis=1) > 0.0
        if 2 * has_room.sum() < len(has_room):
            values[n - 1] = _mean_effect(fired, weight, trace, tau_mem, refractory)
            break
        free, fired, weight = free[has_room], fired[has_room], weight[has_room]
        weight = weight * (1.0 - free[:, 0] / free.sum(axis=1))
        _add_spike(free, fired, refractory, generator)
        if n in _KNOTS:
            values[n] = _mean_effect(fired, weight, trace, tau_mem, refractory)
    return np.array(list(values), dtype=np.float64), np.array(list(values.values()))


def _mean_trace(tau_mem: float, tau_syn: float, density: Floats) -> Floats:
    """Q[t] of one presynaptic spike, averaged over its time, which has this density."""
    p = q = 0.0
    trace = np.zeros(len(density))
    for t in range(1, len(density)):
        p = (1.0 - 1.0 / tau_syn) * p + density[t - 1]
        q = (1.0 - 1.0 / tau_mem) * q + p / tau_syn
        trace[t] = q
    return trace


def _add_spike(
    free: Floats, fired: npt.NDArray[np.bool_], refractory: int, generator: np.random.Generator
) -> None:
    """Put one more spike, not at time 0, into every train; in place."""
    trials, slots = free.shape
    rows = np.arange(trials)
    reach = np.cumsum(free, axis=1)
    pick = free[:, 0] + generator.random(trials) * (reach[:, -1] - free[:, 0])
    times = np.minimum((reach <= pick[:, None]).sum(axis=1), slots - 1)
    fired[rows, times] = True
    for shift in range(-refractory, refractory + 1):
        near = times + shift
        inside = (near >= 0) & (near < slots)
        free[rows[inside], near[inside]] = 0.0


def _mean_effect(
    fired: npt.NDArray[np.bool_], weight: Floats, trace: Floats, tau_mem: float, refractory: int
) -> float:
    """The mean S-PSP: Q at every spike, less what the reset after the spike before it took."""
    times = np.nonzero(fired)[1].reshape(len(fired), -1)
    resets = times[:, :-1] + refractory
    lost = (1.0 - 1.0 / tau_mem) ** (times[:, 1:] - resets) * trace[resets]
    return float(np.mean(weight * (trace[times].sum(axis=1) - lost.sum(axis=1))))


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
