"""Where a thread stands in the persistent grid, how its blocks share work and where they meet.

A stage is a list of items of equal kind, dealt to the blocks in turn; between two stages the blocks
meet. Inside an item the threads of a block share its neurons, synapses or columns. Which block has
which item changes nothing: an item writes only what is its own, and no float is added atomically.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import cuda

f32 = np.float32
i32 = np.int32
u32 = np.uint32


@cuda.jit(device=True)
def meet(barrier):  # type: ignore[no-untyped-def]
    """Wait for all blocks; what any thread wrote before is seen by every thread after.

    barrier i64[1] counts arrivals and is never reset, so a block that is still leaving one meeting
    can't be mistaken for one that has come to the next. All blocks must be resident at once.
    """
    cuda.syncthreads()
    blocks = cuda.gridDim.x
    if cuda.threadIdx.x == 0 and blocks > 1:
        cuda.threadfence()
        ticket = cuda.atomic.add(barrier, 0, 1)
        goal = (ticket // blocks + 1) * blocks
        while cuda.atomic.add(barrier, 0, 0) < goal:
            pass
        cuda.threadfence()
    cuda.syncthreads()


@cuda.jit(device=True)
def first_item(done):  # type: ignore[no-untyped-def]
    """This block's first item of a list, after `done` items of the same stage were dealt."""
    blocks = cuda.gridDim.x
    return (cuda.blockIdx.x + blocks - done % blocks) % blocks


@cuda.jit(device=True)
def chunks_of(neurons):  # type: ignore[no-untyped-def]
    """How many blocks' widths `neurons` threads fill."""
    return (neurons + cuda.blockDim.x - 1) // cuda.blockDim.x


@cuda.jit(device=True)
def block_sum(value):  # type: ignore[no-untyped-def]
    """The sum of `value` over the threads of the block, in one fixed order; for every thread.

    The number of threads is a power of two. Uses the first `threads` words of shared memory.
    """
    shared = cuda.shared.array(0, numba.float32)
    t = cuda.threadIdx.x
    cuda.syncthreads()
    shared[t] = value
    half = cuda.blockDim.x // 2
    while half > 0:
        cuda.syncthreads()
        if t < half:
            shared[t] += shared[t + half]
        half //= 2
    cuda.syncthreads()
    return shared[0]


@cuda.jit(device=True)
def block_max(value):  # type: ignore[no-untyped-def]
    """The largest `value` over the threads of the block, as `block_sum`."""
    shared = cuda.shared.array(0, numba.float32)
    t = cuda.threadIdx.x
    cuda.syncthreads()
    shared[t] = value
    half = cuda.blockDim.x // 2
    while half > 0:
        cuda.syncthreads()
        if t < half:
            shared[t] = max(shared[t], shared[t + half])
        half //= 2
    cuda.syncthreads()
    return shared[0]
