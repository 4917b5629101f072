"""Spike logs as sides."""

from __future__ import annotations

from ...backends.artifact.model import Package
from ...backends.trace import Trace
from ...frontend.stored.unfit import Unfit
from ...ir.report import listing, nearest
from ...ir.trains import most_fired
from .log import Log, judged_log, refuse_twice, require_below
from .side import Batch, Side, Sizes, States


def log_side(name: str, log: Log) -> Side:
    """The log as a side."""

    def states_at(batch: Batch, steps: int) -> States | None:
        if not log.states or not steps:
            return None
        return {
            population: {state: array[batch.first, steps - 1] for state, array in of_one.items()}
            for population, of_one in log.states.items()
        }

    return Side(
        name,
        log.neurons,
        trace=lambda batch, sizes, has_states: _trace(log, batch, sizes, has_states),
        states_at=states_at,
        samples=log.samples,
        steps=log.steps,
        dt=log.dt,
        digest=log.digest,
        least=(log.least(0), log.least(1)),
        least_neurons=log.least_neurons,
        fits=lambda other: _fits(log, other),
    )


def _trace(log: Log, batch: Batch, sizes: Sizes, has_states: bool) -> Trace:
    return log.trace(batch.first, batch.last, sizes.steps, sizes.neurons, has_states)


def _fits(log: Log, other: Side) -> None:
    """CompileError(E064) for a spike of a population, neuron or step that the other side, which
    knows them, does not have, and for one that is told twice where it fires once a step."""
    with judged_log(log.path):
        for population in log.rows:
            if population in other.neurons:
                neurons = None if log.neurons[population] else other.neurons[population]
                steps = None if log.steps else other.steps
                require_below(log, population, (None, steps, neurons), f"`{other.name}`")
                if other.package is not None and not _fires_often(other.package, population):
                    refuse_twice(log, population)
            elif other.package is not None:
                raise _unknown(log, population, other)


def _fires_often(package: Package, population: str) -> bool:
    """Whether its neurons may fire several times in a step."""
    graph = package.model.graph
    return most_fired(graph.population(population), graph.semantics) > 1


def _unknown(log: Log, population: str, other: Side) -> Unfit:
    first = min(
        range(len(log.rows[population])), key=lambda k: log.places[population][k], default=0
    )
    where = log.where(population, first) if log.is_table else f"`spikes/{population}`"
    way_out = nearest(population, other.neurons) or f"it has {listing(other.neurons)}"
    return Unfit(f"{where} is of a population `{population}`, and `{other.name}` has none", way_out)
