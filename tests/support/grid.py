"""Several blocks of a persistent kernel, one thread each, run by plain Python in a chosen order.

Numba's simulator runs block after block, so a grid that meets never gets past one. Here each block
runs alone until it meets the others, and in which order they take their turns is drawn anew for
every stage: what one block reads of another's work too early, or both write, shows as a difference.
"""

from __future__ import annotations

import random
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from snncc.backends.compiled.text.modules import execute
from snncc.backends.cuda.build import KernelProgram
from snncc.backends.cuda.device import SimulatedDevice, in_numpy
from snncc.backends.cuda.protocol import Kernel


class Grid:
    """`blocks` blocks, and whose turn it is."""

    def __init__(self, blocks: int, shared: int, seed: int) -> None:
        self.blocks = blocks
        self.stages = 0
        self._shared = [np.zeros(shared, np.uint8) for _ in range(blocks)]
        self._random = random.Random(seed)
        self._local = threading.local()
        self._turns = [threading.Semaphore(0) for _ in range(blocks)]
        self._back = threading.Semaphore(0)
        self._running: set[int] = set()
        self._error: BaseException | None = None

    def run(self, entry: Any, args: tuple[Any, ...]) -> None:
        """All blocks to their ends, stage by stage; raises what a block raised."""
        threads = [
            threading.Thread(target=self._block, args=(b, entry, args), daemon=True)
            for b in range(self.blocks)
        ]
        self._running = set(range(self.blocks))
        for thread in threads:
            thread.start()
        while self._running and self._error is None:
            order = list(self._running)
            self._random.shuffle(order)
            for block in order:
                self._turns[block].release()
                self._back.acquire()
            self.stages += 1
            # A block that ended while another waits would hang the card.
            assert len(self._running) in (0, self.blocks) or self._error, self._running
        if self._error is not None:
            raise self._error

    def _block(self, block: int, entry: Any, args: tuple[Any, ...]) -> None:
        self._local.block = block
        self._turns[block].acquire()
        try:
            entry(*args)
        except BaseException as error:  # noqa: BLE001 - `run` raises it
            self._error = error
        self._running.discard(block)
        self._back.release()

    def meet(self, barrier: Any) -> None:
        """In place of the kernels' own barrier: wait for the next turn."""
        self._back.release()
        self._turns[self._local.block].acquire()

    def cuda(self) -> Any:
        """What stands for `numba.cuda` in a kernel."""
        grid = self

        class Here:
            @property
            def x(self) -> int:
                return int(grid._local.block)

        def array(shape: int, dtype: Any) -> Any:
            assert shape == 0
            return grid._shared[grid._local.block].view(str(dtype))

        one = SimpleNamespace(x=1)
        return SimpleNamespace(
            jit=lambda **_: lambda function: function,
            threadIdx=SimpleNamespace(x=0),
            blockDim=one,
            gridDim=SimpleNamespace(x=self.blocks),
            blockIdx=Here(),
            syncthreads=lambda: None,
            syncthreads_or=lambda value: value,
            popc=lambda word: int(word).bit_count(),
            shared=SimpleNamespace(array=array),
            atomic=SimpleNamespace(add=_add, or_=_or),
        )


def _add(array: Any, index: Any, value: Any) -> Any:
    before = array[index]
    array[index] += value
    return before


def _or(array: Any, index: Any, value: Any) -> Any:
    before = array[index]
    array[index] |= value
    return before


class GridDevice(SimulatedDevice):
    """A device of several blocks of one thread; `seed` draws the order of their turns."""

    name = "a grid in Python"

    def __init__(self, blocks: int, seed: int) -> None:
        self.count = blocks
        self.seed = seed
        self.stages = 0

    def prepare(self, program: KernelProgram) -> Kernel:
        """The program's text; it is run anew at every launch."""
        return Kernel(program.entry, program.source)

    def blocks(self, kernel: Kernel, threads: int, shared: int) -> int:
        """As many as were asked for."""
        return self.count

    def launch(
        self, kernel: Kernel, blocks: int, threads: int, shared: int, args: tuple[Any, ...]
    ) -> None:
        """Run the kernel to its end."""
        grid = Grid(blocks, shared, self.seed)
        names: dict[str, Any] = {"cuda": grid.cuda(), "__name__": "kernels"}
        text = kernel.handle.replace("from numba import cuda\n", "\n")
        execute(text, Path("kernels.py"), names)
        names["meet"] = grid.meet
        with np.errstate(all="ignore"):
            grid.run(names[kernel.entry], in_numpy(args))
        self.stages += grid.stages
