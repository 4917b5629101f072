"""Where kernels run: a card, or NumPy under Numba's CUDA simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..compiled.text.modules import digest, load_module, writable
from .arrays import DeviceArray
from .build import MODULE, KernelProgram
from .card import CudaDevice
from .found import is_simulated
from .protocol import GIB, Array, Device, Host, Kernel, check_same

__all__ = ["Array", "Device", "Kernel", "SimulatedDevice", "open_device"]


def open_device(folder: Path) -> Device:
    """The simulator where Numba was imported with it, else the first card; compiled kernels are
    kept in `folder`."""
    return SimulatedDevice(folder) if is_simulated() else CudaDevice(folder)


class SimulatedDevice:
    """NumPy arrays and Python threads, one for each thread of a block; one block.

    The arrays that it hands out are as a card's, so whoever looks into one without `download` fails
    here too.
    """

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

    def upload(self, array: Host) -> DeviceArray:
        """A copy."""
        return _held(np.array(array, order="C"))

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> DeviceArray:
        """A new array of zeros."""
        return _held(np.zeros(shape, dtype))

    def write(self, target: Array, array: Host) -> None:
        """Copy into an array."""
        check_same(target, array)
        in_numpy(target)[...] = array

    def download(self, array: Array) -> Host:
        """A copy."""
        assert isinstance(array, DeviceArray)
        copy: Host = array.owner.copy()
        return copy

    def launch(
        self, kernel: Kernel, blocks: int, threads: int, shared: int, args: tuple[Any, ...]
    ) -> None:
        """Run the kernel to its end."""
        assert blocks == 1, blocks
        kernel.handle[1, threads, 0, shared](*in_numpy(args))

    def synchronize(self) -> None:
        """Nothing runs any more."""

    def free_bytes(self) -> int:
        """A number that a large card would give."""
        return 64 * GIB


def _held(array: Host) -> DeviceArray:
    return DeviceArray(array.ctypes.data, array.shape, array.dtype, array.nbytes, array)


def in_numpy(value: Any) -> Any:
    """Arguments of a launch with the arrays themselves in place of what the device handed out."""
    if isinstance(value, DeviceArray):
        return value.owner
    if not isinstance(value, tuple):
        return value
    inner = map(in_numpy, value)
    return type(value)(*inner) if hasattr(value, "_fields") else tuple(inner)
