"""A neuron step as text: the names, the places and the assignments of every compiled backend."""

from __future__ import annotations

from collections.abc import Iterable

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.expr import Ref, walk
from ....ir.neuron import SPIKED, Assign, NeuronStep, port_types
from ....ir.types import DType, Fixed
from .render import Language, cast, render


def identifiers(step: NeuronStep) -> dict[str, str]:
    """Numbered identifiers for every name of a step; a user's names never reach the text."""
    made = {state.name: f"s{k}" for k, state in enumerate(step.states)}
    made |= {port: f"p{k}" for k, port in enumerate(step.ports)}
    made |= {constant: f"c{k}" for k, constant in enumerate(step.constants)}
    return made | {SPIKED: "spiked"}


def constant_lines(step: NeuronStep, place: str, language: Language) -> list[str]:
    """Reads each constant, {} of `place` its number, as what the step takes it for: a counter's
    stays an integer, or its loop would not vectorize."""
    names = identifiers(step)
    used = {
        node.name: node.dtype for e in step.expressions for node in walk(e) if isinstance(node, Ref)
    }
    return [
        f"{names[c]} = {cast(place.format(k), used.get(c, DType.F32), language)}"
        for k, c in enumerate(step.constants)
    ]


def step_lines(step: NeuronStep, language: Language, code_bits: int = 0) -> list[str]:
    """The assignments of a step; its states, ports and constants have been read. E071 for states of
    fixed-point numbers of more than `code_bits`, which the backend does not keep."""
    before, after = step_parts(step, language, code_bits)
    return [*before, *assign_lines(step, step.deliver, language), *after]


def step_parts(
    step: NeuronStep, language: Language, code_bits: int = 0
) -> tuple[list[str], list[str]]:
    """The assignments before and after what arrives is delivered."""
    _refuse_codes(step, code_bits)
    spiked = f"spiked = {render(step.spike, identifiers(step), language)}"
    before, settled, after = (
        assign_lines(step, assigns, language) for assigns in (step.decay, step.settled, step.after)
    )
    return before, [*settled, spiked, *after]


def assign_lines(step: NeuronStep, assigns: Iterable[Assign], language: Language) -> list[str]:
    """Assignments of a step."""
    names, types = identifiers(step), {state.name: state.dtype for state in step.states}

    def line(assign: Assign) -> str:
        value = cast(render(assign.value, names, language), types[assign.target], language)
        return f"{names[assign.target]} = {value}"

    return list(map(line, assigns))


def _refuse_codes(step: NeuronStep, code_bits: int) -> None:
    kept = {s.dtype for s in step.states} | set(port_types(step).values())
    if not code_bits:
        kept |= {node.dtype for expression in step.expressions for node in walk(expression)}
    found = sorted(str(t) for t in kept if isinstance(t, Fixed) and t.bits > code_bits)
    if found:
        where = f"keeps codes of {code_bits} bits" if code_bits else "simulates floats"
        raise CompileError(
            Diagnostic(
                "E071",
                f"a neuron computes with {found[0]}, and this target {where}",
                help="take another target, or the network before it was quantized",
            )
        )


def state_places(step: NeuronStep) -> dict[str, tuple[str, int]]:
    """Where each state lives: "reals" or "integers", and its row there."""
    counters = {"reals": 0, "integers": 0}
    places: dict[str, tuple[str, int]] = {}
    for state in step.states:
        array = "integers" if state.dtype is DType.I32 else "reals"
        places[state.name] = array, counters[array]
        counters[array] += 1
    return places
