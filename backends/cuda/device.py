"""Where kernels run: a card, or NumPy under Numba's CUDA simulator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..modules import digest, load_module, writable
from .build import MODULE, KernelProgram

Host = npt.NDArray[Any]
GIB = 2**30


class Array(Protocol):
    """An array that lives on a device."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its axes' sizes."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its items."""

    @property
    def nbytes(self) -> int:
        """Its memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """An entry that is ready to be launched; `handle` is the device's own."""

    entry: str
    handle: Any


class Device(Protocol):
    """A card, or what stands for one. `arch` is sm_90, …, or "simulator"."""

    name: str
    arch: str

    def prepare(self, program: KernelProgram) -> Kernel:
        """The program's entry, compiled if it was not before."""

    def blocks(self, kernel: Kernel, threads: int, shared: int) -> int:
        """How many blocks run at once over the whole device; a grid barrier hangs with more."""

    def upload(self, array: Host) -> Array:
        """A copy on the device."""

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """A new array of zeros."""

    def write(self, target: Array, array: Host) -> None:
        """Copy into an array of the device, after all that was launched before."""

    def download(self, array: Array) -> Host:
        """A copy in the host's memory, after all that was launched before."""

    def launch(
        self, kernel: Kernel, blocks: int, threads: int, shared: int, args: tuple[Any, ...]
    ) -> None:
        """Start the kernel after all that was launched before, and go on without waiting for it.

        `args` are named tuples of the device's arrays and scalars, bare arrays and scalars.
        """

    def synchronize(self) -> None:
        """Wait for all that was launched."""

    def free_bytes(self) -> int:
        """The device's memory that is free."""


class SimulatedDevice:
    """NumPy arrays and Python threads, one for each thread of a block; one block."""

    name = "Numba's CUDA simulator"
    arch = "simulator"

    def __init__(self, folder: Path) -> None:
        assert is_simulated(), "NUMBA_ENABLE_CUDASIM=1 must be set before numba is imported"
        self.folder = folder

    def prepare(self, program: KernelProgram) -> Kernel:
        """The program's entry for the simulator."""
        from numba import cuda

        name = f"{MODULE}_{digest(program.source)}_{self.arch}"
        module = load_module(name, program.source, writable(self.folder))
        return Kernel(program.entry, cuda.jit(getattr(module, program.entry)))

    def blocks(self, kernel: Kernel, threads: int, shared: int) -> int:
        """One: the simulator runs block after block, so a second would never be met."""
        return 1

    def upload(self, array: Host) -> Host:
        """A copy."""
        return np.array(array, order="C")

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Host:
        """A new array of zeros."""
        return np.zeros(shape, dtype)

    def write(self, target: Array, array: Host) -> None:
        """Copy into an array."""
        assert isinstance(target, np.ndarray)
        check_same(target, array)
        target[...] = array

    def download(self, array: Array) -> Host:
        """A copy."""
        assert isinstance(array, np.ndarray)
        return array.copy()

    def launch(
        self, kernel: Kernel, blocks: int, threads: int, shared: int, args: tuple[Any, ...]
    ) -> None:
        """Run the kernel to its end."""
        assert blocks == 1, blocks
        kernel.handle[1, threads, 0, shared](*args)

    def synchronize(self) -> None:
        """Nothing runs any more."""

    def free_bytes(self) -> int:
        """A number that a large card would give."""
        return 64 * GIB


def check_same(target: Array, array: Host) -> None:
    """Both have one shape and one type."""
    assert (target.shape, target.dtype) == (array.shape, array.dtype), (target, array.shape)


def is_simulated() -> bool:
    """Whether numba was imported with its CUDA simulator in place of the compiler."""
    import numba

    return bool(numba.config.ENABLE_CUDASIM)
