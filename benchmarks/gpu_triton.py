"""The scans of `gpu_scan` and the Poisson encoding as Triton kernels.

A thread owns a neuron of a sample and keeps its state in registers over all steps of the launch;
loads of four steps are in flight at once. Without lateral weights samples and neurons are one long
row, [1, B N]; with them a tile holds the whole layer of a few samples, so that a sum over its
columns is what the others sent:

              columns ->
    rows  | neuron 0  1  2 …     time: an outer loop, rows x columns apart
     |    | sample 1 …
"""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl
from gpu_scan import Adjoint, Cell, Layer
from torch import Tensor

WIDE = (1, 128)  # rows, columns of a tile without lateral weights
ROWS = 8  # samples of a tile with them
# Left open: a 1 would become a constant, every other first step a compilation of its own.
COUNTS = ("rows", "first", "last", "batch", "steps", "seed")
DRAWS = 256  # calls of the generator a block; each gives four steps of an input


@triton.jit
def _advance(  # type: ignore[no-untyped-def]
    v, c, rest, before, drive, excess_at, spikes_at, mask, here,
    leak, decay, threshold, refractory, lateral, LATERAL: tl.constexpr,
):  # fmt: skip
    """One step; nothing changes where `here` is false."""
    if LATERAL:
        drive += lateral * (tl.sum(before, 1)[:, None] - before)
    new_c = c - c * decay + drive
    new_v = v - v * leak + new_c * decay
    is_resting = rest > 0
    new_v = tl.where(is_resting, 0.0, new_v)
    fired = (new_v > threshold) & (rest <= 0)
    kind = excess_at.dtype.element_ty
    x = tl.where(is_resting, -float("inf"), new_v - threshold)
    tl.store(excess_at, x.to(kind), mask=mask & here)
    tl.store(spikes_at, fired.to(kind), mask=mask & here)
    new_rest = tl.where(fired, refractory, tl.maximum(rest - 1, 0))
    v = tl.where(here, tl.where(fired, 0.0, new_v), v)
    c = tl.where(here, new_c, c)
    rest = tl.where(here, new_rest, rest)
    before = tl.where(here & mask, fired.to(tl.float32), 0.0)
    return v, c, rest, before


@triton.jit
def _heard(drive, size, t, first, last, mask):  # type: ignore[no-untyped-def]
    """The drive that arrives in step t, nothing in step 0; t stays in the launch's steps."""
    at = tl.maximum(tl.minimum(t, last - 1) - 1, 0)
    return tl.load(drive + at * size, mask=mask & (t > 0), other=0.0).to(tl.float32)


@triton.jit(do_not_specialize=COUNTS)
def forward_kernel(  # type: ignore[no-untyped-def]
    drive, excess, spikes, v_at, c_at, rest_at, rows, columns, first, last,
    leak, decay, threshold, refractory, lateral,
    LATERAL: tl.constexpr, R: tl.constexpr, C: tl.constexpr,
):  # fmt: skip
    """drive, excess, spikes [T, rows, columns]; v_at, c_at, rest_at [rows, columns]."""
    row = tl.program_id(1) * R + tl.arange(0, R)[:, None]
    column = tl.program_id(0) * C + tl.arange(0, C)[None, :]
    mask = (row < rows) & (column < columns)
    cell = row.to(tl.int64) * columns + column
    size = rows.to(tl.int64) * columns
    v = tl.load(v_at + cell, mask=mask, other=0.0)
    c = tl.load(c_at + cell, mask=mask, other=0.0)
    rest = tl.load(rest_at + cell, mask=mask, other=0)
    drive += cell
    excess += cell
    spikes += cell
    past = tl.maximum(first - 1, 0) * size
    before = tl.load(spikes + past, mask=mask & (first > 0), other=0.0).to(tl.float32)
    for t in range(first, last, 4):
        i0 = _heard(drive, size, t, first, last, mask)
        i1 = _heard(drive, size, t + 1, first, last, mask)
        i2 = _heard(drive, size, t + 2, first, last, mask)
        i3 = _heard(drive, size, t + 3, first, last, mask)
        at = t * size
        v, c, rest, before = _advance(
            v, c, rest, before, i0, excess + at, spikes + at, mask, t < last,
            leak, decay, threshold, refractory, lateral, LATERAL,
        )  # fmt: skip
        at += size
        v, c, rest, before = _advance(
            v, c, rest, before, i1, excess + at, spikes + at, mask, t + 1 < last,
            leak, decay, threshold, refractory, lateral, LATERAL,
        )  # fmt: skip
        at += size
        v, c, rest, before = _advance(
            v, c, rest, before, i2, excess + at, spikes + at, mask, t + 2 < last,
            leak, decay, threshold, refractory, lateral, LATERAL,
        )  # fmt: skip
        at += size
        v, c, rest, before = _advance(
            v, c, rest, before, i3, excess + at, spikes + at, mask, t + 3 < last,
            leak, decay, threshold, refractory, lateral, LATERAL,
        )  # fmt: skip
    tl.store(v_at + cell, v, mask=mask)
    tl.store(c_at + cell, c, mask=mask)
    tl.store(rest_at + cell, rest, mask=mask)


