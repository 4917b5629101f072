"""doctor and targets: what this machine can do."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ...backends.cuda.found import can_compile, presence
from ...backends.targets import CAPABILITIES, TARGETS
from ...ir.chips.table import CHIPS
from ..deploying import named_chip
from ..host import (
    EXTRAS,
    PACKAGES,
    cpu_features,
    gpus,
    is_importable,
    is_loadable,
    machine,
    package_version,
    versions,
)
from ..report import table_of
from .chips import show_chip
from .command import Command
from .options import Json, Quiet
from .output import Output

# Numba's threading layers, the best one first.
LAYERS = ("tbbpool", "omppool", "workqueue")
CUDA_PACKAGES = ("numba-cuda", "cuda-core", "cuda-bindings")
GIB = 2**30


def doctor(json: Json = False, quiet: Quiet = False) -> None:
    """Say what this machine can do, and how to get the rest."""
    output = Output(json, quiet)
    facts = {
        "versions": versions(),
        "machine": {**machine(), "features": list(cpu_features())},
        "threading": _threading(),
        "gpus": list(gpus()),
        "cuda": _cuda(),
        "extras": {module: is_importable(module) for module, _, _ in EXTRAS},
        "targets": [{"name": row["name"], "state": row["state"]} for row in _target_rows()],
    }
    output.document(facts)
    output.result(*_lines(facts))


def _lines(facts: dict[str, Any]) -> list[str]:
    about = facts["machine"]
    lines = [f"{name} {version}" for name, version in facts["versions"].items()]
    lines.append(f"processor  {about['processor']}, {about['threads']} threads usable")
    lines.append(f"features   {' '.join(about['features']) or 'none of those that matter'}")
    lines.append(f"memory     {about['memory_gib']} GiB")
    lines.append(f"threading  {facts['threading']}")
    lines += [f"gpu        {line}" for line in facts["gpus"]]
    lines += _cuda_lines(facts["cuda"])
    for row in facts["targets"]:
        lines.append(f"target     {row['name']}: {row['state']}")
    for module, purpose, line in EXTRAS:
        state = "installed" if facts["extras"][module] else f"not installed; {line}"
        lines.append(f"extra      {module}, for {purpose}: {state}")
    missing = [name for name in PACKAGES if package_version(name) == "missing"]
    lines += [f"missing    {name}; pip install {name}" for name in missing]
    return lines


def _cuda() -> dict[str, Any]:
    found = presence()
    cards = [
        {"name": c.name, "capability": list(c.capability), "memory_gib": round(c.memory / GIB, 1)}
        for c in found.cards
    ]
    return {
        "packages": {name: package_version(name) for name in CUDA_PACKAGES},
        "toolkit": found.toolkit,
        "driver": found.driver and list(found.driver),
        "cards": cards,
        "simulator": found.is_simulated,
        "compiles": can_compile() is None,
    }


def _cuda_lines(cuda: dict[str, Any]) -> list[str]:
    lines = [f"{name} {version}" for name, version in cuda["packages"].items()]
    driver = "no NVIDIA driver" if cuda["driver"] is None else "driver of CUDA {}.{}"
    lines.append(f"cuda       {driver.format(*cuda['driver'] or ())}")
    if cuda["simulator"]:
        lines.append("cuda       simulated by Numba (NUMBA_ENABLE_CUDASIM)")
    for card in cuda["cards"]:
        major, minor = card["capability"]
        about = f"compute capability {major}.{minor}, {card['memory_gib']} GiB"
        lines.append(f"card       {card['name']}, {about}")
    return lines


def _threading() -> str:
    import numba  # slow to load; no other command here needs it

    layers = [name for name in LAYERS if is_loadable(f"numba.np.ufunc.{name}")]
    return f"numba with {' '.join(layers)}, {numba.get_num_threads()} threads"


def targets(
    limits: Annotated[
        str | None,
        typer.Option("--limits", metavar="CHIP", help="the limits and number forms of a chip"),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List what programs can be compiled for, and whether it works here; or a chip's limits."""
    output = Output(json, quiet)
    if limits is not None:
        show_chip(named_chip(limits), output)
        return
    rows = _target_rows()
    output.document({"targets": rows})
    output.result(table_of(rows, ["name", "can", "state", "summary"]))
    output.result("", f"chips, for `targets --limits` and `check --target`: {', '.join(CHIPS)}")


def _target_rows() -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "can": ", ".join(c for c in CAPABILITIES if getattr(row, c) is not None),
            "state": row.available() or "ready",
            "summary": row.summary,
        }
        for name, row in TARGETS.items()
    ]


COMMANDS = (
    Command("doctor", doctor, "snncc doctor"),
    Command("targets", targets, "snncc targets"),
)
