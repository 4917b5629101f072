"""Scratch memory of the kernels; the leading axis is the workers (or groups), who share none."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.rules import SENT
from ...ir.tensors import LINE
from ..compiled.plan import Plan
from ..compiled.stateful import NO_STATES, States

Array = npt.NDArray[Any]
WINDOW = 40
WIDE_LIMIT = 1 << 26  # neuron steps
AHEAD = 20  # steps that neurons without recurrence take at a time
NO_PROBES: Array = np.zeros((0, 7), np.int64)
NO_GLANCES: Array = np.zeros((0, 4), np.int64)


class Work(NamedTuple):
    """W workers, P populations, N neurons, T steps; M is the widest population."""

    reals: Array  # f32[W, F, N] neuron states
    integers: Array  # i32[W, I, N]
    currents: Array  # f32[W, window, ports * N or more] what arrives, steps modulo the window
    later: Array  # f32[W, steps, ports * N] what is still to arrive, steps modulo their number
    fired: Array  # u8[W, AHEAD, M] of the last steps
    ptr: Array  # i32[W, P, T + 1] events of a population up to step t
    spikes: Array  # i32[W, events]
    threshold: Array  # u32[W, M]
    active: Array  # i32[W, M]
    numbers: Array  # f32[W, N] what inputs send in every step; none where no input does
    steady: Array  # f32[W, S] what it brings in every step, projection by projection
    graded: Array  # f32[W, T, G] what populations emit and send, step by step
    shares: Array  # f32[W, N] by what each unit's is multiplied; none where none are left out
    sample: Array  # u64[W] whose steps these are: what sources draw is keyed by it
    row: Array  # f32[W, 2, M] what an event brings, and where, if they are delivered one by one
    together: int  # of the workers, so many that stand side by side have what follows in common
    laid: Array  # f32[W / together, laid weights] kernels of convolutions, see `planes.py`
    probes: Array  # i64[probes, 7] what of the states is recorded, see `kernels/closing.py`
    seen: Array  # f32[W, numbers] what they saw; of integers their bits
    glances: Array  # i64[probes, 4] what synapses are looked at for, see `kernels/stateful.py`
    states: Array  # i64[J, FIELDS] where synapses hold values, see `compiled/stateful.py`
    starts: Array  # f32[J, most states]
    look: Array  # f32
    back_ptr: Array  # i64
    back: Array  # i32
    held: Array  # f32[W, values]
    since: Array  # i32[W, synapses] the steps of their last events
    sent: Array  # f32[W, 2, longest] what an event brings, see `kernels/stateful.py`


def zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """Zeros from the start of a cache line on: vectors that cross lines take twice as long."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + size].view(dtype).reshape(shape)


def aligned(array: Array) -> Array:
    """The array from the start of a cache line on: itself where it lies so."""
    return array if array.ctypes.data % LINE == 0 else copied(array)


def copied(array: Array) -> Array:
    """A copy from the start of a cache line on."""
    made = zeros(array.shape, array.dtype)
    made[...] = array
    return made


def whole_lines(count: int) -> int:
    """`count` rounded up until so many f32 fill whole cache lines."""
    return -(-count // (LINE // 4)) * (LINE // 4)


def make_work(
    plan: Plan, workers: int, wide: bool = False, kept: int = 0, together: int = 1,
    probes: Array = NO_PROBES, seen: int = 0, states: States = NO_STATES,
    glances: Array = NO_GLANCES,
) -> Work:  # fmt: skip
    """Scratch for `workers` samples in flight, `together` of which a thread has. Where threads
    share one (`wide`), all its steps are one window, so that they seldom meet; `kept` steps are
    where what arrived in them is wanted afterwards. Else windows are short, and their sums stay in
    cache. The `probes` see so many numbers of a sample; `states` are those of synapses."""
    neurons, populations, steps = int(plan.neurons[-1]), len(plan.model), plan.steps
    widest = plan.widest
    is_whole = wide and steps * neurons <= WIDE_LIMIT
    window = kept or (steps if is_whole else min(steps, WINDOW))
    return Work(
        reals=zeros((workers, len(plan.real_init), neurons), np.float32),
        integers=zeros((workers, len(plan.integer_init), neurons), np.int32),
        currents=zeros((workers, window, whole_lines(plan.ports * neurons)), np.float32),
        later=zeros((workers, *_later(plan, window)), np.float32),
        fired=zeros((workers, AHEAD, whole_lines(widest)), np.uint8),
        ptr=zeros((workers, populations, steps + 1), np.int32),
        spikes=zeros((workers, int(plan.events[-1]) + 8), np.int32),
        threshold=zeros((workers, widest), np.uint32),
        active=zeros((workers, widest), np.int32),
        numbers=zeros((workers, neurons if (plan.encoder == SENT).any() else 0), np.float32),
        steady=zeros((workers, int(plan.steady[-1])), np.float32),
        graded=zeros((workers, steps, int(plan.graded[-1])), np.float32),
        shares=zeros((workers, neurons if (plan.dropped > 0).any() else 0), np.float32),
        sample=zeros((workers,), np.uint64),
        row=zeros((workers, 2, whole_lines(widest)), np.float32),
        together=together,
        laid=zeros((-(-workers // together), int(plan.laid[-1])), np.float32),
        probes=probes,
        seen=zeros((workers, seen), np.float32),
        glances=glances,
        states=states.table,
        starts=states.starts,
        look=states.look,
        back_ptr=states.back_ptr,
        back=states.back,
        held=zeros((workers, states.held), np.float32),
        since=zeros((workers, states.since), np.int32),
        sent=zeros((workers, 2, states.longest), np.float32),
    )


def _later(plan: Plan, window: int) -> tuple[int, int]:
    """As many steps as lie between the first and the last in which a spike arrives; a window more
    where it comes from another block, which brings what it sends a window at a time."""
    late = np.flatnonzero(plan.late >= 0)
    if not len(late):
        return 0, 0
    outside = [plan.sources[a:b] for a, b in zip(plan.incoming[:-1], plan.inner, strict=True)]
    is_outside = bool(np.isin(late, np.concatenate(outside)).any())
    steps = int(plan.csr_late.max(initial=0)) + 1 + (window if is_outside else 0)
    return steps, whole_lines(plan.ports * int(plan.neurons[-1]))
