"""What learning through time has that its kernels must know of (see `cpu/kernels`)."""

from __future__ import annotations

AT_ONCE = True  # the weights are updated with each sample, else gradients are kept
SEGMENTED = True  # a sample's steps are gone back over in several parts
