"""A layer of the published LIF neurons over all steps, forward and back by a surrogate gradient.

What `torch_baseline` makes a layer of. On the CPU a loop over time in PyTorch, which says what is
meant; on a GPU the fused kernels of `gpu_triton`, one launch for the steps first … last - 1.

Step t, with s the neuron's own spikes and all delays 1:

    v <- v - leak v;  c <- c - decay c;  c <- c + drive[t - 1] + lateral sum_{k != i} s_k[t - 1]
    v <- v + decay c;  v <- 0 while it rests;  s[t] = v > threshold;  v <- 0 at a spike

Kept for the way back is the excess x[t] = v - threshold before the reset, -inf while a neuron
rests: x > 0 says that it fired, and the sign survives any rounding. Back, the reset is detached:

    du[t] = slope(x[t]) ds[t] + (1 - leak) du[t + 1]   (the second only where -inf < x[t] <= 0)
    dc[t] = decay du[t] + (1 - decay) dc[t + 1];       ddrive[t - 1] = dc[t]
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

REST = -float("inf")


@dataclass(frozen=True, slots=True)
class Cell:
    """The neuron of a layer. `leak` and `decay`: dt / tau_mem and dt / tau_syn; `refractory` in
    steps; `lateral`: fixed weight of every spike of the others; `width` [mV]: half the base of the
    triangle that stands for the derivative of a spike."""

    leak: float
    decay: float
    threshold: float
    refractory: int
    width: float
    lateral: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What a layer works on, all [T, B, N]: the drive by step of emission, what it fills in, and
    the states [B, N] that one call leaves to the next."""

    drive: Tensor
    spikes: Tensor
    excess: Tensor
    v: Tensor
    c: Tensor
    rest: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Adjoint:
    """The way back: `spikes` and `drive` are gradients [T, B, N], `u` and `c` [B, N] are those that
    one call leaves to the next."""

    excess: Tensor
    spikes: Tensor
    drive: Tensor
    u: Tensor
    c: Tensor


def make_layer(drive: Tensor) -> Layer:
    """A silent layer under this drive."""
    v = torch.zeros(drive.shape[1:], dtype=torch.float32, device=drive.device)
    rest = torch.zeros_like(v, dtype=torch.int32)
    spikes, excess = torch.empty_like(drive), torch.empty_like(drive)
    return Layer(drive, spikes, excess, v, torch.zeros_like(v), rest)


def make_adjoint(excess: Tensor, spikes: Tensor) -> Adjoint:
    """The gradients of a layer whose spikes have these; no drive of the last step is heard."""
    u = torch.zeros(excess.shape[1:], dtype=torch.float32, device=excess.device)
    drive = torch.empty_like(excess)
    drive[-1] = 0
    return Adjoint(excess, spikes, drive, u, torch.zeros_like(u))


def forward(layer: Layer, cell: Cell, first: int, last: int) -> None:
    """The steps first … last - 1."""
    if layer.drive.is_cuda:
        import gpu_triton

        gpu_triton.forward(layer, cell, first, last)
        return
    for t in range(first, last):
        _forward_step(layer, cell, t)


def backward(adjoint: Adjoint, cell: Cell, first: int, last: int) -> None:
    """The steps last - 1 … first."""
    if adjoint.drive.is_cuda:
        import gpu_triton

        gpu_triton.backward(adjoint, cell, first, last)
        return
    for t in range(last - 1, first - 1, -1):
        _backward_step(adjoint, cell, t)


def _forward_step(layer: Layer, cell: Cell, t: int) -> None:
    v, c, rest = layer.v, layer.c, layer.rest
    v -= v * cell.leak
    c -= c * cell.decay
    if t > 0:
        c += layer.drive[t - 1] + cell.lateral * others(layer.spikes[t - 1])
    v += c * cell.decay
    is_resting = rest > 0
    v[is_resting] = 0
    fired = ~is_resting & (v > cell.threshold)
    layer.excess[t] = torch.where(is_resting, REST, v - cell.threshold)
    layer.spikes[t] = fired
    v[fired] = 0
    rest[:] = torch.where(fired, cell.refractory, (rest - 1).clamp(min=0))


def _backward_step(adjoint: Adjoint, cell: Cell, t: int) -> None:
    x = adjoint.excess[t]
    slope = (1 - x.abs() / cell.width).clamp(min=0) / cell.width
    is_kept = (x > REST) & (x <= 0)
    # `c` is still that of step t + 1: what a lateral spike of step t adds to.
    sent = adjoint.spikes[t] + cell.lateral * others(adjoint.c)
    adjoint.u[:] = slope * sent + torch.where(is_kept, (1 - cell.leak) * adjoint.u, 0)
    adjoint.c[:] = cell.decay * adjoint.u + (1 - cell.decay) * adjoint.c
    if t > 0:
        adjoint.drive[t - 1] = adjoint.c


def others(values: Tensor) -> Tensor:
    """The sum over all neurons but the one itself."""
    return values.sum(dim=-1, keepdim=True) - values
