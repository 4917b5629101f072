"""What a rule cannot train is refused by whoever begins to train, not by `check` alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.rules.table import RULES
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.backends.trainers.cuda import CudaTrainer
from snncc.ir.model import draw_model

TEXT = """
network n {
  input x[6] encode poisson(duration = 20 ms)
  output y[4] : OUTPUT
  x -> y : dense
}
train n {
  data digits
  rule RULE
  loss LOSS
}
"""
TRAINS = "trains = [[[0, 1], [0]], [[0], [0, 1]]]"


@pytest.mark.parametrize(
    ("output", "rule", "loss", "code", "message"),
    [
        ("lif", "st_rsbp", "cross_entropy", "E050", "learns by spike counts"),
        ("lif", "hm2_bp", "first_spike(tau = 3 ms)", "E050", "learns by spike counts"),
        ("li", "surrogate(width = 2)", "count", "E050", "emits a number"),
        ("li_mean", "e_prop(width = 2)", "count_hinge", "E050", "emits a number"),
        ("tssl", "tssl_bp", f"kernel(tau = 3 ms, {TRAINS})", "E051", "has 4 neurons"),
        ("tssl", "tssl_bp", "kernel(tau = 0.1 ms)", "E051", "shorter than a step"),
        ("tssl", "tssl_bp", "kernel(tau = 1e30 ms)", "E051", "a spike leaves nothing"),
        ("tssl", "tssl_bp", "first_spike(tau = 1e30 ms)", "E051", "so long that a step"),
        ("lif\n  readout = first_spike", "e_prop(width = 2)", "cross_entropy", "E050", "by no"),
    ],
)
@pytest.mark.parametrize("trainer", [CpuTrainer, CudaTrainer])
def test_a_loss_that_does_not_fit(trainer, output, rule, loss, code, message, tmp_path: Path):
    text = TEXT.replace("OUTPUT", output).replace("RULE", rule).replace("LOSS", loss)
    program = compiled_text(text)
    model = draw_model(program.graph, 0)
    found = refused(code, trainer, model, program.train, 1, tmp_path)
    assert message in found.message
    assert found.span is not None


def test_numbers_that_are_sent_have_no_times(tmp_path: Path):
    """EventProp asks spikes for their times, at which numbers jump."""
    hidden = "li\n  population h[3] : li\n  x -> h : dense\n  h -> y : dense"
    text = TEXT.replace("OUTPUT", hidden).replace("LOSS", "cross_entropy")
    for rule, codes in (("eventprop", ["E050"]), ("surrogate(width = 2)", [])):
        program = compiled_text(text.replace("RULE", rule))
        model = draw_model(program.graph, 0)
        found = RULES[program.train.call("rule").kind].check(model, program.train)
        assert [d.code for d in found] == codes
        assert all("`h` sends numbers" in d.message and d.span for d in found)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_inputs_of_several_spikes(rule):
    """Those that go by events learn from them, the others from spikes of which there is one."""
    text = TEXT.replace("poisson(duration = 20 ms)", "spikes(duration = 20 ms, most = 4)")
    learns = rule in ("surrogate", "e_prop")
    text = text.replace("RULE", f"{rule}(width = 2)" if learns else rule)
    loss = {"tssl_bp": "kernel(tau = 3 ms)", "eventprop": "first_spike(tau = 3 ms)"}
    program = compiled_text(text.replace("LOSS", loss.get(rule, "count")).replace("OUTPUT", "tssl"))
    found = RULES[rule].check(draw_model(program.graph, 0), program.train)
    assert [d.code for d in found] == ([] if learns else ["E050"])
    assert all("`x` may have 4" in d.message and d.span and d.help for d in found)


def test_a_class_that_is_not_what_is_learnt():
    text = TEXT.replace("RULE", "tssl_bp").replace("LOSS", "first_spike(tau = 3 ms)")
    program = compiled_text(text.replace("OUTPUT", "tssl"))
    (found,) = RULES["tssl_bp"].warnings(program.graph, program.train)
    assert (found.code, found.help) == ("W050", "write `readout = first_spike`")
    program = compiled_text(text.replace("OUTPUT", "tssl\n  readout = first_spike"))
    assert RULES["tssl_bp"].warnings(program.graph, program.train) == ()


@pytest.mark.parametrize("rule", ["st_rsbp", "hm2_bp"])
def test_spike_trains_of_which_units_are_left_out(rule):
    """Their derivatives are of whole trains, which the papers know without dropout."""
    text = TEXT.replace("RULE", f"{rule}\n  dropout h(p = 0.2)").replace("LOSS", "count")
    hidden = "lif\n  population h[3] : lif\n  x -> h : dense\n  h -> y : dense"
    program = compiled_text(text.replace("OUTPUT", hidden))
    (found,) = RULES[rule].check(draw_model(program.graph, 0), program.train)
    assert (found.code, found.span) == ("E050", program.train.span)
    assert "`h` has dropout" in found.message
