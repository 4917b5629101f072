"""The net of HySMap's examples, placed by ours: routed hops on a mesh of 4 x 4.

    python benchmarks/hysmap.py net_potjans_80.json [--seeds 3] [--json FILE]

The file is `examples/net_potjans_80.json` of github.com/amineux/HySMap (MIT), which is not kept
here. A core holds floor(0.85 n / k) to ceil(1.15 n / k) of n neurons on k cores, as its mapper
demands (`respects_balance`, slack 0.15); hops are its `C_hop`: of each neuron its rate times the
links of the union of XY routes. It publishes 3543 +- 258 as the mean of three drawn nets of this
size (README, n80 4 x 4), of which this is one; the goal set for it is 2800.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tables import Grid, add_outputs, publish

from snncc.backends.mapping.axons import Axons, axons_of
from snncc.backends.mapping.joint import jointly
from snncc.backends.mapping.limits import CoreLimits, Mesh
from snncc.backends.mapping.load import Kernels, load_kernels
from snncc.backends.mapping.partition import partition
from snncc.backends.mapping.place import place
from snncc.backends.mapping.route import traffic
from snncc.runtime.settings import settings_from

SIDE, SLACK = 4, 0.15


def read(path: Path) -> Axons:
    """The net of a file of HySMap."""
    said = json.loads(path.read_text())
    rate = np.zeros(len(said["neurons"]))
    for neuron in said["neurons"]:
        rate[neuron["id"]] = neuron["activity"]
    pre = [e["source"] for e in said["hyperedges"] for _ in e["destinations"]]
    post = [n for e in said["hyperedges"] for n in e["destinations"]]
    return axons_of(np.array(pre), np.array(post), len(rate), rate)


def mapped(axons: Axons, seed: int, effort: int, kernels: Kernels) -> dict[str, Any]:
    """Hops after placing, and after placing neurons one by one."""
    mesh, fair = Mesh(SIDE, SIDE), axons.neurons / SIDE**2
    fewest, most = int((1 - SLACK) * fair), int(np.ceil((1 + SLACK) * fair))
    started = time.process_time()
    even = CoreLimits(int(np.ceil(fair)))  # all cores within the balance from the start
    part = partition(axons, even, mesh.cores, kernels=kernels, seed=seed, effort=effort)
    slots = place(axons, part, mesh, kernels, seed=seed, effort=effort)
    first = traffic(axons, part, slots, mesh, kernels).weighted_hops
    limits = CoreLimits(most)
    part, slots = jointly(
        axons, part, slots, limits, mesh, kernels, seed=seed, effort=effort, fewest=fewest
    )
    spent = time.process_time() - started
    held = np.bincount(part, minlength=mesh.cores)
    assert fewest <= held.min()
    assert held.max() <= most
    hops = traffic(axons, part, slots, mesh, kernels).weighted_hops
    return {"seed": seed, "effort": effort, "placed": first, "hops": hops, "seconds": spent}


def main() -> None:
    """Map and publish."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("net", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    add_outputs(parser)
    given = parser.parse_args()
    if not given.net.exists():
        sys.exit(f"{given.net}: take examples/net_potjans_80.json of github.com/amineux/HySMap")
    kernels = load_kernels(settings_from(os.environ).kernel_folder)
    axons = read(given.net)
    mapped(axons, 0, 0, kernels)
    found = [mapped(axons, s, e, kernels) for e in (1, 2) for s in range(given.seeds)]
    rows = tuple(
        (
            str(f["effort"]),
            str(f["seed"]),
            f"{f['placed']:.0f}",
            f"{f['hops']:.0f}",
            f"{f['seconds']:.1f}",
        )
        for f in found
    )
    headers = ("effort", "seed", "placed", "neurons one by one", "time [s]")
    title = f"{given.net.name}: routed hops on {SIDE} x {SIDE}"
    publish({"hysmap": Grid(title, headers, rows, labels=2)}, found, given)


if __name__ == "__main__":
    main()
