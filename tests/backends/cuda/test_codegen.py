"""The generated module: every operator has a spelling that the device knows."""

from __future__ import annotations

import math

import pytest
from backend_cases import compiled_text
from drawn_networks import ENCODINGS, POOL, TRANSCENDENT

from snncc.backends.cpu.plan import distinct_steps
from snncc.backends.cuda.codegen import SPELLINGS, module_source
from snncc.backends.render import SPELLINGS as ALL
from snncc.backends.step_text import identifiers


@pytest.fixture(scope="module")
def steps():
    texts = POOL.replace("ENCODING", ENCODINGS["spikes"]), TRANSCENDENT
    return [step for text in texts for step in distinct_steps(compiled_text(text).graph)]


def test_own_spellings_are_of_known_operators():
    assert SPELLINGS.keys() <= ALL.keys()


def test_module_is_python_and_offers_both_entries(steps):
    text = module_source(steps)
    compile(text, "module", "exec")
    assert "\ndef run(" in text
    assert "\ndef learn(" in text
    assert "from ." not in text


def test_no_name_of_a_program_reaches_the_text(steps):
    names = {name for step in steps for name in identifiers(step)} - {"spiked"}
    assert {"tau_mem", "drive", "floor"} & names
    own = module_source(steps).partition("def meet(")[0]
    for step in steps:
        for state in step.states:
            assert f" {state.name} =" not in own


def test_a_nan_stays_a_nan_in_min_and_max(steps):
    text = module_source(steps).replace("@cuda.jit(device=True)\n", "")
    head = text[text.index("def minimum") : text.index("def step_0")]
    made: dict[str, object] = {}
    exec(compile(head, "head", "exec"), made)  # noqa: S102 - our own text
    nan = math.nan
    for name, pick in (("minimum", min), ("maximum", max)):
        function = made[name]
        assert function(1.0, 2.0) == pick(1.0, 2.0)
        assert function(2.0, 1.0) == pick(1.0, 2.0)
        assert math.isnan(function(nan, 1.0))
        assert math.isnan(function(1.0, nan))
