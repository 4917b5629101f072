"""The backward pass of one sample, block by block from the output, and the update of a batch."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from ....cpu.kernels.rows import add, copy, fill
from ....optimizers.cpu.update import update_row
from .dense import dense_tile, dense_view, write_back
from .learn import make_trace, rows_of, self_effect, sort_events
from .listed import inside_entries, joint_effect, listed_projection
from .loss import count_error, decide, lateral_factor, teach, teach_steps
from .solve import solve_transposed

ONE = np.float32(1.0)
ZERO = np.float32(0.0)
TILE = 16
WRITTEN = 32  # posts whose weights are written back together; a multiple of TILE


@njit
def judge(plan, rule, weights, work, back, w, label, importance, counts):  # type: ignore[no-untyped-def]
    """Decision, cost, output error, lateral factor, teacher spikes; (prediction, cost)."""
    sort_events(plan, work, back, w)
    p = plan.output
    lo, hi = plan.neurons[p], plan.neurons[p + 1]
    row, times = rows_of(plan, back, w, p)
    for i in range(hi - lo):
        counts[i] = row[i + 1] - row[i]
    fill(back.delta[w], ZERO)
    fill(back.boost[w], ONE)
    cost = count_error(rule, counts, label, importance, back.delta[w, lo:hi])
    if rule.lateral >= 0:
        columns = make_trace(plan, rule, work, back, w, rule.lateral)
        own = weights[plan.weight[rule.lateral] : plan.weight[rule.lateral + 1]]
        lateral_factor(
            rule, own, hi - lo, rule.nu[p], back.trace[w], back.column[w], columns, row, times,
            rule.refractory[p], rule.power[p], label, back.boost[w, lo:hi],
        )  # fmt: skip
    if counts[label] == 0:
        spikes = work.spikes[w, plan.events[p] : plan.events[p + 1]]
        teach(row, times, hi - lo, label, plan.steps, rule.lesson)
        teach_steps(work.ptr[w, p], spikes, label, plan.steps, rule.lesson)
    return decide(counts), cost


@njit
def backward(plan, rule, optimizer, size, eps, store, work, back, w, group, wide):  # type: ignore[no-untyped-def]
    """Learn one sample after `judge`: blocks in reverse, each solved and then its projections.

    `wide` spreads the tiles of a dense projection over the threads (batch 1).
    """
    for b in range(len(plan.block) - 2, -1, -1):
        members = rule.members[rule.member[b] : rule.member[b + 1]]
        has_inside = block_error(plan, rule, store, work, back, w, b, members)
        for k in range(plan.block[b], plan.block[b + 1]):
            p = plan.order[k]
            for s in range(plan.incoming[p], plan.incoming[p + 1]):
                j = plan.sources[s]
                if rule.takes[j] and (rule.trains[j] or rule.carries[j]):
                    message = learn_projection(
                        plan, rule, optimizer, size, eps, store, work, back, w, group, j, wide
                    )
                    if rule.carries[j]:
                        if rule.reference and has_inside:
                            _misplaced_solve(rule, back, w, members, message)
                        a = plan.pre[j]
                        add(message, back.delta[w, plan.neurons[a] : plan.neurons[a + 1]])


@njit
def block_error(plan, rule, store, work, back, w, b, members):  # type: ignore[no-untyped-def]
    """dE/da of the neurons of block b into back.error; whether recurrence inside it takes part."""
    has_inside = False
    for k in range(plan.block[b], plan.block[b + 1]):
        p = plan.order[k]
        lo, hi = plan.neurons[p], plan.neurons[p + 1]
        for i in range(lo, hi):
            back.error[w, i] = back.delta[w, i] / rule.nu[p]
            back.omega[w, i] = ONE
        if not rule.hybrid:
            self_effect(plan, rule, store.weights, back, w, p)
        elif rule.joint[p]:
            joint_effect(plan, rule, store, work, back, w, p)
        for s in range(plan.incoming[p], plan.incoming[p + 1]):
            j = plan.sources[s]
            if rule.inside[j]:
                inside_entries(plan, rule, store.weights, work, back, w, j)
                has_inside = True
    if has_inside and rule.reference:
        for i in members:
            back.boost[w, i] /= back.omega[w, i]
    elif has_inside:
        right = np.empty(len(back.error[w]), np.float32)
        copy(back.error[w], right)
        solve_transposed(
            members, rule.out_ptr, rule.out_post, rule.out_slot, back.theta[w], back.omega[w],
            True, right, back.error[w],
        )  # fmt: skip
    else:
        for i in members:
            back.error[w, i] /= back.omega[w, i]
    return has_inside


@njit
def _misplaced_solve(rule, back, w, members, message):  # type: ignore[no-untyped-def]
    """The authors' solve in the index space of the layer below (profile `reference`)."""
    right = np.zeros(len(back.omega[w]), np.float32)
    for k in range(len(members)):
        right[members[k]] = message[k]
    solution = np.zeros(len(back.omega[w]), np.float32)
    solve_transposed(
        members, rule.out_ptr, rule.out_post, rule.out_slot, back.theta[w], back.omega[w],
        False, right, solution,
    )  # fmt: skip
    for k in range(len(members)):
        message[k] = solution[members[k]]


