import pytest
from dropout_cases import CASES, check_step_without, text_of
from snncc.backends.trainers.cpu import CpuTrainer
@pytest.mark.parametrize("batch",[1,2])
@pytest.mark.parametrize("case",list(CASES))
def test_it(kernels, case, batch):
    check_step_without(lambda m,s: CpuTrainer(m,s,2,kernels), text_of(case), batch)
