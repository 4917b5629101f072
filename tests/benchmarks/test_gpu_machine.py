"""The roofline's kernels: as PTX, in the simulator, and on a card."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="the kernels of the roofline are numba-cuda's")

import gpu_machine
from numba import cuda, types

REAL = types.float32
KERNELS = (
    (gpu_machine.read_kernel, (REAL[::1], REAL[::1], types.int64), False, "ld.global", 8),
    (gpu_machine.update_kernel, (REAL[::1], REAL[::1], REAL, types.int64), False, "st.global", 2),
    (gpu_machine.fma_kernel, (REAL[::1], REAL, REAL, types.int64), True, "fma.rn", 32),
)


@pytest.mark.parametrize(("kernel", "arguments", "fast", "wanted", "least"), KERNELS)
def test_kernels_are_single_precision(kernel, arguments, fast, wanted, least) -> None:
    ptx, _ = cuda.compile_ptx(kernel.py_func, arguments, cc=(9, 0), fastmath=fast)
    assert ptx.count(wanted) >= least
    assert ".f64" not in ptx


@pytest.mark.cudasim
def test_every_pass_reads_everything_once() -> None:
    values, sums = np.arange(64, dtype=np.float32), np.zeros(8, np.float32)
    gpu_machine.read_kernel[2, 4](values, sums, 3)
    assert sums.sum() == 3 * values.sum()


@pytest.mark.cudasim
def test_an_update_adds_to_everything_once() -> None:
    x, y = np.arange(64, dtype=np.float32), np.ones(64, np.float32)
    gpu_machine.update_kernel[2, 4](y, x, np.float32(2), 1)
    assert np.array_equal(y, 1 + 2 * x)


def test_slices_hold_whole_rows_of_threads() -> None:
    size = gpu_machine.Size(3, 8, 0, 0, 1, 0.0)
    assert gpu_machine.whole(1000, size) == 960
    assert gpu_machine.whole(5, size) == 96


def test_a_rate_is_that_of_the_best_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    slowness = iter([1.0, 1.0, 1.0, 4.0, 2.0, 3.0])
    monkeypatch.setattr(
        gpu_machine, "event_seconds", lambda launch, passes: passes * 0.001 * next(slowness)
    )
    size = gpu_machine.Size(1, 1, 0, 0, 3, 0.016)
    assert gpu_machine.passes_per_second(lambda passes: None, size) == pytest.approx(500)


@pytest.mark.gpu
def test_a_card_has_a_roofline() -> None:
    machine = gpu_machine.measure()
    cache, memory = machine.level("L2", 1), machine.level("DRAM", 1)
    assert cache.read > memory.read > 100
    assert machine.fma(1) > 1000
