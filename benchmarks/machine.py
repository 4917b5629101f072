"""The measured roofline of this machine: what memory and arithmetic give, a core and all of them.

    python benchmarks/machine.py [--json machine.json] [--threads 2] [--quick]

Read: the sum of an array of 64-bit integers (vector adds of latency 1, so the loads are the
limit). Update: y += a * x over float32 rows, the inner loop of a weight update (two reads and a
write an element). FMA: chains of fused multiply-adds in registers, many in flight.
GEMM: NumPy's float32 matrix product on as many cores as its BLAS takes, for comparison: it is
written by hand for the widest vectors, where LLVM prefers 256 bits.
Each thread has its own data; all start together, and the slowest decides. The best of several
runs is reported: other processes can only slow a run down. The figures are what Numba-compiled
code reaches, which is the limit that the simulator's kernels live under.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

KIB, MIB = 1024, 1024 * 1024
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
CHAIN = 8  # multiply-adds a loaded value; a longer chain starves the out-of-order window
LANES = 4096  # float32 values of the FMA kernel: 16 KiB, in L1


@dataclass(frozen=True, slots=True)
class Level:
    """A working set and its bandwidth [GB/s = 1e9 bytes a second], summed over the threads."""

    name: str
    threads: int
    bytes_per_thread: int
    read: float
    update: float


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Float32 arithmetic [GFLOP/s], a fused multiply-add counted as two, over all threads."""

    threads: int
    fma: float


@dataclass(frozen=True, slots=True)
class Machine:
    """The roofline of this machine, and what it was measured on."""

    cpu: str
    cores: int
    caches: tuple[tuple[str, int], ...]
    versions: tuple[tuple[str, str], ...]
    levels: tuple[Level, ...]
    arithmetic: tuple[Arithmetic, ...]
    gemm: float  # [GFLOP/s]

    def level(self, name: str, threads: int) -> Level:
        """The level "L1", "L2", "L3" or "DRAM" for one thread or for all; KeyError if absent."""
        for level in self.levels:
            if (level.name, level.threads) == (name, threads):
                return level
        raise KeyError((name, threads))

    def fma(self, threads: int) -> float:
        """GFLOP/s of that many threads; KeyError if it was not measured."""
        return {a.threads: a.fma for a in self.arithmetic}[threads]


@numba.njit(nogil=True)
def read_kernel(values: npt.NDArray[np.int64], passes: int) -> int:
    """The sum of `values`, `passes` times over."""
    total = 0
    for k in range(passes):
        part = k
        for i in range(values.size):
            part += values[i]
        total ^= part
    return total


@numba.njit(nogil=True, fastmath={"contract"})
def update_kernel(y: npt.NDArray[np.float32], x: npt.NDArray[np.float32], passes: int) -> None:
    """y += a x, `passes` times over."""
    for k in range(passes):
        a = np.float32(k) * np.float32(1e-9)
        for i in range(y.size):
            y[i] += a * x[i]


@numba.njit(nogil=True, fastmath={"contract"})
def fma_kernel(x: npt.NDArray[np.float32], a: np.float32, b: np.float32, passes: int) -> None:
    """x = a x + b, CHAIN times in registers for every value, `passes` times over."""
    for _ in range(passes):
        for i in range(x.size):
            v = x[i]
            # A constant trip count: unrolled whole, so that the loop over i becomes vectors.
            for _ in range(CHAIN):
                v = v * a + b
            x[i] = v


def measure(threads: int = 2, seconds: float = 0.2, repeats: int = 5) -> Machine:
    """The roofline for one thread and for `threads`; about 2 x 9 x repeats x seconds long."""
    sizes = working_sets()
    counts = sorted({1, threads})
    return Machine(
        cpu=cpu_name(),
        cores=os.cpu_count() or 1,
        caches=tuple(cache_sizes().items()),
        versions=(
            ("python", platform.python_version()),
            ("numpy", np.__version__),
            ("numba", numba.__version__),
        ),
        levels=tuple(
            Level(
                name,
                n,
                size,
                read_bandwidth(size, n, seconds, repeats),
                update_bandwidth(size, n, seconds, repeats),
            )
            for n in counts
            for name, size in sizes.items()
        ),
        arithmetic=tuple(Arithmetic(n, fma_rate(n, seconds, repeats)) for n in counts),
        gemm=gemm_rate(repeats),
    )


