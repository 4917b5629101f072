"""One step of gradient descent on the CPU, against the gradients of the float64 oracle."""

from __future__ import annotations

import os

import pytest
from kernel_flags import load_for_all
from rule_cases import HM2_BP, ST_RSBP, check_step

from snncc.backends.trainers import cpu as trainer_module
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.runtime.settings import settings_from

pytestmark = pytest.mark.slow  # compiles the kernels once


# Those of one rule, profile and batch have the same kernels: one worker compiles them. What a
# profile is does not depend on the batch: all of them are learnt in batches nightly.
CASES = [
    pytest.param(
        case,
        batch,
        id="-".join((*case, str(batch))),
        marks=[
            pytest.mark.xdist_group(f"{case[1]} {case[2].partition(',')[0]} {batch}"),
            *([pytest.mark.nightly] if batch > 1 and not case[2].startswith("recommended") else []),
        ],
    )
    for case in ST_RSBP + HM2_BP
    for batch in (1, 2)
]


@pytest.mark.parametrize(("case", "batch"), CASES)
def test_step_is_the_oracles_gradient(case, batch, monkeypatch):
    # The user's own folder: kernels compile once per machine.
    monkeypatch.setattr(trainer_module, "load_kernels", load_for_all)
    folder = settings_from(os.environ).kernel_folder

    def make(model, spec):
        return CpuTrainer(model, spec, 2, folder)

    check_step(make, case, batch, range(5))
