"""`replay` and `retreat` of a network's neurons, as text among the kernels of a GPU.

They are those of the CPU for a single neuron n, whose place in a step's row of `width` numbers a
thread is given: what arrived at port q in step t lies at t row + place + q width, and its adjoint
takes its place; number k of the tape at (k steps + t) width + place. `moved` is laid out as what
arrived: what asks the spikes below, where that is for their times.
"""

from __future__ import annotations

from .....ir.adjoint.step import EMITTED, NEXT, SPIKE
from .....ir.graph import Graph, TrainSpec
from ....compiled.text.languages import CUDA
from ..text import Scan, entry, scans

_REPLAYED = "p, n, place, steps, row, width, currents, constants, reals, integers, tape"
_RETREATED = (
    "p, n, place, first, last, steps, row, width, constants, reals, tape, asked, later, arrived, "
    "moved"
)
_JIT = "@cuda.jit(device=True)"


def scans_source(graph: Graph, spec: TrainSpec) -> str:
    """The functions of a graph's neurons."""
    made = scans(graph, spec, CUDA)
    parts = [part for scan in made for part in (_replay(scan), _retreat(scan))]
    replay = entry("replay", _REPLAYED, len(made), _JIT)
    retreat = entry("retreat", _RETREATED, len(made), _JIT)
    return "\n".join([*parts, replay, retreat])


def _replay(scan: Scan) -> str:
    """`replay_k`: a loop over the steps, the states in registers."""
    names = scan.names
    return "\n".join(
        [
            _JIT,
            f"def replay_{scan.number}({_REPLAYED}):",
            *(f"    {names[s]} = {_rest(scan, s)}" for s in scan.states),
            *(f"    {line}" for line in scan.constants()),
            "    for t in range(steps):",
            *(
                f"        {names[port]} = currents[t * row + place + {k} * width]"
                for k, port in enumerate(scan.step.ports)
            ),
            *(f"        {line}" for line in scan.forward()),
            *(f"        {_tape(k)} = f32({names[x]})" for k, x in enumerate(scan.adjoint.kept)),
            *(f"        {names[s]} = {names[end]}" for s, end in scan.ends.items()),
            "",
        ]
    )


def _retreat(scan: Scan) -> str:
    """`retreat_k`: the same, backwards; g0, g1, … are the adjoints of the states after a step."""
    adjoint, reals, names = scan.adjoint, scan.reals, scan.names
    return "\n".join(
        [
            _JIT,
            f"def retreat_{scan.number}({_RETREATED}):",
            *(f"    g{k} = later[{k}, n]" for k in reals.values()),
            *(f"    {line}" for line in scan.constants()),
            *(f"    {names[s]} = {_rest(scan, s)}" for s in reals if s in scan.step.still),
            "    for t in range(last - 1, first - 1, -1):",
            *(f"        {scan.kept(x, _tape(k))}" for k, x in enumerate(adjoint.kept)),
            *(f"        {names[s + NEXT]} = g{k}" for s, k in reals.items() if s + NEXT in names),
            *(
                f"        {names[x]} = asked[t * width + place]"
                for x in (SPIKE, EMITTED)
                if x in names
            ),
            *(f"        {line}" for line in scan.backward()),
            *(
                f"        arrived[t * row + place + {k} * width] = {scan.found(adjoint.ports, p)}"
                for k, p in enumerate(scan.step.ports)
            ),
            *(
                f"        moved[t * row + place + {k} * width] = "
                f"{scan.found(adjoint.moved or {}, p)}"
                for k, p in scan.moved.items()
            ),
            *(f"        g{k} = {scan.found(adjoint.states, s)}" for s, k in reals.items()),
            *(f"    later[{k}, n] = g{k}" for k in reals.values()),
            "",
        ]
    )


def _tape(number: int) -> str:
    return f"tape[({number} * steps + t) * width + place]"


def _rest(scan: Scan, state: str) -> str:
    if state not in scan.places:
        return "f32(0.0)"
    array, k = scan.places[state]
    return f"{array}[{k}, n]"
