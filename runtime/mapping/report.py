"""What a mapping comes to, as JSON and as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...backends.layout.image import Layout
from ...backends.layout.recount import counts
from ...backends.layout.rows import rows_of
from ...backends.mapping.costs import Cost, Estimate
from ...backends.mapping.limits import CoreLimits, Mesh
from ...backends.mapping.route import Traffic

# Of the limits of `CoreLimits.most`, those whose names say too little.
NAMES = {"kinds[0]": "settings", "kinds[1]": "thresholds"}


def name_of(limit: str) -> str:
    """What a limit is called in reports."""
    return NAMES.get(limit, limit)


def most_of(limits: CoreLimits) -> dict[str, int]:
    """The limits that there are, by their names in reports."""
    return {name_of(name): most for name, most in limits.most().items()}


def core_rows(layout: Layout, limits: CoreLimits, kinds: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a core, counted from the image: what it takes and what it leaves of each limit. `kinds`
    are the classes of every neuron, by the names of `most_of`."""
    used, most = used_by_cores(layout, limits, kinds), most_of(limits)
    rows = []
    for row in rows_of(layout):
        core = row["id"]
        taken = {name: int(values[core]) for name, values in used.items()}
        slack = {name: end - taken[name] for name, end in most.items()}
        shares = {name: taken[name] / max(1, end) for name, end in most.items()}
        fullest = max(shares, key=lambda name: shares[name])
        rows.append({**row, **taken, "slack": slack, "used": shares[fullest], "fullest": fullest})
    return rows


def used_by_cores(
    layout: Layout, limits: CoreLimits, kinds: Mapping[str, Any]
) -> dict[str, np.ndarray[Any, Any]]:
    """What each core takes of every limit, by its name, and its synapses. int64 [cores] each."""
    found = counts(layout)
    size = -(-found["synapses"] * limits.synapse_bits // 8) + found["axons_in"] * limits.axon_bytes
    distinct = {
        name: np.array([len(np.unique(own[layout.neurons_of(c)])) for c in range(layout.cores)])
        for name, own in kinds.items()
    }
    return {**found, "synapse_bytes": size, **distinct}


def traffic_document(sent: Traffic) -> dict[str, Any]:
    """What is sent in a step."""
    router, way = sent.busiest
    return {
        "packets": sent.packets,
        "hops": sent.hops,
        "weighted_hops": sent.weighted_hops,
        "max_link": sent.max_link,
        "busiest_link": {"router": router, "direction": way},
        "critical_core": sent.critical_core,
    }


def cost_document(found: Estimate, cost: Cost) -> dict[str, Any]:
    """What a step costs, and by which constants."""
    energy, latency = cost.unit
    waiting = {f"waiting_{latency}": found.waiting} if cost.waits else {}
    return {
        f"energy_{energy}": found.energy,
        f"network_energy_{energy}": found.network_energy,
        f"latency_{latency}": found.latency,
        **waiting,
        "slowest_core": found.critical_core,
        "constants": {"source": cost.source},
    }


def tip_of(row: dict[str, Any], mesh: Mesh) -> str:
    """The words that a picture shows of a core."""
    lists = ", ".join(f"{s['population']} {s['neurons']}" for s in row["slices"])
    left = ", ".join(f"{name} {left} left" for name, left in row["slack"].items())
    return f"core {row['id']} at router {row['y'] * mesh.width + row['x']}: {lists}; {left}"
