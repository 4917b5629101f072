"""doctor and targets: what this machine can do."""

from __future__ import annotations

from typing import Any

import numba

from ...backends.targets import TARGETS
from ..machine import (
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
from .command import Command
from .options import Json
from .output import Output

# Numba's threading layers, the best one first.
LAYERS = ("tbbpool", "omppool", "workqueue")


def doctor(json: Json = False) -> None:
    """Say what this machine can do, and how to get the rest."""
    output = Output(json)
    facts = {
        "versions": versions(),
        "machine": {**machine(), "features": list(cpu_features())},
        "threading": _threading(),
        "gpus": list(gpus()),
        "numba_cuda": is_importable("numba_cuda"),
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
    lines += [f"gpu        {line}" for line in facts["gpus"]] or [
        "gpu        no NVIDIA driver found"
    ]
    lines.append(f"numba-cuda {'installed' if facts['numba_cuda'] else 'not installed'}")
    for row in facts["targets"]:
        lines.append(f"target     {row['name']}: {row['state']}")
    for module, purpose, line in EXTRAS:
        state = "installed" if facts["extras"][module] else f"not installed; {line}"
        lines.append(f"extra      {module}, for {purpose}: {state}")
    missing = [name for name in PACKAGES if package_version(name) == "missing"]
    lines += [f"missing    {name}; pip install {name}" for name in missing]
    return lines


def _threading() -> str:
    layers = [name for name in LAYERS if is_loadable(f"numba.np.ufunc.{name}")]
    return f"numba with {' '.join(layers)}, {numba.get_num_threads()} threads"


def targets(json: Json = False) -> None:
    """List what programs can be compiled for, and whether it works here."""
    output = Output(json)
    rows = _target_rows()
    output.document({"targets": rows})
    output.result(table_of(rows, ["name", "state", "summary"]))


def _target_rows() -> list[dict[str, object]]:
    return [
        {"name": name, "state": row.available() or "ready", "summary": row.summary}
        for name, row in TARGETS.items()
    ]


COMMANDS = (
    Command("doctor", doctor, "snncc doctor"),
    Command("targets", targets, "snncc targets"),
)
