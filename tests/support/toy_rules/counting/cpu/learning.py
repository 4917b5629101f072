"""The kernels of the rule: dE/dw_kl = delta_l u_k, u_k the spikes of pre neuron k."""

from __future__ import annotations

import numpy as np
from numba import njit

from ....cpu.timeloop import count, count_all, present
from ....optimizers.cpu.update import number_of, update_row
from .features import AT_ONCE


@njit(nogil=True)
def learn(
    advance, plan, rule, optimizer, weights, store, work, back, data, seed, updates, first, last,
    stride, w, results,
):  # fmt: skip
    """Learn from the samples first, first + stride, … before last; the updates so far."""
    for s in range(first, last, stride):
        present(advance, plan, weights, data, s, 1, 1, seed, work, w)
        count_all(plan, work, w, results.activity[w])
        judge(plan, rule, work, back, data, results, s, w)
        spread(plan, work, back, w)
        if AT_ONCE:
            updates += 1
        for l in range(plan.neurons[plan.post[0] + 1] - plan.neurons[plan.post[0]]):
            learn_row(plan, optimizer, store, back, updates, w, l)
    return updates


@njit
def judge(plan, rule, work, back, data, results, s, w):
    """The error of every output into back.delta."""
    counts, label = results.counts[s], data.labels[s]
    count(plan, work, w, plan.output, counts)
    best, most = -1, 0
    for i in range(len(counts)):
        row = 1 if i == label else 0
        back.delta[w, i] = data.importance[s] * rule.error[row, counts[i]]
        results.cost[s] += rule.cost[row, counts[i]]
        if counts[i] > most:
            best, most = i, counts[i]
    results.predictions[s] = best


@njit
def spread(plan, work, back, w):
    """The spikes of the pre neurons into back.entry."""
    sent = back.spikes[w, : plan.neurons[plan.pre[0] + 1] - plan.neurons[plan.pre[0]]]
    sent[:] = 0
    count(plan, work, w, plan.pre[0], sent)
    for k in range(len(sent)):
        back.entry[w, k] = np.float32(sent[k])


@njit
def learn_row(plan, optimizer, store, back, updates, w, l):
    """Learn the weights of output l, or add their gradient to those of worker w."""
    n = plan.neurons[plan.pre[0] + 1] - plan.neurons[plan.pre[0]]
    own = slice(l * n, (l + 1) * n)
    entry = back.entry[w, :n]
    if AT_ONCE:
        number = number_of(optimizer, updates)
        update_row(
            optimizer, number, 0, store.rows[own], store.first[own], store.second[own], entry,
            back.delta[w, l],
        )  # fmt: skip
        write_back(plan, store, n, l)
    else:
        for k in range(n):
            store.gradient[w, l * n + k] += back.delta[w, l] * entry[k]


@njit
def write_back(plan, store, n, l):
    """Output l's row of weights to where delivery reads them."""
    posts = plan.neurons[plan.post[0] + 1] - plan.neurons[plan.post[0]]
    for k in range(n):
        store.weights[k * posts + l] = store.rows[l * n + k]


@njit
def update(plan, rule, optimizer, store, updates, scale):
    """One update by scale * (sum of the workers' gradients)."""
    n = plan.neurons[plan.pre[0] + 1] - plan.neurons[plan.pre[0]]
    for l in range(plan.neurons[plan.post[0] + 1] - plan.neurons[plan.post[0]]):
        own = slice(l * n, (l + 1) * n)
        total = store.gradient[0, own]
        for g in range(1, store.gradient.shape[0]):
            for k in range(n):
                total[k] += store.gradient[g, l * n + k]
                store.gradient[g, l * n + k] = np.float32(0.0)
        number = number_of(optimizer, updates)
        update_row(
            optimizer, number, 0, store.rows[own], store.first[own], store.second[own], total,
            np.float32(scale),
        )  # fmt: skip
        total[:] = np.float32(0.0)
        write_back(plan, store, n, l)
