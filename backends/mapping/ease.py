"""A partition whose slowest core is faster: few packets, and no core that all others wait for.

A step lasts as long as its slowest core works. Of two partitions that one is better whose energy
times time is less, as `costs.py` estimates them before cores have places.
"""

from __future__ import annotations

import numpy as np

from .axons import Axons, Ints
from .costs import Cost, barriers, rhythm, spent
from .joining import Joining
from .levels import bounds_of, cut_of, finest
from .limits import CoreLimits, Mesh, work
from .load import Kernels
from .place import EFFORTS
from .records import Lists, Pace
from .route import core_nets, routed


def eased(
    axons: Axons,
    part: Ints,
    limits: CoreLimits,
    mesh: Mesh,
    kernels: Kernels,
    *,
    seed: int,
    effort: int,
    cost: Cost,
    fired: Ints,
) -> Ints:
    """The core of each neuron, int32 [neurons], with no more excess over limits than `part`; that
    itself where the cost has no times of cores, or axons times cores are too many to be counted."""
    cores = int(part.max(initial=-1)) + 1
    sent = routed(core_nets(axons, part, cores, kernels), np.arange(cores), mesh, kernels)
    done = work(axons, part, cores, kernels)
    sends, receives = rhythm(axons, part, sent, done, cost)
    if cores < 2 or not max(sends.max(), receives.max()) > 0.0:
        return part
    level, bounds = finest(axons, limits, kernels), bounds_of(limits, cores, len(axons.kinds))
    cut = cut_of(level, part, cores, bounds, kernels)
    if len(cut.core):
        return part
    given = spent(axons, part, mesh, sent, done, cost)
    messages = sent.packets + float(done.local.sum())
    def many(which):
        out = np.zeros((cores, fired.shape[1]), np.float32)
        from dataclasses import replace
        for k in range(fired.shape[1]):
            ax = replace(axons, rate=fired[:, k].astype(float))
            s = routed(core_nets(ax, part, cores, kernels), np.arange(cores), mesh, kernels)
            out[:, k] = rhythm(ax, part, s, work(ax, part, cores, kernels), cost)[which]
        return out

    pace = Pace(
        energy=given.energy - cost.message_energy * messages,
        message=cost.message_energy,
        barrier=float(barriers(mesh, cost)[-(-cores // mesh.cores_a_router)]),
        neuron=cost.neuron[1],
        spike=cost.spike_out[1],
        leaves=cost.message_out[1],
        arrives=cost.message_in[1],
        synapse=cost.synapse[1],
        rate=axons.rate,
        counts=_counts(axons),
        fired=fired,
        sends=many(0),
        receives=many(1),
        messages=np.array([messages]),
    )
    random = np.array([seed * 5003 + 29, seed + 7207]) % 2147483398 + 1
    import os
    budget = int(os.environ.get("BUD", "4000000"))
    most = min(limits.neurons, axons.neurons)
    import os
    fw = int(os.environ.get("FW", "4"))
    joining = Joining(fw * cores, 4, random, kernels)
    levels, maps = joining.levels(level, part)
    group, groups = np.arange(axons.neurons), []
    for coarse in maps:
        group = coarse[group]
        groups.append(group)
    import time
    for each in [*groups[::-1], np.arange(axons.neurons)]:
        lists = _lists(cut.part, each, cores, most)
        t=time.process_time()
        J=kernels.ease(level, cut, bounds, pace, random, lists, budget)
        pk=pace.messages[0]; T=np.maximum(pace.sends,pace.receives).max(0).mean()
        print(int(each.max())+1, "J", J, "packets", pk, "T", T, "sec", time.process_time()-t, flush=True)
    return cut.part


def _counts(axons: Axons) -> Ints:
    """Synapses of each pin in the order of who receives; empty where each is one."""
    if axons.synapses is None:
        return np.empty(0, np.int32)
    return axons.synapses[np.argsort(axons.reach, kind="stable")]


def _lists(part: Ints, group: Ints, cores: int, most: int) -> Lists:
    """Each core's neurons, with room for the most and a group, and the groups of neurons."""
    most = max(most, int(np.bincount(part).max(initial=0))) + int(np.bincount(group).max())
    first, members = np.arange(cores + 1, dtype=np.int64) * most, np.zeros(cores * most, np.int32)
    order, at = np.argsort(part, kind="stable"), np.empty(len(part), np.int64)
    own = part[order]
    at[order] = first[own] + np.arange(len(part)) - np.searchsorted(own, own)
    members[at] = np.arange(len(part))
    grouped = np.argsort(group, kind="stable").astype(np.int32)
    begins = np.searchsorted(group[grouped], np.arange(int(group.max()) + 2)).astype(np.int64)
    held = np.bincount(part, minlength=cores).astype(np.int64)
    return Lists(first, members, at, held, group.astype(np.int32), begins, grouped)
