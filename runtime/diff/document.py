"""A comparison as plain data, for JSON."""

from __future__ import annotations

from typing import Any

from .compare import SPIKE, Place, rate_distance
from .comparison import Comparison
from .explained import reason_document
from .reason import Reason


def document_of(made: Comparison, reason: Reason | None) -> dict[str, Any]:
    """The facts of a comparison, and the reason of its first difference."""
    found, sides = made.found, made.sides
    populations = population_rows(made)
    distances = [row["rate_emd"] for row in populations if row["rate_emd"] is not None]
    return {
        "equal": made.is_equal,
        "a": sides[0].name,
        "b": sides[1].name,
        "samples": len(found.equal),
        "samples_equal": int(found.equal.sum()),
        "steps": made.agreed.sizes.steps,
        "bins": sum(found.bins.values()),
        "bins_different": sum(found.bins_different.values()),
        "states_compared": made.has_states,
        "values": sum(found.values.values()),
        "values_different": sum(found.values_different.values()),
        "populations": populations,
        "left_out": {"a": list(made.agreed.only[0]), "b": list(made.agreed.only[1])},
        "accuracy": _both(made.accuracies),
        "same_class": made.agreement,
        "rate_emd": max(distances, default=None),
        "dt_ms": {"a": sides[0].dt, "b": sides[1].dt},
        "digests": {"a": sides[0].digest, "b": sides[1].digest},
        "first": None
        if found.first is None or reason is None
        else {**_place(found.first), **reason_document(made, reason)},
    }


def _place(first: Place) -> dict[str, Any]:
    return {
        "sample": first.sample,
        "step": first.step,
        "population": first.population,
        "neuron": first.neuron,
        "differs": "spike" if first.state == SPIKE else first.state,
    }


def _both(pair: tuple[float, float] | None) -> dict[str, float] | None:
    return None if pair is None else {"a": pair[0], "b": pair[1]}


def population_rows(made: Comparison) -> list[dict[str, Any]]:
    """A row a population: what was compared of it, what differs, rates and their distance."""
    found, sizes, dt = made.found, made.agreed.sizes, made.agreed.dt
    steps = sizes.steps * len(found.equal)
    rows = []
    for name, neurons in sizes.neurons.items():
        spikes = found.spikes[name]
        shown = steps > 0 and dt is not None
        rates = [
            1000.0 * float(x) / (steps * neurons * dt) if shown and dt else None
            for x in spikes.sum(axis=1)
        ]
        rows.append(
            {
                "name": name,
                "neurons": neurons,
                "bins": found.bins[name],
                "bins_different": found.bins_different[name],
                "values": found.values[name],
                "values_different": found.values_different[name],
                "rate_hz": {"a": rates[0], "b": rates[1]},
                "rate_emd": rate_distance(spikes, steps, dt) if shown and dt else None,
            }
        )
    return rows
