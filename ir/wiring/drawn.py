"""Connectivities by chance, drawn in the order of the synapses that come out, never of the pairs.

A piece is some rows, or columns, of the matrix of all pairs: how many follows from the sizes alone.
It is drawn from a stream of its own, so that threads share the work and nothing else. Beside what
it gives, 8 bytes a synapse, a wiring holds 4 bytes of each at most.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np

from ..calls import integer, number
from ..graph import Call, Projection
from ..types import Shape, size
from .arguments import refuse
from .draws import Ints, arrivals, distinct, successes, with_repetition
from .kinds import MAX_SYNAPSES, Listed
from .rows import (
    Columns,
    Rows,
    bounds_of,
    bucket_bits,
    joined,
    listed,
    put_in_buckets,
    rows_at_once,
    rows_from,
    rows_of_bucket,
    without,
)
from .streams import Streams


def wants_itself(projection: Projection) -> bool:
    """Whether a neuron may be joined to itself."""
    return bool(dict(projection.connectivity.arguments).get("self", True))


def skips_itself(projection: Projection) -> bool:
    """Whether the projection could join a neuron to itself, and does not."""
    return projection.pre == projection.post and not wants_itself(projection)


def repeats(call: Call) -> bool:
    """Whether a pair may be joined several times."""
    return bool(dict(call.arguments).get("multapses", False))


def partners(projection: Projection, neurons: int) -> int:
    """How many of the neurons at the other end a neuron may be joined to."""
    return neurons - 1 if skips_itself(projection) else neurons


def check_sparse(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 unless the synapses can be numbered."""
    expected = number(projection.connectivity, "p") * size(pre_shape) * size(post_shape)
    if expected > 0.99 * MAX_SYNAPSES:
        raise refuse(projection, f"`sparse` makes about {expected:.3g} synapses; make `p` smaller")


