"""Convolutional networks in PyTorch, the same computation as ours, written to be fast: all steps of
a batch are one convolution, and neurons are scans of compiled loops."""

from __future__ import annotations

import torch
from through_time_torch import Peer, spiking, spiking_back
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, one_hot

POOL = 1.1  # the weight of a pooling's synapses


class TsslCnn(Peer):
    """image -> c1 -> pool -> c2 -> pool -> h -> digit of neurons `tssl`; see `Tssl`."""

    keep, hold, width = 0.8, 2 / 3, 0.2

    def present(self, values: Tensor) -> Tensor:
        """See `Peer`."""
        return values

    def gradients(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """See `Peer`."""
        first, second = self.weights["image->c1"], self.weights["p1->c2"]
        third, last = self.weights["p2->h"], self.weights["h->digit"]
        x = x.view(-1, 1, 28, 28)
        rise = 1.0 - self.hold ** torch.arange(1, self.steps + 1, dtype=x.dtype)
        rise = rise[:, None, None, None, None]
        u1, s1, a1 = spiking(rise * conv2d(x, first), self.keep, self.hold)
        p1 = _pooled(a1)
        drive = conv2d(p1.flatten(0, 1), second).unflatten(0, p1.shape[:2])
        u2, s2, a2 = spiking(drive, self.keep, self.hold)
        p2 = _pooled(a2).flatten(2)
        u3, s3, a3 = spiking(p2 @ third, self.keep, self.hold)
        u4, s4, a4 = spiking(a3 @ last, self.keep, self.hold)
        g4 = self._back(a4 - self._wanted(labels, a4.shape[2]), u4, s4, a4)
        g3 = self._back(g4 @ last.t(), u3, s3, a3)
        below = (g3 @ third.t()).view(*a2.shape[:3], a2.shape[3] // 2, a2.shape[4] // 2)
        g2 = self._back(_spread(below), u2, s2, a2)
        below, grown = _conv_back(g2.flatten(0, 1), p1.flatten(0, 1), second, deeper=True)
        g1 = self._back(_spread(below.view(*p1.shape)), u1, s1, a1)
        _, begun = _conv_back((rise * g1).sum(0), x, first, deeper=False)
        return {
            "image->c1": begun,
            "p1->c2": grown,
            "p2->h": p2.flatten(0, 1).t() @ g3.flatten(0, 1),
            "h->digit": a3.flatten(0, 1).t() @ g4.flatten(0, 1),
        }

    def _back(self, asked: Tensor, u: Tensor, s: Tensor, a: Tensor) -> Tensor:
        return spiking_back(asked, u, s, a, self.keep, self.hold, self.width)

    def _wanted(self, labels: Tensor, outputs: int) -> Tensor:
        """The filtered trains that are wanted, [T, B, outputs]."""
        wanted = torch.zeros(self.steps)
        for t in range(1, self.steps):
            wanted[t] = self.hold * wanted[t - 1] + (1 - self.hold)
        return wanted[:, None, None] * one_hot(labels, outputs)


def _pooled(values: Tensor) -> Tensor:
    """Sums of 2 x 2 squares times POOL, of [T, B, C, H, W]."""
    sums = avg_pool2d(values.flatten(0, 1), 2, divisor_override=1) * POOL
    return sums.unflatten(0, values.shape[:2])


def _spread(asked: Tensor) -> Tensor:
    """What a pooling asks of each of its squares."""
    return (asked * POOL).repeat_interleave(2, 3).repeat_interleave(2, 4)


def _conv_back(asked: Tensor, x: Tensor, kernel: Tensor, deeper: bool) -> tuple[Tensor, Tensor]:
    """dL/dx, where it is wanted, and dL/d(kernel) of a convolution."""
    found = torch.ops.aten.convolution_backward(
        asked, x, kernel, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [deeper, True, False]
    )
    return found[0], found[1]
