"""Gradients of a whole network for one sample, from its spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .....ir.graph import Block, Call, Graph, Population, Projection
from .....ir.model import Model
from .....ir.wiring import Windows, Wiring
from ....losses.table import judge, loss_in, of_counts
from ...reach import taught
from ..check import counted, is_lateral, output_of, require_alike, require_trainable
from ..profiles import Profile, profile_of
from .cells import cells_of
from .layers import Coupling, System
from .output import lateral_factor, teach
from .partials import Activity, by_pre
from .profiles import Definitions, definitions_of
from .spsp import Cell, Floats, Train, factorised_closed_form


@dataclass(frozen=True, slots=True, eq=False)
class NetworkGradients:
    """`gradients`: by trainable projection, shaped like its weights. `deltas`: by population that
    is no input, the raw error dE/do that reaches it from outside its block. `cost`: the
    loss's, a silent label (which is taught) left out.
    """

    gradients: dict[str, Floats]
    deltas: dict[str, Floats]
    cost: float


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """One sample's view of a network: matrices are [post, pre], spikes those after teaching."""

    graph: Graph
    profile: Profile
    definitions: Definitions
    cells: Mapping[str, Cell]
    wirings: Mapping[str, Wiring]
    weights: Mapping[str, Floats]
    spikes: Mapping[str, Train]

    def counts(self, name: str) -> Floats:
        return np.asarray(self.spikes[name].sum(axis=0), dtype=np.float64)


def network_gradients(
    model: Model,
    spikes: Mapping[str, Train],
    label: int,
    rule: Call,
    importance: float = 1.0,
    *,
    loss: Call | None = None,
    has_window: bool = True,
) -> NetworkGradients:
    """The rule's weight gradients for one presentation.

    Its graph has been through the pipeline; `spikes` are bool [T, N] of every population; the loss
    is that of the rule's arguments unless given.
    Without `has_window` the closed form counts input older than 4 tau_mem too, as the engines do.
    Refuses (E050) a network that the rule can't train.
    """
    graph, wirings = model.graph, model.wirings
    require_trainable(graph, rule)
    require_alike(model)
    output = output_of(graph)
    loss = loss or loss_in(rule)
    counts = np.asarray(spikes[output.name].sum(axis=0), dtype=np.float64)
    steps = len(spikes[output.name])
    profile = profile_of(rule)
    definitions = definitions_of(profile)
    if profile.closed and not has_window:
        definitions = replace(definitions, spsp=factorised_closed_form)
    matrices = {p.name: _dense(model.weights(p.name), wirings[p.name]) for p in graph.projections}
    untaught = _Sample(graph, profile, definitions, cells_of(graph), wirings, matrices, spikes)
    gamma = _gamma(untaught, output, label)
    taught = dict(spikes) | {
        output.name: teach(spikes[output.name], label, of_counts(loss).wanted(loss, steps))
    }
    sample = replace(untaught, spikes=taught)
    deltas = {p.name: np.zeros(p.neurons) for p in graph.populations if p.model is not None}
    errors, costs, _ = judge(loss, counts, label, steps)
    deltas[output.name] += importance * errors
    gradients = _walk(sample, deltas, {output.name: gamma})
    is_judged = (counts > 0) | (np.arange(len(counts)) != label)
    return NetworkGradients(gradients, deltas, float(costs[is_judged].sum()))


