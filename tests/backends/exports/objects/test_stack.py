"""The stack of a step: as much as it is seen to take on a board."""

from __future__ import annotations

import pytest
from boards import need_board, stack_taken, written
from integer_cases import drawn_integers, drawn_samples

from snncc.backends.exports.objects.stack import stack_of
from snncc.backends.exports.objects.triples import TRIPLES

THUMB = """\
\t.type\tnet_step,%function
net_step:
\tpush\t{r4, r5, r7, lr}
\tsub\tsp, #24
\tbl\tstep_h
\tbl\tproduct
\tpop\t{r4, r5, r7, pc}
\t.type\tstep_h,%function
step_h:
\tpush.w\t{r8, lr}
\tsub.w\tsp, sp, #40
\tbl\tproduct
\t.type\tproduct,%function
product:
\tpush\t{r4, lr}
\t.type\tnet_reset,%function
net_reset:
\tbx\tlr
"""
X86 = """\
\t.type\tnet_step,@function
net_step:
\tpushq\t%rbx
\tsubq\t$16, %rsp
\tcallq\tstep_h
\t.type\tstep_h,@function
step_h:
\tpushq\t%rax
\tretq
\t.type\tnet_reset,@function
net_reset:
\tretq
"""


def test_by_hand() -> None:
    assert stack_of(THUMB, "thumbv7em-none-eabi") == (16 + 24) + (8 + 40) + 8
    assert stack_of(X86, "x86_64-unknown-linux-gnu") == (8 + 8 + 16) + (8 + 8)


@pytest.mark.slow
@pytest.mark.parametrize("triple", TRIPLES)
@pytest.mark.parametrize(("seed", "sums"), [(4, "exact"), (5, "each")])
def test_as_it_is_seen(seed, sums, triple, tmp_path) -> None:
    need_board(triple, emulated=True)
    made = written(drawn_integers(seed, sums), drawn_samples(seed), tmp_path, triple)
    assert made.facts["stack_bytes"] == stack_taken(tmp_path, triple)
