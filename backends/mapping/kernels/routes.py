"""XY multicast trees between routers.

. . . . .      a tree: the row of the source from the leftmost to the rightmost column with
. x . . .      a destination x, and each of these columns up and down to its farthest one
. | . . .
. +-S-+ .      `high[c]`, `low[c]`: how far column c goes up and down, -1 if not at all
. . . x .      (0: the trunk ends in it)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit
def spread(nets: Any, net: int, router: Any, width: int, high: Any, low: Any) -> None:
    """Sets `high` and `low` of a net's tree; all are -1 before."""
    source = router[nets.home[net]]  # the last for -1
    row = source // width
    high[source % width] = 0
    low[source % width] = 0
    for p in range(nets.first[net], nets.first[net + 1]):
        there = router[nets.to[p]]
        column, down = there % width, there // width - row
        high[column] = max(high[column], -down, 0)
        low[column] = max(low[column], down, 0)


@njit
def load_tree(source: int, width: int, rate: float, high: Any, low: Any, links: Any) -> Any:
    """(links along the row, links along columns) of a tree; its rate is added to each, and `high`
    and `low` are -1 again."""
    here, base = source % width, source - source % width
    left, right, columns = here, here, 0
    for c in range(width):
        if high[c] < 0:
            continue
        left, right = min(left, c), max(right, c)
        for step in range(high[c]):
            links[base + c - step * width, 3] += rate
        for step in range(low[c]):
            links[base + c + step * width, 2] += rate
        columns += high[c] + low[c]
        high[c] = -1
        low[c] = -1
    for c in range(left, here):
        links[base + c + 1, 1] += rate
    for c in range(here, right):
        links[base + c, 0] += rate
    return right - left, columns


@njit
def route(nets: Any, router: Any, width: int, links: Any, sums: Any) -> None:
    """Adds the rates to the `links` [routers, 4] (east, west, south, north), and to `sums`: links
    of trees, spikes over links, those along rows, and both of packets that go alone."""
    high, low = np.full(width, -1, np.int64), np.full(width, -1, np.int64)
    for net in range(len(nets.home)):
        source, rate = router[nets.home[net]], nets.rate[net]
        spread(nets, net, router, width, high, low)
        rows, columns = load_tree(source, width, rate, high, low, links)
        sums[0] += rows + columns
        sums[1] += rate * (rows + columns)
        sums[2] += rate * rows
        for p in range(nets.first[net], nets.first[net + 1]):
            there = router[nets.to[p]]
            along = abs(there % width - source % width)
            sums[3] += rate * (along + abs(there // width - source // width))
            sums[4] += rate * along


@njit
def tree_cost(
    nets: Any, net: int, router: Any, width: int, high: Any, low: Any, row: Any, column: Any
) -> Any:
    """What a tree costs at `row` a link along rows and `column` along columns, whatever its rate;
    `high` and `low` are -1 before and after."""
    spread(nets, net, router, width, high, low)
    left, right, columns = width, -1, 0
    for c in range(width):
        if high[c] >= 0:
            left = min(left, c)
            right = c
            columns += high[c] + low[c]
            high[c] = -1
            low[c] = -1
    return (right - left) * row + columns * column