def check_fixed_fan_in(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 if there are fewer than k pre neurons."""
    _check_fan(projection, (projection.pre, size(pre_shape)), size(post_shape), ("pre", "post"))


def check_fixed_fan_out(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 if there are fewer than k post neurons."""
    _check_fan(projection, (projection.post, size(post_shape)), size(pre_shape), ("post", "pre"))


def _check_fan(
    projection: Projection, other: tuple[str, int], each: int, ends: tuple[str, str]
) -> None:
    call, (name, neurons) = projection.connectivity, other
    k, most = integer(call, "k"), partners(projection, neurons)
    if k > most and not (repeats(call) and most):
        itself = ", itself not counted" if skips_itself(projection) else ""
        raise refuse(
            projection,
            f"`{call.kind}` wants {k} {ends[0]} neurons for each {ends[1]} neuron, but `{name}` "
            f"has {most}{itself}",
            f"choose k of at most {most}",
        )
    if k * each > MAX_SYNAPSES:
        raise refuse(projection, f"`{call.kind}` makes more than {MAX_SYNAPSES} synapses")


def check_fixed_total(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 if there are fewer than n pairs."""
    call = projection.connectivity
    n, pairs = integer(call, "n"), size(pre_shape) * partners(projection, size(post_shape))
    if n > pairs and not (repeats(call) and pairs):
        message = f"`fixed_total` wants {n} synapses, but there are {pairs} pairs of neurons"
        raise refuse(projection, message, f"choose n of at most {pairs}")
    if n > 0.99 * MAX_SYNAPSES:
        raise refuse(
            projection, f"`fixed_total` makes more than {0.99 * MAX_SYNAPSES:.3g} synapses"
        )


def sparse(projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams) -> Listed:
    """Each pair with probability p, by geometric gaps."""
    p, sizes = number(projection.connectivity, "p"), (size(pre_shape), size(post_shape))
    return listed(_scattered(projection, p, sizes, streams), sizes[1])


def _scattered(
    projection: Projection, share: float, sizes: tuple[int, int], streams: Streams, attempt: int = 0
) -> Rows:
    """Pairs with probability `share` each, or so many synapses of each on average."""
    pre, columns = sizes[0], partners(projection, sizes[1])
    at_once = rows_at_once(share * columns, columns)
    draw = arrivals if repeats(projection.connectivity) else successes

    def piece(k: int) -> Rows:
        first, last = bounds_of(k, at_once, pre)
        positions = draw(share, (last - first) * columns, streams.generator(k, attempt))
        return rows_from(positions, first, last, columns, skips_itself(projection))

    expected = share * pre * columns
    room = int(expected + 8.0 * np.sqrt(expected)) + 64
    return joined(streams.each(piece, -(-pre // at_once)), room)


def fixed_total(
    projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams
) -> Listed:
    """n pairs. Slightly more are scattered, and of these so many taken away by chance that n stay:
    of all sets of so many pairs every one was as likely, hence so is every one of n."""
    call = projection.connectivity
    n, sizes = integer(call, "n"), (size(pre_shape), size(post_shape))
    share = (n + 6.0 * np.sqrt(n) + 30.0) / max(1, sizes[0] * partners(projection, sizes[1]))
    if not repeats(call):
        share = min(1.0, share)
    attempts = (_scattered(projection, share, sizes, streams, k) for k in count())
    rows = next(rows for rows in attempts if len(rows.ends) >= n)
    (dropped,) = distinct(1, len(rows.ends) - n, len(rows.ends), streams.generator(sizes[0]))
    return listed(without(rows, dropped), sizes[1])


def fixed_fan_out(
    projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams
) -> Listed:
    """k post neurons for every pre neuron."""
    call = projection.connectivity
    k, pre, post = integer(call, "k"), size(pre_shape), size(post_shape)
    choose, at_once = _chosen_by(projection, k, post, streams), rows_at_once(k, 1)

    def piece(number: int) -> Rows:
        first, last = bounds_of(number, at_once, pre)
        ends = choose(number, first, last).ravel()
        return Rows(np.full(last - first, k, np.int32), ends)

    return listed(joined(streams.each(piece, -(-pre // at_once)), k * pre), post)


def fixed_fan_in(
    projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams
) -> Listed:
    """k pre neurons for every post neuron, which are then sorted by them: in two steps of a radix
    sort, into buckets of pre neurons and within each."""
    return listed(_sorted_by_pre(projection, pre_shape, post_shape, streams), size(post_shape))


def _sorted_by_pre(
    projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams
) -> Rows:
    """What is drawn by post neuron, by pre neuron; what it is sorted in is gone afterwards."""
    call = projection.connectivity
    k, pre, post = integer(call, "k"), size(pre_shape), size(post_shape)
    choose, at_once = _chosen_by(projection, k, pre, streams), rows_at_once(k, 1)
    bits = bucket_bits(k * post / pre, pre)
    columns = Columns(np.empty(k * post, np.uint16), np.empty(k * post, np.int32))

    def piece(number: int) -> Ints:
        first, last = bounds_of(number, at_once, post)
        ends = np.repeat(np.arange(first, last, dtype=np.int32), k)
        place = slice(first * k, last * k)
        return put_in_buckets(columns, place, choose(number, first, last).ravel(), ends, bits)

    edges = list(streams.each(piece, -(-post // at_once)))

    def bucket(number: int) -> Rows:
        parts = [
            slice(0),
            *(slice(*own[number : number + 2]) for own in edges if number + 1 < len(own)),
        ]
        first, last = bounds_of(number, 1 << bits, pre)
        return rows_of_bucket(columns, parts, last - first)

    return joined(streams.each(bucket, -(-pre // (1 << bits))), k * post)


def _chosen_by(
    projection: Projection, k: int, neurons: int, streams: Streams
) -> Callable[[int, int, int], Ints]:
    """What draws k of the `neurons` at the other end for each of first:last, i32 [last - first, k],
    ascending."""
    draw = with_repetition if repeats(projection.connectivity) else distinct

    def choose(piece: int, first: int, last: int) -> Ints:
        chosen = draw(last - first, k, partners(projection, neurons), streams.generator(piece))
        if skips_itself(projection):
            chosen += chosen >= np.arange(first, last, dtype=np.int32)[:, None]
        return chosen.astype(np.int32, copy=False)

    return choose
