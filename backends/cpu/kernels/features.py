"""What a network has that the forward pass must know of.

`codegen` writes the values of a network in place of these, so that a branch that it never takes is
not compiled.
"""

from __future__ import annotations

DRAWN = True  # inputs whose spikes are drawn
RASTER = True  # inputs that are spike trains
STEADY = True  # inputs that send the same number in every step
GRADED = True  # populations that send numbers which they emit
DROPPED = True  # units of populations are left out while the network learns
NOISY = True  # white noise in equations
SOURCED = True  # populations that fire by themselves
LATE = True  # synapses with delays of their own, side by side
MATRIX = True  # all-pairs projections
LISTED = True  # projections given by lists of synapses
WINDOWED = True  # convolutions and poolings
WIDE = True  # the threads share one sample
PRESENTED = False  # another engine ran the samples: their spikes are there
RECORDED = True  # states are written down as steps go by
EACH = True  # what arrives is delivered one event after the other, and not summed before
OFTEN = True  # neurons may fire several times in a step
STATEFUL = True  # synapses that hold values, and look at events
CODES = False  # states, weights and sums are codes of fixed-point numbers, i32 in place of f32
