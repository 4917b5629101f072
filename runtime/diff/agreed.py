"""What two sides have in common, and what is left out of the comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.report import listing
from ..datasets.data import room
from .side import Side, Sizes

COPIES = 6  # of a sample's spikes, one byte a step and neuron, while it is compared


@dataclass(frozen=True, slots=True)
class Agreed:
    """`sizes` of what is compared, populations in the order of evaluation; `samples`; `dt` in ms,
    None if neither side says it; `only`: the populations of one side alone, of each; `warnings`."""

    sizes: Sizes
    samples: int
    dt: float | None
    only: tuple[tuple[str, ...], tuple[str, ...]]
    warnings: tuple[Diagnostic, ...]


def agree(a: Side, b: Side, presented: int | None, limit: int | None) -> Agreed:
    """What the sides have in common, when `presented` samples were loaded, or None were needed.
    CompileError(E065) if that is nothing, E074 if a sample does not fit into memory."""
    first, second = (a, b) if a.package is not None or b.package is None else (b, a)
    names = [name for name in first.neurons if name in second.neurons]
    if not names:
        raise _nothing(a, b)
    neurons = {name: _neurons(a, b, name) for name in names}
    samples = _least([a.samples, b.samples, presented], max(a.least[0], b.least[0]), limit)
    steps = _least([a.steps, b.steps], max(a.least[1], b.least[1]), None)
    _require_room(steps, sum(neurons.values()))
    only = tuple(
        tuple(n for n in one.neurons if n not in other.neurons) for one, other in ((a, b), (b, a))
    )
    warnings = (
        *_of_populations(a, b, (only[0], only[1])),
        *_of_networks(a, b),
        *_of_steps(a, b, steps),
        *_of_samples(a, b, presented, samples, limit),
        *_of_time(a, b),
    )
    return Agreed(Sizes(steps, neurons), samples, a.dt or b.dt, (only[0], only[1]), warnings)


def _nothing(a: Side, b: Side) -> CompileError:
    found = (f"`{s.name}` has {listing(s.neurons, 6) or 'none'}" for s in (a, b))
    message = f"no population is on both sides: {'; '.join(found)}"
    return CompileError(Diagnostic("E065", message, help="compare two runs of one network"))


def _neurons(a: Side, b: Side, name: str) -> int:
    """The neurons of a population; what neither side says, its spikes do."""
    one, other = a.neurons[name], b.neurons[name]
    if one is not None and other is not None and one != other:
        message = f"`{name}` has {one} neurons in `{a.name}`, and {other} in `{b.name}`"
        way_out = "compare two runs of one network, with the same -D on both sides"
        raise CompileError(Diagnostic("E065", message, help=way_out))
    return one or other or max(a.least_neurons(name), b.least_neurons(name), 1)


def _least(told: list[int | None], shown: int, limit: int | None) -> int:
    counts = [count for count in told if count is not None]
    return min([*(counts or [shown]), *([] if limit is None else [limit])])


def _require_room(steps: int, neurons: int) -> None:
    needed = COPIES * steps * neurons
    if needed > room():
        size = f"{needed / 1e9:.3g} GB"
        message = f"a sample of {steps} steps and {neurons} neurons takes {size} to compare"
        raise CompileError(Diagnostic("E074", message, help="log fewer steps, or fewer neurons"))


def _unlike(message: str, way_out: str) -> Diagnostic:
    return Diagnostic("W061", message, help=way_out)


def _of_populations(
    a: Side, b: Side, only: tuple[tuple[str, ...], tuple[str, ...]]
) -> Iterator[Diagnostic]:
    for other, names in ((b, only[0]), (a, only[1])):
        if names:
            message = f"not compared: {listing(names)}, which `{other.name}` does not have"
            why = other.advice or "compare two runs of one network to see all of it"
            if other.is_log:
                why = "a log names a population that it records, silent or not"
                if any(n is None for n in other.neurons.values()):
                    why = "a .csv has no spike of them: they are silent there, or not recorded"
            yield _unlike(message, why)


def _of_networks(a: Side, b: Side) -> Iterator[Diagnostic]:
    are_known = a.digest is not None and b.digest is not None
    if are_known and a.digest != b.digest and (a.package is None or b.package is None):
        made, other = (a, b) if a.package is None else (b, a)
        how = "recorded" if made.is_log else "exported"
        message = f"`{made.name}` was {how} of another network than that of `{other.name}`"
        yield _unlike(message, f"{how[:-2]} it anew, unless that is what you compare")


def _of_steps(a: Side, b: Side, steps: int) -> Iterator[Diagnostic]:
    for side in (a, b):
        beyond = max(side.steps or 0, side.least[1])
        if beyond > steps:
            message = f"the first {steps} steps are compared, of {beyond} in `{side.name}`"
            yield _unlike(message, "give both sides inputs of the same duration")


def _of_samples(
    a: Side, b: Side, presented: int | None, samples: int, limit: int | None
) -> Iterator[Diagnostic]:
    if limit is not None and samples == limit:
        return
    for side in (a, b):
        beyond = max(side.samples or 0, side.least[0])
        if beyond > samples:
            message = f"the first {samples} samples are compared, of {beyond} in `{side.name}`"
            why = "" if presented is None else f"the data has {presented}"
            yield _unlike(message, why)
    if presented is not None and presented > samples:
        message = f"the first {samples} samples are compared, of {presented} in the data"
        yield _unlike(message, "the log has no more")


def _of_time(a: Side, b: Side) -> Iterator[Diagnostic]:
    if a.dt is not None and b.dt is not None and a.dt != b.dt:
        message = f"dt is {a.dt:g} ms in `{a.name}` and {b.dt:g} ms in `{b.name}`"
        yield _unlike(message, "they are compared step by step, whatever time a step takes")
