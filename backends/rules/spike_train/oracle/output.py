"""The output layer: teacher spikes, and the factor of lateral inhibition."""

from __future__ import annotations

import numpy as np

from ..numbers import SMALLEST
from .spsp import Floats, Train


def teach(spikes: Train, label: int, target: float) -> Train:
    """The output trains, with spikes at h, 2h, …, h = floor(T / target), for a silent label.

    Without them a neuron that should fire would have e = 0 and learn nothing.
    """
    if spikes[:, label].any():
        return spikes
    taught = spikes.copy()
    every = max(1, int(len(spikes) / max(target, 1.0)))
    taught[every::every, label] = True
    return taught


def lateral_factor(
    weights: Floats, spsp: Floats, counts: Floats, label: int, v_th: float, silent: float
) -> Floats:
    """gamma_j = 1 / (1 - sum_{l != j} w_lj r_lj d_l w_jl r_jl d_j) of a lateral projection.

    r_lj = e_lj / o_j, or `silent` if either is silent; d_l = 1/nu if l fires or is the label, else
    0. `weights` (0 on the diagonal) and `spsp` are [post, pre]; counts are those before teaching.
    The divisor is kept away from 0 by SMALLEST.
    """
    is_silent = (counts[:, None] == 0) | (counts[None, :] == 0)
    ratio = np.where(is_silent, silent, spsp / np.maximum(counts, 1.0))
    slope = np.where(counts > 0, 1.0 / v_th, 0.0)
    slope[label] = 1.0 / v_th
    effect = weights * ratio * slope[:, None]
    divisor = 1.0 - (effect * effect.T).sum(axis=0)
    sign = np.where(divisor >= 0.0, 1.0, -1.0)
    return np.asarray(sign / np.maximum(np.abs(divisor), SMALLEST))
