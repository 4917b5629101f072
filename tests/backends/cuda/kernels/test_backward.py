"""One step of gradient descent on the device, against the gradients of the float64 oracle."""

from __future__ import annotations

import pytest
from rule_cases import HM2_BP, SEED, ST_RSBP, check_step

from snncc.backends.cuda.trainer import CudaTrainer


@pytest.mark.parametrize("case", ST_RSBP + HM2_BP, ids="-".join)
def test_step_is_the_oracles_gradient(case, device, tmp_path):
    def make(graph, spec, weights):
        return CudaTrainer(graph, spec, weights, SEED, None, tmp_path, device)

    check_step(make, case, 1, [0] if device.arch == "simulator" else range(5))
