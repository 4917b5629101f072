"""How long inputs last: the one thing here that a user may get wrong."""

from __future__ import annotations

from ..diagnostics import CompileError, Diagnostic, Note
from ..graph import Graph, Population

# Steps of a presentation or of a delay; spikes are numbered by them, and every population keeps an
# entry a step.
MOST_STEPS = 10_000_000


def verify_durations(graph: Graph) -> None:
    """E044 for inputs that last for different times, E045 for one that ends within a step, E005 for
    more steps than any engine takes."""
    inputs = [p for p in graph.populations if p.encoding is not None]
    for population in inputs:
        steps = duration_of(population) / graph.dt
        if steps > MOST_STEPS:
            raise CompileError(_too_long(population, steps, graph.dt))
        if steps < 0.5 or abs(steps - round(steps)) > 1e-6 * steps:
            raise CompileError(_part_of_step(population, graph.dt))
        if duration_of(population) != duration_of(inputs[0]):
            raise CompileError(_unequal_durations(inputs[0], population))


def steps_of(graph: Graph) -> int:
    """The number of steps that the inputs' encodings last; they agree (see `verify_durations`)."""
    lengths = {
        round(duration_of(p) / graph.dt) for p in graph.populations if p.encoding is not None
    }
    assert len(lengths) == 1, lengths
    return lengths.pop()


def duration_of(population: Population) -> float:
    """How long an input lasts, in ms."""
    assert population.encoding is not None
    duration = population.encoding["duration"]
    assert isinstance(duration, (int, float)), duration
    return float(duration)


def _part_of_step(population: Population, dt: float) -> Diagnostic:
    return Diagnostic(
        "E045",
        f"the input `{population.name}` lasts {duration_of(population):g} ms, which is no whole "
        f"number of steps of {dt:g} ms",
        population.span,
        help="choose a duration that is a multiple of dt, at least one step",
    )


def _too_long(population: Population, steps: float, dt: float) -> Diagnostic:
    return Diagnostic(
        "E005",
        f"the input `{population.name}` lasts {steps:.3g} steps; at most {MOST_STEPS} are possible",
        population.span,
        help=f"choose a duration of at most {MOST_STEPS * dt:.10g} ms, or a larger dt",
    )


def _unequal_durations(first: Population, other: Population) -> Diagnostic:
    note = () if first.span is None else (Note(first.span, f"{duration_of(first):g} ms here"),)
    return Diagnostic(
        "E044",
        f"inputs of one network last equally long, but `{first.name}` lasts "
        f"{duration_of(first):g} ms and `{other.name}` {duration_of(other):g} ms",
        other.span,
        related=note,
        help=f"write `duration = {duration_of(first):.10g} ms`",
    )
