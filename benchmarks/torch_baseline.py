"""The benchmark's networks as surrogate-gradient training through time in PyTorch.

The same neurons, wiring, weights, loss and optimizer as ours, in the fastest form that we could
write; what differs is the rule. A layer is one matrix product over all steps and samples and one
fused scan over time (`gpu_scan`); a layer with recurrence goes step by step, a matrix product with
the dense masked matrix and a fused step each. The whole training step, from the drawing of the
input spikes to Adam, is one CUDA graph a batch. On a CPU the same code runs without the graph.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gpu_scan
import numpy as np
import numpy.typing as npt
import torch
from gpu_scan import Cell
from programs import SEED
from speed import STILL, Subject
from torch import Tensor

from snncc.backends.protocols import Samples
from snncc.ir.graph import Graph, Population, Projection, TrainSpec
from snncc.ir.wiring import wire

Array = npt.NDArray[Any]
WARM_UP = 3  # steps before the capture of a graph
# What the matrix products multiply, and spikes, drives and excesses are kept in.
PRECISIONS = {"float32": torch.float32, "tf32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """A layer. `weights` [pre, post]; `recurrent` [N, N] is 0 where `mask` is, or both None."""

    cell: Cell
    weights: Tensor
    recurrent: Tensor | None = None
    mask: Tensor | None = None

    def parameters(self) -> list[Tensor]:
        """What is trained."""
        return [self.weights] if self.recurrent is None else [self.weights, self.recurrent]


@dataclass(frozen=True, slots=True)
class Loss:
    """Wanted counts of the label and of the others; errors within the margin are none."""

    target: float
    other: float
    margin: float

    def __call__(self, counts: Tensor, labels: Tensor) -> Tensor:
        """Half the squared count errors, mean over the samples: their gradient is the error."""
        wanted = torch.full_like(counts, self.other)
        wanted.scatter_(1, labels[:, None], self.target)
        error = counts - wanted
        error = torch.where(error.abs() > self.margin, error, 0.0)
        return 0.5 * (error * error).sum() / len(counts)


class LifLayer(torch.autograd.Function):
    """spikes [T, B, pre] -> spikes [T, B, post]."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        weights: Tensor,
        recurrent: Tensor | None,
        mask: Tensor | None,
        cell: Cell,
    ) -> Tensor:
        """All steps; what the layer sends itself is added to the drive in place."""
        weights = weights.to(inputs.dtype)
        own = None if recurrent is None else recurrent.to(inputs.dtype)
        layer = gpu_scan.make_layer(inputs @ weights)
        steps = len(inputs)
        if own is None:
            gpu_scan.forward(layer, cell, 0, steps)
        else:
            for t in range(steps):
                gpu_scan.forward(layer, cell, t, t + 1)
                layer.drive[t].addmm_(layer.spikes[t], own)
        ctx.save_for_backward(inputs, weights, own, mask, layer.spikes, layer.excess)
        ctx.cell = cell
        return layer.spikes

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """One matrix product over all steps for each matrix, after the scan."""
        inputs, weights, own, mask, spikes, excess = ctx.saved_tensors
        sent = gradients[0] if own is None else gradients[0].clone()
        adjoint = gpu_scan.make_adjoint(excess, sent.contiguous())
        steps, of_recurrent = len(inputs), None
        if own is None:
            gpu_scan.backward(adjoint, ctx.cell, 0, steps)
        else:
            back = own.T
            for t in range(steps - 1, -1, -1):
                adjoint.spikes[t].addmm_(adjoint.drive[t], back)
                gpu_scan.backward(adjoint, ctx.cell, t, t + 1)
            of_recurrent = correlation(spikes, adjoint.drive) * mask
        below = adjoint.drive @ weights.T if ctx.needs_input_grad[0] else None
        return below, correlation(inputs, adjoint.drive), of_recurrent, None, None


def correlation(spikes: Tensor, drive: Tensor) -> Tensor:
    """sum_tb spikes[t, b, i] drive[t, b, j], float32 [i, j]."""
    return (spikes.flatten(0, 1).T @ drive.flatten(0, 1)).float()


