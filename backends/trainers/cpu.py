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
from ..compiled.store import Store
from ..cpu.scratch import make_work, whole_lines, zeros
from ..cpu.simulator import CpuSimulator
from ..optimizers.cpu.chain import Optimizer, load_chain
from ..optimizers.table import chain_of, rates_of
from ..protocols import Outcome, Samples, State
from ..rules.table import RULES

Array = npt.NDArray[Any]
GROUPS = 8  # accumulators of a batch; fixed, so that results do not depend on the threads


class Results(NamedTuple):
    """What a call of `train` fills in."""

    counts: Array  # i32[S, outputs]
    predictions: Array  # i32[S]
    cost: Array  # f64[S]
    activity: Array  # i64[W, N]


class CpuTrainer(CpuSimulator):
    """A simulator that learns by the rule of `spec`; see `protocols.Trainer`."""

    def __init__(
        self,
        model: Model,
        spec: TrainSpec,
        threads: int | None,
        folder: Path,
    ) -> None:
        self._kind = RULES[spec.call("rule").kind]
        self.rule_sources = self._kind.cpu.sources
        super().__init__(model, threads, folder)
        assert not spec.rates, "rates of their own reach the kernels of a GPU alone"
        self.spec = spec
        self.rule = self._kind.tables(model, spec, self.plan)
        self.chain = chain_of(spec)
        self._compiled = load_chain(self.chain, folder)
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
        at_once = batch == 1 and self.chain.is_local
        optimizer = self.optimizer(learning_rate, -(-len(samples.ids) // batch))
        work, back = self._buffers(1 if at_once else GROUPS)
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

        if at_once:
            self.updates = learn(0, len(samples.ids), 0, -1)
        for start in range(0, 0 if at_once else len(samples.ids), batch):
            end = min(start + batch, len(samples.ids))
            # Which group takes a sample depends on its place alone, never on the threads.
            self._on_threads(lambda g: learn(start + g, end, g, g), min(GROUPS, end - start))  # noqa: B023
            self.updates += 1
            scale = 1.0 / (end - start)
            if self._compiled.factor is not None:
                scale = self._compiled.factor(optimizer.numbers, self._gradient, np.float32(scale))
            self.kernels.module.update(self.plan, self.rule, optimizer, store, self.updates, scale)
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
        turned: Array = np.logical_and(self.plan.dense, np.logical_not(self.rule.listed))
        return turned

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
            back = self._kind.cpu.scratch(self.plan, self.rule, workers)
            self._training = work, back
        if workers > 1 and len(self._gradient) < workers:
            self._gradient = zeros((workers, whole_lines(len(self.flat))), np.float32)
        return self._training

    def optimizer(self, rate: float, updates: int) -> Optimizer:
        """The chain for the next updates at a learning rate."""
        size, eps = self.chain.paces(rate, self.updates + 1, updates)
        return Optimizer(
            self._compiled.update_row,
            np.array(self.chain.numbers, np.float64),
            size,
            eps,
            np.float32(rate),
            rates_of(self.spec, [p.name for p in self.graph.projections]),
            self.updates,
        )
