"""The backward pass of one sample, block by block from the output, and the update of a batch."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from ....compiled.formulas import decide
from ....compiled.kinds import LIST, PAIRS, WINDOW
from ....compiled.windows import OUTPUTS, POOL
from ....cpu.kernels.features import WIDE
from ....cpu.kernels.rows import add, copy, fill
from ....cpu.units import unit
from ....optimizers.cpu.update import update_row
from ..numbers import SQUARE, TILE
from .dense import dense_tile, write_back
from .features import (
    AT_ONCE,
    BY_ROW,
    BY_SYNAPSE,
    BY_WINDOW,
    HYBRID,
    INSIDE,
    JOINT,
    LATERAL,
    REFERENCE,
    SQUARES,
)
from .learn import make_trace, rows_of, self_effect, sort_events
from .listed import inside_entries, joint_effect, learn_synapses
from .loss import count_error, lateral_factor, teach, teach_steps
from .solve import ALL, OFF_DIAGONAL, solve_transposed
from .square import learn_square, solve_rows, square_entries
from .windows import learn_windows

ONE = np.float32(1.0)
ZERO = np.float32(0.0)
WRITTEN = 32  # posts whose weights are written back together; a multiple of TILE


@unit
def judge(plan, rule, weights, work, back, data, results, s, w):  # type: ignore[no-untyped-def]
    """Decision, cost, output error, lateral factor, teacher spikes of sample s."""
    sort_events(plan, work, back, w)
    p, label, counts = plan.output, data.labels[s], results.counts[s]
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    row, times = rows_of(plan, back, w, p)
    for i in range(hi - lo):
        counts[i] = row[i + 1] - row[i]
    fill(back.delta[w], ZERO)
    fill(back.boost[w], ONE)
    results.cost[s] = count_error(
        rule.error, rule.cost, counts, label, data.importance[s], back.delta[w, lo:hi]
    )
    if LATERAL and rule.lateral >= 0:
        columns = make_trace(plan, rule, work, back, w, rule.lateral)
        own = weights.values[plan.weight[rule.lateral] : plan.weight[rule.lateral + 1]]
        lateral_factor(
            rule.silent_ratio, own, hi - lo, rule.nu[p], back.trace[w], back.column[w], columns,
            row, times, rule.refractory[p], rule.power[p], label, back.boost[w, lo:hi],
        )  # fmt: skip
    if counts[label] == 0:
        spikes = work.spikes[w, plan.events[p] : plan.events[p + 1]]
        teach(row, times, hi - lo, label, plan.steps, rule.lesson)
        teach_steps(work.ptr[w, p], spikes, label, plan.steps, rule.lesson)
    results.predictions[s] = decide(counts)


@njit
def backward(plan, rule, optimizer, number, weights, store, work, back, w):  # type: ignore[no-untyped-def]
    """Learn one sample after `judge`: blocks in reverse, each solved and then its projections."""
    for b in range(len(plan.block) - 2, -1, -1):
        has_inside = block_error(plan, rule, weights, store, work, back, w, b)
        for k in range(plan.block[b], plan.block[b + 1]):
            p = plan.order[k]
            for s in range(plan.incoming[p], plan.incoming[p + 1]):
                j = plan.sources[s]
                if rule.takes[j] and (rule.trains[j] or rule.carries[j]):
                    form = rule.form[j]
                    if BY_WINDOW and form == WINDOW:
                        learn_windows(plan, rule, store, work, back, w, j)
                    if BY_SYNAPSE and form == LIST:
                        learn_synapses(plan, rule, optimizer, number, store, work, back, w, j)
                    if SQUARES and form == SQUARE:
                        learn_square(plan, rule, optimizer, number, store, back, w, j)
                    if BY_ROW and form == PAIRS:
                        learn_rows(plan, rule, optimizer, number, store, work, back, w, j)
                    if rule.carries[j]:
                        if REFERENCE and has_inside:
                            solve_misplaced(plan, rule, back, w, b)
                        a = plan.pre[j]
                        delta = back.delta[w, plan.neurons[a] : plan.neurons[a + 1]]
                        add(back.message[w, : len(delta)], delta)


@njit
def block_error(plan, rule, weights, store, work, back, w, b):  # type: ignore[no-untyped-def]
    """dE/da of the neurons of block b into back.error; whether recurrence inside it takes part."""
    has_inside = False
    for k in range(plan.block[b], plan.block[b + 1]):
        p = plan.order[k]
        for i in range(plan.neurons[p], plan.neurons[p + 1]):
            back.error[w, i] = back.delta[w, i] / rule.nu[p]
            back.omega[w, i] = ONE
        if HYBRID:
            if JOINT and rule.joint[p]:
                joint_effect(plan, rule, store, work, back, w, p)
        else:
            self_effect(plan, rule, weights, work, back, w, p)
        for s in range(plan.incoming[p], plan.incoming[p + 1]):
            j = plan.sources[s]
            has_inside = has_inside or rule.inside[j] != 0
            if INSIDE and rule.inside[j] and rule.form[j] != SQUARE:
                inside_entries(plan, rule, weights, work, back, w, j)
            if SQUARES and rule.form[j] == SQUARE:
                square_entries(plan, rule, store, work, back, w, j)
    share_error(plan, rule, back, w, b, has_inside)
    return has_inside


@njit
def share_error(plan, rule, back, w, b, has_inside):  # type: ignore[no-untyped-def]
    """back.error over Omega, or the solution of the recurrent system of block b."""
    members = rule.members[rule.member[b] : rule.member[b + 1]]
    if has_inside:
        if REFERENCE:
            for i in members:
                back.boost[w, i] /= back.omega[w, i]
        else:
            solve_inside(plan, rule, back, w, b)
    else:
        for i in members:
            back.error[w, i] /= back.omega[w, i]


@unit
def solve_inside(plan, rule, back, w, b):  # type: ignore[no-untyped-def]
    """The errors of block b from the solution of its recurrent system."""
    members = rule.members[rule.member[b] : rule.member[b + 1]]
    right = np.empty(len(back.error[w]), np.float32)
    copy(back.error[w], right)
    if SQUARES:
        solve_rows(plan, rule, back, w, b, ALL, right, back.error[w])
    else:
        solve_transposed(
            members, rule.out_ptr, rule.out_post, rule.out_slot, back.theta[w], back.omega[w], ALL,
            right, back.error[w],
        )  # fmt: skip


@unit
def solve_misplaced(plan, rule, back, w, b):  # type: ignore[no-untyped-def]
    """The authors' solve in the index space of the layer below (profile `reference`)."""
    members, message = rule.members[rule.member[b] : rule.member[b + 1]], back.message[w]
    right = np.zeros(len(back.omega[w]), np.float32)
    for k in range(len(members)):
        right[members[k]] = message[k]
    solution = np.zeros(len(back.omega[w]), np.float32)
    if SQUARES:
        solve_rows(plan, rule, back, w, b, OFF_DIAGONAL, right, solution)
    else:
        solve_transposed(
            members, rule.out_ptr, rule.out_post, rule.out_slot, back.theta[w], back.omega[w],
            OFF_DIAGONAL, right, solution,
        )  # fmt: skip
    for k in range(len(members)):
        message[k] = solution[members[k]]


