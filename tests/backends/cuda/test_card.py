"""The card's calls of the driver; what a kernel computes is tested on a card (`-m gpu`)."""

from __future__ import annotations

import ctypes
import gc

import numpy as np
import pytest
from fake_driver import FUNCTION, STREAM, FakeDriver
from refusal import refused
from small_kernel import EXPECTED, SOURCE, Table, Work, arguments, on_device, program

from snncc.backends.cuda import card
from snncc.backends.cuda.build import Ptx
from snncc.backends.cuda.card import CudaDevice
from snncc.backends.cuda.params import params_of
from snncc.backends.cuda.protocol import Kernel
from snncc.backends.cuda.resources import LinkError
from snncc.ir.diagnostics import CompileError

PARAMS = params_of(SOURCE, "run", arguments())
TEXT = ".entry run({})\n".format(
    ",".join(
        f".param .b{8 * size} p{k}" for k, size in enumerate(s for p in PARAMS for s in p.sizes)
    )
)
PTX = Ptx(TEXT, "run", "sm_80", PARAMS, "key")
TOO_LARGE = r"E071.*a block of `run` does not fit a multiprocessor of Test card"


@pytest.fixture
def driver(monkeypatch):
    return FakeDriver(monkeypatch)


@pytest.fixture
def device(driver, tmp_path, monkeypatch):
    monkeypatch.setattr(card, "kept_cubin", lambda text, arch, folder: f"{arch} {text}".encode())
    return CudaDevice(tmp_path)


def test_a_card_says_what_it_is(device):
    assert (device.name, device.arch) == ("Test card", "sm_90")
    assert device.free_bytes() == 1 << 20


def test_arrays_go_there_and_back(device):
    array = np.arange(12, dtype=np.int16).reshape(3, 4)[:, ::2]
    made = device.upload(array)
    assert (made.shape, made.dtype, made.nbytes) == ((3, 2), np.dtype(np.int16), 12)
    assert device.download(made).tolist() == array.tolist()
    device.write(made, array + 1)
    assert device.download(made).tolist() == (array + 1).tolist()


def test_empty_arrays_are_zeros(device):
    assert device.download(device.empty((2, 3), np.float32)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert device.download(device.empty((0, 3), np.float32)).shape == (0, 3)


def test_a_written_array_may_change(device):
    """The driver here copies when it is waited for, as a real one may."""
    made, array = device.empty((2,), np.float32), np.ones(2, np.float32)
    device.write(made, array)
    array[:] = 5
    assert device.download(made).tolist() == [1, 1]


def test_only_an_array_of_its_form_is_written(device):
    made = device.empty((2,), np.float32)
    for wrong in (np.zeros(3, np.float32), np.zeros(2)):
        with pytest.raises(AssertionError):
            device.write(made, wrong)


def test_memory_is_given_back_when_nothing_may_use_it_any_more(device, driver):
    made = device.empty((1000,), np.uint8)
    assert driver.free == (1 << 20) - 1000
    driver.calls.clear()
    del made
    gc.collect()
    assert driver.free == 1 << 20
    assert [c for c in driver.calls if c != "cuCtxSetCurrent"] == [
        "cuStreamSynchronize",
        "cuMemFree",
    ]


def test_too_little_memory_says_how_much(device):
    diagnostic = refused("E072", device.empty, (1 << 28, 4), np.float32)
    assert "0.00 GiB free" in diagnostic.message
    assert "4.00 GiB more" in diagnostic.message
    assert "smaller batch" in diagnostic.help


def test_a_kernel_is_loaded_as_machine_code(device, driver):
    kernel = device.load(PTX, 1024)
    assert kernel.handle == ((FUNCTION, b"run"), PARAMS)
    assert driver.images == [f"sm_90 {TEXT}".encode()]
    assert "cuFuncSetAttribute" not in driver.calls


def test_much_shared_memory_is_asked_for(device, driver):
    kernel = device.load(PTX, 100_000)
    assert driver.shared_limit == 100_000
    assert device.blocks(kernel, 256, 100_000) == 8 * 132


def test_a_block_that_does_not_fit_is_refused(device):
    kernel = device.load(PTX, 0)
    with pytest.raises(CompileError, match=TOO_LARGE):
        device.blocks(kernel, 256, 100_000)


def test_more_shared_memory_than_a_block_may_have(device, driver):
    device.load(PTX, 227 << 10)
    with pytest.raises(CompileError, match=TOO_LARGE):
        device.load(PTX, (227 << 10) + 4)
    assert driver.shared_limit == 227 << 10


def test_a_launch_is_cooperative_and_hands_over_the_words(device, driver):
    plan, work, *rest = arguments()
    there = (
        plan._replace(table=Table(device.upload(plan.table.bounds))),
        Work(device.upload(work.x), device.upload(work.y)),
        *rest[:-1],
        device.upload(rest[-1]),
    )
    seen = {}

    def launch(_configuration, _function, words, _extra):
        pointers = (ctypes.c_void_p * 35).from_address(words)
        seen["neurons"] = ctypes.c_int64.from_address(pointers[0]).value
        address = ctypes.c_int64.from_address(pointers[20]).value
        seen["y"] = (ctypes.c_float * 15).from_address(address)[:]
        return (driver.start,)

    kernel = device.load(PTX, 32)
    device.launch(kernel, 7, 64, 32, there)
    (made,) = driver.launches
    assert (made.grid, made.block, made.shared) == ((7, 1, 1), (64, 1, 1), 32)
    assert (made.function, made.stream) == ((FUNCTION, b"run"), STREAM)
    assert made.attribute == "CU_LAUNCH_ATTRIBUTE_COOPERATIVE"
    assert made.is_cooperative == 1
    device._driver.cuLaunchKernelEx = launch  # monkeypatch puts the first one back
    device.launch(kernel, 7, 64, 32, there)
    assert seen == {"neurons": 5, "y": [1.0] * 15}


def test_a_launch_does_not_wait(device, driver):
    there = on_device(arguments())
    kernel = Kernel("run", ((FUNCTION, b"run"), PARAMS))
    driver.calls.clear()
    device.launch(kernel, 1, 8, 32, there)
    assert driver.calls == ["cuCtxSetCurrent", "cuLaunchKernelEx"]


def test_the_drivers_failures_are_told(device):
    diagnostic = refused("E073", device._do, device._driver.cuModuleLoadData, b"")
    assert diagnostic.message == ("cuModuleLoadData failed: CUDA_ERROR_INVALID_IMAGE: so it is")


def test_ptx_that_the_assembler_refuses_is_told(device, monkeypatch):
    def refuse(*_):
        raise LinkError("Unsupported .version 99.0")

    monkeypatch.setattr(card, "kept_cubin", refuse)
    with pytest.raises(CompileError, match=r"E073.*compiled for sm_80.*\.version 99"):
        device.load(PTX, 0)


@pytest.mark.gpu
def test_a_real_card_computes(tmp_path):
    device = CudaDevice(tmp_path)
    made = program()
    kernel = device.prepare(made)
    assert device.blocks(kernel, made.threads, made.shared) > 100
    plan, work, *rest = arguments()
    y = device.upload(work.y)
    there = (
        plan._replace(table=Table(device.upload(plan.table.bounds))),
        Work(device.upload(work.x), y),
        *rest[:-1],
        device.upload(rest[-1]),
    )
    device.launch(kernel, 4, made.threads, made.shared, there)
    assert device.download(y).tolist() == EXPECTED
