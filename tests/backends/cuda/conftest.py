"""The device that kernels run on: Numba's simulator (`-m cudasim`) or a card (`-m gpu`)."""

from __future__ import annotations

import pytest
from grid import GridDevice

from snncc.backends.cuda.device import Device, open_device


@pytest.fixture(
    scope="session",
    params=[
        "grid",
        pytest.param("simulator", marks=pytest.mark.cudasim),
        pytest.param("card", marks=pytest.mark.gpu),
    ],
)
def device(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Device:
    """Blocks in Python that take turns, a block in Numba's simulator, or a card."""
    if request.param == "grid":
        return GridDevice(3, seed=1)
    made = open_device(tmp_path_factory.mktemp("kernels"))
    is_card = request.param == "card"
    assert is_card == (made.arch != "simulator"), "-m cudasim needs NUMBA_ENABLE_CUDASIM=1"
    return made
