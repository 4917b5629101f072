"""A CUDA driver with one card in the host's memory: real structs, functions of our own.

What a real driver may do later, this one does at the last moment: it copies from the host when the
stream is synchronized.
"""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

from cuda.bindings import driver

OK = driver.CUresult.CUDA_SUCCESS
CONTEXT, STREAM, MODULE, FUNCTION = "context", 0x22, "module", "function"
ATTRIBUTES = {
    "COMPUTE_CAPABILITY_MAJOR": 9,
    "COMPUTE_CAPABILITY_MINOR": 0,
    "MULTIPROCESSOR_COUNT": 132,
    "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN": 227 << 10,
}


class FakeDriver:
    """`calls` are the names of what was called; `free` bytes of memory are left."""

    def __init__(self, monkeypatch: Any, version: int = 13000, cards: int = 1) -> None:
        self.calls: list[str] = []
        self.buffers: dict[int, Any] = {}
        self.free = 1 << 20
        self.current: Any = None
        self.launches: list[Any] = []
        self.images: list[bytes] = []
        self.shared_limit = 48 << 10
        self.pending: list[tuple[int, int, int]] = []  # target, source, size
        self.start = OK if cards else driver.CUresult.CUDA_ERROR_NO_DEVICE
        self.version, self.cards = version, cards
        for name in [n for n in dir(type(self)) if n.startswith("cu")]:
            monkeypatch.setattr(driver, name, self._recorded(name))

    def _recorded(self, name: str) -> Any:
        function = getattr(self, name)

        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            return function(*arguments)

        call.__name__ = name
        return call

    def cuInit(self, _flags):
        return (self.start,)

    def cuDriverGetVersion(self):
        return OK, self.version

    def cuDeviceGetCount(self):
        return OK, self.cards

    def cuDeviceGet(self, number):
        return OK, number

    def cuDeviceGetName(self, size, _card):
        return OK, b"Test card".ljust(size, b"\0")

    def cuDeviceTotalMem(self, _card):
        return OK, 80 << 30

    def cuDeviceGetAttribute(self, key, _card):
        return OK, ATTRIBUTES[key.name.removeprefix("CU_DEVICE_ATTRIBUTE_")]

    def cuDevicePrimaryCtxRetain(self, _card):
        return OK, CONTEXT

    def cuCtxSetCurrent(self, context):
        self.current = context
        return (OK,)

    def cuStreamCreate(self, flags):
        assert flags == driver.CUstream_flags.CU_STREAM_NON_BLOCKING
        return OK, STREAM

    def cuStreamSynchronize(self, stream):
        assert (self.current, stream) == (CONTEXT, STREAM)
        for copy in self.pending:
            ctypes.memmove(*copy)
        self.pending.clear()
        return (OK,)

    def cuModuleLoadData(self, image):
        self.images.append(bytes(image))
        return (OK, MODULE) if image else (driver.CUresult.CUDA_ERROR_INVALID_IMAGE, None)

    def cuModuleGetFunction(self, module, name):
        assert module == MODULE
        return OK, (FUNCTION, name)

    def cuFuncSetAttribute(self, _function, key, value):
        assert key.name == "CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES"
        if value > ATTRIBUTES["MAX_SHARED_MEMORY_PER_BLOCK_OPTIN"]:
            return (driver.CUresult.CUDA_ERROR_INVALID_VALUE,)
        self.shared_limit = value
        return (OK,)

    def cuOccupancyMaxActiveBlocksPerMultiprocessor(self, _function, threads, shared):
        return OK, 0 if shared > self.shared_limit else 2048 // threads

    def cuMemAlloc(self, size):
        assert size > 0
        if size > self.free:
            return driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY, None
        buffer = ctypes.create_string_buffer(b"\xff" * size, size)
        self.buffers[ctypes.addressof(buffer)] = buffer
        self.free -= size
        return OK, ctypes.addressof(buffer)

    def cuMemFree(self, pointer):
        self.free += len(self.buffers.pop(pointer))
        return (OK,)

    def cuMemGetInfo(self):
        return OK, self.free, 80 << 30

    def cuMemsetD8Async(self, pointer, value, size, _stream):
        ctypes.memset(pointer, value, size)
        return (OK,)

    def cuMemcpyHtoDAsync(self, target, source, size, stream):
        assert stream == STREAM
        self.pending.append((target, source, size))
        return (OK,)

    def cuMemcpyDtoHAsync(self, target, source, size, stream):
        return self.cuMemcpyHtoDAsync(target, source, size, stream)

    def cuGetErrorString(self, _status):
        return OK, b"so it is"

    def cuLaunchKernelEx(self, configuration, function, words, extra):
        assert extra == 0
        (attribute,) = configuration.attrs
        self.launches.append(
            SimpleNamespace(
                function=function,
                grid=(configuration.gridDimX, configuration.gridDimY, configuration.gridDimZ),
                block=(configuration.blockDimX, configuration.blockDimY, configuration.blockDimZ),
                shared=configuration.sharedMemBytes,
                stream=int(configuration.hStream),
                attribute=attribute.id.name,
                is_cooperative=attribute.value.cooperative,
                words=words,
            )
        )
        self.current_words = words
        return (OK,)
