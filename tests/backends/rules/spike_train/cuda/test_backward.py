"""One step of gradient descent by the kernels, against the gradients of the float64 oracle."""

from __future__ import annotations

import pytest
from devices import on_a_card, with_threads
from grid import GridDevice
from rule_cases import HM2_BP, ST_RSBP, check_step

from snncc.backends.trainers.cuda import CudaTrainer

# The simulator takes ten seconds for each; these go through every stage.
FEW = [
    ("recurrent", "st_rsbp", "reference"),
    ("loop", "st_rsbp", "recommended"),
    ("sparse", "hm2_bp", "reference"),
    ("answering", "st_rsbp", "recommended"),
]


def trainers(device, folder):
    return lambda *net: CudaTrainer(*net, None, folder, device)


@pytest.mark.parametrize("case", ST_RSBP + HM2_BP, ids="-".join)
def test_step_is_the_oracles_gradient(case, tmp_path):
    """On three blocks in Python."""
    check_step(trainers(GridDevice(3, 1), tmp_path), case, 1, [3])


@with_threads
@pytest.mark.parametrize("case", FEW, ids="-".join)
def test_step_on_a_device_is_the_oracles_gradient(case, device, tmp_path):
    labels = [0] if device.arch == "simulator" else range(5)
    check_step(trainers(device, tmp_path), case, 1, labels)


@on_a_card
@pytest.mark.parametrize("case", ST_RSBP + HM2_BP, ids="-".join)
def test_every_step_on_a_card_is_the_oracles_gradient(case, device, tmp_path):
    check_step(trainers(device, tmp_path), case, 1, range(5))
