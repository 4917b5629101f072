"""Windows of every kind: borders, strides, several channels, groups, poolings."""

from __future__ import annotations

from snncc.ir.wiring import Planes, Windows

CONVOLUTIONS = [
    Windows(Planes(1, 4, 4), Planes(1, 3, 3), 2, 1, 0, is_pool=False),
    Windows(Planes(2, 5, 4), Planes(3, 5, 4), 3, 1, 1, is_pool=False),
    Windows(Planes(3, 7, 5), Planes(2, 3, 2), 3, 2, 0, is_pool=False),
    Windows(Planes(2, 6, 5), Planes(2, 4, 3), 4, 2, 2, is_pool=False),
    Windows(Planes(1, 5, 5), Planes(1, 2, 2), 2, 3, 0, is_pool=False),
    Windows(Planes(1, 1, 1), Planes(3, 1, 1), 1, 1, 0, is_pool=False),
    Windows(Planes(2, 3, 2), Planes(3, 5, 4), 1, 1, 1, is_pool=False),  # padding: the kernel
    Windows(Planes(2, 2, 3), Planes(2, 1, 2), 4, 1, 1, is_pool=False),  # larger than the planes
    Windows(Planes(11, 3, 9), Planes(9, 3, 9), 3, 1, 1, is_pool=False),
    Windows(Planes(4, 5, 4), Planes(6, 5, 4), 3, 1, 1, is_pool=False, groups=2),
    Windows(Planes(6, 5, 6), Planes(3, 2, 2), 2, 2, 0, is_pool=False, groups=3),
    Windows(Planes(3, 4, 5), Planes(3, 4, 5), 3, 1, 1, is_pool=False, groups=3),  # depthwise
    Windows(Planes(2, 5, 5), Planes(4, 3, 3), 3, 2, 1, is_pool=False, groups=2),
    Windows(Planes(18, 3, 4), Planes(22, 4, 5), 2, 1, 1, is_pool=False, groups=2),
]
POOLINGS = [
    Windows(Planes(3, 6, 4), Planes(3, 3, 2), 2, 2, 0, is_pool=True),
    Windows(Planes(2, 5, 5), Planes(2, 3, 3), 3, 1, 0, is_pool=True),
    Windows(Planes(2, 7, 5), Planes(2, 2, 2), 2, 3, 0, is_pool=True),
]
WINDOWS = [*CONVOLUTIONS, *POOLINGS]
