"""The measured roofline of a GPU, as the `Machine` that `cost.py` takes.

Small kernels by numba-cuda, the compiler of our backend: the sum of float32 values (read),
y += a x (update, 12 bytes an element), and chains of multiply-adds in registers. With every pass a
block goes to another slice, so that no L1 holds what is read: a working set below L2 measures L2,
one far above it the memory of the card.
Times are those of CUDA events, the best of several; PyTorch's copy and matrix product of the same
card stand beside them, so that a slow kernel of ours shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from machine import MIB, Arithmetic, Level, Machine
from numba import cuda

THREADS = 512
BLOCKS = 8  # a multiprocessor
UNROLLED = 4  # loads of a thread in flight; slices hold multiples of so many rows of threads
SHIFT = 37  # slices from pass to pass; prime to the blocks
CHAINS = 8  # independent multiply-adds a thread; a step of the loop does each 4 times
SETTLE = 0.02  # seconds of one timed launch, about
# Of data sheets, for floors on a machine without the card: GB/s, and GFLOP/s of float32. The
# bandwidth of L2 is on no data sheet; it is what others measured.
CARDS = {"H100 SXM": (3350.0, 5500.0, 50 * MIB, 67_000.0, 132)}


@dataclass(frozen=True, slots=True)
class Check:
    """What PyTorch reaches on the same card: copying [GB/s, read and written], multiplying float32
    matrices [GFLOP/s] without and with TF32, and bfloat16."""

    copy: float
    float32: float
    tf32: float
    bf16: float


@cuda.jit
def read_kernel(values, sums, passes):  # type: ignore[no-untyped-def]
    """sums[thread] = what the thread read: of slice (block + SHIFT pass) mod blocks."""
    thread, threads, blocks = cuda.threadIdx.x, cuda.blockDim.x, cuda.gridDim.x
    size = values.size // blocks
    a = b = c = d = np.float32(0)
    for k in range(passes):
        first = (cuda.blockIdx.x + SHIFT * k) % blocks * size
        for i in range(first + thread, first + size - 3 * threads, 4 * threads):
            a += values[i]
            b += values[i + threads]
            c += values[i + 2 * threads]
            d += values[i + 3 * threads]
    sums[cuda.grid(1)] = a + b + c + d


@cuda.jit
def update_kernel(y, x, a, passes):  # type: ignore[no-untyped-def]
    """y += a x in the same slices. Blocks of different passes may meet in a slice: nobody reads
    the values of more than one pass."""
    thread, threads, blocks = cuda.threadIdx.x, cuda.blockDim.x, cuda.gridDim.x
    size = y.size // blocks
    for k in range(passes):
        first = (cuda.blockIdx.x + SHIFT * k) % blocks * size
        for i in range(first + thread, first + size - threads, 2 * threads):
            y0, y1 = y[i], y[i + threads]
            x0, x1 = x[i], x[i + threads]
            y[i] = y0 + a * x0
            y[i + threads] = y1 + a * x1


@cuda.jit(fastmath=True)
def fma_kernel(out, a, b, passes):  # type: ignore[no-untyped-def]
    """out[thread]: CHAINS values, each x = a x + b four times a pass."""
    x0 = np.float32(cuda.threadIdx.x)
    x1, x2, x3 = x0 + a, x0 + b, x0 - a
    x4, x5, x6, x7 = x0 - b, x1 + b, x2 - a, x3 + b
    for _ in range(passes):
        for _ in range(4):
            x0 = x0 * a + b
            x1 = x1 * a + b
            x2 = x2 * a + b
            x3 = x3 * a + b
            x4 = x4 * a + b
            x5 = x5 * a + b
            x6 = x6 * a + b
            x7 = x7 * a + b
    out[cuda.grid(1)] = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure with. `blocks` and `threads` of a launch; bytes that lie in L2 and in
    memory; `repeats` of which the best counts."""

    blocks: int
    threads: int
    in_cache: int
    in_memory: int
    repeats: int
    seconds: float


