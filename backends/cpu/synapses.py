"""The steps of synapses as text, each a function that is called as a neuron's step is."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.neuron import Assign
from ...ir.schemes.events import SynapseStep
from ...ir.synapse import SENT, WEIGHT
from ...ir.types import DType
from ..compiled.text.languages import PYTHON
from ..compiled.text.render import cast, render

Names = dict[str, str]


def synapse_bodies(step: SynapseStep) -> tuple[str, str, str]:
    """What a spike that arrives does to the synapses lo:hi, one of the post neuron to `last` of
    them, and value `last` of those that lo:hi hold; see `kernels/stateful.py`."""
    return _arriving(step), _answering(step), _looking(step)


def _arriving(step: SynapseStep) -> str:
    return _over(step, "for n in range(lo, hi):", "n - lo", [], step.pre, ["sent_[n - lo] = sent"])


def _answering(step: SynapseStep) -> str:
    if not step.post:
        return "    pass\n"
    return _over(step, "for k in range(last):", "k", ["n = index[k]"], step.post, [])


def _looking(step: SynapseStep) -> str:
    names = _names(step)
    told = [
        f"sent_[n - lo] = {names[h]} if last == {k} else sent_[n - lo]"
        for k, h in enumerate(step.held)
    ]
    return _over(step, "for n in range(lo, hi):", "n - lo", [], (), told, is_kept=False)


def _over(
    step: SynapseStep,
    loop: str,
    place: str,
    before: list[str],
    assigns: Iterable[Assign],
    after: list[str],
    is_kept: bool = True,
) -> str:
    names = _names(step)
    rows = {names[name]: k for k, name in enumerate(step.held)}
    stamp = ["since[n] = first"]
    inside = [
        *before,
        *_terms(step, names),
        *([] if WEIGHT in step.held else [f"{names[WEIGHT]} = sent_[{place}]"]),
        *(f"{row} = reals[n, {k}]" for row, k in rows.items()),
        *(_line(assign, names) for assign in (*step.evolve, *assigns)),
        *([*(f"reals[n, {k}] = {row}" for row, k in rows.items()), *stamp] if is_kept else []),
        *after,
    ]
    return "\n".join(
        (
            "    since, sent_, index = integers[0], currents[0], currents[1].view(np.int32)",
            *(f"    {names[c]} = constants[0, {k}]" for k, c in enumerate(step.constants)),
            f"    {loop}",
            *(f"        {line}" for line in inside),
            "",
        )
    )


def _terms(step: SynapseStep, names: Names) -> list[str]:
    if not step.terms:
        return []
    first, count = len(step.constants), len(step.terms)
    at = f"at = {first} + {count} * (first - np.int64(since[n]))"
    return [at, *(f"{names[t]} = constants[0, at + {k}]" for k, t in enumerate(step.terms))]


def _names(step: SynapseStep) -> Names:
    """Numbered identifiers; a user's names never reach the text."""
    made = {WEIGHT: "w", SENT: "sent"}
    for letter, own in (("c", step.constants), ("t", step.terms), ("o", step.kept)):
        made |= {name: f"{letter}{k}" for k, name in enumerate(own)}
    return made | {n: f"s{k}" for k, n in enumerate(step.held)}


def _line(assign: Assign, names: Names) -> str:
    value = cast(render(assign.value, names, PYTHON), DType.F32, PYTHON)
    return f"{names[assign.target]} = {value}"
