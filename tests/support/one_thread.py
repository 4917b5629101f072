"""CUDA kernels compiled for the processor, as a grid of one block of one thread.

Quick enough for networks of real size, which Numba's simulator is not; what several threads or
blocks might do to each other it can't show (see `grid.py`, and the tests in the simulator).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from snncc.backends.compiled.text.modules import digest, load_module
from snncc.backends.cuda.build import KernelProgram
from snncc.backends.cuda.device import SimulatedDevice, in_numpy
from snncc.backends.cuda.protocol import Kernel

HEAD = """
from numba import njit


@njit
def popc(word):
    count = 0
    while word:
        word &= word - np.uint32(1)
        count += 1
    return count


@njit
def atomic_add(array, index, value):
    before = array[index]
    array[index] = before + value
    return before


@njit
def atomic_or(array, index, value):
    array[index] |= value
"""
# Only the entry is called from Python: half of the time went into what unpacks the others' tuples.
JIT = "njit(error_model='numpy', no_cpython_wrapper=True, no_cfunc_wrapper=True)"
WORDS = {
    "cuda.threadIdx.x": "0",
    "cuda.blockDim.x": "1",
    "cuda.gridDim.x": "1",
    "cuda.blockIdx.x": "0",
    "cuda.syncthreads()": "pass",
    "cuda.threadfence()": "pass",
    "cuda.syncthreads_or(bad)": "bad",
    "cuda.popc(": "popc(",
    "cuda.atomic.add(": "atomic_add(",
    "cuda.atomic.or_(": "atomic_or(",
    "cuda.jit(device=True)": JIT,
    "from numba import cuda\n": HEAD,
}


class OneThread(SimulatedDevice):
    """A device of one thread; `folder` keeps the translated modules."""

    name = "one thread"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, program: KernelProgram) -> Kernel:
        """The program's entry for the processor."""
        import numba

        text = program.source
        for word, other in WORDS.items():
            text = text.replace(word, other, 1 if other is HEAD else -1)
        words = max(4, program.shared // 4)
        text = re.sub(r"cuda\.shared\.array\(0, numba\.(\w+)\)", rf"np.empty({words}, np.\1)", text)
        text = text.replace("from numba import cuda\n", "")
        assert "cuda." not in text.replace("snncc", "").replace("CUDA", ""), "an unknown word"
        module = load_module(f"one_thread_{digest(text)}", text, self.folder)
        entry = numba.njit(error_model="numpy")(getattr(module, program.entry))
        return Kernel(program.entry, entry)

    def launch(
        self, kernel: Kernel, blocks: int, threads: int, shared: int, args: tuple[Any, ...]
    ) -> None:
        """Run the kernel to its end."""
        kernel.handle(*in_numpy(args))
