"""Training on the card: one launch learns any number of updates."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.graph import TrainSpec
from ...ir.model import Model
from ..compiled.dropout import dropping
from ..compiled.kinds import PAIRS
from ..compiled.network import unflatten
from ..compiled.state import copy_rows, moment_in, require_fit, state_of, weights_in
from ..compiled.store import Store
from ..cuda.device import Device
from ..cuda.scratch import Make
from ..cuda.simulator import CudaSimulator, Launcher, Reserve, on_device
from ..optimizers.cpu.chain import CpuChain, load_chain
from ..optimizers.cuda.chain import optimizer_of
from ..optimizers.table import chain_of
from ..protocols import Outcome, Samples, State
from ..rules.row import APPLY, CURRENTS, FIND
from ..rules.table import rule_of
from .values import Values

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
        rule = rule_of(model, spec)
        has_currents, self._kind = CURRENTS in rule.keeps, rule.cuda
        super().__init__(model, threads, folder, device, has_currents)
        self.spec, self.folder = spec, folder
        self._values = Values(model, self.graph, self.plan)
        # By what it learns; it answers by `layout`, without any dropout.
        self._learns = replace(self.layout, plan=dropping(self.plan, self.graph, spec))
        self.own = own = self._kind.layout(model, self._learns, spec)
        program = self._kind.program(self._learns, own, spec, self._threads())
        self._learn = Launcher(self.device, program)
        self._rule = on_device(self.device, own.rule)
        upload, plan = self.device.upload, self._learns.plan
        self._presenting = self._plan._replace(
            dropped=upload(plan.dropped), alike=upload(plan.alike), share=upload(plan.share)
        )
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
            call = _Call(self._data(samples), results, back, batch, learning_rate)
            # Where the host has its part in an update, it is called after each.
            each = batch if len(self._values) else count
            for first in range(0, count, each):
                self._update(call, first, min(first + each, count))
        download = self.device.download
        return Outcome(
            download(results.counts)[:count],
            download(results.predictions)[:count],
            download(results.cost)[:count].astype(np.float64),
            download(results.activity),
            scores=self._scores(results, count),
        )

    def _update(self, call: _Call, first: int, last: int) -> None:
        """All updates of the samples first:last; one where parameters of neurons learn."""
        updates = -(-(last - first) // call.batch)
        numbers = optimizer_of(self.spec, self.graph, call.rate, self.updates + 1, updates)
        optimizer = on_device(self.device, numbers)
        self.updates += updates
        if not len(self._values):
            self._launch(call, optimizer, self._learning, first, last)
            return
        part = self._learning._replace(part=FIND) if numbers.whole else self._learning
        self._launch(call, optimizer, part, first, last)
        asked = self._values.gradient(self.device.download(call.back.starts)[None])
        scale = 1.0 / (last - first)
        if numbers.whole:
            scale = self._scaled(call.back, asked, scale)
            self._launch(call, optimizer, part._replace(part=APPLY), first, last)
        pace = numbers.size[0], numbers.eps[0], numbers.rate
        self._values.update(self._optimizer_alone, pace, asked, scale)
        self._show()

    def _scaled(self, back: Any, asked: Array, scale: float) -> float:
        """The factor of the whole gradient, of which `asked` is the host's part."""
        squares = self.device.download(back.squares)
        squares[-1] = np.square(asked).sum()
        self.device.write(back.squares, squares)
        length = np.sqrt(squares.sum(keepdims=True)[None])
        return float(self._whole.factor(self._whole.numbers, length, np.float32(scale)))

    @cached_property
    def _optimizer_alone(self) -> CpuChain:
        """The optimizer for parameters of neurons, as on the CPU."""
        return load_chain(chain_of(self.spec, ("optimizer",)), self.folder)

    @cached_property
    def _whole(self) -> CpuChain:
        """The chain that looks at the whole gradient, on the host."""
        return load_chain(chain_of(self.spec), self.folder)

    def _launch(self, call: _Call, optimizer: Any, learning: Any, first: int, last: int) -> None:
        """The kernel over the samples first:last."""
        self._learn(
            self._presenting, self._tables, self._rule, learning, optimizer, self._store, call.back,
            call.data, call.results, first, last, call.batch, int(call.back.count.shape[0]),
            *self._key(),
        )  # fmt: skip

    def weights(self) -> State:
        """Copies of all weights, by projection name, shaped as their wiring says."""
        flat = self.device.download(self.flat)
        return unflatten(self.graph, self.plan, self.layout.model.wirings, flat)

    def parameters(self) -> State:
        """Copies of the parameters of neurons that it learns, by their names in `Model.values`."""
        return self._values.now()

    def state(self) -> State:
        """Weights, parameters, moments and the update count, as the CPU's trainer has them."""
        total = int(self.plan.weight[-1])
        flat, *moments = (
            self.device.download(array)[:total] for array in (self.flat, *self._moments().values())
        )
        named = dict(zip(self._moments(), moments, strict=True))
        state = state_of(self.layout.model, self.plan, flat, named, self._turned(), self.updates)
        return {**state, **self._values.state()}

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
        self._values.restore(state)
        self._show()

    def _show(self) -> None:
        """Let the kernels read the neurons' numbers."""
        if len(self._values):
            self._values.show(self.plan.real_init)
            self.device.write(self._plan.real_init, self.plan.real_init)

    def _moments(self) -> dict[str, Any]:
        return {"first": self._store.first, "second": self._store.second}

    def _turned(self) -> Array:
        """The projections of which the moments are post-major."""
        return np.asarray((self.plan.kind == PAIRS) & self._kind.is_turned)

    def _rows(self, flat: Array) -> Array:
        rows = np.empty_like(flat)
        copy_rows(self.plan, flat, rows)
        return rows

    def _reserve(self, batch: int) -> Any:
        def build(make: Make, flight: int) -> Any:
            return self._kind.scratch(make, self._learns, self.own, flight, self._learn.blocks)

        return self._back.of(batch, build)


class _Call(NamedTuple):
    """What one call of `train` learns by, from, and into."""

    data: Any
    results: Any
    back: Any
    batch: int
    rate: float