def _walk(
    sample: _Sample, deltas: dict[str, Floats], gammas: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Weight gradients of every block, last to first; adds the messages to `deltas`."""
    gradients: dict[str, Floats] = {}
    projections = {p.name: p for p in sample.graph.projections}
    assert sample.graph.schedule is not None
    needed = taught(sample.graph, counted)
    for block in reversed(sample.graph.schedule):
        if not needed.issuperset(block.populations):
            continue
        system = _system(sample, block)
        adjoint = sample.definitions.adjoint(system, deltas, sample.definitions.limit)
        for coupling in system.couplings:
            if coupling.name in adjoint.messages and coupling.pre in deltas:
                wiring = sample.wirings[coupling.name]
                if sample.profile.shared_pools and is_pooling(wiring):
                    deltas[coupling.pre] += shared_out(wiring, deltas[coupling.post], coupling)
                else:
                    deltas[coupling.pre] += adjoint.messages[coupling.name]
            if projections[coupling.name].trainable:
                factor = adjoint.factors[coupling.post] * gammas.get(coupling.post, 1.0)
                full = factor[:, None] * coupling.spsp
                gradients[coupling.name] = _gather(full, sample.wirings[coupling.name])
    return gradients


def _system(sample: _Sample, block: Block) -> System:
    incoming = [
        p for p in sample.graph.projections if p.post in block.populations and not is_lateral(p)
    ]
    is_recurrent = any(p.pre in block.populations for p in incoming)
    return System(
        block.populations,
        {name: sample.spikes[name].shape[1] for name in block.populations},
        {name: sample.cells[name].v_th for name in block.populations},
        tuple(_coupling(sample, p, is_recurrent) for p in incoming),
    )


def _coupling(sample: _Sample, projection: Projection, is_recurrent: bool) -> Coupling:
    profile, cell = sample.profile, sample.cells[projection.post]
    pre, post = sample.spikes[projection.pre], sample.spikes[projection.post]
    spsp = sample.definitions.spsp(pre, post, cell, projection.delay)
    pre_counts, post_counts = sample.counts(projection.pre), sample.counts(projection.post)
    spsp[np.ix_(post_counts == 0, pre_counts > 0)] = profile.silent_entry
    is_pool = is_pooling(sample.wirings[projection.name])
    silent = profile.silent_pool if is_pool else profile.silent_ratio
    activity = Activity(spsp, post_counts, pre_counts, cell, len(pre), is_recurrent)
    return Coupling(
        name=projection.name,
        pre=projection.pre,
        post=projection.post,
        weights=sample.weights[projection.name],
        spsp=spsp,
        by_post=sample.definitions.by_post(activity),
        by_pre=by_pre(activity, silent),
    )


def is_pooling(wiring: Wiring) -> bool:
    """Whether a projection pools."""
    return isinstance(wiring, Windows) and wiring.is_pool


def shared_out(wiring: Wiring, error: Floats, coupling: Coupling) -> Floats:
    """The error below a pooling as the authors of both rules have it: each of its square has an
    even share of the raw error, times de/du (docs/training.md)."""
    pre, post = wiring.pairs()
    assert isinstance(wiring, Windows)
    below = np.zeros(wiring.pre_neurons)
    np.add.at(below, pre, error[post] * coupling.by_pre[post, pre] / wiring.kernel**2)
    return below


def _gamma(sample: _Sample, output: Population, label: int) -> Floats:
    """The lateral factor of the output's weight gradients; ones without lateral inhibition."""
    gamma = np.ones(output.neurons)
    cell, spikes = sample.cells[output.name], sample.spikes[output.name]
    for projection in sample.graph.projections:
        if is_lateral(projection) and projection.post == output.name:
            spsp = sample.definitions.spsp(spikes, spikes, cell, projection.delay)
            gamma *= lateral_factor(
                sample.weights[projection.name],
                spsp,
                sample.counts(output.name),
                label,
                cell.v_th,
                sample.profile.silent_ratio,
            )
    return gamma


def _dense(weights: npt.NDArray[Any], wiring: Wiring) -> Floats:
    """The weights as [post, pre]; synapses of one pair add up."""
    pre, post = wiring.pairs()
    values = weights.ravel()[wiring.places()]
    matrix = np.zeros((wiring.post_neurons, wiring.pre_neurons))
    np.add.at(matrix, (post, pre), values.astype(np.float64))
    return matrix


def _gather(matrix: Floats, wiring: Wiring) -> Floats:
    """The gradient of every weight from that of every pair, [post, pre]: `_dense` transposed."""
    pre, post = wiring.pairs()
    weights = np.zeros(int(np.prod(wiring.weight_shape)))
    np.add.at(weights, wiring.places(), matrix[post, pre])
    return weights.reshape(wiring.weight_shape)