@triton.jit
def _retreat(  # type: ignore[no-untyped-def]
    u, c, x, sent, drive, size, t, first, mask,
    leak, decay, width, lateral, LATERAL: tl.constexpr,
):  # fmt: skip
    """Step t on the way back; nothing changes before `first`."""
    here = t >= first
    if LATERAL:
        sent += lateral * (tl.sum(c, 1)[:, None] - c)
    slope = tl.maximum(1.0 - tl.abs(x) / width, 0.0) / width
    is_kept = (x > -float("inf")) & (x <= 0.0)
    new_u = slope * sent + tl.where(is_kept, (1.0 - leak) * u, 0.0)
    new_c = decay * new_u + (1.0 - decay) * c
    at = tl.maximum(t - 1, 0) * size
    tl.store(drive + at, new_c.to(drive.dtype.element_ty), mask=mask & here & (t > 0))
    return tl.where(here, new_u, u), tl.where(here & mask, new_c, c)


@triton.jit
def _kept(values, size, t, first, mask, other):  # type: ignore[no-untyped-def]
    return tl.load(values + tl.maximum(t, first) * size, mask=mask, other=other).to(tl.float32)


@triton.jit(do_not_specialize=COUNTS)
def backward_kernel(  # type: ignore[no-untyped-def]
    excess, sent, drive, u_at, c_at, rows, columns, first, last, leak, decay, width, lateral,
    LATERAL: tl.constexpr, R: tl.constexpr, C: tl.constexpr,
):  # fmt: skip
    """excess, sent (gradient of the spikes), drive (its gradient) [T, rows, columns]."""
    row = tl.program_id(1) * R + tl.arange(0, R)[:, None]
    column = tl.program_id(0) * C + tl.arange(0, C)[None, :]
    mask = (row < rows) & (column < columns)
    cell = row.to(tl.int64) * columns + column
    size = rows.to(tl.int64) * columns
    u = tl.load(u_at + cell, mask=mask, other=0.0)
    c = tl.load(c_at + cell, mask=mask, other=0.0)
    excess += cell
    sent += cell
    drive += cell
    for back in range(0, last - first, 4):
        t = last - 1 - back
        x0 = _kept(excess, size, t, first, mask, -1.0)
        x1 = _kept(excess, size, t - 1, first, mask, -1.0)
        x2 = _kept(excess, size, t - 2, first, mask, -1.0)
        x3 = _kept(excess, size, t - 3, first, mask, -1.0)
        s0 = _kept(sent, size, t, first, mask, 0.0)
        s1 = _kept(sent, size, t - 1, first, mask, 0.0)
        s2 = _kept(sent, size, t - 2, first, mask, 0.0)
        s3 = _kept(sent, size, t - 3, first, mask, 0.0)
        u, c = _retreat(
            u, c, x0, s0, drive, size, t, first, mask, leak, decay, width, lateral, LATERAL
        )
        u, c = _retreat(
            u, c, x1, s1, drive, size, t - 1, first, mask, leak, decay, width, lateral, LATERAL
        )
        u, c = _retreat(
            u, c, x2, s2, drive, size, t - 2, first, mask, leak, decay, width, lateral, LATERAL
        )
        u, c = _retreat(
            u, c, x3, s3, drive, size, t - 3, first, mask, leak, decay, width, lateral, LATERAL
        )
    tl.store(u_at + cell, u, mask=mask)
    tl.store(c_at + cell, c, mask=mask)


