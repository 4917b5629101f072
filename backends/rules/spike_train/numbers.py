"""Numbers that the rules' kernels have on every device."""

from __future__ import annotations

TILE = 16  # post neurons of a part of a message; parts are summed in their order
SWEEPS = 60  # over a recurrent system, then it is eliminated
TOLERANCE = 1e-7  # of a sweep's largest change, to the largest value
SMALLEST = 1e-4  # a pivot, or Omega, is kept this far from 0, as in the authors' code
LARGEST = 1e12  # a value that is not below has not converged
SQUARE = 3  # the form of all pairs within a recurrent block, beside PAIRS, LIST and WINDOW
