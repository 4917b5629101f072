"""Derivatives of the S-PSP e[post, pre] with respect to the two spike counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..effect import (
    MOST_SPIKES,
    effect_curve,
    polynomial_slope,
    quartic_derivative,
    tabulated_slope,
)
from .spsp import Cell, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """What a derivative may read of one projection: e, the counts, the post neurons' constants.

    `is_recurrent`: the post population belongs to a recurrent block.
    """

    spsp: Floats  # [post, pre]
    post_counts: Floats
    pre_counts: Floats
    cell: Cell
    steps: int
    is_recurrent: bool


def by_pre(activity: Activity, silent: float) -> Floats:
    """d e / d o_pre = e / o_pre; the constant `silent` where either neuron is silent."""
    is_silent = (activity.post_counts[:, None] == 0) | (activity.pre_counts[None, :] == 0)
    return np.where(is_silent, silent, activity.spsp / np.maximum(activity.pre_counts, 1.0))


def decoupled_by_post(activity: Activity) -> Floats:
    """d e / d o_post = e / o_post, 0.5 for a silent post neuron (HM2-BP)."""
    counts = activity.post_counts[:, None]
    return np.where(counts == 0, 0.5, activity.spsp / np.maximum(counts, 1.0))


def polynomial_by_post(activity: Activity) -> Floats:
    """d e / d o_post = D(u, o) of the fitted quartic, u clipped to [1, 100].

    A recurrent population clips o to [1, 100]; elsewhere o is taken as it is and D = 0 at o = 0.
    """
    cell = activity.cell
    quartic = polynomial_slope(cell.tau_mem, cell.tau_syn, cell.refractory, activity.steps)
    counts = activity.post_counts
    inputs = np.clip(activity.pre_counts, 1.0, MOST_SPIKES)
    if activity.is_recurrent:
        slopes = quartic_derivative(quartic, np.clip(counts, 1.0, MOST_SPIKES))
    else:
        slopes = np.where(counts == 0, 0.0, quartic_derivative(quartic, counts))
    return np.outer(slopes, inputs)


def tabulated_by_post(activity: Activity) -> Floats:
    """d e / d o_post = u g'(o), from the table of g', o clipped to [0, 100]."""
    cell = activity.cell
    curve = effect_curve(cell.tau_mem, cell.tau_syn, cell.refractory, activity.steps)
    counts = np.clip(activity.post_counts, 0, MOST_SPIKES).astype(np.int64)
    return np.outer(tabulated_slope(curve)[counts], activity.pre_counts)