def read_bandwidth(size: int, threads: int, seconds: float, repeats: int) -> float:
    """GB/s of reading `size` bytes a thread, again and again."""
    arrays = [np.ones(size // 8, np.int64) for _ in range(threads)]
    rate = best_rate(lambda k, passes: read_kernel(arrays[k], passes), threads, seconds, repeats)
    return rate * arrays[0].nbytes * threads / 1e9


def update_bandwidth(size: int, threads: int, seconds: float, repeats: int) -> float:
    """GB/s of y += a x where x and y fill `size` bytes a thread: 12 bytes moved an element."""
    count = size // 8
    pairs = [(np.ones(count, np.float32), np.ones(count, np.float32)) for _ in range(threads)]
    rate = best_rate(lambda k, passes: update_kernel(*pairs[k], passes), threads, seconds, repeats)
    return rate * count * 12 * threads / 1e9


def fma_rate(threads: int, seconds: float, repeats: int) -> float:
    """GFLOP/s of multiply-adds in registers."""
    arrays = [np.ones(LANES, np.float32) for _ in range(threads)]
    a, b = np.float32(0.999), np.float32(1e-3)
    rate = best_rate(
        lambda k, passes: fma_kernel(arrays[k], a, b, passes), threads, seconds, repeats
    )
    return rate * LANES * CHAIN * 2 * threads / 1e9


def gemm_rate(repeats: int, size: int = 1024) -> float:
    """GFLOP/s of NumPy's float32 matrix product."""
    a, b = np.ones((size, size), np.float32), np.ones((size, size), np.float32)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        np.matmul(a, b)
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds) / 1e9


def best_rate(work: Callable[[int, int], Any], threads: int, seconds: float, repeats: int) -> float:
    """Passes a second of `work(thread, passes)` on every thread at once, in the best repeat."""
    work(0, 1)
    passes = 1
    while (taken := timed(work, threads, passes)) < seconds / 4:
        passes *= 2
    passes = max(1, int(passes * seconds / taken))
    return passes / min(timed(work, threads, passes) for _ in range(repeats))


def timed(work: Callable[[int, int], Any], threads: int, passes: int) -> float:
    """Seconds from the common start to the end of the slowest thread."""
    barrier = Barrier(threads)

    def one(k: int) -> tuple[float, float]:
        barrier.wait()
        start = time.perf_counter()
        work(k, passes)
        return start, time.perf_counter()

    with ThreadPoolExecutor(threads) as pool:
        spans = list(pool.map(one, range(threads)))
    return max(end for _, end in spans) - min(start for start, _ in spans)


def working_sets() -> dict[str, int]:
    """Bytes a thread that lie well inside each cache, and for DRAM well outside of the last.

    A virtual machine may name an L3 that it shares with strangers: a set inside "L3" is 4 times
    the L2, which is as much of it as a network's weights use.
    """
    caches = cache_sizes()
    last = max(caches.values())
    return {
        "L1": caches["L1"] // 2,
        "L2": caches["L2"] // 2,
        "L3": min(4 * caches["L2"], caches["L3"] // 2),
        "DRAM": min(2 * last, 512 * MIB),
    }


def cache_sizes() -> dict[str, int]:
    """Bytes of the data caches of the first core, as Linux tells; usual sizes where it does not."""
    sizes = {"L1": 32 * KIB, "L2": 1 * MIB, "L3": 32 * MIB}
    for index in sorted(CACHES.glob("index*")):
        if (index / "type").read_text().strip() != "Instruction":
            level = (index / "level").read_text().strip()
            sizes[f"L{level}"] = int((index / "size").read_text().strip().rstrip("K")) * KIB
    return sizes


def cpu_name() -> str:
    """The processor's name for people."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def table(machine: Machine) -> str:
    """The roofline as text."""
    lines = [f"{machine.cpu}, {machine.cores} cores"]
    lines.append(
        f"{'level':6} {'threads':>7} {'KiB each':>9} {'read GB/s':>10} {'update GB/s':>12}"
    )
    lines += [
        f"{x.name:6} {x.threads:7} {x.bytes_per_thread // KIB:9} {x.read:10.1f} {x.update:12.1f}"
        for x in machine.levels
    ]
    lines += [f"FMA    {a.threads:7} {a.fma:30.1f} GFLOP/s float32" for a in machine.arithmetic]
    lines.append(f"GEMM   {'BLAS':>7} {machine.gemm:30.1f} GFLOP/s float32")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Measure the roofline of this machine.")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--quick", action="store_true", help="shorter runs, rougher figures")
    options = parser.parse_args()
    seconds, repeats = (0.05, 3) if options.quick else (0.2, 5)
    machine = measure(options.threads, seconds, repeats)
    print(table(machine))
    if options.json:
        options.json.write_text(json.dumps(asdict(machine), indent=2) + "\n")


if __name__ == "__main__":
    main()
