"""What a block sends back to those before it, and the update of every row of weights."""

from __future__ import annotations

from numba import cuda

from ....cuda.kernels.grid import f32
from ....optimizers.cuda.update import update_weight
from ..formulas import count_slope
from ..numbers import TILE
from .learn import entry_of, row_bounds, sent_back, synapse
from .solve import eliminate, sweeps

ZERO = f32(0.0)
ONE = f32(1.0)


@cuda.jit(device=True)
def message_tile(plan, rule, learning, store, work, b, j, tile, k):  # type: ignore[no-untyped-def]
    """sum_l x_l w_lk de_lk/du_k over the post neurons l of a tile of dense projection j."""
    a, p = plan.pre[j], plan.post[j]
    n = plan.neurons[a + 1] - plan.neurons[a]
    lo, u = plan.neurons[p], work.count[b, plan.neurons[a] + k]
    inverse = ONE / f32(u) if u > 0 else ZERO
    total = ZERO
    for l in range(TILE * tile, min(TILE * tile + TILE, plan.neurons[p + 1] - lo)):
        x = work.error[b, lo + l]
        w = store.rows[plan.weight[j] + l * n + k]
        if u > 0 and work.count[b, lo + l] > 0:
            total += (x * w) * (entry_of(plan, rule, learning, work, b, j, l, k) * inverse)
        else:
            total += (x * rule.silent_ratio) * w
    work.parts[b, learning.part[j] + tile * n + k] = total


@cuda.jit(device=True)
def message_listed(plan, rule, learning, store, work, b, j, k):  # type: ignore[no-untyped-def]
    """The same over the synapses that pre neuron k sends through a sparse projection."""
    lo, u = plan.neurons[plan.post[j]], work.count[b, plan.neurons[plan.pre[j]] + k]
    total = ZERO
    start = plan.row[j] + k
    for s in range(plan.csr_ptr[start], plan.csr_ptr[start + 1]):
        l = plan.csr_post[s]
        entry = entry_of(plan, rule, learning, work, b, j, l, k)
        slope = count_slope(entry, u, work.count[b, lo + l], rule.silent_ratio)
        total += work.error[b, lo + l] * store.weights[plan.csr_index[s]] * slope
    work.parts[b, learning.part[j] + k] = total


@cuda.jit(device=True)
def solve_block(plan, rule, learning, work, b, first, last, slot):  # type: ignore[no-untyped-def]
    """error of the members first:last of a recurrent block: sweeps, or elimination in
    work.system[slot] where they do not converge."""
    theta, omega, error, x = work.theta[b], work.omega[b], work.error[b], work.solution[b]
    if not sweeps(plan, rule, learning, theta, omega, error, x, first, last, True):
        a = work.system[slot]
        eliminate(plan, rule, learning, theta, omega, error, x, first, last, True, a)
    take_solution(rule, work, b, first, last)


@cuda.jit(device=True)
def take_solution(rule, work, b, first, last):  # type: ignore[no-untyped-def]
    """error = the solution."""
    cuda.syncthreads()
    m = first + cuda.threadIdx.x
    while m < last:
        work.error[b, rule.members[m]] = work.solution[b, rule.members[m]]
        m += cuda.blockDim.x


@cuda.jit(device=True)
def misplaced_solve(plan, rule, learning, work, b, j, first, last, slot):  # type: ignore[no-untyped-def]
    """The authors' solve in the index space of the layer below (profile `reference`): the
    message of projection j, joined into its first tile."""
    a = plan.pre[j]
    n = plan.neurons[a + 1] - plan.neurons[a]
    right, x = work.right[b], work.solution[b]
    cuda.syncthreads()
    k = cuda.threadIdx.x
    while k < last - first:
        right[rule.members[first + k]] = sent_back(plan, learning, work, b, j, k)
        k += cuda.blockDim.x
    cuda.syncthreads()
    theta, omega = work.theta[b], work.omega[b]
    if not sweeps(plan, rule, learning, theta, omega, right, x, first, last, False):
        system = work.system[slot]
        eliminate(plan, rule, learning, theta, omega, right, x, first, last, False, system)
    cuda.syncthreads()
    k = cuda.threadIdx.x
    while k < n:
        at = learning.part[j] + k
        work.parts[b, at] = x[rule.members[first + k]]
        for tile in range(1, learning.tiles[j]):
            work.parts[b, at + tile * n] = ZERO
        k += cuda.blockDim.x


@cuda.jit(device=True)
def learn_synapse(  # type: ignore[no-untyped-def]
    plan, tables, rule, learning, optimizer, number, scale, store, work, count, j, l, start, s,
    is_first, is_last,
):  # fmt: skip
    """One weight: its gradient summed over the samples in flight, in their order, and its update.

    With more samples in a batch than fit in flight, the sum waits in store.gradient between waves.
    """
    k, at = synapse(plan, tables, j, start, s)
    origin, _ = row_bounds(plan, tables, j, 0)
    p = plan.post[j]
    i, pre = plan.neurons[p] + l, plan.neurons[plan.pre[j]] + k
    total = ZERO if is_first else store.gradient[at]
    for b in range(count):
        if work.count[b, pre] > 0:
            x = work.error[b, i] * work.boost[b, i]
            if work.count[b, i] == 0:
                entry = rule.silent_entry
            elif rule.inside[j] != 0:
                entry = work.entry[b, learning.slot[j] + s - origin]
            else:
                entry = entry_of(plan, rule, learning, work, b, j, l, k)
            total += x * entry
    if not is_last:
        store.gradient[at] = total
        return
    pull = work.pull[learning.pull_row[j] + l]
    if plan.dense[j] == 0:
        update_weight(
            optimizer, number, j, store.weights, store.first, store.second, at, scale * total, pull
        )
        return
    posts = plan.neurons[p + 1] - plan.neurons[p]
    store.weights[plan.weight[j] + k * posts + l] = update_weight(
        optimizer, number, j, store.rows, store.first, store.second, at, scale * total, pull
    )
