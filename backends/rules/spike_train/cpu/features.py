"""What a rule on a network has that the backward pass must know of (see `cpu/kernels`)."""

from __future__ import annotations

HYBRID = True  # HM2-BP: factor 1 + s, no Omega
JOINT = True  # its factor joins several projections of a population
CLOSED = True  # S-PSP of the continuous kernel
QUARTIC = True  # Omega from the fitted polynomial
REFERENCE = True  # the authors' recurrent gradient and message
INSIDE = True  # listed projections within recurrent blocks take part
SQUARES = True  # all-pairs projections within recurrent blocks take part
LATERAL = True  # a lateral inhibition of the output
BY_ROW = True  # projections that are learnt row by row
BY_SYNAPSE = True  # projections that are learnt synapse by synapse
BY_WINDOW = True  # convolutions and poolings
AT_ONCE = True  # the weights are updated with each sample, else gradients are kept