@triton.jit(do_not_specialize=COUNTS)
def encode_kernel(values, ids, spikes, batch, inputs, steps, seed, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    """values [B, inputs]: probability of a spike a step; ids [B]; spikes [T, B, inputs]."""
    b = tl.program_id(1).to(tl.int64)
    k = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    fours = tl.cdiv(steps, 4)
    t, i = 4 * (k // inputs), k % inputs
    mask = k < fours * inputs
    p = tl.load(values + b * inputs + i, mask=mask, other=0.0)
    x0, x1, x2, x3 = tl.rand4x(seed + tl.load(ids + b), k)
    kind = spikes.dtype.element_ty
    size = batch.to(tl.int64) * inputs
    at = spikes + t * size + b * inputs + i
    tl.store(at, (x0 < p).to(kind), mask=mask)
    tl.store(at + size, (x1 < p).to(kind), mask=mask & (t + 1 < steps))
    tl.store(at + 2 * size, (x2 < p).to(kind), mask=mask & (t + 2 < steps))
    tl.store(at + 3 * size, (x3 < p).to(kind), mask=mask & (t + 3 < steps))


def forward(layer: Layer, cell: Cell, first: int, last: int) -> None:
    """The steps first … last - 1 in one launch."""
    shape, tile, grid = _tiling(layer.drive, cell)
    forward_kernel[grid](
        layer.drive, layer.excess, layer.spikes, layer.v, layer.c, layer.rest, *shape, first, last,
        cell.leak, cell.decay, cell.threshold, cell.refractory, cell.lateral,
        LATERAL=cell.lateral != 0, R=tile[0], C=tile[1], num_warps=4,
    )  # fmt: skip


def backward(adjoint: Adjoint, cell: Cell, first: int, last: int) -> None:
    """The steps last - 1 … first in one launch."""
    shape, tile, grid = _tiling(adjoint.drive, cell)
    backward_kernel[grid](
        adjoint.excess, adjoint.spikes, adjoint.drive, adjoint.u, adjoint.c, *shape, first, last,
        cell.leak, cell.decay, cell.width, cell.lateral,
        LATERAL=cell.lateral != 0, R=tile[0], C=tile[1], num_warps=4,
    )  # fmt: skip


def encode(values: Tensor, ids: Tensor, spikes: Tensor, seed: int) -> None:
    """Poisson spikes [T, B, inputs], keyed by the ids."""
    steps, batch, inputs = spikes.shape
    grid = (triton.cdiv(triton.cdiv(steps, 4) * inputs, DRAWS), batch)
    encode_kernel[grid](values, ids, spikes, batch, inputs, steps, seed, BLOCK=DRAWS, num_warps=4)


def _tiling(drive: Tensor, cell: Cell) -> tuple[tuple[int, int], tuple[int, int], Any]:
    """(rows and columns, those of a tile, the grid)."""
    _, batch, neurons = drive.shape
    lateral = cell.lateral != 0
    shape = (batch, neurons) if lateral else (1, batch * neurons)
    tile = (ROWS, triton.next_power_of_2(neurons)) if lateral else WIDE
    return shape, tile, (triton.cdiv(shape[1], tile[1]), triton.cdiv(shape[0], tile[0]))
