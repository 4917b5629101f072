"""An NVIDIA card through the CUDA driver, from PTX alone."""

from __future__ import annotations

import ctypes
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic
from .arrays import DeviceArray
from .build import KernelProgram, Ptx, build_ptx
from .params import pack
from .protocol import GIB, Array, Host, Kernel, check_same
from .resources import LinkError, kept_cubin

STATIC_LIMIT = 48 << 10  # shared memory that a kernel may have without asking for more


class CudaDevice:
    """The card of that number. Everything runs in one stream, so in the order of the calls."""

    def __init__(self, folder: Path, number: int = 0) -> None:
        from cuda.bindings import driver

        self.folder = folder
        self._context: Any = None
        self._driver = driver
        self._do(driver.cuInit, 0)
        self._card = self._do(driver.cuDeviceGet, number)
        self.name = self._do(driver.cuDeviceGetName, 256, self._card).split(b"\0")[0].decode()
        self.arch = f"sm_{self._attribute('COMPUTE_CAPABILITY_MAJOR')}"
        self.arch += str(self._attribute("COMPUTE_CAPABILITY_MINOR"))
        self._context = self._do(driver.cuDevicePrimaryCtxRetain, self._card)
        self._stream = self._do(driver.cuStreamCreate, driver.CUstream_flags.CU_STREAM_NON_BLOCKING)

    def prepare(self, program: KernelProgram) -> Kernel:
        """The program's entry, compiled if it was not before."""
        return self.load(build_ptx(program, self.arch, self.folder), program.shared)

    def load(self, ptx: Ptx, shared: int) -> Kernel:
        """A kernel from its PTX, with up to so many bytes of dynamic shared memory."""
        if shared > self._attribute("MAX_SHARED_MEMORY_PER_BLOCK_OPTIN"):
            raise too_large(ptx.entry, self.name)
        function = self._function(ptx)
        if shared > STATIC_LIMIT:
            attribute = self._driver.CUfunction_attribute
            name = attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            self._do(self._driver.cuFuncSetAttribute, function, name, shared)
        return Kernel(ptx.entry, (function, ptx.params))

    def _function(self, ptx: Ptx) -> Any:
        # Linked here, so that a driver of the same major version needs not know the PTX's version.
        try:
            image = kept_cubin(ptx.text, self.arch, self.folder)
        except LinkError as error:
            raise refused(ptx, self.name, str(error)) from error
        module = self._do(self._driver.cuModuleLoadData, image)
        return self._do(self._driver.cuModuleGetFunction, module, ptx.entry.encode())

    def blocks(self, kernel: Kernel, threads: int, shared: int) -> int:
        """How many blocks run at once over the whole card."""
        occupancy = self._driver.cuOccupancyMaxActiveBlocksPerMultiprocessor
        each = int(self._do(occupancy, kernel.handle[0], threads, shared))
        if each == 0:
            raise too_large(kernel.entry, self.name)
        return each * self._attribute("MULTIPROCESSOR_COUNT")

    def upload(self, array: Host) -> DeviceArray:
        """A copy on the card."""
        made = self._allocate(array.shape, array.dtype)
        self.write(made, array)
        return made

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> DeviceArray:
        """A new array of zeros."""
        made = self._allocate(shape, np.dtype(dtype))
        if made.nbytes:
            set_bytes = self._driver.cuMemsetD8Async
            self._do(set_bytes, made.pointer, 0, made.nbytes, self._stream)
        return made

    def _allocate(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> DeviceArray:
        wanted = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        owner = _Owner(int(self._do(self._driver.cuMemAlloc, max(wanted, 1), asked=wanted)))
        weakref.finalize(owner, self._free, owner.pointer).atexit = False
        return DeviceArray(owner.pointer, tuple(shape), dtype, wanted, owner)

    def _free(self, pointer: int) -> None:
        # What was launched may still use it.
        self.synchronize()
        self._do(self._driver.cuMemFree, pointer)

    def write(self, target: Array, array: Host) -> None:
        """Copy into an array of the card, after all that was launched before."""
        assert isinstance(target, DeviceArray)
        check_same(target, array)
        whole = np.ascontiguousarray(array)
        if whole.nbytes:
            copy = self._driver.cuMemcpyHtoDAsync
            self._do(copy, target.pointer, whole.ctypes.data, whole.nbytes, self._stream)
            # From pageable memory it "might be" synchronous, and the source may go now.
            self.synchronize()

    def download(self, array: Array) -> Host:
        """A copy in the host's memory, after all that was launched before."""
        assert isinstance(array, DeviceArray)
        made = np.empty(array.shape, array.dtype)
        if made.nbytes:
            copy = self._driver.cuMemcpyDtoHAsync
            self._do(copy, made.ctypes.data, array.pointer, made.nbytes, self._stream)
        self.synchronize()
        return made

    def launch(
        self, kernel: Kernel, blocks: int, threads: int, shared: int, args: tuple[Any, ...]
    ) -> None:
        """Start the kernel, all its blocks at once, and go on without waiting for it."""
        function, params = kernel.handle
        packed = pack(params, args)
        configuration = self._configuration(blocks, threads, shared)
        words = ctypes.addressof(packed.addresses)
        self._do(self._driver.cuLaunchKernelEx, configuration, function, words, 0)

    def _configuration(self, blocks: int, threads: int, shared: int) -> Any:
        attribute = self._driver.CUlaunchAttribute()
        attribute.id = self._driver.CUlaunchAttributeID.CU_LAUNCH_ATTRIBUTE_COOPERATIVE
        attribute.value.cooperative = 1
        made = self._driver.CUlaunchConfig()
        made.gridDimX, made.gridDimY, made.gridDimZ = blocks, 1, 1
        made.blockDimX, made.blockDimY, made.blockDimZ = threads, 1, 1
        made.sharedMemBytes, made.hStream = shared, self._stream
        made.attrs, made.numAttrs = [attribute], 1
        return made

    def synchronize(self) -> None:
        """Wait for all that was launched."""
        self._do(self._driver.cuStreamSynchronize, self._stream)

    def free_bytes(self) -> int:
        """The card's memory that is free."""
        return int(self._do(self._driver.cuMemGetInfo)[0])

    def _attribute(self, name: str) -> int:
        key = getattr(self._driver.CUdevice_attribute, f"CU_DEVICE_ATTRIBUTE_{name}")
        return int(self._do(self._driver.cuDeviceGetAttribute, key, self._card))

    def _do(self, function: Any, *arguments: Any, asked: int = 0) -> Any:
        """What a call of the driver gives, in this card's context; its failure as a diagnostic."""
        if self._context is not None:
            self._driver.cuCtxSetCurrent(self._context)
        status, *values = function(*arguments)
        if status == self._driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
            raise out_of_memory(self.name, asked, self.free_bytes())
        if status != self._driver.CUresult.CUDA_SUCCESS:
            raise failed(function.__name__, self._message(status))
        return values[0] if len(values) == 1 else values

    def _message(self, status: Any) -> str:
        text = self._driver.cuGetErrorString(status)[1]
        return f"{status.name}: {text.decode()}" if text else str(status.name)


class _Owner:
    """What keeps an array's memory; it goes with the last view of it."""

    def __init__(self, pointer: int) -> None:
        self.pointer = pointer


def out_of_memory(name: str, asked: int, free: int) -> CompileError:
    """The diagnostic of memory that a card does not have."""
    message = f"{name} has {free / GIB:.2f} GiB free, and {asked / GIB:.2f} GiB more are needed"
    way_out = "use a smaller batch (--batch), or end what else uses the card (nvidia-smi lists it)"
    return CompileError(Diagnostic("E072", message, help=way_out))


def too_large(entry: str, name: str) -> CompileError:
    """The diagnostic of a kernel that needs more of a multiprocessor than there is."""
    message = f"a block of `{entry}` does not fit a multiprocessor of {name}"
    return CompileError(Diagnostic("E071", message, help="make the populations smaller"))


def failed(call: str, reason: str) -> CompileError:
    """The diagnostic of a call that the driver refused."""
    way_out = "`snncc doctor` shows the driver and its cards; CUDA 13 needs driver 580 or newer"
    return CompileError(Diagnostic("E073", f"{call} failed: {reason}", help=way_out))


def refused(ptx: Ptx, name: str, reason: str) -> CompileError:
    """The diagnostic of PTX that cannot become code for a card."""
    message = f"the kernel `{ptx.entry}`, compiled for {ptx.arch}, cannot be used on {name}: "
    way_out = "compile the program again here, or install the CUDA packages that it was made with"
    return CompileError(Diagnostic("E073", message + reason, help=way_out))
