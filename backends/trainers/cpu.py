"""Training on the CPU: spike-train-level rules over the compiled network."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from ...ir.graph import TrainSpec
from ...ir.model import Model
from ..compiled.network import unflatten
from ..compiled.state import copy_rows, moment_in, require_fit, state_of, weights_in
from ..cpu.scratch import make_work, whole_lines, zeros
from ..cpu.simulator import CpuSimulator
from ..optimizers.numbers import method_of, pull_of
from ..protocols import Outcome, Samples, State
from ..rules.spike_train.check import refuse_shared, require_alike
from ..rules.spike_train.cpu.scratch import make_backward
from ..rules.spike_train.sources import CPU
from ..rules.spike_train.tables import Rule, make_rule

Array = npt.NDArray[Any]
GROUPS = 8  # accumulators of a batch; fixed, so that results do not depend on the threads


class Store(NamedTuple):
    """Weights and what learns them; `rows`, `first`, `second`, `gradient` of a dense projection
    are post-major, at the same offsets as its pre-major weights."""

    weights: Array  # f32[W]
    rows: Array  # f32[W]
    first: Array  # f32[W] Adam's first moment, or the momentum
    second: Array  # f32[W] Adam's second moment
    gradient: Array  # f32[groups, W]


class Optimizer(NamedTuple):
    """Numbers of the update; `kind` 0 is Adam, 1 gradient descent (beta1 its momentum)."""

    kind: int
    rate: float
    beta1: float
    beta2: float
    eps: float
    strength: float
    beta: float
    limit: float


class Results(NamedTuple):
    """What a call of `train` fills in."""

    counts: Array  # i32[S, outputs]
    predictions: Array  # i32[S]
    cost: Array  # f64[S]
    activity: Array  # i64[W, N]


class CpuTrainer(CpuSimulator):
    """A simulator that learns by `spec.rule`; see `protocols.Trainer`."""

    rule_sources = CPU

    def __init__(
        self,
        model: Model,
        spec: TrainSpec,
        threads: int | None,
        folder: Path,
    ) -> None:
        require_alike(model)
        super().__init__(model, threads, folder)
        self.spec = spec
        refuse_shared(self.graph, model.wirings)
        self.rule: Rule = make_rule(self.graph, spec, self.plan, model.wirings)
        self.updates = 0
        self.first = zeros(self.flat.shape, np.float32)
        self.second = zeros(self.flat.shape, np.float32)
        self.rows = zeros(self.flat.shape, np.float32)
        self._copy_rows()
        self._gradient = np.zeros((0, len(self.flat)), np.float32)
        self._training: tuple[Any, Any] | None = None

    def train(self, samples: Samples, batch: int, learning_rate: float) -> Outcome:
        """Learn from the samples in their order, one update per `batch` of them."""
        data = self.data(samples)
        results = self._results(len(samples.ids))
        optimizer = make_optimizer(self.spec, learning_rate)
        work, back = self._buffers(GROUPS if batch > 1 else 1)
        store = Store(self.flat, self.rows, self.first, self.second, self._gradient)
        numba.set_num_threads(min(self.threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]

        def learn(first: int, last: int, worker: int, group: int) -> int:
            stride = 1 if group < 0 else GROUPS
            wide = group < 0 and self.threads > 1
            return int(
                self.kernels.module.learn(
                    self.kernels.advance,
                    self.plan,
                    self.rule,
                    optimizer,
                    store,
                    work,
                    back,
                    data,
                    self.seed,
                    self.updates,
                    first,
                    last,
                    stride,
                    worker,
                    group,
                    wide,
                    results,
                )
            )

        if batch == 1:
            self.updates = learn(0, len(samples.ids), 0, -1)
        for start in range(0, len(samples.ids) if batch > 1 else 0, batch):
            end = min(start + batch, len(samples.ids))
            # Which group takes a sample depends on its place alone, never on the threads.
            self._on_threads(lambda g: learn(start + g, end, g, g), min(GROUPS, end - start))  # noqa: B023
            self.updates += 1
            self.kernels.module.update(
                self.plan, self.rule, optimizer, store, self.updates, 1.0 / (end - start)
            )
        return Outcome(
            results.counts, results.predictions, results.cost, results.activity.sum(axis=0)
        )

    def weights(self) -> State:
        """Copies of all weights, by projection name, shaped as their wiring says."""
        return unflatten(self.graph, self.plan, self.model.wirings, self.flat)

    def state(self) -> State:
        """Weights, moments and the update count: all that `restore` needs."""
        moments, turned = self._moments(), self._turned()
        return state_of(self.model, self.plan, self.flat, moments, turned, self.updates)

    def restore(self, state: State) -> None:
        """Take over a state; CompileError(E060) if its names, shapes or types do not fit."""
        require_fit(self.state(), state)
        self.flat[:] = weights_in(state, self.graph)
        for name, flat in self._moments().items():
            flat[:] = moment_in(state, self.graph, self.plan, name, self._turned())
        self.updates = int(state["optimizer/updates"][0])
        self._copy_rows()

    def _moments(self) -> dict[str, Array]:
        return {"first": self.first, "second": self.second}

    def _turned(self) -> Array:
        """The projections of which the moments are post-major: all pairs, outside of lists."""
        return np.logical_and(self.plan.dense, np.logical_not(self.rule.listed))

    def _copy_rows(self) -> None:
        copy_rows(self.plan, self.flat, self.rows)

    def _results(self, count: int) -> Results:
        neurons = int(self.plan.neurons[-1])
        return Results(
            np.zeros((count, self._outputs()), np.int32),
            np.zeros(count, np.int32),
            np.zeros(count, np.float64),
            np.zeros((GROUPS, neurons), np.int64),
        )

    def _buffers(self, workers: int) -> tuple[Any, Any]:
        if self._training is None or len(self._training[0].ptr) < workers:
            work = make_work(self.plan, workers, wide=workers == 1 and self.threads > 1)
            back = make_backward(self.plan, self.rule.slots, workers)
            self._training = work, back
        if workers > 1 and len(self._gradient) < workers:
            self._gradient = zeros((workers, whole_lines(len(self.flat))), np.float32)
        return self._training


def make_optimizer(spec: TrainSpec, rate: float) -> Optimizer:
    """The numbers of the spec's optimizer and regularizer, at this learning rate."""
    method = method_of(spec)
    return Optimizer(method.kind, rate, *method[1:], *pull_of(spec))