def size_of(device: Any, repeats: int = 7) -> Size:
    """A size that fills the card: a third of L2, and eight times L2 but 2 GiB at most."""
    cache = int(device.L2_CACHE_SIZE)
    blocks = BLOCKS * int(device.MULTIPROCESSOR_COUNT) // 2
    memory = min(2048 * MIB, max(8 * cache, 1024 * MIB))
    return Size(blocks, THREADS, cache // 3, memory, repeats, SETTLE)


def measure(versions: tuple[tuple[str, str], ...] = ()) -> Machine:
    """The roofline of the current card."""
    device = cuda.get_current_device()
    size = size_of(device)
    name = device.name.decode() if isinstance(device.name, bytes) else str(device.name)
    levels = tuple(
        Level(level, 1, count, read_bandwidth(count, size), update_bandwidth(count, size))
        for level, count in (("L2", size.in_cache), ("DRAM", size.in_memory))
    )
    rate = fma_rate(size)
    cores, cache = int(device.MULTIPROCESSOR_COUNT), int(device.L2_CACHE_SIZE)
    arithmetic = (Arithmetic(1, rate),)
    return Machine(name, cores, (("L2", cache),), versions, levels, arithmetic, gemm=0.0)


def datasheet(card: str) -> Machine:
    """A row of CARDS as a machine, nothing measured."""
    memory, cache, size, flops, cores = CARDS[card]
    levels = (Level("L2", 1, size, cache, cache), Level("DRAM", 1, 0, memory, memory))
    return Machine(card, cores, (("L2", size),), (), levels, (Arithmetic(1, flops),), gemm=0.0)


def read_bandwidth(count: int, size: Size) -> float:
    """GB/s of reading `count` bytes again and again."""
    values = cuda.to_device(np.ones(whole(count // 4, size), np.float32))
    sums = cuda.to_device(np.zeros(size.blocks * size.threads, np.float32))
    launch = read_kernel[size.blocks, size.threads]
    rate = passes_per_second(lambda passes: launch(values, sums, passes), size)
    return rate * 4 * values.size / 1e9


def update_bandwidth(count: int, size: Size) -> float:
    """GB/s of y += a x where x and y fill `count` bytes: 12 bytes moved an element."""
    x = cuda.to_device(np.ones(whole(count // 8, size), np.float32))
    y = cuda.to_device(np.zeros(x.size, np.float32))
    launch = update_kernel[size.blocks, size.threads]
    rate = passes_per_second(lambda passes: launch(y, x, np.float32(1e-9), passes), size)
    return rate * 12 * x.size / 1e9


def whole(elements: int, size: Size) -> int:
    """At most so many elements, but slices of equal, whole rows of threads."""
    row = size.blocks * size.threads * UNROLLED
    return max(1, elements // row) * row


def fma_rate(size: Size) -> float:
    """GFLOP/s of multiply-adds in registers, one counted as two."""
    out = cuda.to_device(np.zeros(size.blocks * size.threads, np.float32))
    launch = fma_kernel[size.blocks, size.threads]
    a, b = np.float32(0.999), np.float32(1e-3)
    rate = passes_per_second(lambda passes: launch(out, a, b, passes), size)
    return rate * out.size * CHAINS * 4 * 2 / 1e9


def passes_per_second(launch: Any, size: Size) -> float:
    """In the best repeat, of launches that take about `size.seconds`."""
    launch(1)
    passes = 1
    while (taken := event_seconds(launch, passes)) < size.seconds / 4:
        passes *= 2
    passes = max(1, int(passes * size.seconds / taken))
    return passes / min(event_seconds(launch, passes) for _ in range(size.repeats))


def event_seconds(launch: Any, passes: int) -> float:
    """Seconds of one launch by the card's own clock."""
    start, end = cuda.event(), cuda.event()
    start.record()
    launch(passes)
    end.record()
    end.synchronize()
    return max(1e-9, float(start.elapsed_time(end)) / 1e3)


def cross_check() -> Check:
    """What PyTorch reaches."""
    rates = [product_rate(kind) for kind in ("float32", "tf32", "bf16")]
    return Check(copy_rate(1024 * MIB), *rates)


def copy_rate(count: int, repeats: int = 7) -> float:
    """GB/s of copying `count` bytes, those read and those written."""
    import torch

    source = torch.rand(count // 4, device="cuda")
    target = torch.empty_like(source)
    return 2 * count / torch_seconds(lambda: target.copy_(source), repeats) / 1e9


def product_rate(precision: str, n: int = 8192, repeats: int = 7) -> float:
    """GFLOP/s of a product of n x n matrices of random numbers."""
    import torch

    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    a, b = (torch.randn((n, n), device="cuda", dtype=kind) for _ in range(2))
    return 2 * n**3 / torch_seconds(lambda: a @ b, repeats) / 1e9


def torch_seconds(work: Any, repeats: int) -> float:
    """The best of `repeats`, by events, after one to warm up."""
    import torch

    work()
    found = []
    for _ in range(repeats):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        work()
        end.record()
        end.synchronize()
        found.append(start.elapsed_time(end) / 1e3)
    return min(found)