@unit
def learn_rows(plan, rule, optimizer, number, store, work, back, w, j):  # type: ignore[no-untyped-def]
    """Learn a projection row by row; back.message gets its error below."""
    n = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
    columns = make_trace(plan, rule, work, back, w, j)
    posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
    parts = np.empty(((posts + TILE - 1) // TILE, n), np.float32)
    groups = (posts + WRITTEN - 1) // WRITTEN
    if WIDE:
        all_tiles_wide(plan, rule, optimizer, number, store, back, w, j, columns, groups, parts)
    else:
        for k in range(groups):
            tiles(plan, rule, optimizer, number, store, back, w, j, columns, k, parts)
    if rule.carries[j]:
        message = back.message[w, :n]
        fill(message, ZERO)
        for k in range(parts.shape[0]):
            add(parts[k], message)


@njit
def tiles(plan, rule, optimizer, number, store, back, w, j, columns, k, parts):  # type: ignore[no-untyped-def]
    """The k-th tiles of a dense projection, each with its own part f32[pre] of the message; then,
    where they were updated, the weights that delivery reads, in whole pairs of lines."""
    posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
    start, stop = WRITTEN * k, min(WRITTEN * k + WRITTEN, posts)
    for first in range(start, stop, TILE):
        last = min(first + TILE, stop)
        dense_tile(
            plan, rule, optimizer, number, store, back, w, j, columns, first, last,
            parts[first // TILE],
        )  # fmt: skip
    if AT_ONCE and rule.trains[j]:
        own = slice(plan.weight[j], plan.weight[j + 1])
        n = parts.shape[1]
        write_back(store.rows[own], store.weights[own], n, posts, start, stop)


@njit(parallel=True)
def all_tiles_wide(  # type: ignore[no-untyped-def]
    plan, rule, optimizer, number, store, back, w, j, columns, groups, parts
):
    """All tiles of a dense projection, spread over the threads."""
    for k in prange(groups):
        tiles(plan, rule, optimizer, number, store, back, w, j, columns, np.int64(k), parts)


@njit
def apply_gradients(plan, rule, optimizer, number, store, scale):  # type: ignore[no-untyped-def]
    """Update every weight with scale * (sum of the groups' gradients), and clear those."""
    for j in range(len(plan.pre)):
        if not rule.trains[j]:
            continue
        posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
        pre = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
        if plan.kind[j] == WINDOW:
            _apply_windows(plan, optimizer, number, store, scale, j)
        elif rule.form[j] == LIST:
            for l in range(posts):
                _apply_listed(rule, optimizer, number, store, scale, j, l)
        else:
            apply_dense(optimizer, number, j, store, scale, plan.weight[j], pre, posts)


@njit
def _apply_windows(plan, optimizer, number, store, scale, j):  # type: ignore[no-untyped-def]
    """The same for shared weights, a channel of the planes above at a time."""
    first, last = plan.weight[j], plan.weight[j + 1]
    channels = np.int64(1) if plan.windows[j, POOL] else plan.windows[j, OUTPUTS]
    n = (last - first) // channels
    for start in range(first, last, n):
        total = store.gradient[0, start : start + n]
        for g in range(1, store.gradient.shape[0]):
            add(store.gradient[g, start : start + n], total)
            fill(store.gradient[g, start : start + n], ZERO)
        update_row(
            optimizer, number, j, store.weights[start : start + n],
            store.first[start : start + n], store.second[start : start + n], total, scale,
        )  # fmt: skip
        fill(total, ZERO)


@njit(parallel=True)
def apply_dense(optimizer, number, j, store, scale, base, n, posts):  # type: ignore[no-untyped-def]
    """The same for one dense projection of n x posts weights from `base`, in groups of posts."""
    for k in prange((posts + WRITTEN - 1) // WRITTEN):
        first, last = WRITTEN * k, min(WRITTEN * k + WRITTEN, posts)
        for l in range(first, last):
            start = base + l * n
            total = store.gradient[0, start : start + n]
            for g in range(1, store.gradient.shape[0]):
                add(store.gradient[g, start : start + n], total)
                fill(store.gradient[g, start : start + n], ZERO)
            update_row(
                optimizer, number, j, store.rows[start : start + n],
                store.first[start : start + n], store.second[start : start + n], total, scale,
            )  # fmt: skip
            fill(total, ZERO)
        end = base + n * posts
        write_back(store.rows[base:end], store.weights[base:end], n, posts, first, last)


@njit
def _apply_listed(rule, optimizer, number, store, scale, j, l):  # type: ignore[no-untyped-def]
    start, end = rule.in_ptr[rule.in_row[j] + l], rule.in_ptr[rule.in_row[j] + l + 1]
    n = end - start
    weights, total = np.empty(n, np.float32), np.zeros(n, np.float32)
    first, second = np.empty(n, np.float32), np.empty(n, np.float32)
    for s in range(n):
        index = rule.in_index[start + s]
        weights[s], first[s], second[s] = (
            store.weights[index],
            store.first[index],
            store.second[index],
        )
        for g in range(store.gradient.shape[0]):
            total[s] += store.gradient[g, index]
            store.gradient[g, index] = ZERO
    update_row(optimizer, number, j, weights, first, second, total, scale)
    for s in range(n):
        index = rule.in_index[start + s]
        store.weights[index], store.first[index], store.second[index] = (
            weights[s],
            first[s],
            second[s],
        )
