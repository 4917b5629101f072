"""Convolutional networks in PyTorch, the same computation as ours, written to be fast: all steps of
a batch are one convolution, and neurons are scans of compiled loops."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from through_time_torch import Peer, spiking, spiking_back
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, one_hot

POOL = 1.1  # the weight of a pooling's synapses


class Layer(NamedTuple):
    """What leads to a layer of neurons: the projection's name, `pooled` over 2 x 2 squares before
    it, and the zeros around a convolution's planes, None of a dense projection."""

    name: str
    pooled: bool = False
    padding: int | None = None

    def times(self, sent: Tensor, weights: Tensor) -> Tensor:
        """The drive of [T, B, ...] in all steps."""
        if self.padding is None:
            return sent.flatten(2) @ weights
        return conv2d(sent.flatten(0, 1), weights, padding=self.padding).unflatten(
            0, sent.shape[:2]
        )

    def back(self, asked: Tensor, sent: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """What it asks of those below, and dL/d(weights)."""
        if self.padding is None:
            below = (asked @ weights.t()).view(*sent.shape)
            return below, sent.flatten(2).flatten(0, 1).t() @ asked.flatten(0, 1)
        below, kernel = conv_back(asked.flatten(0, 1), sent.flatten(0, 1), weights, self.padding)
        return below.view(*sent.shape), kernel


class Pool(NamedTuple):
    """What leads to neurons that sum the spikes of 2 x 2 squares; nothing is learnt."""

    name: str = ""

    def times(self, sent: Tensor, _weights: Tensor) -> Tensor:
        """The drive of [T, B, C, H, W] in all steps."""
        return pooled(sent, 1.0)

    def back(self, asked: Tensor, _sent: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """What it asks of those below."""
        return spread(asked, 1.0), weights


class Tssl(Peer):
    """Layers of neurons `tssl` behind an image that sends the same numbers in every step, so that
    the first layer's drive is one convolution and T factors; see `through_time_torch.Tssl`."""

    keep, hold, width = 0.8, 2 / 3, 0.2
    layers: tuple[Layer, ...]
    image: tuple[int, int, int]
    cost = torch.zeros(0)

    def present(self, values: Tensor) -> Tensor:
        """See `Peer`."""
        return values

    def gradients(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """See `Peer`; `cost` becomes the loss of each sample."""
        x = x.view(1, -1, *self.image)
        rise = 1.0 - self.hold ** torch.arange(1, self.steps + 1, dtype=x.dtype)
        rise = rise[:, None, None, None, None]
        first = self.layers[0]
        drive = rise * first.times(x, self.weights[first.name])
        states = [spiking(drive, self.keep, self.hold)]
        sent = [x]
        for layer in self.layers[1:]:
            sent.append(pooled(states[-1][2]) if layer.pooled else states[-1][2])
            drive = layer.times(sent[-1], self.weights[layer.name])
            states.append(spiking(drive, self.keep, self.hold))
        asked = states[-1][2] - self._wanted(labels, states[-1][2].shape[2])
        self.cost = (asked * asked).sum((0, 2)) / 2
        found: dict[str, Tensor] = {}
        for layer, values, state in list(zip(self.layers, sent, states, strict=True))[:0:-1]:
            arrived = spiking_back(asked, *state, self.keep, self.hold, self.width)
            weights = self.weights[layer.name]
            asked, found[layer.name] = layer.back(arrived, values, weights)
            asked = spread(asked) if layer.pooled else asked
        arrived = spiking_back(asked, *states[0], self.keep, self.hold, self.width)
        both = (rise * arrived).sum(0), x[0], self.weights[first.name], first.padding
        found[first.name] = conv_back(*both, deeper=False)[1]
        return found

    def _wanted(self, labels: Tensor, outputs: int) -> Tensor:
        """The filtered trains that are wanted, [T, B, outputs]."""
        wanted = torch.zeros(self.steps)
        for t in range(1, self.steps):
            wanted[t] = self.hold * wanted[t - 1] + (1 - self.hold)
        return wanted[:, None, None] * one_hot(labels, outputs)


class TsslMnist(Tssl):
    """15C5-P2-40C5-P2-300-10."""

    image = (1, 28, 28)
    layers = (
        Layer("image->c1", padding=0),
        Layer("p1->c2", pooled=True, padding=0),
        Layer("p2->h", pooled=True),
        Layer("h->digit"),
    )


class TsslCifar(Tssl):
    """CNN 1 of the TSSL-BP paper, as examples/cifar_cnn.snn; its chain: the mean gradient is
    clipped, Adam's step and the decay beside it are taken, the weights are clamped."""

    image = (3, 32, 32)
    clip, decay, bound, eps = 0.02, 0.01, 4.0, 2e-10
    layers = (
        Layer("image->c1", padding=1),
        Layer("c1->c2", padding=1),
        Layer("c2.pool2d->c3", pooled=True, padding=1),
        Layer("c3.pool2d->c4", pooled=True, padding=1),
        Layer("c4->c5", padding=1),
        Layer("c5->h1"),
        Layer("h1->h2"),
        Layer("h2->thing"),
    )

    def __init__(
        self, weights: dict[str, np.ndarray], steps: int, rate: float, threads: int
    ) -> None:
        super().__init__(weights, steps, rate, threads)
        own = {"lr": rate, "eps": self.eps, "weight_decay": self.decay}
        self.adam = torch.optim.AdamW(self.weights.values(), **own)

    @torch.no_grad()
    def train(self, values: Tensor, labels: Tensor) -> None:
        """See `Peer`."""
        found = self.gradients(values, labels)
        for name, tensor in self.weights.items():
            tensor.grad = found[name] / len(labels)
        torch.nn.utils.clip_grad_norm_(list(self.weights.values()), self.clip)
        self.adam.step()
        for tensor in self.weights.values():
            tensor.clamp_(-self.bound, self.bound)


class Surrogate(Peer):
    """Layers of the spike-train rules' `lif` neurons through time: the slope of a spike is a
    triangle as wide as its threshold, the reset is detached, as in `gpu_scan`; poisson images."""

    leak, decay, rest = 1 / 64, 1 / 8, 2
    target, other, margin, lateral = 35.0, 5.0, 5.0, -1.0
    layers: tuple[Layer | Pool, ...]
    thresholds: tuple[float, ...]
    image: tuple[int, int, int]
    rate = 1 / 5.5  # spikes a step of a white pixel

    def present(self, values: Tensor) -> Tensor:
        """See `Peer`."""
        return super().present(values * self.rate)

    def spikes(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """The spikes of the image and of all layers, and of these by how much they passed their
        threshold."""
        sent, excess = [x.view(self.steps, -1, *self.image)], []
        for layer, threshold in zip(self.layers, self.thresholds, strict=True):
            drive = layer.times(sent[-1], self._weights(layer))
            lateral = self.lateral if layer is self.layers[-1] else 0.0
            numbers = self.leak, self.decay, threshold, self.rest, lateral
            fired, over = leaky(drive, *numbers)
            sent.append(fired)
            excess.append(over)
        return sent, excess

    def gradients(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """See `Peer`."""
        sent, excess = self.spikes(x)
        error = sent[-1].sum(0) - self.other
        error -= (self.target - self.other) * one_hot(labels, error.shape[1])
        asked = torch.where(error.abs() > self.margin, error, 0.0).expand_as(sent[-1])
        found: dict[str, Tensor] = {}
        for k in range(len(self.layers) - 1, -1, -1):
            layer, width = self.layers[k], self.thresholds[k]
            lateral = self.lateral if k == len(self.layers) - 1 else 0.0
            numbers = self.leak, self.decay, width, lateral
            arrived = leaky_back(asked, excess[k], *numbers)
            if k == 0:
                both = arrived.flatten(0, 1), sent[0].flatten(0, 1), self._weights(layer)
                found[layer.name] = conv_back(*both, padding=0, deeper=False)[1]
                break
            asked, learnt = layer.back(arrived, sent[k], self._weights(layer))
            if layer.name:
                found[layer.name] = learnt
        return found

    def _weights(self, layer: Layer | Pool) -> Tensor:
        return self.weights[layer.name] if layer.name else torch.zeros(0)


class SurrogateMnist(Surrogate):
    """15C5-P2-40C5-P2-300-10 of examples/mnist_cnn_st.snn."""

    image = (1, 28, 28)
    layers = (
        Layer("image->c1", padding=0),
        Pool(),
        Layer("p1->c2", padding=0),
        Pool(),
        Layer("p2->h"),
        Layer("h->digit"),
    )
    thresholds = (5.0, 2.0, 10.0, 4.0, 10.0, 5.0)


@torch.jit.script
def leaky(
    drive: Tensor, leak: float, decay: float, threshold: float, rest: int, lateral: float
) -> tuple[Tensor, Tensor]:
    """Spikes, and v - threshold before the reset, -inf of neurons that rest, of all steps."""
    spikes, excess = torch.empty_like(drive), torch.empty_like(drive)
    v, c = torch.zeros_like(drive[0]), torch.zeros_like(drive[0])
    left = torch.zeros_like(v)
    for t in range(drive.size(0)):
        c.mul_(1.0 - decay)
        if t > 0:
            c.add_(drive[t - 1])
            if lateral != 0.0:
                sent = spikes[t - 1]
                c.add_(sent.sum(-1, keepdim=True) - sent, alpha=lateral)
        v.mul_(1.0 - leak).add_(c, alpha=decay)
        v.mul_(left <= 0.0)
        torch.sub(v, threshold, out=excess[t])
        excess[t].masked_fill_(left > 0.0, -float("inf"))
        spikes[t] = excess[t] > 0.0
        v.mul_(1.0 - spikes[t])
        left.sub_(1.0)
        torch.addcmul(left, spikes[t], rest - left, out=left)
    return spikes, excess


@torch.jit.script
def leaky_back(
    asked: Tensor, excess: Tensor, leak: float, decay: float, width: float, lateral: float
) -> Tensor:
    """dL/d drive from dL/d spikes, the reset detached."""
    made = torch.zeros_like(excess)
    u, c = torch.zeros_like(excess[0]), torch.zeros_like(excess[0])
    for t in range(excess.size(0) - 1, -1, -1):
        x = excess[t]
        slope = (1.0 - x.abs() / width).clamp_(min=0.0).div_(width)
        sent = asked[t]
        if lateral != 0.0:
            sent = sent + lateral * (c.sum(-1, keepdim=True) - c)
        kept = ((x <= 0.0) & (x > -float("inf"))).to(x.dtype)
        u = torch.addcmul(slope * sent, u, kept, value=1.0 - leak)
        c = torch.add(u * decay, c, alpha=1.0 - decay)
        if t > 0:
            made[t - 1] = c
    return made


def pooled(values: Tensor, weight: float = POOL) -> Tensor:
    """Sums of 2 x 2 squares times a weight, of [T, B, C, H, W]."""
    sums = avg_pool2d(values.flatten(0, 1), 2, divisor_override=1) * weight
    return sums.unflatten(0, values.shape[:2])


def spread(asked: Tensor, weight: float = POOL) -> Tensor:
    """What a pooling asks of each of its squares."""
    return (asked * weight).repeat_interleave(2, 3).repeat_interleave(2, 4)


def conv_back(
    asked: Tensor, x: Tensor, kernel: Tensor, padding: int | None, deeper: bool = True
) -> tuple[Tensor, Tensor]:
    """dL/dx, where it is wanted, and dL/d(kernel) of a convolution."""
    assert padding is not None
    around = [padding, padding]
    found = torch.ops.aten.convolution_backward(
        asked, x, kernel, None, [1, 1], around, [1, 1], False, [0, 0], 1, [deeper, True, False]
    )
    return found[0], found[1]
