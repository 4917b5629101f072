"""What the kernels of learning through time read beside the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....ir.adjoint.curves import CURVES
from ....ir.adjoint.step import StepAdjoint, Surrogate, adjoint_of
from ....ir.calls import number, text
from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Call, Graph, Population, TrainSpec
from ....ir.model import Model, first_values
from ....ir.neuron import most_of
from ....ir.passes.settle import Settle
from ....ir.relays import spiking_instead
from ....ir.rules import emitters, sends_numbers
from ....ir.trains import most_given
from ....ir.verify.durations import steps_of
from ...compiled.plan import Plan, distinct_steps
from ...losses.table import (
    FIRST,
    LOSSES,
    TRAINS,
    CountLoss,
    ScoreLoss,
    count_tables,
    loss_of,
)
from ...losses.trains import Wanted, wanted_trains
from ...optimizers.table import ROW, chain_of
from ..reach import (
    require_one_output,
    require_output_apart,
    require_single_spikes,
    taught,
)
from .eventprop import eventprop_scan
from .tssl import tssl_scan

Array = npt.NDArray[Any]


class Through(NamedTuple):
    """P populations, J projections, T steps."""

    loss: int  # TABLE, SOFTMAX, TRAINS or FIRST
    error: Array  # f32[2, most + 1] dL/dcount at o = 0 … most, of any other output, of the label's
    cost: Array  # f64[2, most + 1]
    scale: float  # of the scores
    early: float  # the weight of the label's own first spike
    which: Array  # i32[classes, outputs] the train that is wanted, where y is the label
    wanted: Array  # f32[K, T] trains, filtered
    keep: float  # of the filter
    needed: Array  # u8[P] whose adjoint is needed: weights that learn lead to it
    trains: Array  # u8[J]
    by_rows: int  # whether an update depends on all weights of a neuron
    is_cut: int  # whether errors pass no spike that a block sends itself
    is_timed: int  # whether spikes are asked for their times
    learns: int  # 1 where parameters of neurons learn
    kept: int  # numbers of a neuron and step that are remembered
    own: int  # states of a neuron that its adjoint has beside its own
    segment: int  # steps that a processor goes back over at a time
    segments: int
    replay: Any = 0  # functions of the network's neurons, see `text`
    retreat: Any = 0


def make_tables(model: Model, spec: TrainSpec, plan: Plan) -> Through:
    """The tables of a spec for a model; CompileError(E050) where the rule does not apply."""
    graph = model.graph
    require_learnable(graph, spec)
    kept, own = _kept(model, spec)
    segment = segment_of(plan.steps, each_step(graph, kept, is_timed(spec.call("rule"))))
    needed = taught(graph, lambda projection: True)
    return Through(
        **_loss(loss_of(spec), graph, plan),
        needed=np.array([p.name in needed for p in graph.populations], np.uint8),
        trains=np.array([p.trainable for p in graph.projections], np.uint8),
        by_rows=int(bool(chain_of(spec).of(ROW))),
        is_cut=int(is_cut(spec.call("rule"))),
        is_timed=int(is_timed(spec.call("rule"))),
        learns=int(any(p.learnt for p in graph.populations)),
        kept=kept,
        own=own,
        segment=segment,
        segments=-(-plan.steps // segment),
    )


def _kept(model: Model, spec: TrainSpec) -> tuple[int, int]:
    """The most numbers of a step that an adjoint of the network reads, and the most states that one
    has beside its neuron's."""
    found = adjoints(Settle().run(model).graph, spec.call("rule"))
    return max((len(a.kept) for a in found), default=0), max((len(a.own) for a in found), default=0)


MOST_BYTES = 1 << 28  # of what a sample's steps leave behind; more are gone back over in parts
PART = 40  # steps, of which a segment is a multiple


def each_step(graph: Graph, kept: int, is_by_time: bool) -> int:
    """4 N (K + 1 + 2 ports): the bytes that a step of a sample leaves behind: the tape, what is
    asked, what arrived and its adjoint, and that by its time."""
    ports = max((len(step.ports) for step in distinct_steps(graph)), default=0)
    neurons = sum(p.neurons for p in graph.populations)
    return 4 * neurons * (max(1, kept) + 1 + (2 + is_by_time) * ports)