@njit
def learn_projection(plan, rule, optimizer, size, eps, store, work, back, w, group, j, wide):  # type: ignore[no-untyped-def]
    """Learn projection j; its error below, f32[pre]."""
    n = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
    message = np.zeros(n, np.float32)
    if rule.listed[j]:
        listed_projection(plan, rule, optimizer, size, eps, store, work, back, w, group, j, message)
        return message
    columns = make_trace(plan, rule, work, back, w, j)
    view = dense_view(plan, rule, store, back, w, group, j, columns)
    posts = len(view.row) - 1
    parts = np.empty(((posts + TILE - 1) // TILE, n), np.float32)
    groups = (posts + WRITTEN - 1) // WRITTEN
    if wide and groups > 1:
        all_tiles_wide(view, optimizer, size, eps, groups, parts)
    else:
        all_tiles(view, optimizer, size, eps, groups, parts)
    if rule.carries[j]:
        for k in range(parts.shape[0]):
            add(parts[k], message)
    return message


@njit
def tiles(view, optimizer, size, eps, group, parts):  # type: ignore[no-untyped-def]
    """One group of tiles of a dense projection, each with its own part f32[pre] of the message;
    then, where they were updated, the weights that delivery reads, in whole pairs of lines."""
    posts = len(view.row) - 1
    start, stop = WRITTEN * group, min(WRITTEN * group + WRITTEN, posts)
    for first in range(start, stop, TILE):
        dense_tile(view, optimizer, size, eps, first, min(first + TILE, stop), parts[first // TILE])
    if view.trains and len(view.gradient) == 0:
        write_back(view.rows, view.weights, len(view.pre_row) - 1, posts, start, stop)


@njit
def all_tiles(view, optimizer, size, eps, groups, parts):  # type: ignore[no-untyped-def]
    """Every tile of a dense projection."""
    for group in range(groups):
        tiles(view, optimizer, size, eps, group, parts)


@njit(parallel=True)
def all_tiles_wide(view, optimizer, size, eps, groups, parts):  # type: ignore[no-untyped-def]
    """`all_tiles` spread over the threads."""
    for group in prange(groups):
        tiles(view, optimizer, size, eps, group, parts)


@njit
def apply_gradients(plan, rule, optimizer, size, eps, store, scale):  # type: ignore[no-untyped-def]
    """Update every weight with scale * (sum of the groups' gradients), and clear those."""
    for j in range(len(plan.pre)):
        if rule.trains[j] and rule.listed[j]:
            posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
            for l in range(posts):
                _apply_listed(rule, optimizer, size, eps, store, scale, j, l)
        elif rule.trains[j]:
            posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
            pre = plan.neurons[plan.pre[j] + 1] - plan.neurons[plan.pre[j]]
            apply_dense(optimizer, size, eps, store, scale, plan.weight[j], pre, posts)


@njit(parallel=True)
def apply_dense(optimizer, size, eps, store, scale, base, n, posts):  # type: ignore[no-untyped-def]
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
                optimizer, size, eps, store.rows[start : start + n],
                store.first[start : start + n], store.second[start : start + n], total, scale,
            )  # fmt: skip
            fill(total, ZERO)
        end = base + n * posts
        write_back(store.rows[base:end], store.weights[base:end], n, posts, first, last)


@njit
def _apply_listed(rule, optimizer, size, eps, store, scale, j, l):  # type: ignore[no-untyped-def]
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
    update_row(optimizer, size, eps, weights, first, second, total, scale)
    for s in range(n):
        index = rule.in_index[start + s]
        store.weights[index], store.first[index], store.second[index] = (
            weights[s],
            first[s],
            second[s],
        )
