"""S-PSP matrices e[post, pre]: the potential that a train contributes at another neuron's spikes.

Three ways to the same numbers: the pairwise scan and the closed form say what is meant, the
factorised form E = A^T Q says it without a pair ever being looked at. Trains are bool [T, N]. A
projection of delay d delivers at t what was emitted at t - d.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Train = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cell:
    """The constants of a population's neurons; times in steps."""

    tau_mem: float
    tau_syn: float
    refractory: int
    v_th: float

    @property
    def keep_mem(self) -> float:
        """lambda_m: what a step leaves of the membrane."""
        return 1.0 - 1.0 / self.tau_mem

    @property
    def keep_syn(self) -> float:
        """lambda_s: what a step leaves of the synaptic current."""
        return 1.0 - 1.0 / self.tau_syn


def pairwise_spsp(pre: Train, post: Train, cell: Cell, delay: int) -> Floats:
    """The discrete S-PSP: each pair scanned in time with a unit weight and the post's own resets.

    p is the synaptic current, q the membrane of the pair; q stays 0 while the post is refractory,
    is added to e when the post spikes, and is reset by that.
    """
    steps, pre_neurons = pre.shape
    post_neurons = post.shape[1]
    p = np.zeros((post_neurons, pre_neurons))
    q = np.zeros_like(p)
    e = np.zeros_like(p)
    refractory_left = np.zeros(post_neurons, dtype=np.int64)
    for t in range(steps):
        p = cell.keep_syn * p + (pre[t - delay] if t >= delay else 0.0)
        q = cell.keep_mem * q + p / cell.tau_syn
        q[refractory_left > 0] = 0.0
        refractory_left = np.maximum(refractory_left - 1, 0)
        e[post[t]] += q[post[t]]
        q[post[t]] = 0.0
        refractory_left[post[t]] = cell.refractory
    return e


def closed_form_spsp(pre: Train, post: Train, cell: Cell, delay: int) -> Floats:
    """The S-PSP of continuous kernels, only of input within 4 tau_mem before the spike.

    The refractory time acts as a synaptic delay as well, as in the published code; there a
    projection's delay is 1, so any other shifts the input by delay - 1. Input of step 0 counts for
    nothing, and nothing is reset before the first spike.
    """
    e = np.zeros((post.shape[1], pre.shape[1]))
    arrivals = shifted(_started(pre), delay - 1)
    for i in range(post.shape[1]):
        spikes = np.flatnonzero(post[:, i])
        lasts = np.concatenate([[min(delay, 1)], spikes[:-1] + cell.refractory])
        for spike, last in zip(spikes, lasts, strict=False):
            e[i] += _closed_form_at(arrivals, int(spike), int(last), cell)
    return e


def _closed_form_at(arrivals: Train, spike: int, last: int, cell: Cell) -> Floats:
    """What every presynaptic train contributes at one spike whose membrane was reset at `last`."""
    total = np.zeros(arrivals.shape[1])
    since_reset = spike - last
    for time in range(max(0, int(np.floor(spike - 4 * cell.tau_mem))), spike):
        age = spike - (time + cell.refractory)
        if age >= 0:
            total += arrivals[time] * _response(age, since_reset, cell)
    return total


def _response(age: int, since_reset: int, cell: Cell) -> float:
    """The potential `age` steps after an input, if the membrane was 0 `since_reset` steps ago."""
    grown = min(since_reset, age)
    decayed = max(age - since_reset, 0)
    rise = np.exp(-grown / cell.tau_mem) - np.exp(-grown / cell.tau_syn)
    return float(np.exp(-decayed / cell.tau_syn) * rise / (1.0 - cell.tau_syn / cell.tau_mem))


def discrete_traces(pre: Train, cell: Cell, delay: int) -> Floats:
    """Q [T, pre]: the potential of a neuron that no spike ever resets."""
    p = np.zeros(pre.shape[1])
    q = np.zeros((pre.shape[0] + 1, pre.shape[1]))
    for t in range(pre.shape[0]):
        p = cell.keep_syn * p + (pre[t - delay] if t >= delay else 0.0)
        q[t + 1] = cell.keep_mem * q[t] + p / cell.tau_syn
    return q[1:]


def continuous_traces(pre: Train, cell: Cell, delay: int) -> Floats:
    """Q [T, pre] of the closed form: the difference of two exponential traces of the input."""
    arrivals = shifted(_started(pre), cell.refractory + delay - 1)
    fast = np.zeros(pre.shape)
    slow = np.zeros(pre.shape)
    for t in range(pre.shape[0]):
        before = t - 1
        fast[t] = arrivals[t] + (np.exp(-1 / cell.tau_syn) * fast[before] if t else 0.0)
        slow[t] = arrivals[t] + (np.exp(-1 / cell.tau_mem) * slow[before] if t else 0.0)
    return (slow - fast) / (1.0 - cell.tau_syn / cell.tau_mem)


def readout(post: Train, refractory: int, keep: float) -> Floats:
    """A [T, post]: +1 at a spike, -keep^(spike - reset) at reset = the spike before + refractory.

    A spike within the refractory time, which only a teacher can cause, contributes nothing.
    """
    a = np.zeros(post.shape)
    for i in range(post.shape[1]):
        spikes = np.flatnonzero(post[:, i])
        a[spikes, i] += 1.0
        for before, spike in pairwise(spikes):
            reset = min(before + refractory, spike)
            a[reset, i] -= keep ** float(spike - reset)
    return a


def factorised_spsp(pre: Train, post: Train, cell: Cell, delay: int) -> Floats:
    """The discrete S-PSP as the matrix product A^T Q."""
    return readout(post, cell.refractory, cell.keep_mem).T @ discrete_traces(pre, cell, delay)


def factorised_closed_form(pre: Train, post: Train, cell: Cell, delay: int) -> Floats:
    """The closed-form S-PSP as the matrix product A^T Q, without the window of 4 tau_mem."""
    keep = float(np.exp(-1.0 / cell.tau_mem))
    return readout(post, cell.refractory, keep).T @ continuous_traces(pre, cell, delay)


def _started(train: Train) -> Train:
    """The train without step 0."""
    started = train.copy()
    started[0] = False
    return started


def shifted(train: Train, steps: int) -> Train:
    """The train `steps` later (earlier if negative); what falls off either end is lost."""
    moved = np.zeros_like(train)
    length = len(train)
    if abs(steps) < length:
        moved[max(steps, 0) : length + min(steps, 0)] = train[
            max(-steps, 0) : length - max(steps, 0)
        ]
    return moved
