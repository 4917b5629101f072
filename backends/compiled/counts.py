"""How often a source fires in a step, as every device computes it; see `ir.sources`."""

from __future__ import annotations

import numpy as np

from .formulas import formula

# A row of `Plan.source`: what the source is, its key, from which step to before which it is drawn;
# where its distribution lies among `cumulative`, of how many entries, where its `guide` begins. Of
# events that are told, SOURCE_TABLE is where their bounds by step lie among `told_ptr`.
SOURCE_KIND, SOURCE_KEY0, SOURCE_KEY1, SOURCE_FIRST = range(4)
SOURCE_LAST, SOURCE_TABLE, SOURCE_ENTRIES, SOURCE_GUIDE = range(4, 8)
SOURCE_COLUMNS = 8
IS_DRAWN, IS_TOLD = 1, 2  # of SOURCE_KIND; 0: no source
SOURCE_BYTE = np.uint64(24)


@formula
def count_of_word(word, table, first, last, guide, start):  # type: ignore[no-untyped-def]
    """How many entries first:last of the table are not above the word; guide[start:] says how many
    are not above any word with its first byte."""
    k = first + np.int64(guide[start + np.int64(word >> SOURCE_BYTE)])
    while k < last and word >= np.uint64(table[k]):
        k += 1
    return k - first


@formula
def word_at(k, w0, w1, w2, w3):  # type: ignore[no-untyped-def]
    """The word of neuron k among the four of its block: number k % 4."""
    low = w1 if k & 1 else w0
    high = w3 if k & 1 else w2
    return high if k & 2 else low
