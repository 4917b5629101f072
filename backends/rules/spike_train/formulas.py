"""What the spike-train-level rules compute alike on every device: scalars in, scalars out."""

from __future__ import annotations

import numpy as np

from ...compiled.formulas import formula
from ...compiled.kinds import LIST, WINDOW
from .effect import MOST_SPIKES
from .numbers import SMALLEST

ONE = np.float32(1.0)
ZERO = np.float32(0.0)
MOST = np.float32(MOST_SPIKES)
SMALLEST_DIVISOR = np.float32(SMALLEST)


@formula
def discrete_step(slow, fast, keep_v, keep_c, gain):  # type: ignore[no-untyped-def]
    """(V, c) of a simulated neuron after a step: v <- keep_v v + gain c; c decays."""
    return keep_v * slow + gain * fast, keep_c * fast


@formula
def closed_step(slow, fast, keep_v, keep_c, gain):  # type: ignore[no-untyped-def]
    """(V, slow, fast) of the kernel gain (exp(-u / tau_mem) - exp(-u / tau_syn)) after a step."""
    return gain * (slow - fast), keep_v * slow, keep_c * fast


@formula
def last_reset(before, refractory, now):  # type: ignore[no-untyped-def]
    """The step from which a neuron that fired at `before` and fires `now` is itself again."""
    return min(before + refractory, now)


@formula
def presynaptic_count(spikes, is_quartic):  # type: ignore[no-untyped-def]
    """A spike count as the rule reads it: the fitted polynomial knows 1 … 100."""
    u = np.float32(spikes)
    return min(max(u, ONE), MOST) if is_quartic else u


@formula
def postsynaptic_count(spikes, is_quartic):  # type: ignore[no-untyped-def]
    """The same of the neuron itself, in a recurrent block."""
    return min(max(spikes, 1), MOST_SPIKES) if is_quartic else spikes


@formula
def divisor(value):  # type: ignore[no-untyped-def]
    """The value, kept away from 0: Omega, and 1 - the sum of the lateral factor."""
    if abs(value) < SMALLEST_DIVISOR:
        value = SMALLEST_DIVISOR if value >= ZERO else -SMALLEST_DIVISOR
    return value


@formula
def omega_of(slope, drive, nu, lowest, highest):  # type: ignore[no-untyped-def]
    """Omega = 1 - (slope / nu) drive within its limits, and away from 0 (Zhang & Li 2019, eq. 10);
    drive = sum_j w_j u_j."""
    value = np.float32(ONE - slope * drive / nu)
    return divisor(min(max(value, lowest), highest))


@formula
def count_slope(entry, before, after, silent):  # type: ignore[no-untyped-def]
    """de/du, e a spike of the pre neuron; `silent` where either neuron fired none."""
    return entry / np.float32(before) if before > 0 and after > 0 else silent


@formula
def asked_through(error, delta, weight, share):  # type: ignore[no-untyped-def]
    """What a post neuron asks through a synapse, before its slope: its error times the weight, or a
    share of its raw error."""
    return delta * share if share > ZERO else error * weight


@formula
def theta_of(weight, slope, nu):  # type: ignore[no-untyped-def]
    """An entry of the recurrent system; nu is the pre neuron's threshold."""
    return weight * slope / nu


@formula
def error_at(errors, i, label, spikes):  # type: ignore[no-untyped-def]
    """dL/do of output i, or its cost; errors [2, T + 1], the target's in row 1."""
    return errors[1 if i == label else 0, spikes]


@formula
def has_cost(i, label, spikes):  # type: ignore[no-untyped-def]
    """Whether the cost counts output i: a silent target is about to be taught."""
    return i != label or spikes > 0


@formula
def taught_spikes(steps, every):  # type: ignore[no-untyped-def]
    """How many spikes a teacher gives before step `steps`."""
    return (steps - 1) // every


@formula
def taught_time(m, every):  # type: ignore[no-untyped-def]
    """The step of the teacher's spike m: every, 2 every, …"""
    return (m + 1) * every


@formula
def place_of_pair(n, pre, post):  # type: ignore[no-untyped-def]
    """Place of the synapse pre -> post among all pairs of different neurons."""
    return pre * (n - 1) + (post if post < pre else post - 1)


@formula
def lateral_term(there, back, ratio_there, ratio_back, nu):  # type: ignore[no-untyped-def]
    """w_lj r_lj w_jl r_jl / nu^2 of the lateral factor, of neurons that both count."""
    return there * back * ratio_there * ratio_back / (nu * nu)


@formula
def is_apart(form):  # type: ignore[no-untyped-def]
    """Whether (1, 0) a projection is a list or windows, and has no post-major copy of its
    weights."""
    return 1 if LIST <= form <= WINDOW else 0
