"""A model with relays does what it did without, every spike and every state at its step."""

import numpy as np
import pytest
from compiled_texts import compiled_text
from layout_cases import scattered
from ranc_nets import STEPS, drawn_ranc, drawn_spikes

from snncc.backends.layout.build import listed
from snncc.backends.layout.numbering import Numbering
from snncc.backends.layout.relays import Targets, with_relays
from snncc.backends.layout.simulator import play
from snncc.backends.reference.network import simulate
from snncc.ir.diagnostics import CompileError
from snncc.ir.model import Model, draw_model, verify_model
from snncc.ir.passes.pipeline import run_model_passes


def targets_of(model: Model) -> Targets:
    """Each synapse an axon of its own: as much as relays can have to do."""
    numbering = Numbering.of(model.graph)
    sender, delay, of, first = [], [], {}, 0
    for p in model.graph.projections:
        pre, _ = model.wirings[p.name].pairs()
        sender.append(pre + numbering.first[p.pre])
        delay.append(np.full(len(pre), p.delay))
        of[p.name] = np.arange(first, first + len(pre))
        first += len(pre)
    return Targets(np.concatenate(sender).astype(np.int64), np.concatenate(delay), of)


@pytest.mark.parametrize(("seed", "room"), [(1, 256), (2, 8), (6, 16), (13, 4)])
def test_relays_change_nothing(seed: int, room: int) -> None:
    model = listed(drawn_ranc(seed, widest=20))
    targets, home = targets_of(model), np.zeros(Numbering.of(model.graph).neurons, np.int64)
    try:
        made = with_relays(model, home, targets, room, 64)
    except CompileError:  # more levels than a delay has steps
        made = with_relays(model, home, targets, 4096, 64)
    verify_model(made.model)
    driven = np.bincount(made.driver, minlength=Numbering.of(made.model.graph).senders)
    assert driven[: Numbering.of(made.model.graph).neurons].max() <= 1
    assert len(made.core_of) == Numbering.of(made.model.graph).neurons
    inputs = drawn_spikes(model, seed)
    wanted = simulate(model, inputs, record=True)
    found = play(scattered(made.model, seed), inputs, STEPS, True).trace
    for population in model.graph.populations:
        name = population.name
        assert np.array_equal(found.spikes[name], wanted.spikes[name]), name
        for state, values in wanted.history.get(name, {}).items():
            assert np.array_equal(found.states[name][state], values), (name, state)


def test_a_delay_without_a_step_for_relays_is_refused() -> None:
    text = """
network n {
  dt = 0.5 ms
  input x[2] encode spikes(duration = 5 ms)
  population h[3] : if
  output y[2] : if
  x -> h : dense
  h -> y : dense delay 0.5 ms
}
"""
    model = listed(run_model_passes(draw_model(compiled_text(text).graph, 0)))
    home = np.zeros(5, np.int64)
    with pytest.raises(CompileError) as refused:
        with_relays(model, home, targets_of(model), 256, 256)
    (said,) = refused.value.diagnostics
    assert said.code == "E085"
    assert "`h -> y`" in said.message or "`h->y`" in said.message
    assert said.help == "write `delay 1 ms`"
