"""Which steps are those of Loihi's compartments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text
from loihi_nets import CELLS
from refusal import refused

from snncc.backends.exports.chips.compartments import compartments_of
from snncc.ir.deploy.choices import chosen
from snncc.ir.diagnostics import CompileError
from snncc.ir.expr import Const
from snncc.ir.model import Model, draw_model
from snncc.ir.neuron import Assign
from snncc.ir.passes.pipeline import run_model_passes
from snncc.runtime.deploying import quantized_as

NET = """
neuron low {{
  state v: mV = -1 mV
  on input {{ v = v + i }}
  spike when v > 1 mV
  on spike {{ v = 0 mV }}
}}
network n {{
  dt = 1 ms
  input x[3] encode spikes(duration = 20 ms)
  output h[4] : {cell}
  x -> h : dense(init = uniform(-1, 2)) delay 1 ms
  h -> h : dense(init = uniform(-8, 1)) delay 1 ms
}}
"""


def net(cell: str, **options: object) -> Model:
    text = CELLS + NET.format(cell=cell)
    model = run_model_passes(draw_model(compiled_text(text).graph, 1))
    said = {"target": "loihi", "bits": 6, **options}
    return quantized_as(model, chosen(None, said)).integers


def compartments(cell: str, **options: object):
    model = net(cell, **options)
    return compartments_of(model, model.graph.population("h"))


def test_numbers_of_lif() -> None:
    found = compartments("lif(tau_mem = 64 ms, tau_syn = 8 ms, v_th = 1 mV, refractory = 3 ms)")
    assert (found.voltage, found.current, found.refractory) == ("v", "c", 3)
    assert (int(found.keep_v), int(found.keep_u)) == (4032, 3584)
    assert not found.bias.any()
    (brings,) = set(found.ports.values())
    assert brings & (brings - 1) == 0
    assert found.threshold > 0


def test_numbers_of_others() -> None:
    bare = compartments("bare(v_th = 1 mV, tau = 8 ms)")
    assert (bare.current, int(bare.keep_u), int(bare.keep_v)) == (None, 0, 3584)
    assert int(compartments("kept(v_th = 1 mV)").keep_v) == 4096
    biased = net("biased(tau = 16 ms, drive = 2 mV, v_th = 1 mV)")
    found = compartments_of(biased, biased.graph.population("h"))
    unit = float(biased.values["h/v.unit"].array)
    guard = int(np.log2(next(iter(found.ports.values()))))
    assert abs(int(found.bias) - 2 / 16 / unit * 2**guard) <= 2**guard * 0.01
    several = compartments("lif(v_th = 1 mV)", scale="neuron")
    assert several.threshold.shape == (4,)
    apart = compartments("lif(v_th = 1 mV)", scale="shared_exponent", guard=9)
    assert len(set(apart.ports.values())) == 2


@pytest.mark.parametrize(
    ("cell", "options", "said"),
    [
        ("lif(v_th = 1 mV) method exact", {}, "is not that of a compartment"),
        ("low", {}, "starts at other states than 0"),
    ],
)
def test_other_neurons_are_refused(cell, options, said) -> None:
    diagnostic = refused("E071", compartments, cell, **options)
    assert said in diagnostic.message
    assert diagnostic.span is not None


def changed(**parts: object) -> Model:
    """A network of Loihi with another step of `h`."""
    model = net("lif(v_th = 1 mV)")
    populations = tuple(
        p if p.step is None else replace(p, step=parts["how"](p.step))
        for p in model.graph.populations
    )
    return replace(model, graph=replace(model.graph, populations=populations))


def swapped(phase: str, make):
    def how(step):
        return step.with_phases({phase: tuple(make(a) for a in step.assigns[phase])})

    return how


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda step: replace(step, reset=()), "is not reset by a spike"),
        (lambda step: replace(step, decay=(), relax=step.decay), "decays after its threshold"),
        (lambda step: replace(step, integrate=step.integrate[:1]), "not clipped to 24 bits"),
        (lambda step: replace(step, integrate=step.integrate[1:]), "has a sum of `v`"),
        (lambda step: replace(step, deliver=step.deliver * 2), "has a sum of `c`"),
        (lambda step: replace(step, decay=step.decay[:1] + step.integrate[:1]), "a decay of `v`"),
        (
            swapped("reset", lambda a: Assign(a.target, Const(64, a.value.dtype))),
            "resets `v` not to 0",
        ),
    ],
)
def test_every_part_of_the_step_is_looked_at(how, said) -> None:
    model = changed(how=how)
    with pytest.raises(CompileError) as found:
        compartments_of(model, model.graph.population("h"))
    assert said in found.value.diagnostics[0].message
