"""Quantization-aware training on the CPU: the integers of a network run forward, its floats learn.

Every sample is presented by the integer model, in its own kernels. The rule goes back over the
spikes of that, with the numbers that the codes mean as its weights, and what it finds moves weights
in float32, which are coded anew for the next sample: a code is a step function of its weight, and
the gradient passes it as if it were none, but where the weight is clipped (Bengio, Leonard,
Courville, "Estimating or propagating gradients through stochastic neurons", 2013; Hubara et al.,
"Quantized neural networks", 2016, sec. 1.3 and 4). Units, thresholds and decays stay as they were
when the network was quantized, but for units and parameters of neurons that learn too (`units`,
`values`), whose codes are worked out anew. Weights by axon type keep the types, and the few that a
neuron has are fitted anew to what its synapses have learnt: each passes its gradient as if it were
what its own synapse has, but where it is clipped. Where the integers fire several times in a step,
the rule goes back over how often (see `ir.adjoint.often`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.graph import TrainSpec
from ...ir.integers.grid import NO_TYPES, Typed, grid_of, nearest_of_types
from ...ir.integers.scales import BASE, NO_SCALES, Scales, rescaled
from ...ir.model import Model, sent_unit, value_name
from ...ir.running import Probe
from ..compiled.kinds import PAIRS
from ..compiled.network import meant
from ..compiled.state import copy_rows, require_fit, transposed
from ..compiled.store import Results, Store
from ..cpu.records import Record
from ..cpu.scratch import Work, make_work, zeros
from ..cpu.simulator import CpuSimulator, Weights
from ..protocols import Outcome, Samples, State
from ..trace import Trace
from .cpu import CpuTrainer
from .sharing import GROUPS
from .units import Units, begin_with

Array = npt.NDArray[Any]


class AwareTrainer(CpuTrainer):
    """A trainer of the floats `model` that runs its `integers`; see `protocols.Trainer`. What it
    presents is answered by the integers, `weights` and `state` are the floats."""

    is_presented = True

    def __init__(
        self,
        model: Model,
        integers: Model,
        spec: TrainSpec,
        threads: int | None,
        folder: Path,
        scales: Scales = NO_SCALES,
        types: Typed = NO_TYPES,
    ) -> None:
        assert not spec.calls("dropout"), "refused before"
        self.integers = CpuSimulator(integers, threads, folder)
        self._scales, self.types = scales, types
        learnt = {name: scale for name, scale in scales.items() if scale.is_learnt}
        self._units = Units(integers, learnt, grid_of(integers))
        self._asked = np.zeros(0, np.float32)
        self._beyond: Array  # of every weight, by types alone: on which side it is clipped, or 0
        self._unread: Record[Results]  # what their engine counts, which the rule counts as well
        super().__init__(_as_often(model, integers), spec, threads, folder)
        assert (self.plan.weight == self.integers.plan.weight).all()
        assert (self.plan.events == self.integers.plan.events).all()

    def run(self, samples: Samples) -> Outcome:
        """As the integers answer."""
        return self.integers.run(samples)

    def raster(self, samples: Samples, sample: int) -> npt.NDArray[np.bool_]:
        """The spikes of the integers."""
        return self.integers.raster(samples, sample)

    def trace(self, samples: Samples, has_states: bool) -> Trace:
        """What the integers do."""
        return self.integers.trace(samples, has_states)

    def record(self, samples: Samples, probes: Sequence[Probe]) -> tuple[Array, ...]:
        """What probes see of the integers."""
        return self.integers.record(samples, probes)

    def states_at(self, samples: Samples, steps: int) -> dict[str, dict[str, Array]]:
        """The states of the integers."""
        return self.integers.states_at(samples, steps)

    def train(self, samples: Samples, batch: int, learning_rate: float) -> Outcome:
        """Learn from the samples in their order; `counts` and costs are those of the integers."""
        # Before the threads would make them all at once.
        _ = self.integers.kernels, self._codes_work
        places = len(self._codes_work.ptr)
        self._unread = Record(self.integers._results(len(samples.ids), places))
        return super().train(samples, batch, learning_rate)

    def _is_at_once(self, batch: int) -> bool:
        return False  # a weight that changes is coded anew, with all others

    def _update_threads(self, batch: int) -> int:
        return 1 if batch == 1 else self.threads  # to meet takes as long as what they would share

    def _show(self) -> None:
        """Let the integers run what the floats have become, and the rule see what they mean."""
        super()._show()
        self._measure()
        self._recode()

    def _measure(self) -> None:
        """Let the integers have the units and parameters that were learnt."""
        engine, bases = self.integers, self._units.bases()
        engine.model = rescaled(engine.model, self._scales, bases, self._values.numbers())
        begin_with(engine.model, self._scales, engine.plan)
        # The unit of every weight and its largest code, f64[W], and the same as `rows` lie.
        units, limits = self._grid = grid_of(engine.model)
        self._turned_grid = self._turn(units), self._turn(limits)

    def _turn(self, each: Array) -> Array:
        return transposed(self.plan, each, self.plan.kind == PAIRS, to_post=True)

    @cached_property
    def _seen(self) -> Store:
        """What the rule goes back by: the numbers that the codes mean, as weights and as rows."""
        seen, rows = (zeros(self.flat.shape, np.float32) for _ in range(2))
        return Store(seen, rows, self.first, self.second, self._gradient)

    def _recode(self) -> None:
        if self.types:
            self._recode_by_type()
            return
        module, seen = self._learning(False, False).module, self._seen
        codes = self.integers.flat.view(np.int32)
        module.recode(self.rows, *self._turned_grid, self._aside, seen.rows)
        module.recode(self.flat, *self._grid, codes, seen.weights)

    def _recode_by_type(self) -> None:
        """The same where what is coded is the weight that a neuron has for a type of axons."""
        units, limits = self._grid
        kept = nearest_of_types(self.integers.model, _exact(self.weights()), self.types)
        flat = np.concatenate([kept[p.name].ravel() for p in self.graph.projections])
        codes = np.clip(np.rint(flat / units), -limits, limits)
        self.integers.flat.view(np.int32)[:] = codes
        self._seen.weights[:] = codes * units
        copy_rows(self.plan, self._seen.weights, self._seen.rows)
        self._beyond = np.sign(flat) * (abs(flat) > (limits + 0.5) * units)

    def _hold_back(self, groups: int, is_turned: bool) -> None:
        """Let no weight that is clipped go further; those of its type may bring it back."""
        beyond = self._turn(self._beyond) if is_turned else self._beyond
        gradient = self._gradient[:groups, : len(beyond)]
        gradient[:, gradient.sum(axis=0) * beyond < 0.0] = 0.0

    @cached_property
    def _aside(self) -> Array:
        return zeros(self.flat.shape, np.int32)

    def _update(self, call: Any, kernels: Any, groups: int, scale: float) -> None:
        is_turned = self._kind.cpu.is_turned
        weights, grid = (self.rows, self._turned_grid) if is_turned else (self.flat, self._grid)
        self._asked = self._credited(kernels, weights, grid, groups, is_turned)
        if self.types:
            self._hold_back(groups, is_turned)
        else:
            kernels.module.blind(weights, *grid, self._gradient[:groups])
        super()._update(call, kernels, groups, scale)
        self._recode()

    def _credited(
        self, kernels: Any, weights: Array, grid: tuple[Array, Array], groups: int, is_turned: bool
    ) -> Array:
        """What the units learn by."""
        units = self._units
        if not len(units):
            return self._asked
        found = np.zeros(len(units) + 1)
        of = (units.owner, units.ratio)
        owners, ratios = map(self._turn, of) if is_turned else of
        gradient = self._gradient[:groups]
        kernels.module.credit_units(weights, *grid, owners, ratios, gradient, found)
        return units.gradient(found)

    @property
    def _others(self) -> int:
        return super()._others + len(self._units)

    def _gradient_of_values(self, at_once: bool) -> Array:
        return np.concatenate([super()._gradient_of_values(at_once), self._asked])

    def _update_values(self, call: Any, asked: Array, scale: float) -> None:
        count = len(self._values)
        super()._update_values(call, asked[:count], scale)
        if len(self._units):
            pace = self._pace(call)
            self._units.update(self._optimizer_alone, pace, asked[count:], scale)
        if self._scales:
            self._measure()

    def parameters(self) -> State:
        """Those of neurons, and the base units that it learns."""
        bases = {value_name(name, BASE): base for name, base in self._units.bases().items()}
        return {**super().parameters(), **bases}

    def state(self) -> State:
        """That of a trainer of floats, and the units."""
        return {**super().state(), **self._units.state()}

    def restore(self, state: State) -> None:
        """Take over a state; CompileError(E060) if its names, shapes or types do not fit."""
        require_fit(self.state(), state)
        self._units.restore(state)
        super().restore(state)

    def _learn(
        self, call: Any, at_once: bool, is_shared: bool, first: int, last: int, worker: int = 0
    ) -> int:
        """Learn from the samples first, first + GROUPS, … before last, a few at a time."""
        each = self._kind.cpu.together(self.plan)
        for start in range(first, last, GROUPS * each):
            end = min(start + GROUPS * each, last)
            for place, sample in enumerate(range(start, end, GROUPS)):
                self._present(call, sample, worker * each + place)
            self._go_back(call, start, end, worker)
        return self.updates

    def _present(self, call: Any, sample: int, place: int) -> None:
        """Run a sample by the integers; its spikes, and its scores as floats, into the scratch of
        that place."""
        work, _ = self._scratch_for(GROUPS, False)
        codes, engine = self._codes_work, self.integers
        engine.kernels.module.run(
            engine.kernels.address, engine.tables, engine.presented, call.data, engine.seed,
            sample, len(call.data.ids), codes, place, self._unread,
        )  # fmt: skip
        row, plan = engine.plan.score, self.plan
        if row >= 0:
            own = slice(plan.neurons[plan.output], plan.neurons[plan.output + 1])
            scores = codes.reals[place, row, own].view(np.int32)
            work.reals[place, plan.score, own] = meant(engine.model, scores)
        for p in np.flatnonzero(plan.emitted >= 0):
            sent = slice(plan.graded[p], plan.graded[p + 1])
            unit = sent_unit(engine.model, engine.graph.populations[p])
            work.graded[place, :, sent] = codes.graded[place, :, sent].view(np.int32) * unit

    def _go_back(self, call: Any, start: int, end: int, worker: int) -> None:
        """Learn from samples that were presented."""
        kernels = self._learning(False, False)
        work, back = self._scratch_for(GROUPS, False)
        store = self._seen._replace(gradient=self._gradient)
        kernels.module.learn(
            kernels.address, self.tables, self._rule, call.optimizer,
            Record(Weights(store.weights)), Record(store), work, back, call.data, self.seed,
            self.updates, start, end, GROUPS, worker, call.results,
        )  # fmt: skip

    @cached_property
    def _codes_work(self) -> Record[Work]:
        """The integers' scratch, a place for each of ours, with our spikes in it."""
        work, _ = self._scratch_for(GROUPS, False)
        own = make_work(self.integers.plan, len(work.ptr))
        assert (own.ptr.shape, own.spikes.shape) == (work.ptr.shape, work.spikes.shape)
        return Record(own._replace(ptr=work.ptr, spikes=work.spikes))


def _exact(weights: State) -> dict[str, npt.NDArray[np.float64]]:
    return {name: each.astype(np.float64) for name, each in weights.items()}


def _as_often(model: Model, integers: Model) -> Model:
    """The model whose neurons fire as often in a step as those of the integers may."""
    most = integers.graph.semantics.spikes_per_step
    means = replace(model.graph.semantics, spikes_per_step=most)
    return replace(model, graph=replace(model.graph, semantics=means))
