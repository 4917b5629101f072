"""What the rule refuses, and what it remembers."""

from __future__ import annotations

import pytest
from compiled_texts import compiled_text

from snncc.backends.compiled.plan import make_plan
from snncc.backends.rules.through_time import tables
from snncc.backends.rules.through_time.cpu.scratch import make_sweep
from snncc.backends.rules.through_time.row import check, loss_warnings
from snncc.backends.rules.through_time.tables import adjoints, make_tables, sample_bytes
from snncc.ir.model import draw_model

TEXT = """
neuron burst {
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / 5 ms
  spike when CONDITION
  on spike { v = 0 mV }
}
network net {
  dt = 1 ms
  input x[2] encode spikes(duration = 50 ms)
  population h[3] : lif
  output y[4] : burst
  MORE
  x -> h : dense
  h -> y : dense  delay 1 ms
}
train net {
  data digits
  rule surrogate(width = 2)
}
"""


def program(condition="v > 1 mV", more=""):
    return compiled_text(TEXT.replace("CONDITION", condition).replace("MORE", more))


def mistakes(made):
    return check(draw_model(made.graph, 0), made.train)


def test_a_threshold_without_a_margin():
    (found,) = mistakes(program("v > 1 mV and v < 9 mV"))
    assert found.code == "E050"
    assert "no single comparison" in found.message
    assert found.span is not None
    assert mistakes(program("max(v, 2 * v) > 1 mV")) == ()


def test_several_outputs():
    (found,) = mistakes(program(more="output z[2] : lif  h -> z : dense"))
    assert (found.code, "not 2" in found.message) == ("E050", True)


def test_a_loss_of_counts_where_none_are():
    text = TEXT.replace("y[4] : burst", "y[4] : li_mean").replace("MORE", "")
    (found,) = mistakes(compiled_text(text.replace("CONDITION", "v > 1 mV")))
    assert found.code == "E050"
    assert "`loss count` reads spikes, and `y` emits a number" in found.message
    assert found.related
    scored = text.replace("width = 2)", "width = 2)  loss cross_entropy")
    assert mistakes(compiled_text(scored.replace("CONDITION", "v > 1 mV"))) == ()


def test_counts_that_are_right_for_every_class():
    made = compiled_text(
        TEXT.replace("CONDITION", "v > 1 mV")
        .replace("MORE", "")
        .replace("width = 2)", "width = 2) loss count(target = 4, other = 1)")
    )
    (found,) = loss_warnings(made.graph, made.train)
    assert found.code == "W050"
    assert "fires 0 to 6 spikes costs nothing" in found.message
    assert "margin" in found.help
    assert loss_warnings((usual := program()).graph, usual.train) == ()


def test_a_label_that_is_to_fire_no_more_than_the_others():
    hinge = "width = 2) loss count_hinge(target = 2, other = 3)"
    text = TEXT.replace("CONDITION", "v > 1 mV").replace("MORE", "").replace("width = 2)", hinge)
    (found,) = loss_warnings((made := compiled_text(text)).graph, made.train)
    assert "is to fire 2 times, any other one 3" in found.message
    assert found.help == "choose an `other` below `target`"


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("", 0),
        (", target = [0, 1, 1, 1, 1]", 0),
        (", target = [0, 1], other = [0, 1]", 1),
        (", target = [0]", 1),
        (", target = [0], trains = [[[0], [1]], [[1], [0]]]", 0),
        (", trains = [[[0], [1]], [[0], [1]]]", 1),
    ],
)
def test_a_label_that_is_to_fire_the_train_of_the_others(said, count):
    kernel = f"width = 2) loss kernel(tau = 3 ms{said})"
    text = TEXT.replace("CONDITION", "v > 1 mV").replace("MORE", "").replace("width = 2)", kernel)
    found = loss_warnings((made := compiled_text(text)).graph, made.train)
    assert [d.code for d in found] == ["W050"] * count
    assert all("the same train" in d.message for d in found)


def test_what_is_remembered_of_a_step():
    made = program()
    lif, burst = adjoints(made.graph, made.train.call("rule"))
    assert lif.kept == ("refractory_left", "spiked", "v:3")
    assert burst.kept == ("spiked", "v:2")
    each = 4 * 50 * 6
    assert sample_bytes(made.graph, made.train) == {
        "x": each * 2, "h": each * 3 + 4 * 50 * 3, "y": each * 4
    }  # fmt: skip


def test_what_is_told_of_memory_is_what_the_kernels_take():
    made = program(
        more="population z[5] : cuba_lif  h -> z.exc : dense  z -> z.inh : dense delay 1 ms"
    )
    model = draw_model(made.graph, 0)
    plan = make_plan(model)
    sweep = make_sweep(plan, make_tables(model, made.train, plan), 1)
    taken = held(sweep.tape, sweep.asked, sweep.arrived, sweep.when) // sweep.together
    currents = 4 * 50 * plan.ports * int(plan.neurons[-1])
    assert sum(sample_bytes(made.graph, made.train).values()) == taken + currents


def held(*arrays):
    """Their bytes."""
    return sum(a.size * a.itemsize for a in arrays)


@pytest.mark.parametrize("steps", [50, 500, 20_000])
def test_a_long_sample_takes_as_much_as_a_segment(monkeypatch, steps):
    """But for its events, what the loss asks, and its states at the start of every segment."""
    each = 4 * 9 * (3 + 1 + 2)  # 9 neurons; 3 numbers on the tape, what is asked, a port twice
    monkeypatch.setattr(tables, "MOST_BYTES", 55 * each)
    text = TEXT.replace("CONDITION", "v > 1 mV").replace("MORE", "")
    made = compiled_text(text.replace("50 ms", f"{steps} ms"))
    model = draw_model(made.graph, 0)
    plan = make_plan(model)
    through = make_tables(model, made.train, plan)
    assert (through.segment, through.segments) == (
        (50, 1) if steps == 50 else (40, -(-steps // 40))
    )
    sweep = make_sweep(plan, through, 1)
    rows = held(sweep.tape, sweep.asked, sweep.arrived, sweep.when) // sweep.together
    assert rows < each * (through.segment + 2)  # the last row comes a delay later
    starts = held(sweep.starts_of_reals, sweep.starts_of_integers) // sweep.together
    assert starts == (0 if steps == 50 else 4 * 9 * 3 * through.segments)
    told = sum(sample_bytes(made.graph, made.train).values())
    assert told == starts + (each + 4 * 3) * through.segment  # spikes of h, sorted
