"""The persistent kernel `learn`: any number of updates in one launch.

The samples of an update are in flight together (see `timeloop.py`):

    present | judge, times of the inputs' spikes
            | for each block of the graph, from the output: what is asked, replay | retreat
            | update

The host does nothing between two updates.
"""

from __future__ import annotations

from numba import cuda

from ....cuda.kernels.forward import fired
from ....cuda.kernels.grid import chunks_of, f32, first_item, meet
from ....cuda.timeloop import present
from ....optimizers.cuda.update import scaled
from ...row import APPLY, FIND
from .backward import backward, clear
from .credit import credit_steady
from .loss import judge
from .update import add_starts, make_pulls, make_squares, update


@cuda.jit(device=True)
def list_times(plan, tables, work, count, done):  # type: ignore[no-untyped-def]
    """When each input fired, from the bits, a thread an input; the others noted it themselves."""
    for k in range(len(plan.inputs)):
        p = plan.inputs[k]
        n = plan.neurons[p + 1] - plan.neurons[p]
        chunks = chunks_of(n)
        item = first_item(done)
        while item < count * chunks:
            b = item // chunks
            i = (item - b * chunks) * cuda.blockDim.x + cuda.threadIdx.x
            place = plan.steps * (plan.neurons[p] + i)
            for t in range(plan.steps):
                if i < n and fired(work.bits[b], t * tables.words + tables.word[p], i):
                    work.times[b, place] = t
                    place += 1
            item += cuda.gridDim.x
        done += count * chunks


def learn(  # type: ignore[no-untyped-def]
    plan, tables, through, learning, optimizer, store, work, data, results, first, last, batch,
    flight, key0, key1, barrier,
):  # fmt: skip
    """Learn from the samples first:last, one update per `batch` of them, `flight` at a time.

    optimizer.size and .eps f32[updates] are the step sizes of this call's updates. Where the host
    has its part in a gradient that is looked at as a whole, a call finds it (learning.part FIND) or
    learns by what was found (APPLY).
    """
    for begin in range(first, last, batch):
        end = min(begin + batch, last)
        updates, scale = (begin - first) // batch, f32(1.0) / f32(end - begin)
        if optimizer.pulls != 0 and learning.part != APPLY:
            make_pulls(plan, through, learning, optimizer, store, work)
        for start in range(begin, begin if learning.part == APPLY else end, flight):
            count = min(flight, end - start)
            present(plan, tables, store.weights, data, work, start, count, key0, key1, barrier)
            b = cuda.blockIdx.x
            while b < count:
                clear(work, b)
                judge(plan, tables, through, data, work, results, b, start + b)
                b += cuda.gridDim.x
            list_times(plan, tables, work, count, count)
            meet(barrier)
            backward(plan, tables, through, store, work, count, barrier)
            credit_steady(plan, tables, work, count, barrier)
            is_last = start + flight >= end and optimizer.whole == 0
            update(
                plan, tables, through, learning, optimizer, updates, scale, store, work, count,
                start == begin, is_last,
            )  # fmt: skip
            if through.learns != 0:
                add_starts(work, count, start == begin)
            meet(barrier)
        if optimizer.whole != 0 and learning.part != APPLY:
            make_squares(plan, through, learning, store, work)
            meet(barrier)
        if optimizer.whole != 0 and learning.part != FIND:
            scale = scaled(optimizer, work.squares, scale)
            update(
                plan, tables, through, learning, optimizer, updates, scale, store, work, 0, False,
                True,
            )  # fmt: skip
            meet(barrier)
