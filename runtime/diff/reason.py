"""The reason of the first difference, by replaying the population in which it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...ir.graph import Projection
from ...ir.model import Model
from ...ir.report import listing
from .alone import Case, alone, sends_any
from .cause import Cause, find_cause
from .change import UNKNOWN
from .comparison import Comparison
from .evidence import Seen, seen, sent_to
from .inputs import input_cause
from .side import Side

# Samples at hand, that with the first difference and the next ones: until so many spikes.
FEWEST, MOST = 5, 32
MOST_SENT = 40_000
LABELS = ("a", "b")


@dataclass(frozen=True, slots=True)
class Reason:
    """What both sides say of the first difference, and its cause; `network` is the side, 0 or 1,
    whose network was replayed, and `judged` the one that it was to do as."""

    sides: tuple[Seen, Seen]
    cause: Cause
    network: int = 0
    judged: int = 1
    borrowed: tuple[str, ...] = ()


def reason_of(made: Comparison) -> Reason | None:
    """The reason; None of sides that are equal."""
    place = made.found.first
    if place is None:
        return None
    both = seen(made, 0), seen(made, 1)
    network = next((k for k in (0, 1) if made.sides[k].package is not None), None)
    if network is None:
        return Reason(both, Cause(UNKNOWN, "neither side has a network that could be replayed"))
    package = made.sides[network].package
    assert package is not None
    population = package.model.graph.population(place.population)
    if population.role == "input":
        label = LABELS[1 - network]
        found = input_cause(made, network, place.population, label)
        return Reason(both, found, network, 1 - network)
    return _replayed(made, both, network)


def _replayed(made: Comparison, both: tuple[Seen, Seen], network: int) -> Reason:
    place = made.found.first
    assert place is not None
    judged = 1 - network
    package = made.sides[network].package
    assert package is not None
    into = [p for p in package.model.graph.projections if p.post == place.population]
    what = _own(into)
    if what:
        said = f"the population is not replayed: its synapses have {what} of their own"
        return Reason(both, Cause(UNKNOWN, said), network, judged)
    case, borrowed = case_of(made, network, judged)
    if case is None:
        said = "the population cannot be replayed: it is not known what numbers reach it"
        return Reason(both, Cause(UNKNOWN, said), network, judged)
    found = find_cause(case, place.step, place.neuron)
    if found is not None:
        return Reason(both, found, network, judged, borrowed)
    # The network does as the other side did: it is its own side that does not as it says.
    own, borrowed = case_of(made, network, network)
    found = None if own is None else find_cause(own, place.step, place.neuron)
    if found is not None or own is None:
        return Reason(both, found or Cause(UNKNOWN), network, network, borrowed)
    return Reason(both, Cause(UNKNOWN, _elsewhere(case, own)), network, judged, borrowed)


def _own(into: Sequence[Projection]) -> str:
    """What the synapses that end at a population have of their own, which no replay knows of."""
    if any(p.synapse is not None for p in into):
        return "states"
    return "delays" if any(p.delays is not None for p in into) else ""


def _elsewhere(one: Case, other: Case) -> str:
    """What to say where each side did as its population does by itself."""
    senders = [n for n, sent in one.sent.items() if not np.array_equal(sent, other.sent[n])]
    numbers = [n for n in senders if (one.sent[n] % 1).any()]  # no spikes
    said = "replayed by itself, the population does as both sides did"
    if not numbers:
        return said
    return f"{said}: {listing(numbers)} send other numbers; --states shows where that begins"


def case_of(made: Comparison, network: int, judged: int) -> tuple[Case | None, tuple[str, ...]]:
    """The population of the first difference in side `network`'s network, to do as side `judged`
    did in the samples at hand; None where nobody knows what reached it."""
    place = made.found.first
    package = made.sides[network].package
    assert place is not None
    assert package is not None
    name, model, first = place.population, package.model, place.sample
    last = min(first + _at_hand(made, judged, name, first), made.agreed.samples)
    sent = sent_to(made, judged, name, first, last)
    senders = {p.pre for p in model.graph.projections if p.post == name}
    graded = any(sends_any(model.graph.population(n)) for n in senders)
    if senders - sent.arrays.keys() or (graded and not _are_alike(model, made.sides[judged])):
        return None, ()
    has_states = made.has_states
    batch = made.batches(first, last)[judged]
    trace = made.sides[judged].trace(batch, made.agreed.sizes, has_states)
    other = made.sides[judged].package
    case = Case(
        alone(model, name),
        model.graph.population(name),
        sent.arrays,
        trace.spikes[name],
        trace.states.get(name, {}) if has_states else {},
        None if other is None or judged == network else _alone(other.model, name),
        LABELS[judged],
    )
    return case, sent.borrowed


def _are_alike(model: Model, side: Side) -> bool:
    """Whether the numbers that the side sends are such as the model takes: codes, or not."""
    if side.presents is None:
        return not model.graph.semantics.integers
    return model.graph.semantics.integers == side.presents.model.graph.semantics.integers


def _at_hand(made: Comparison, judged: int, name: str, first: int) -> int:
    if made.has_states:
        return FEWEST  # some sides present a sample once for each step of it
    one = sent_to(made, judged, name, first, first + 1)
    spikes = sum(int(np.count_nonzero(array)) for array in one.arrays.values())
    return max(FEWEST, min(MOST, MOST_SENT // max(1, spikes)))


def _alone(model: Model, name: str) -> Model | None:
    return alone(model, name) if name in model.graph.index() else None
