"""Where tests run CUDA kernels: a grid in Python, Numba's simulator, a card; and what CI does.

The grid in Python has several blocks of one thread, and every test runs there. Only the simulator
has several threads a block without a card, and it is slow: `with_threads` marks the tests that
between them go through every kind of stage, for every change; the others wait for the night.
"""

from __future__ import annotations

import pytest

CARD = pytest.param("card", marks=pytest.mark.gpu)
SIMULATOR = pytest.param("simulator", marks=pytest.mark.cudasim)
SIMULATOR_AT_NIGHT = pytest.param("simulator", marks=[pytest.mark.cudasim, pytest.mark.nightly])

DEVICES = ["grid", SIMULATOR_AT_NIGHT, CARD]

with_threads = pytest.mark.parametrize("device", ["grid", SIMULATOR, CARD], indirect=True)
without_simulator = pytest.mark.parametrize("device", ["grid", CARD], indirect=True)
on_a_card = pytest.mark.parametrize("device", [CARD], indirect=True)
