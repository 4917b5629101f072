"""One step of gradient descent on the CPU, against the gradients of the float64 oracle."""

from __future__ import annotations

import pytest
from kernel_flags import SPIKE_TRAIN
from rule_cases import HM2_BP, ST_RSBP, check_step

from snncc.backends.trainers.cpu import CpuTrainer

pytestmark = [pytest.mark.slow, SPIKE_TRAIN]

# What a profile is does not depend on the batch: all of them are learnt in batches nightly.
CASES = [
    pytest.param(
        case,
        batch,
        id="-".join((*case, str(batch))),
        marks=[pytest.mark.nightly] if batch > 1 and not case[2].startswith("recommended") else [],
    )
    for case in ST_RSBP + HM2_BP
    for batch in (1, 2)
]


@pytest.mark.parametrize("kernels", ["compiled"], indirect=True)
@pytest.mark.parametrize(("case", "batch"), CASES)
def test_step_is_the_oracles_gradient(case, batch, kernels):
    def make(model, spec):
        return CpuTrainer(model, spec, 2, kernels)

    check_step(make, case, batch, range(5) if batch == 1 else (0, 3))