class Baseline:
    """A network that learns through time."""

    def __init__(
        self,
        graph: Graph,
        spec: TrainSpec,
        weights: Mapping[str, Array],
        seed: int,
        device: str,
        precision: str = "float32",
        learning_rate: float | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.precision = precision
        self.kind = PRECISIONS[precision]
        self.layers = tuple(layers_of(graph, weights, seed, self.device))
        self.loss = Loss(
            *(float(str(spec.call("rule")[name])) for name in ("target", "other", "margin"))
        )
        (self.input,) = (p for p in graph.populations if p.role == "input")
        self.names = [p.name for p in graph.populations]
        self.steps, self.rate = encoding_of(self.input, graph.dt)
        self.seed = seed
        parameters = [p for layer in self.layers for p in layer.parameters()]
        on_gpu = self.device.type == "cuda"
        rate = float(str(spec.call("optimizer")["lr"])) if learning_rate is None else learning_rate
        self.adam = torch.optim.Adam(parameters, lr=rate, fused=True, capturable=on_gpu)
        self._graphs: dict[tuple[str, int], Callable[[], Tensor]] = {}
        self._buffers: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    def spikes(self, inputs: Tensor) -> list[Tensor]:
        """The spikes [T, B, N] of every layer under these [T, B, inputs]."""
        found = [inputs.to(self.kind)]
        for layer in self.layers:
            own = (layer.recurrent, layer.mask)
            found.append(LifLayer.apply(found[-1], layer.weights, *own, layer.cell))
        return found[1:]

    def counts(self, inputs: Tensor) -> Tensor:
        """Spikes of the outputs [B, outputs]."""
        return self.spikes(inputs)[-1].sum(dim=0, dtype=torch.float32)

    def present(self, samples: Samples, batch: int) -> Array:
        """The counts of the samples, without learning; `batch` divides their number."""
        return self._over("present", samples, batch)

    def train(self, samples: Samples, batch: int) -> Array:
        """Learn from the samples, an update a batch; the counts before each."""
        return self._over("train", samples, batch)

    def rates(self, samples: Samples, batch: int) -> dict[str, float]:
        """Percent of the steps with a spike, by population; of the first batch."""
        values, _, ids = self.load(samples.part(0, batch))
        with torch.no_grad():
            inputs = self.encode(values, ids)
            trains = [inputs, *self.spikes(inputs)]
        return {
            name: 100 * float(spikes.float().mean())
            for name, spikes in zip(self.names, trains, strict=True)
        }

    def load(self, samples: Samples) -> tuple[Tensor, Tensor, Tensor]:
        """Probabilities of a spike, labels and ids on the device."""
        values = torch.as_tensor(samples.values[samples.rows], device=self.device) * self.rate
        labels = torch.as_tensor(samples.labels.astype(np.int64), device=self.device)
        return values, labels, torch.as_tensor(samples.ids.astype(np.int64), device=self.device)

    def forget(self) -> None:
        """Give back the memory of all graphs: one of a large batch takes tens of GB. So does what
        an attempt left that ran out of memory; autograd keeps some of it in cycles."""
        self.adam.zero_grad(set_to_none=True)
        self._graphs.clear()
        self._buffers.clear()
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _over(self, kind: str, samples: Samples, batch: int) -> Array:
        # It holds for the whole process, and a graph keeps the one it was captured under.
        torch.set_float32_matmul_precision("high" if self.precision == "tf32" else "highest")
        data = self.load(samples)
        step, buffers = self._step(kind, batch)
        found = []
        for first in range(0, len(samples.ids), batch):
            for buffer, values in zip(buffers, data, strict=True):
                buffer.copy_(values[first : first + batch])
            found.append(step().clone())
        counts: Array = torch.cat(found).cpu().numpy()
        return counts

    def _step(self, kind: str, batch: int) -> tuple[Callable[[], Tensor], tuple[Tensor, ...]]:
        if batch not in self._buffers:
            self._buffers[batch] = self._make_buffers(batch)
        buffers = self._buffers[batch]
        if (kind, batch) not in self._graphs:
            once = self._train_once if kind == "train" else self._present_once
            work = lambda: once(*buffers)  # noqa: E731
            is_cpu = self.device.type == "cpu"
            self._graphs[kind, batch] = work if is_cpu else self._captured(work)
        return self._graphs[kind, batch], buffers

    def _make_buffers(self, batch: int) -> tuple[Tensor, Tensor, Tensor]:
        inputs, device = self.input.neurons, self.device
        labels = torch.zeros(batch, dtype=torch.int64, device=device)
        return torch.zeros((batch, inputs), device=device), labels, labels.clone()

    def _present_once(self, values: Tensor, labels: Tensor, ids: Tensor) -> Tensor:
        with torch.no_grad():
            return self.counts(self.encode(values, ids))

    def _train_once(self, values: Tensor, labels: Tensor, ids: Tensor) -> Tensor:
        counts = self.counts(self.encode(values, ids))
        self.adam.zero_grad(set_to_none=True)
        self.loss(counts, labels).backward()
        self.adam.step()
        return counts.detach()

    def encode(self, values: Tensor, ids: Tensor) -> Tensor:
        """Frozen Poisson spikes [T, B, inputs]: an id has the same in every epoch."""
        spikes = torch.empty((self.steps, *values.shape), dtype=self.kind, device=self.device)
        if self.device.type == "cuda":
            import gpu_triton

            gpu_triton.encode(values, ids, spikes, self.seed)
            return spikes
        for b, sample in enumerate(ids.tolist()):
            generator = torch.Generator().manual_seed(self.seed + sample)
            draws = torch.rand((self.steps, values.shape[1]), generator=generator)
            spikes[:, b] = draws < values[b]
        return spikes

    def _captured(self, work: Callable[[], Tensor]) -> Callable[[], Tensor]:
        """The work as a CUDA graph. Warming up and capturing leave weights and moments alone."""
        before = [(kept, kept.detach().clone()) for kept in self._state()]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                work()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = work()
        self.rewind(before)

        def replay() -> Tensor:
            graph.replay()
            return result

        return replay

    def _state(self) -> list[Tensor]:
        """Weights, and what the optimizer keeps since its first step."""
        weights = [p for layer in self.layers for p in layer.parameters()]
        return weights + [v for of_one in self.adam.state.values() for v in of_one.values()]

    def rewind(self, before: list[tuple[Tensor, Tensor]]) -> None:
        """What was kept takes its values again; what came since then is zero."""
        known = {id(kept) for kept, _ in before}
        with torch.no_grad():
            for kept, value in before:
                kept.copy_(value)
            for new in self._state():
                if id(new) not in known:
                    new.zero_()


def engines(subject: Subject, device: str, precisions: Iterable[str]) -> Iterator[Baseline]:
    """The subject's network in each precision, learning as slowly as ours while the clock runs."""
    for precision in precisions:
        yield Baseline(
            subject.network.graph, subject.spec, subject.weights, SEED, device, precision, STILL
        )


def layers_of(
    graph: Graph, weights: Mapping[str, Array], seed: int, device: torch.device
) -> Iterator[Dense]:
    """The layers of a chain of dense projections, each perhaps with one to itself."""
    populations = graph.index()
    for projection in graph.projections:
        if projection.pre == projection.post:
            continue
        loop = next((p for p in graph.projections if p.pre == p.post == projection.post), None)
        post = populations[projection.post]
        forward = torch.as_tensor(matrix(projection, graph, weights, seed)[0], device=device)
        forward.requires_grad_()
        if loop is None or not loop.trainable:
            lateral = 0.0 if loop is None else lateral_weight(weights[loop.name])
            yield Dense(cell_of(post, graph.dt, lateral), forward)
            continue
        own, mask = (torch.as_tensor(a, device=device) for a in matrix(loop, graph, weights, seed))
        yield Dense(cell_of(post, graph.dt, 0.0), forward, own.requires_grad_(), mask)


def matrix(
    projection: Projection, graph: Graph, weights: Mapping[str, Array], seed: int
) -> tuple[Array, Array]:
    """(weights [pre, post], 1 where there is a synapse)."""
    ends = [graph.population(name) for name in (projection.pre, projection.post)]
    pairs = wire(projection, ends[0].shape, ends[1].shape, seed).pairs()
    dense = np.zeros([p.neurons for p in ends], np.float32)
    mask = np.zeros_like(dense)
    dense[pairs] = weights[projection.name].ravel()
    mask[pairs] = 1
    return dense, mask


def lateral_weight(weights: Array) -> float:
    """The one weight of a fixed lateral inhibition."""
    (weight,) = np.unique(weights)
    return float(weight)


def cell_of(population: Population, dt: float, lateral: float) -> Cell:
    """The published neuron (`lif` of the language) with the numbers of a population."""
    tau_mem, tau_syn, v_th, refractory = (
        population.parameter(name) for name in ("tau_mem", "tau_syn", "v_th", "refractory")
    )
    threshold = float(np.float32(v_th - 1e-6))
    return Cell(dt / tau_mem, dt / tau_syn, threshold, round(refractory / dt), v_th, lateral)


def encoding_of(population: Population, dt: float) -> tuple[int, float]:
    """(steps, probability of a spike a step of an input of 1)."""
    assert population.encoding is not None
    duration, rate = (float(str(population.encoding[name])) for name in ("duration", "rate"))
    return round(duration / dt), rate * dt / 1000
