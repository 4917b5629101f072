"""Units that send nothing while the network learns from a sample, see `ir.dropout`."""

from __future__ import annotations

import numpy as np
from numba import njit

from ...compiled.formulas import MASK, WORD, sent_share

LEFT_OUT = np.float32(0.0)


@njit
def draw_shares(plan, sample, epoch, seed, shares):  # type: ignore[no-untyped-def]
    """shares f32[N]: by what is multiplied what each unit sends, of the populations that have
    dropout."""
    key0, key1 = seed & MASK, seed >> WORD
    for p in range(len(plan.model)):
        if plan.dropped[p] > 0:
            lo, share = plan.neurons[p], plan.share[p]
            for n in range(plan.neurons[p + 1] - lo):
                if n % plan.alike[p] == 0:
                    share = sent_share(
                        np.uint64(plan.dropped[p]), plan.share[p], np.uint64(n // plan.alike[p]),
                        np.uint64(p), sample & MASK, np.uint64(epoch) & MASK, key0, key1,
                    )  # fmt: skip
                shares[lo + n] = share


@njit
def leave_out(shares, fired):  # type: ignore[no-untyped-def]
    """fired u8[n] = 0 where units are left out."""
    for n in range(len(shares)):
        fired[n] = 0 if shares[n] == LEFT_OUT else fired[n]


@njit
def multiply(shares, values):  # type: ignore[no-untyped-def]
    """values[n] *= shares[n]."""
    for n in range(len(shares)):
        values[n] *= shares[n]
