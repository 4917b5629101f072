"""Learning through time in PyTorch, on a CPU, in the fastest form that we could write.

The same neurons, weights, surrogate, loss and optimizer as ours. What does not wait for the step
before it is one matrix product over all steps and samples; what does is a loop in TorchScript over
arrays that are there already, forward and backward by hand, so that autograd keeps nothing. Adam is
PyTorch's fused one. Spikes of the inputs are drawn anew for every batch, as ours are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
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


@torch.jit.script
def spiking(drive: Tensor, keep: float, hold: float) -> tuple[Tensor, Tensor, Tensor]:
    """u <- keep u (1 - s) + drive, s = u > 1, and the spikes' PSCs a <- hold a + (1 - hold) s."""
    u, s = torch.empty_like(drive), torch.empty_like(drive)
    a = torch.empty_like(drive)
    u[0] = drive[0]
    s[0] = u[0] > 1.0
    a[0] = s[0] * (1.0 - hold)
    for t in range(1, drive.size(0)):
        torch.addcmul(drive[t], u[t - 1], 1.0 - s[t - 1], value=keep, out=u[t])
        s[t] = u[t] > 1.0
        torch.add(s[t] * (1.0 - hold), a[t - 1], alpha=hold, out=a[t])
    return u, s, a


@torch.jit.script
def spiking_back(
    asked: Tensor, u: Tensor, s: Tensor, a: Tensor, keep: float, hold: float, width: float
) -> Tensor:
    """dL/d drive from dL/d a by TSSL-BP: steps 1 to 7 of the scan, backwards in time."""
    made = torch.empty_like(asked)
    last = asked.size(0) - 1
    below = torch.zeros_like(asked[0])
    later = torch.zeros_like(asked[0])
    for t in range(last, -1, -1):
        below = torch.add(asked[t] * (1.0 - hold), below, alpha=hold)
        rise = u[t] - u[t - 1] * (1.0 - s[t - 1]) if t > 0 else u[t]
        steep = rise.clamp(min=0.125).reciprocal_() * s[t] * (rise >= 0.0)
        later = steep * (below + (1.0 - keep) * u[t] * later) + keep * (1.0 - s[t]) * later
        near = torch.exp(((1.0 - u[t]) / width).clamp(-8.0, 8.0))
        slope = near / ((1.0 + near) * (1.0 + near) * width)
        made[t] = torch.where(a[t] < 0.25 * (1.0 - hold), below * slope, later)
    return made


def rectangle(u: Tensor, bar: float, width: float) -> Tensor:
    """STBP's curve h1."""
    return ((u - bar).abs_() < width / 2).to(u.dtype).div_(width)


def arctan(u: Tensor, bar: float, width: float) -> Tensor:
    """(1/a) / (1 + (pi m / a)^2)."""
    m = (u - bar).mul_(np.pi / width)
    return m.mul_(m).add_(1.0).mul_(width).reciprocal_()


class Peer(ABC):
    """A network with its optimizer: `weights` by projection, [pre, post]."""

    def __init__(self, weights: Mapping[str, Array], steps: int, rate: float, threads: int) -> None:
        torch.set_num_threads(threads)
        self.weights = {name: torch.tensor(w) for name, w in weights.items()}
        self.steps = steps
        for tensor in self.weights.values():
            tensor.requires_grad_(True)
        self.adam = torch.optim.Adam(self.weights.values(), lr=rate, fused=True)

    @torch.no_grad()
    def sums(self, sent: Array, labels: Array) -> dict[str, Array]:
        """The gradients of a batch, summed, by projection; `sent` is what its inputs send."""
        found = self.gradients(torch.tensor(sent), torch.tensor(labels).long())
        return {name: gradient.cpu().numpy() for name, gradient in found.items()}

    def learner(self, values: Array, labels: Array, batch: int) -> Callable[[], None]:
        """What learns from all samples once, an update a batch."""
        given, wanted = torch.tensor(values).split(batch), torch.tensor(labels).long().split(batch)
        pieces = list(zip(given, wanted, strict=True))

        def learn() -> None:
            for piece in pieces:
                self.train(*piece)
            if given[0].is_cuda:
                torch.cuda.synchronize()

        return learn

    @torch.no_grad()
    def train(self, values: Tensor, labels: Tensor) -> None:
        """One update by a batch [B, inputs]."""
        gradients = self.gradients(self.present(values), labels)
        for name, tensor in self.weights.items():
            tensor.grad = gradients[name].div_(len(labels))
        self.adam.step()

    def present(self, values: Tensor) -> Tensor:
        """What the inputs [B, inputs] send: spikes [T, B, inputs] that are drawn."""
        return (torch.rand(self.steps, *values.shape) < values).to(values.dtype)

    @abstractmethod
    def gradients(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Sums over a batch by projection, for what the inputs send."""


class Stbp(Peer):
    """image -> h -> digit of neurons `stbp`, the squared distance of the rates."""

    keep, bar, width = 0.2, 0.5, 1.0

    def gradients(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
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
        return {"image->h": _product(x, deep), "h->digit": _product(o, below)}


class Srnn(Peer):
    """x -> h -> h -> y: a recurrent layer, leaky readouts, cross-entropy of their means."""

    keep, bar, width, leak = 0.95, 1.0, 2.0, 0.95

    def gradients(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
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
        }


class Tssl(Peer):
    """image -> h1 -> h2 -> article of neurons `tssl`, the distance of their PSCs from those that
    are wanted; the inputs' numbers [B, inputs] are the same in every step, so that their PSCs are
    one product and T factors."""

    keep, hold, width = 0.8, 2 / 3, 0.2

    def present(self, values: Tensor) -> Tensor:
        """See `Peer`."""
        return values

    def gradients(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """See `Peer`."""
        first, second = self.weights["image->h1"], self.weights["h1->h2"]
        third = self.weights["h2->article"]
        rise = 1.0 - self.hold ** torch.arange(1, self.steps + 1, dtype=x.dtype)[:, None, None]
        u1, s1, a1 = spiking(rise * (x @ first), self.keep, self.hold)
        u2, s2, a2 = spiking(_times(a1, second), self.keep, self.hold)
        u3, s3, a3 = spiking(_times(a2, third), self.keep, self.hold)
        wanted = torch.zeros(self.steps)
        for t in range(1, self.steps):
            wanted[t] = self.hold * wanted[t - 1] + (1 - self.hold)
        own = torch.nn.functional.one_hot(labels, a3.shape[2])
        asked = a3 - wanted[:, None, None] * own
        g3 = spiking_back(asked, u3, s3, a3, self.keep, self.hold, self.width)
        asked = _times(g3, third.t())
        g2 = spiking_back(asked, u2, s2, a2, self.keep, self.hold, self.width)
        asked = _times(g2, second.t())
        g1 = spiking_back(asked, u1, s1, a1, self.keep, self.hold, self.width)
        return {
            "image->h1": x.t() @ (rise * g1).sum(0),
            "h1->h2": _product(a1, g2),
            "h2->article": _product(a2, g3),
        }


def _times(values: Tensor, weights: Tensor) -> Tensor:
    """[T, B, N] x [N, M] in one product."""
    return (values.reshape(-1, values.shape[2]) @ weights).view(*values.shape[:2], -1)


def _product(sent: Tensor, arrived: Tensor) -> Tensor:
    """The sum over steps and samples of what was sent times what is asked."""
    return sent.reshape(-1, sent.shape[2]).t() @ arrived.reshape(-1, arrived.shape[2])
