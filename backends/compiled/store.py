"""What learns and what is found, as the kernels of every device take them."""

from __future__ import annotations

from typing import Any, NamedTuple


class Store(NamedTuple):
    """Weights and what learns them; `rows`, `first`, `second`, `gradient` of a dense projection are
    post-major, at the same offsets as its pre-major weights."""

    weights: Any  # f32[W]
    rows: Any  # f32[W]
    first: Any  # f32[W] Adam's first moment, or the momentum
    second: Any  # f32[W] Adam's second moment
    gradient: Any  # f32[groups, W] on the CPU; f32[W] on a GPU, sums that wait for a batch's rest


class Results(NamedTuple):
    """What a call fills in; the cost is in the precision of the device."""

    counts: Any  # i32[S, outputs]
    scores: Any  # f32[S, outputs] what the outputs emitted last, if they emit numbers
    predictions: Any  # i32[S]
    cost: Any  # f64[S] on the CPU, f32[S] on a GPU
    activity: Any  # i64[workers, N] on the CPU, i64[N] on a GPU
    lost: Any  # u8[S] whether a state was no finite number; of presenting alone
