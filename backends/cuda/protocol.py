"""What the kernels' callers need of a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .build import KernelProgram

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
        """Copy into an array of the device, after all that was launched before; then the source
        may change."""

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


def check_same(target: Array, array: Host) -> None:
    """Both have one shape and one type."""
    assert (target.shape, target.dtype) == (array.shape, array.dtype), (target, array.shape)
