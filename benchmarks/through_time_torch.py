"""Learning through time in PyTorch, on a CPU, in the fastest form that we could write.

The same neurons, weights, surrogate, loss and optimizer as ours. What does not wait for the step
before it is one matrix product over all steps and samples; what does is a loop in TorchScript over
arrays that are there already, forward and backward by hand, so that autograd keeps nothing. Adam is
PyTorch's fused one. Spikes of the inputs are drawn anew for every batch, as ours are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Array = npt.NDArray[Any]


@torch.jit.script
def membrane(drive: Tensor, keep: float, bar: float) -> tuple[Tensor, Tensor]:
    """u <- keep u (1 - o) + drive, o = u > bar; [T, B, N] each."""
    u, o = torch.empty_like(drive), torch.zeros_like(drive)
    u[0] = drive[0]
    o[0] = u[0] > bar
    for t in range(1, drive.size(0)):
        torch.addcmul(drive[t], u[t - 1], 1.0 - o[t - 1], value=keep, out=u[t])
        o[t] = u[t] > bar
    return u, o


@torch.jit.script
def membrane_back(asked: Tensor, u: Tensor, o: Tensor, slope: Tensor, keep: float) -> Tensor:
    """dL/d drive from dL/d o: through the leak, the reset and the surrogate's slope."""
    made = torch.empty_like(asked)
    last = asked.size(0) - 1
    made[last] = asked[last] * slope[last]
    for t in range(last - 1, -1, -1):
        later = made[t + 1] * keep
        made[t] = (asked[t] - later * u[t]) * slope[t] + later * (1.0 - o[t])
    return made


@torch.jit.script
def recurrent(drive: Tensor, loop: Tensor, keep: float, bar: float) -> tuple[Tensor, Tensor]:
    """The same with o of the step before through the weights `loop` [N, N]."""
    u, o = torch.empty_like(drive), torch.zeros_like(drive)
    u[0] = drive[0]
    o[0] = u[0] > bar
    for t in range(1, drive.size(0)):
        arrived = torch.addmm(drive[t], o[t - 1], loop)
        torch.addcmul(arrived, u[t - 1], 1.0 - o[t - 1], value=keep, out=u[t])
        o[t] = u[t] > bar
    return u, o


@torch.jit.script
def recurrent_back(
    asked: Tensor, u: Tensor, o: Tensor, slope: Tensor, loop: Tensor, keep: float
) -> Tensor:
    """dL/d drive of `recurrent`; `loop` [N, N] is transposed here once."""
    made = torch.empty_like(asked)
    back = loop.t().contiguous()
    last = asked.size(0) - 1
    made[last] = asked[last] * slope[last]
    for t in range(last - 1, -1, -1):
        later = made[t + 1] * keep
        whole = torch.addmm(asked[t], made[t + 1], back)
        made[t] = (whole - later * u[t]) * slope[t] + later * (1.0 - o[t])
    return made


@torch.jit.script
def integrate(drive: Tensor, keep: float) -> Tensor:
    """v <- keep v + drive."""
    v = torch.empty_like(drive)
    v[0] = drive[0]
    for t in range(1, drive.size(0)):
        torch.add(drive[t], v[t - 1], alpha=keep, out=v[t])
    return v


def rectangle(u: Tensor, bar: float, width: float) -> Tensor:
    """STBP's curve h1."""
    return ((u - bar).abs_() < width / 2).to(u.dtype).div_(width)


def arctan(u: Tensor, bar: float, width: float) -> Tensor:
    """(1/a) / (1 + (pi m / a)^2)."""
    m = (u - bar).mul_(np.pi / width)
    return m.mul_(m).add_(1.0).mul_(width).reciprocal_()


class Peer(ABC):
    """A network with its optimizer: `weights` by projection, [pre, post]."""

    def __init__(self, weights: Mapping[str, Array], steps: int, rate: float) -> None:
        self.weights = {name: torch.tensor(w) for name, w in weights.items()}
        self.steps = steps
        for tensor in self.weights.values():
            tensor.requires_grad_(True)
        self.adam = torch.optim.Adam(self.weights.values(), lr=rate, fused=True)

    @torch.no_grad()
    def train(self, values: Tensor, labels: Tensor) -> Tensor:
        """One update by a batch [B, inputs]; the outputs' counts or scores."""
        x = (torch.rand(self.steps, *values.shape) < values).to(values.dtype)
        gradients, found = self.gradients(x, labels)
        for name, tensor in self.weights.items():
            tensor.grad = gradients[name].div_(len(labels))
        self.adam.step()
        return found

    @abstractmethod
    def gradients(self, x: Tensor, labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Sums over a batch by projection, for spikes x [T, B, inputs]."""


class Stbp(Peer):
    """image -> h -> digit of neurons `stbp`, the squared distance of the rates."""

    keep, bar, width = 0.2, 0.5, 1.0

    def gradients(self, x: Tensor, labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """See `Peer`."""
        first, second = self.weights["image->h"], self.weights["h->digit"]
        u, o = membrane(_times(x, first), self.keep, self.bar)
        v, y = membrane(_times(o, second), self.keep, self.bar)
        counts = y.sum(0)
        wanted = torch.nn.functional.one_hot(labels, counts.shape[1])
        error = (counts / self.steps - wanted) / self.steps
        asked = error.expand(self.steps, *error.shape)
        slope = rectangle(v, self.bar, self.width)
        below = membrane_back(asked, v, y, slope, self.keep)
        slope = rectangle(u, self.bar, self.width)
        deep = membrane_back(_times(below, second.t()), u, o, slope, self.keep)
        return {"image->h": _product(x, deep), "h->digit": _product(o, below)}, counts


class Srnn(Peer):
    """x -> h -> h -> y: a recurrent layer, leaky readouts, cross-entropy of their means."""

    keep, bar, width, leak = 0.95, 1.0, 2.0, 0.95

    def gradients(self, x: Tensor, labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """See `Peer`."""
        loop, out = self.weights["h->h"], self.weights["h->y"]
        u, o = recurrent(_times(x, self.weights["x->h"]), loop, self.keep, self.bar)
        scores = integrate(_times(o, out), self.leak).mean(0)
        wanted = torch.nn.functional.one_hot(labels, scores.shape[1])
        error = (torch.softmax(scores, 1) - wanted) / self.steps
        below = integrate(error.expand(self.steps, *error.shape), self.leak).flip(0)
        slope = arctan(u, self.bar, self.width)
        deep = recurrent_back(_times(below, out.t()), u, o, slope, loop, self.keep)
        return {
            "x->h": _product(x, deep),
            "h->h": _product(o[:-1], deep[1:]),
            "h->y": _product(o, below),
        }, scores


def _times(values: Tensor, weights: Tensor) -> Tensor:
    """[T, B, N] x [N, M] in one product."""
    return (values.reshape(-1, values.shape[2]) @ weights).view(*values.shape[:2], -1)


def _product(sent: Tensor, arrived: Tensor) -> Tensor:
    """The sum over steps and samples of what was sent times what is asked."""
    return sent.reshape(-1, sent.shape[2]).t() @ arrived.reshape(-1, arrived.shape[2])
