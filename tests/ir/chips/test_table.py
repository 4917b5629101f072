"""The rows of chips name limits and entries that there are, and facts that can be looked up."""

import pytest

from snncc.ir.chips.limits import LIMITS
from snncc.ir.chips.table import CHIPS, Form
from snncc.ir.deploy.entries import DEPLOY_ENTRIES, problem
from snncc.ir.ranges import Range

ENDS = (float("-inf"), float("inf"))


@pytest.mark.parametrize("chip", CHIPS)
def test_a_chip_speaks_of_what_there_is(chip):
    row = CHIPS[chip]
    assert row.summary
    assert row.source
    assert row.limits.keys() <= LIMITS.keys()
    assert row.forms.keys() <= DEPLOY_ENTRIES.keys() - {"target"}
    for name, form in row.forms.items():
        assert form.own in form
        also = form.also if isinstance(form.also, tuple) else (form.also.low, form.also.high)
        for value in (
            form.own,
            *(int(v) if isinstance(v, float) else v for v in also if v not in ENDS),
        ):
            assert value is None or problem(name, value) == ""


def test_every_limit_is_one_of_a_chip():
    assert {name for chip in CHIPS.values() for name in chip.limits} == LIMITS.keys()


def test_facts_of_the_chips():
    """By their papers and mappers: each number stands in the source that its row names."""
    loihi, xylo = CHIPS["loihi"], CHIPS["xylo_audio3"]
    assert loihi.limits["neurons"] == 131_072
    assert loihi.limits["synapse_bytes"] == 128 * 128 * 1024
    assert (loihi.limits["delay"], loihi.limits["refractory"]) == (Range(0, 62), 62)
    assert (loihi.forms["state_bits"].own, loihi.forms["rounding"].own) == (24, "toward_zero")
    assert [xylo.limits[n] for n in ("inputs", "hidden", "outputs")] == [16, 992, 32]
    assert xylo.forms["decay"].own == "shift"
    assert CHIPS["truenorth"].limits["delay"] == Range(1, 15)
    assert CHIPS["reckon"].limits["keeps"] == Range(0.875, 1.125, is_high_open=True)
    assert [CHIPS[n].forms["state_bits"].own for n in ("tinyodin", "odin")] == [12, 9]


def test_what_a_form_admits():
    some = Form(8, Range(2, 8))
    assert [n in some for n in (1, 2, 8, 9)] == [False, True, True, False]
    assert "floor" not in some
    assert None in Form(None)
    assert 0.0 not in Form(None)
    words = Form("population", ("neuron",))
    assert ["neuron" in words, "pow2" in words] == [True, False]
    assert (str(some), str(words)) == ("at least 2 and at most 8", "population or neuron")
