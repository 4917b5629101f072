"""A step without what no later step, and no output but a state itself, can see."""

from __future__ import annotations

from dataclasses import replace

from ....ir.analysis.refractory import refractory_steps
from ....ir.expr import Const, names
from ....ir.graph import Population
from ....ir.neuron import NeuronStep
from .neurons import step_of


def lean(population: Population) -> Population:
    """The population without resets to what the next step holds the state at: its spikes are the
    same, and such a state differs after a step with a spike alone."""
    step = step_of(population)
    kept = tuple(a for a in step.reset if not _is_held(a.target, population, step))
    return replace(population, step=replace(step, reset=kept))


def _is_held(state: str, population: Population, step: NeuronStep) -> bool:
    """Whether a spike sets the state to a number at which each neuron that fired is held in the
    next step, before anything but the state itself reads it."""
    if step.refractory is None or step.relax or not names(step.refractory) <= {*step.constants}:
        return False
    if refractory_steps(population) < 1:
        return False
    to, at = (
        [a.value for a in assigns if a.target == state] for assigns in (step.reset, step.hold)
    )
    if len(to) != 1 or to != at or not isinstance(to[0], Const):
        return False
    others = [a.value for a in (*step.decay, *step.deliver, *step.integrate) if a.target != state]
    others += [a.value for a in (*step.hold, *step.reset) if a.target != state]
    others += [] if step.emit is None else [step.emit]
    others += [a.value for a in step.score]
    return all(state not in names(value) for value in others)
