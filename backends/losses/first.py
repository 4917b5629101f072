"""A loss of first spikes: the label's output should fire before the others.

With t_i the steps before output i fires first, those of the sample where it is silent, and the
scores x_i = -t_i dt / tau: the cross-entropy of the softmax of x, and early t dt / tau of the
label's output (Wunderlich & Pehle 2021, Goeltz et al. 2021, who let it grow exponentially).

Of spikes s[t] that are there or not, t_i is the sum over t of prod_{u <= t} (1 - s[u]). So one more
spike in step t < t_i brings it forward by t_i - t, and without the first it waits for the second:
what a spike is asked for where it may come and go. Where it only moves, the first is all there is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.calls import number
from ...ir.graph import Call, Population
from ...ir.ranges import is_endless

Floats = npt.NDArray[np.float64]


def first_terms(
    loss: Call, spikes: npt.NDArray[Any], label: int, dt: float
) -> tuple[Floats, Floats]:
    """(dL/d spike [T, outputs], cost [outputs]) of one sample's spikes [T, outputs]."""
    steps = len(spikes)
    by_time, cost = _by_time(loss, spikes, label, dt)
    first = first_spikes(spikes)
    rest = np.array(spikes, bool)
    rest[:, first < steps] &= np.arange(steps)[:, None] > first[first < steps]
    second, t = first_spikes(rest), np.arange(steps)[:, None]
    gained = np.where(t < first, first - t, np.where(t == first, second - first, 0))
    return -by_time * gained, cost


def first_moved(loss: Call, spikes: npt.NDArray[Any], label: int, dt: float) -> Floats:
    """dL/d(time of a spike) [T, outputs], a step; 0 of all but the first ones."""
    by_time, _ = _by_time(loss, spikes, label, dt)
    return np.where(np.arange(len(spikes))[:, None] == first_spikes(spikes), by_time, 0.0)


def first_problem(loss: Call, _output: Population, dt: float) -> tuple[str, str] | None:
    """Why the times are told by nothing, and a way out; None if all is well."""
    if not is_endless(number(loss, "tau"), dt):
        return None
    return f"`tau` of `loss first_spike` is so long that a step of {dt:g} ms is nothing", SHORTER


SHORTER = "choose a shorter one, near the time constants of the neurons"


def first_spikes(spikes: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The step in which each output fires first, T where it is silent."""
    fired = np.array(spikes, bool)
    return np.where(fired.any(axis=0), fired.argmax(axis=0), len(fired))


def _by_time(loss: Call, spikes: npt.NDArray[Any], label: int, dt: float) -> tuple[Floats, Floats]:
    """(dL/d t_i a step, cost), [outputs] each."""
    scale, early = dt / number(loss, "tau"), number(loss, "early")
    scores = -scale * first_spikes(spikes)
    is_label = np.arange(len(scores)) == label
    powers = np.exp(scores - scores.max())
    by_score = powers / powers.sum() - (1.0 + early) * is_label
    cost = np.log(powers.sum()) + scores.max() - (1.0 + early) * scores[label]
    return -scale * by_score, np.where(is_label, cost, 0.0)
