"""A partition whose slowest core is faster: few packets, and no core that all others wait for.

A step lasts as long as its slowest core works, and that is another one from moment to moment:
neurons that share axons lie together and fire together. Of two partitions the one is better whose
energy, squared, times time is less, as `costs.py` estimates them before cores have places, the time
moment by moment. Groups of neurons that go together change cores first, then parts of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .axons import Axons, Ints
from .costs import Cost, barriers, has_rhythm, spent
from .effort import EFFORTS, SEEN
from .joining import Joining
from .levels import bounds_of, cut_of, finest
from .limits import CoreLimits, Mesh, work
from .load import Kernels
from .records import Lists, Pace
from .route import core_nets, routed

GROUPS, SAMPLE = 4, 4  # groups a core at least; axons of a vertex by which they are found
SHARE = 20  # of what placing looks at, each size of groups looks at this part


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
    progress: SEEN | None = None,
) -> Ints:
    """The core of each neuron, int32 [neurons], no core empty and none with more excess over limits
    than by `part`; that itself where the cost has no times of cores, or axons times cores are too
    many to be counted. `progress` is told the share that is done, 0 to 1."""
    cores = int(part.max(initial=-1)) + 1
    if cores < 2 or not has_rhythm(cost):
        return part
    level, bounds = finest(axons, limits, kernels), bounds_of(limits, cores, len(axons.kinds))
    cut = cut_of(level, part, cores, bounds, kernels)
    if len(cut.core):
        return part
    pace = _pace(axons, cut.part, cores, mesh, cost, kernels)
    random = np.array([seed * 5003 + 29, seed + 7207]) % 2147483398 + 1
    joining = Joining(GROUPS * cores, SAMPLE, random, kernels)
    maps = joining.levels(level, cut.part)[1]
    looked = max(EFFORTS[effort].settle, EFFORTS[effort].work) // SHARE
    for number, group in enumerate(_groups(axons.neurons, maps), 1):
        lists = _lists(cut.part, group, cores, min(limits.neurons, axons.neurons))
        kernels.ease(level, cut, bounds, pace, random, lists, looked)
        if progress is not None:
            progress(number / (len(maps) + 1))
    return np.unique(cut.part, return_inverse=True)[1].astype(np.int32)


def _pace(axons: Axons, part: Ints, cores: int, mesh: Mesh, cost: Cost, kernels: Kernels) -> Pace:
    """How long every core works, at every moment that is known."""
    sent = routed(core_nets(axons, part, cores, kernels), np.arange(cores), mesh, kernels)
    done = work(axons, part, cores, kernels)
    messages = sent.packets + float(done.local.sum())
    fired = axons.rate[:, None] if axons.moments is None else axons.moments
    counts, order = axons.listed, np.argsort(axons.reach, kind="stable")
    pace = Pace(
        energy=spent(axons, part, mesh, sent, done, cost).energy - cost.message_energy * messages,
        message=cost.message_energy,
        barrier=float(barriers(mesh, cost)[-(-cores // mesh.cores_a_router)]),
        neuron=cost.neuron[1],
        spike=cost.spike_out[1],
        leaves=cost.message_out[1],
        arrives=cost.message_in[1],
        synapse=cost.synapse[1],
        rate=axons.rate,
        counts=counts[order] if len(counts) else counts,
        fired=np.ascontiguousarray(fired, np.float32),
        sends=np.zeros((cores, fired.shape[1]), np.float32),
        receives=np.zeros((cores, fired.shape[1]), np.float32),
        messages=np.array([messages]),
    )
    kernels.measure(axons.start, axons.reach, part, pace, counts)
    return pace


def _groups(neurons: int, maps: list[Ints]) -> Iterator[Ints]:
    """The group of every neuron, large ones first, then each by itself."""
    found = [np.arange(neurons)]
    for coarse in maps:
        found.append(coarse[found[-1]])
    yield from found[::-1]


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
