"""The simulator as a device."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from fake_driver import FakeDriver
from grid import GridDevice
from small_kernel import EXPECTED, Table, Work, arguments, program

from snncc.backends.cuda.arrays import DeviceArray
from snncc.backends.cuda.card import CudaDevice
from snncc.backends.cuda.device import SimulatedDevice, open_device
from snncc.backends.cuda.found import is_simulated


@pytest.mark.cudasim
def test_the_simulator_computes(tmp_path):
    device = open_device(tmp_path)
    assert isinstance(device, SimulatedDevice)
    made = program()
    kernel = device.prepare(made)
    assert device.blocks(kernel, made.threads, made.shared) == 1
    plan, work, *rest = arguments()
    there = (
        plan._replace(table=Table(device.upload(plan.table.bounds))),
        Work(device.upload(work.x), device.upload(work.y)),
        *rest[:-1],
        device.upload(rest[-1]),
    )
    device.launch(kernel, 1, made.threads, made.shared, there)
    device.synchronize()
    assert device.download(there[1].y).tolist() == EXPECTED
    assert work.y.tolist() == np.ones((3, 5)).tolist(), "the device has a copy"


@pytest.mark.cudasim
def test_one_block_meets_nobody(tmp_path):
    device = SimulatedDevice(tmp_path)
    with pytest.raises(AssertionError):
        device.launch(device.prepare(program()), 2, 8, 32, ())


@pytest.mark.cudasim
def test_arrays_of_the_simulator(tmp_path):
    device = SimulatedDevice(tmp_path)
    made = device.empty((2, 2), np.float32)
    assert device.download(made).tolist() == [[0, 0], [0, 0]]
    device.write(made, np.ones((2, 2), np.float32))
    assert device.download(made).tolist() == [[1, 1], [1, 1]]
    with pytest.raises(AssertionError):
        device.write(made, np.ones((2, 2)))
    assert device.download(device.upload(np.zeros((4, 4))[:, ::2])).flags.c_contiguous
    assert device.free_bytes() > 1 << 30


def test_an_array_shows_no_more_than_a_cards():
    """So that a test which looks into one fails on any machine, not first on a card."""
    device = GridDevice(1, 0)
    for made in (device.empty((2,), np.float32), device.upload(np.ones(2, np.float32))):
        assert type(made) is DeviceArray
        with pytest.raises(TypeError):
            made[0]
        assert device.download(made).shape == made.shape == (2,)


def test_the_simulator_must_be_there_from_the_start(tmp_path):
    assert not is_simulated()
    with pytest.raises(AssertionError, match="NUMBA_ENABLE_CUDASIM=1"):
        SimulatedDevice(tmp_path)


def test_without_the_simulator_the_card_is_opened(tmp_path, monkeypatch):
    FakeDriver(monkeypatch)
    assert isinstance(open_device(tmp_path), CudaDevice)


def test_nothing_of_cuda_is_imported_before_it_is_needed():
    """A command starts quickly, and works where the extra is not installed."""
    code = (
        "import sys, snncc.runtime.cli.app\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('cuda', 'numba_cuda')"
        " or m.startswith('numba.cuda')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
