"""How long inputs last: the one thing here that a user may get wrong."""

from __future__ import annotations

from ..diagnostics import CompileError, Diagnostic, Note
from ..graph import Graph, Population

# Steps of a presentation or of a delay; spikes are numbered by them, and every population keeps an
# entry a step.
MOST_STEPS = 10_000_000


def verify_durations(graph: Graph) -> None:
    """E044 for inputs that last for different times, E045 for one, or a run without inputs, that
    ends within a step, E005 for more steps than any engine takes."""
    inputs = [p for p in graph.populations if p.encoding is not None]
    for population in inputs:
        steps = duration_of(population) / graph.dt
        if steps > MOST_STEPS:
            raise CompileError(_too_long(population, steps, graph.dt))
        if steps < 0.5 or abs(steps - round(steps)) > 1e-6 * steps:
            raise CompileError(_part_of_step(population, graph.dt))
        if duration_of(population) != duration_of(inputs[0]):
            raise CompileError(_unequal_durations(inputs[0], population))
    if graph.duration:
        wrong = problem_of(graph.duration, graph.dt)
        if wrong is not None:
            raise CompileError(wrong)


def steps_of(graph: Graph) -> int:
    """The number of steps that the inputs' encodings last, which agree (see `verify_durations`), or
    a run of a network without inputs. CompileError(E044) where nothing says it."""
    lengths = {
        round(duration_of(p) / graph.dt) for p in graph.populations if p.encoding is not None
    }
    if not lengths and not graph.duration:
        message = f"`{graph.name}` has no input, and nothing says how long it runs"
        way_out = f"write `run {graph.name} {{ duration 500 ms }}`, or give `--duration 500ms`"
        raise CompileError(Diagnostic("E044", message, help=way_out))
    assert len(lengths) <= 1, lengths
    return lengths.pop() if lengths else round(graph.duration / graph.dt)


def problem_of(duration: float, dt: float) -> Diagnostic | None:
    """What is wrong with the duration of a run [ms]: E022, E045, E005, or nothing."""
    steps = duration / dt
    if not steps > 0:
        return Diagnostic("E022", f"a run lasts longer than 0 ms, not {duration:g} ms")
    if steps > MOST_STEPS:
        message = f"a run of {duration:g} ms has {steps:.3g} steps; at most {MOST_STEPS} are"
        way_out = f"choose at most {MOST_STEPS * dt:.10g} ms, or a larger dt"
        return Diagnostic("E005", f"{message} possible", help=way_out)
    if steps < 0.5 or abs(steps - round(steps)) > 1e-6 * steps:
        message = f"a run of {duration:g} ms is no whole number of steps of {dt:g} ms"
        return Diagnostic("E045", message, help="choose a multiple of dt, at least one step")
    return None


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
