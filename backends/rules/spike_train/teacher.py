"""When a silent output neuron is taught to fire, and whether that can work."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from ....ir.analysis.refractory import refractory_steps
from ....ir.diagnostics import Diagnostic, Note
from ....ir.graph import Graph, Population, TrainSpec
from ....ir.verify.durations import steps_of
from ...losses.indistinct import indistinct
from ...losses.table import LOSSES, CountLoss, loss_of, of_counts


class Lesson(NamedTuple):
    """A silent output neuron is given spikes at h, 2h, … for its label; see docs/training.md."""

    steps: int  # T
    target: float
    refractory: int = 0  # R [steps]

    @property
    def gap(self) -> int:
        """h = floor(T / target), the steps between two spikes of the teacher."""
        return max(1, int(self.steps / max(self.target, 1.0)))

    @property
    def most(self) -> int:
        """The most spikes that the neuron itself can fire: at 0, R + 1, 2 (R + 1), …"""
        return (self.steps - 1) // (self.refractory + 1) + 1

    @property
    def largest(self) -> int:
        """The largest whole target whose taught spikes all lie outside the refractory time."""
        return self.steps // (self.refractory + 1)

    @property
    def needed(self) -> int:
        """The fewest steps in which this target can be taught."""
        return ceil(self.target * (self.refractory + 1))


def teacher_warnings(graph: Graph, spec: TrainSpec) -> tuple[Diagnostic, ...]:
    """W050 if the teacher of a graph after all passes has no effect, or its target is out of reach.

    Networks of another form, which the rules refuse (E050), are left alone.
    """
    outputs = [p for p in graph.populations if p.role == "output"]
    if len(outputs) != 1 or all(p.encoding is None for p in graph.populations):
        return ()
    (output,) = outputs
    loss = loss_of(spec)
    if not isinstance(LOSSES[loss.kind], CountLoss):
        return ()
    steps = steps_of(graph)
    target = of_counts(loss).wanted(loss, steps)
    lesson = Lesson(steps, target, refractory_steps(output))
    clash = _clash(lesson, output.name)
    if not clash:
        return indistinct(loss, lesson.steps, spec)
    label = f"target = {lesson.target:g}"
    way_out = _way_out(lesson, graph.dt)
    return (Diagnostic("W050", clash, spec.span, label, _because(lesson, output), way_out),)


def _clash(lesson: Lesson, name: str) -> str:
    """What cannot work; "" if nothing."""
    steps, found = _count(lesson.steps, "step"), []
    if lesson.gap >= lesson.steps:
        return f"a silent `{name}` is taught no spike: the first would come after {steps}, too late"
    if lesson.gap <= lesson.refractory:
        found.append(
            f"a silent `{name}` is taught a spike every {_count(lesson.gap, 'step')}, "
            f"but cannot fire for {_count(lesson.refractory, 'step')} after each"
        )
    if lesson.target > lesson.most:
        found.append(f"{steps} have room for {_count(lesson.most, 'spike')} of `{name}` at most")
    return "; ".join(found)


def _because(lesson: Lesson, output: Population) -> tuple[Note, ...]:
    if output.span is None or lesson.gap > lesson.refractory:
        return ()
    return (Note(output.span, f"refractory for {_count(lesson.refractory, 'step')}"),)


def _way_out(lesson: Lesson, dt: float) -> str:
    if lesson.gap >= lesson.steps:
        return "choose a target of at least 2"
    longer = f"let the input last {lesson.needed * dt:.10g} ms"
    if lesson.largest < 2:
        return longer
    return f"the largest target that works is {lesson.largest}; for this one, {longer}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
