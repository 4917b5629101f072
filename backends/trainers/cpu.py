"""Training on the CPU: spike-train-level rules over the compiled network."""

from __future__ import annotations

import time
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from ...ir.graph import TrainSpec
from ...ir.model import Model
from ..compiled.dropout import dropping
from ..compiled.kinds import PAIRS, WINDOW
from ..compiled.network import unflatten
from ..compiled.plan import distinct_steps
from ..compiled.state import copy_rows, moment_in, require_fit, state_of, weights_in
from ..compiled.store import Store
from ..cpu.load import Kernels, features_of, load_kernels, with_scans
from ..cpu.records import Record
from ..cpu.scratch import copied, make_work, whole_lines, zeros
from ..cpu.simulator import CpuSimulator, Weights
from ..optimizers.cpu.chain import CpuChain, Optimizer, load_chain
from ..optimizers.table import chain_of, rates_of
from ..protocols import Outcome, Samples, State
from ..rules.table import rule_of
from .sharing import FEWEST_WEIGHTS, GROUPS, Sharing
from .values import Values

Array = npt.NDArray[Any]


class CpuTrainer(CpuSimulator):
    """A simulator that learns by the rule of `spec`; see `protocols.Trainer`.

    `is_presented`: the samples that it learns from are run by another engine, see `aware`."""

    is_presented = False

    def __init__(
        self,
        model: Model,
        spec: TrainSpec,
        threads: int | None,
        folder: Path,
    ) -> None:
        self._kind = rule_of(model, spec)
        super().__init__(model, threads, folder)
        self.flat = copied(self.flat)  # the model's own weights stay as they are
        self.presented = Record(Weights(self.flat))
        self.spec = spec
        self.rule = self._kind.tables(model, spec, self.plan)
        if self.is_presented:
            self.rule = self._kind.cpu.presented(self.rule)
        if self._kind.cpu.scans is not None:
            text = self._kind.cpu.scans(self.graph, spec, self.is_presented)
            self.rule = with_scans(self.rule, text, folder)
        self._rule = Record(self.rule)
        # By what it learns; it answers by `plan`, without any dropout.
        self._dropping = dropping(self.plan, self.graph, spec)
        self._presenting = Record(self._dropping)
        self.chain = chain_of(spec)
        self._compiled = load_chain(self.chain, folder)
        self._values = Values(model, self.graph, self.plan)
        self.updates = 0
        self.first = zeros(self.flat.shape, np.float32)
        self.second = zeros(self.flat.shape, np.float32)
        self.rows = zeros(self.flat.shape, np.float32)
        self._gradient = np.zeros((0, len(self.flat)), np.float32)
        self._loaded: dict[tuple[bool, bool], Kernels] = {}
        self._scratches: dict[tuple[int, bool], tuple[Any, Any]] = {}
        self._sharing = Sharing()
        self._compiling: Thread | None = None
        self._show()

    @cached_property
    def kernels(self) -> Kernels:
        """The kernels that present samples, one on each thread: those that the spec's batches are
        learnt by, so that nothing is compiled twice."""
        return self._learning(self._is_at_once(self.spec.count("batch")), False)

    @cached_property
    def _optimizer_alone(self) -> CpuChain:
        """The chain of parameters of neurons: the optimizer. What pulls weights to 0, or clamps
        them, says nothing of numbers that have a range of their own."""
        return load_chain(chain_of(self.spec, ("optimizer",)), self.folder)

    def _is_at_once(self, batch: int) -> bool:
        """Whether a weight may be updated as soon as its row's gradient is known: no row may share
        it, and the chain may look at no other row."""
        learnt = np.array([p.trainable for p in self.graph.projections], np.bool_)
        shared = bool((learnt & (self.plan.kind == WINDOW)).any())
        return batch == 1 and self.chain.is_local and not shared

    def _learning(self, at_once: bool, is_shared: bool) -> Kernels:
        """The kernels that learn: `at_once` batches of one sample, `is_shared` by all threads."""
        key = at_once, is_shared
        if key not in self._loaded:
            self._declare()
            own = self._kind.cpu.features(self.rule, at_once)
            has = features_of(self._dropping, is_shared, is_presented=self.is_presented)
            features = {**has, **own}
            steps = distinct_steps(self.graph)
            self._loaded[key] = load_kernels(steps, self.folder, features, self._kind.cpu.sources)
        return self._loaded[key]

    def _declare(self) -> None:
        super()._declare()
        self._store()
        for fields in (
            self._kind.cpu.scratch(self.plan, self.rule, 0),
            self.optimizer(1.0, 1),
        ):
            Record(fields)

    def train(self, samples: Samples, batch: int, learning_rate: float) -> Outcome:
        """Learn from the samples in their order, one update per `batch` of them."""
        at_once = self._is_at_once(batch)
        updates = -(-len(samples.ids) // batch)
        call = _Call(
            Record(self.optimizer(learning_rate, updates)),
            Record(self.data(samples)),
            Record(self._results(len(samples.ids), GROUPS)),
        )
        threads = self._update_threads(batch)
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
        if at_once:
            self._one_by_one(call, len(samples.ids))
        else:
            self._in_batches(call, len(samples.ids), batch)
        results = call.results
        return Outcome(
            results.counts, results.predictions, results.cost, results.activity.sum(axis=0),
            scores=results.scores,
        )  # fmt: skip

    def _update_threads(self, batch: int) -> int:
        """How many threads share an update."""
        return self.threads

    def _one_by_one(self, call: _Call, samples: int) -> None:
        """An update a sample; whether the threads share it is found by measuring, unless the host
        has something to do in between."""
        done = 0
        while len(self._values) and done < samples:
            self.updates = self._learn(call, True, False, done, done + 1)
            self._update_values(call, self._gradient_of_values(True), 1.0)
            done += 1
        while done < samples:
            piece = self._sharing.next(samples - done, self._may_share(call))
            started = time.perf_counter()
            self.updates = self._learn(call, True, piece.is_shared, done, done + piece.samples)
            self._sharing.took(piece, time.perf_counter() - started)
            done += piece.samples

    def _may_share(self, call: _Call) -> bool:
        """Whether the threads could share a sample: there are some, the network is large enough,
        and the kernels for it are compiled, which goes on beside the training."""
        largest = np.diff(self.plan.weight)[self.plan.kind == PAIRS].max(initial=0)
        if self.threads == 1 or largest < FEWEST_WEIGHTS:
            return False
        if self._compiling is None:
            self._scratch_for(1, True)
            self._compiling = Thread(target=self._learn, args=(call, True, True, 0, 0), daemon=True)
            self._compiling.start()
        return not self._compiling.is_alive()

    def _in_batches(self, call: _Call, samples: int, batch: int) -> None:
        kernels = self._learning(False, False)  # before the threads would load them all at once
        self._scratch_for(GROUPS, False)
        for start in range(0, samples, batch):
            end = min(start + batch, samples)

            def learn(group: int, start: int = start, end: int = end) -> None:
                self._learn(call, False, False, start + group, end, group)

            # Which group takes a sample depends on its place alone, never on the threads.
            groups = min(GROUPS, end - start)
            self._on_threads(learn, groups)
            self._update(call, kernels, groups, 1.0 / (end - start))

    def _update(self, call: _Call, kernels: Kernels, groups: int, scale: float) -> None:
        """An update by scale * (the gradients of so many groups; those of the others are 0)."""
        self.updates += 1
        asked = self._gradient_of_values(False)
        if self._compiled.factor is not None:
            first = whole_lines(len(self.flat))
            self._gradient[0, first : first + len(asked)] = asked
            numbers, found = call.optimizer.numbers, self._gradient[:groups]
            scale = self._compiled.factor(numbers, found, np.float32(scale))
        kernels.module.update(
            self.tables, self._rule, call.optimizer, self._store(groups), self.updates, scale
        )
        self._update_values(call, asked, scale)

    @property
    def _others(self) -> int:
        """How many numbers are learnt beside weights."""
        return len(self._values)

    def _gradient_of_values(self, at_once: bool) -> Array:
        """dL/dx of the parameters that are learnt, f32[V]."""
        if not len(self._values):
            return np.zeros(0, np.float32)
        _, back = self._scratch_for(1 if at_once else GROUPS, False)
        return self._values.gradient(back.starts)

    def _update_values(self, call: _Call, asked: Array, scale: float) -> None:
        """The update `updates` of the parameters that are learnt, by scale * asked."""
        if len(self._values):
            self._values.update(self._optimizer_alone, self._pace(call), asked, scale)
            self._values.show(self.plan.real_init)

    def _pace(self, call: _Call) -> tuple[Any, Any, Any]:
        """The optimizer's (size, eps, rate) of the update `updates`."""
        optimizer, number = call.optimizer, self.updates - 1 - call.optimizer.before
        return optimizer.size[number], optimizer.eps[number], optimizer.rate

    def _learn(
        self, call: _Call, at_once: bool, is_shared: bool, first: int, last: int, worker: int = 0
    ) -> int:
        """Learn from the samples first:last, or every GROUPS-th; the updates so far."""
        kernels = self._learning(at_once, is_shared)
        work, back = self._scratch_for(1 if at_once else GROUPS, is_shared)
        return int(
            kernels.module.learn(
                kernels.address, self._presenting, self._rule, call.optimizer, self.presented,
                self._store(), work, back, call.data, self.seed, self.updates, first, last,
                1 if at_once else GROUPS, worker, call.results,
            )
        )  # fmt: skip

    def weights(self) -> State:
        """Copies of all weights, by projection name, shaped as their wiring says."""
        return unflatten(self.graph, self.plan, self.model.wirings, self.flat)

    def parameters(self) -> State:
        """Copies of the parameters of neurons that it learns, by their names in `Model.values`."""
        return self._values.now()

    def state(self) -> State:
        """Weights, parameters, moments and the update count: all that `restore` needs."""
        moments, turned = self._moments(), self._turned()
        state = state_of(self.model, self.plan, self.flat, moments, turned, self.updates)
        return {**state, **self._values.state()}

    def restore(self, state: State) -> None:
        """Take over a state; CompileError(E060) if its names, shapes or types do not fit."""
        require_fit(self.state(), state)
        self.flat[:] = weights_in(state, self.graph)
        for name, flat in self._moments().items():
            flat[:] = moment_in(state, self.graph, self.plan, name, self._turned())
        self.updates = int(state["optimizer/updates"][0])
        self._values.restore(state)
        self._show()

    def _moments(self) -> dict[str, Array]:
        return {"first": self.first, "second": self.second}

    def _turned(self) -> Array:
        """The projections of which the moments are post-major."""
        return np.asarray((self.plan.kind == PAIRS) & self._kind.cpu.is_turned)

    def _show(self) -> None:
        """Let the kernels read what is learnt: the weights post-major too, the neurons' numbers."""
        copy_rows(self.plan, self.flat, self.rows)
        self._values.show(self.plan.real_init)

    def _store(self, groups: int = GROUPS) -> Record[Store]:
        gradient = self._gradient[:groups]
        return Record(Store(self.flat, self.rows, self.first, self.second, gradient))

    def _scratch_for(self, workers: int, is_shared: bool) -> tuple[Any, Any]:
        """Scratch of so many workers, and the accumulators that they add to."""
        key = workers, is_shared
        if key not in self._scratches:
            each, kept = self._kind.cpu.together(self.plan), self._kind.cpu.kept(self.rule)
            self._scratches[key] = (
                Record(make_work(self._dropping, workers * each, is_shared, kept, each)),
                Record(self._kind.cpu.scratch(self.plan, self.rule, workers)),
            )
        if workers > 1 and len(self._gradient) < workers:
            columns = whole_lines(len(self.flat)) + whole_lines(self._others)
            self._gradient = zeros((workers, columns), np.float32)
        return self._scratches[key]

    def optimizer(self, rate: float, updates: int) -> Optimizer:
        """The chain for the next updates at a learning rate."""
        size, eps = self.chain.paces(rate, self.updates + 1, updates)
        return Optimizer(
            self._compiled.update_row,
            self._compiled.numbers,
            size,
            eps,
            np.float32(rate),
            rates_of(self.graph),
            self.updates,
        )


class _Call(NamedTuple):
    """What one call of `train` learns by, from, and into."""

    optimizer: Any
    data: Any
    results: Any
