"""Training on the card: one launch learns any number of updates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.graph import TrainSpec
from ...ir.model import Model
from ..compiled.kinds import PAIRS
from ..compiled.network import unflatten
from ..compiled.state import copy_rows, moment_in, require_fit, state_of, weights_in
from ..compiled.store import Store
from ..cuda.device import Device
from ..cuda.scratch import Make
from ..cuda.simulator import CudaSimulator, Launcher, Reserve, on_device
from ..optimizers.cuda.chain import optimizer_of
from ..protocols import Outcome, Samples, State
from ..rules.table import on_gpu, rule_of

Array = npt.NDArray[Any]


class CudaTrainer(CudaSimulator):
    """A simulator that learns by the rule of `spec`; see `target.Trainer`.

    All samples of a batch are in flight at once, or as many as the card has room for; their
    gradients are summed in the order of the samples, so neither changes the result.
    """

    def __init__(
        self,
        model: Model,
        spec: TrainSpec,
        threads: int | None,
        folder: Path,
        device: Device | None = None,
    ) -> None:
        rule_of(model, spec)
        super().__init__(model, threads, folder, device)
        self.spec = spec
        self._kind = on_gpu(spec)
        self.own = own = self._kind.layout(self.layout, spec)
        program = self._kind.program(self.layout, own, spec, self._threads())
        self._learn = Launcher(self.device, program)
        self._rule = on_device(self.device, own.rule)
        self._learning = on_device(self.device, own.learning)
        self.updates = 0
        flat = self.device.download(self.flat)
        empty = self.device.empty
        self._store = Store(
            self.flat,
            self.device.upload(self._rows(flat)),
            *(empty(flat.shape, np.float32) for _ in range(3)),
        )
        self._back: Reserve[Any] = Reserve(self.device)

    def train(self, samples: Samples, batch: int, learning_rate: float) -> Outcome:
        """Learn from the samples in their order, one update per `batch` of them."""
        count = len(samples.ids)
        results = self._results(count)
        if count:
            back = self._reserve(min(batch, count))
            updates = -(-count // batch)
            numbers = optimizer_of(self.spec, self.graph, learning_rate, self.updates + 1, updates)
            optimizer = on_device(self.device, numbers)
            self._learn(
                self._plan, self._tables, self._rule, self._learning, optimizer, self._store, back,
                self._data(samples), results, 0, count, batch, int(back.count.shape[0]),
                *self._key(),
            )  # fmt: skip
            self.updates += updates
        download = self.device.download
        return Outcome(
            download(results.counts)[:count],
            download(results.predictions)[:count],
            download(results.cost)[:count].astype(np.float64),
            download(results.activity),
        )

    def weights(self) -> State:
        """Copies of all weights, by projection name, shaped as their wiring says."""
        flat = self.device.download(self.flat)
        return unflatten(self.graph, self.plan, self.layout.model.wirings, flat)

    def parameters(self) -> State:
        """None: it refuses the rules that learn parameters of neurons."""
        return {}

    def state(self) -> State:
        """Weights, moments and the update count, as the CPU's trainer has them."""
        total = int(self.plan.weight[-1])
        flat, *moments = (
            self.device.download(array)[:total] for array in (self.flat, *self._moments().values())
        )
        named = dict(zip(self._moments(), moments, strict=True))
        return state_of(self.layout.model, self.plan, flat, named, self._turned(), self.updates)

    def restore(self, state: State) -> None:
        """Take over a state; CompileError(E060) if its names, shapes or types do not fit."""
        require_fit(self.state(), state)
        flat = np.resize(weights_in(state, self.graph), self.flat.shape)
        self.device.write(self.flat, flat)
        self.device.write(self._store.rows, self._rows(flat))
        for name, moments in self._moments().items():
            kept = moment_in(state, self.graph, self.plan, name, self._turned())
            self.device.write(moments, np.resize(kept, flat.shape))
        self.updates = int(state["optimizer/updates"][0])

    def _moments(self) -> dict[str, Any]:
        return {"first": self._store.first, "second": self._store.second}

    def _turned(self) -> Array:
        """The projections of which the moments are post-major: all pairs."""
        return np.asarray(self.plan.kind == PAIRS)

    def _rows(self, flat: Array) -> Array:
        rows = np.empty_like(flat)
        copy_rows(self.plan, flat, rows)
        return rows

    def _reserve(self, batch: int) -> Any:
        def build(make: Make, flight: int) -> Any:
            return self._kind.scratch(make, self.layout, self.own, flight, self._learn.blocks)

        return self._back.of(batch, build)