def segment_of(steps: int, each: int) -> int:
    """The steps of a segment, of `each` bytes: all, unless they take more than MOST_BYTES."""
    if steps * each <= MOST_BYTES:
        return steps
    return min(steps, max(1, MOST_BYTES // each // PART) * PART)


def _loss(loss: Call, graph: Graph, plan: Plan) -> dict[str, Any]:
    """The fields of a loss."""
    row = LOSSES[loss.kind]
    error: Array = np.zeros((2, 0), np.float32)
    cost, trains = np.zeros((2, 0)), Wanted(np.zeros((0, 0), np.int32), np.zeros((0, 0)), 0.0)
    first = graph.dt / number(loss, "tau") if row.kernel == FIRST else 1.0
    if isinstance(row, CountLoss):
        error, cost = count_tables(loss, plan.steps * graph.semantics.spikes_per_step)
    if row.kernel == TRAINS:
        outputs = graph.populations[plan.output].neurons
        trains = wanted_trains(loss, outputs, plan.steps, graph.dt)
    return {
        "loss": row.kernel,
        "error": error,
        "cost": cost,
        "scale": number(loss, "scale") if isinstance(row, ScoreLoss) else first,
        "early": number(loss, "early") if row.kernel == FIRST else 0.0,
        "which": trains.which,
        "wanted": trains.trains.astype(np.float32),
        "keep": trains.keep,
    }


def surrogate_of(rule: Call) -> Surrogate:
    """What a rule's arguments say of the derivative of a spike."""
    return Surrogate(
        CURVES[text(rule, "curve")],
        number(rule, "width"),
        is_through=text(rule, "reset") == "through",
        is_temporal=bool(dict(rule.arguments).get("temporal", True)),
    )


def adjoints(graph: Graph, rule: Call) -> tuple[StepAdjoint, ...]:
    """The adjoints of the distinct steps of a graph, in their order; CompileError(E050) for a
    threshold without a margin."""
    computed = [p for p in graph.populations if p.step is not None]
    most = graph.semantics.spikes_per_step
    scans = [(p.step, scan_of(p, rule, most)) for p in computed]
    by_step = dict(reversed(scans))
    return tuple(by_step[step] for step in distinct_steps(graph))


def scan_of(population: Population, rule: Call, spikes: int = 1) -> StepAdjoint:
    """The adjoint of a population's step by a rule, for up to so many spikes of a neuron in a step;
    CompileError(E050) where there is none."""
    if rule.kind in OFTEN:
        assert population.step is not None
        surrogate = replace(surrogate_of(rule), spikes=most_of(population.step, spikes))
        return adjoint_of(population.step, surrogate, population.span)
    return SCANS[rule.kind](population, rule)


def is_cut(rule: Call) -> bool:
    """Whether errors pass no spike that populations of one block send each other."""
    return rule.kind == "e_prop"


def is_timed(rule: Call) -> bool:
    """Whether spikes are asked for their times: dL/d(time), a step, in place of dL/d(spike)."""
    return rule.kind == "eventprop"


OFTEN = frozenset({"e_prop", "surrogate"})  # those that know several spikes a step
SCANS: dict[str, Callable[[Population, Call], StepAdjoint]] = {
    "eventprop": eventprop_scan,
    "tssl_bp": tssl_scan,
}


def sample_bytes(graph: Graph, spec: TrainSpec) -> dict[str, int]:
    """What a sample takes by population, inputs too, as the arrays hold all neurons side by side:
    `each_step` of the steps of a segment and, where there are several, all states at the start of
    each. The largest population whose spikes weights learn from takes 4 bytes more a step and
    spike that there may be: its spikes sorted by neuron."""
    model, timed = Model(graph, {}, first_values(graph)), is_timed(spec.call("rule"))
    kept, own = _kept(model, spec)
    steps, neurons = steps_of(graph), sum(p.neurons for p in graph.populations)
    segment = segment_of(steps, each := each_step(graph, kept, timed))
    starts = -(-steps // segment) if segment < steps else 0
    states = max((len(step.states) for step in distinct_steps(graph)), default=0) + own
    total = each * segment + 4 * neurons * starts * states
    found = {p.name: total * p.neurons // neurons for p in graph.populations}
    index = graph.index()
    sending = {p.pre for p in graph.projections if p.trainable and not sends_numbers(index[p.pre])}
    if sending:
        listed = {name: index[name].neurons * most_given(index[name]) for name in sending}
        largest = max(listed, key=listed.__getitem__)
        found[largest] += 4 * segment * listed[largest]
    return found


def require_learnable(graph: Graph, spec: TrainSpec) -> None:
    """CompileError(E050) where the rule cannot train a network."""
    rule = spec.call("rule")
    require_one_output(graph, rule)
    if rule.kind not in OFTEN:
        require_single_spikes(graph, rule)
    if is_cut(rule):
        require_output_apart(graph, rule)
    if is_timed(rule):
        _require_spikes(graph, rule)
    adjoints(graph, rule)


def _require_spikes(graph: Graph, rule: Call) -> None:
    """CompileError(E050) where a population sends numbers: they change at once when a spike comes
    later, which no error that goes down by the times of spikes has."""
    found = emitters(graph)
    if found:
        raise CompileError(
            Diagnostic(
                "E050",
                f"`{rule.kind}` learns by the times of spikes, and `{p.name}` sends numbers",
                p.span,
                help=f"{spiking_instead(p)}, or learn by `rule surrogate`",
            )
            for p in found
        )
