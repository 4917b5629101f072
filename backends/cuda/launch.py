"""Kernels in packages: PTX, and launch.json, which says how it is launched and what it takes.

A package's kernels are used for its own network only: they are put into a folder that bears the
package's checksum, where `build_ptx` finds them if the program's text is the one that they were
made from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...ir.diagnostics import CompileError, Diagnostic
from ..artifact.numbers import is_real
from ..artifact.package import UNFIT
from ..compiled.text.modules import writable
from ..protocols import Emission
from .build import KernelProgram, Ptx, bring, build_ptx, capability
from .found import arch_here, can_compile
from .params import from_json, to_json
from .resources import LIMITS, WARP, blocks_per_multiprocessor, known_arch, resources_of

LAUNCH = "launch.json"
RUN, LEARN = "kernels.ptx", "train.ptx"
DEFAULT_ARCH = "sm_80"
FORMAT = 1
NUMBERS = (
    *("threads", "dynamic_shared", "registers", "barriers", "shared", "stack"),
    *("spill_stores", "spill_loads", "blocks_per_multiprocessor", "occupancy"),
)

Json = dict[str, Any]


def emission(
    programs: Mapping[str, Callable[[], KernelProgram]], arch: str | None, folder: Path
) -> Emission:
    """The programs' PTX, by member, and launch.json; needs no GPU."""
    missing = can_compile()
    if missing is not None:
        message = "kernels for the target `gpu` cannot be compiled here"
        raise CompileError(Diagnostic("E070", message, help=missing))
    here = arch_here() if arch is None else arch
    notes = () if here else (f"no GPU here: compiled for {DEFAULT_ARCH}; --arch names another",)
    chosen = known_arch(here or DEFAULT_ARCH)
    ready = {name: make() for name, make in programs.items()}
    made = {name: (p, build_ptx(p, chosen, folder)) for name, p in ready.items()}
    return Emission(_members(chosen, made), notes)


def _members(arch: str, made: Mapping[str, tuple[KernelProgram, Ptx]]) -> dict[str, bytes]:
    rows = [_row(name, program, ptx) for name, (program, ptx) in made.items()]
    document = {"format": FORMAT, "arch": arch, "kernels": rows}
    members = {name: ptx.text.encode() for name, (_, ptx) in made.items()}
    return members | {LAUNCH: (json.dumps(document, indent=1) + "\n").encode()}


def _row(name: str, program: KernelProgram, ptx: Ptx) -> Json:
    resources = resources_of(ptx)
    limits = LIMITS[ptx.arch]
    blocks = blocks_per_multiprocessor(resources, program.threads, program.shared, limits)
    warps = -(-program.threads // WARP)
    return {
        "member": name,
        "entry": ptx.entry,
        "key": ptx.key,
        "threads": program.threads,
        "dynamic_shared": program.shared,
        "contract": program.contract,
        **resources.to_json(),
        "blocks_per_multiprocessor": blocks,
        "occupancy": blocks * warps / limits.warps,
        "params": to_json(ptx.params),
    }


def report(extras: Mapping[str, bytes]) -> Json | None:
    """launch.json of a package's members, if it has one; CompileError(E060) if it is damaged."""
    if LAUNCH not in extras:
        return None
    try:
        document: Json = json.loads(extras[LAUNCH])
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']}, not {FORMAT}")
        for _ in _kernels(document, extras):
            pass  # each is checked when it is read
    except UNFIT as error:
        raise damaged(error) from error
    return document


def _kernels(document: Json, extras: Mapping[str, bytes]) -> Iterator[Ptx]:
    arch = document["arch"]
    capability(arch)
    for row in document["kernels"]:
        text = extras[row["member"]].decode("utf-8")
        entry, key = str(row["entry"]), str(row["key"])
        if not key.isalnum() or not all(is_real(row[n]) for n in NUMBERS):
            raise ValueError(f"the key or a number of `{entry}`")
        yield Ptx(text, entry, arch, from_json(row["params"]), key)


def damaged(error: Exception) -> CompileError:
    """The diagnostic of kernels that cannot be trusted."""
    message = f"the kernels of the package cannot be used: {LAUNCH} does not fit them: {error}"
    return CompileError(Diagnostic("E060", message, help="make it anew by `snncc compile`"))


def adopt(extras: Mapping[str, bytes], folder: Path) -> Path:
    """Where to look for the kernels of a model with these members: its own folder, filled, if it
    brings any, else `folder`."""
    document = report(extras)
    if document is None:
        return folder
    contents = (name.encode() + extras[name] for name in sorted(extras))
    own = folder / hashlib.sha256(b"".join(contents)).hexdigest()[:20]
    own = writable(own)
    for ptx in _kernels(document, extras):
        bring(own, ptx.key, ptx.arch, ptx.text)
    return own
