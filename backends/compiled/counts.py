"""How often a source fires in a step, as every device computes it; see `ir.sources`."""

from __future__ import annotations

import numpy as np

from .formulas import formula

# A row of `Plan.source`: what the source is, its key, from which step to before which it is drawn;
# where its distribution lies among `cumulative`, of how many entries, where its `guide` begins. Of
# events that are told, TABLE is where their bounds by step lie among `told_ptr`.
KIND, KEY0, KEY1, FIRST, LAST, TABLE, ENTRIES, GUIDE = range(8)
COLUMNS = 8
DRAWN, TOLD = 1, 2  # of KIND; 0: no source
BYTE = np.uint64(24)


@formula
def count_of_word(word, table, first, last, guide, start):  # type: ignore[no-untyped-def]
    """How many entries first:last of the table are not above the word; guide[start:] says how many
    are not above any word with its first byte."""
    k = first + np.int64(guide[start + np.int64(word >> BYTE)])
    while k < last and word >= np.uint64(table[k]):
        k += 1
    return k - first
