"""The generated module: every operator has a spelling that the device knows."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import pytest
from compiled_texts import compiled_text
from drawn_networks import ENCODINGS, POOL, TRANSCENDENT

from snncc.backends.compiled.plan import distinct_steps
from snncc.backends.compiled.text.languages import PYTHON
from snncc.backends.cuda.codegen import module_source
from snncc.backends.rules.spike_train.sources import CUDA

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def steps():
    texts = POOL.replace("ENCODING", ENCODINGS["spikes"]), TRANSCENDENT
    return [step for text in texts for step in distinct_steps(compiled_text(text).graph)]


def test_module_is_python_and_offers_both_entries(steps):
    text = module_source(steps, CUDA)
    compile(text, "module", "exec")
    assert "\ndef run(" in text
    assert "\ndef learn(" in text
    assert "\ndef learn(" not in module_source(steps)
    assert "from ." not in text


def test_no_name_of_a_program_reaches_the_text(steps):
    tree = ast.parse(module_source(steps))
    functions = [f for f in tree.body if isinstance(f, ast.FunctionDef) and "step_" in f.name]
    own = [f for f in functions if f.name.removeprefix("step_").isdigit()]
    assert len(own) == len(steps)
    arguments = {"n", "reals", "integers", "currents", "place", "width", "constants"}
    functions_used = {"f32", "i32", "math", "minimum", "maximum", "abs"}
    bodies = [line for f in own for line in f.body]
    names = {n.id for line in bodies for n in ast.walk(line) if isinstance(n, ast.Name)}
    made = {name for name in names - arguments - functions_used if name != "spiked"}
    assert made
    assert all(re.fullmatch(r"[spc][0-9]+", name) for name in made)


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


def test_no_kernel_is_called_like_a_function_of_the_steps() -> None:
    """The steps of codes, with what they call, are of one text with the kernels."""
    helpers = set(re.findall(r"^def (\w+)", PYTHON.helpers, re.MULTILINE))
    assert "quotient" in helpers
    folders = ("compiled", "cuda", "rules", "optimizers", "losses")
    files = (p for f in folders for p in (ROOT / "backends" / f).rglob("*.py"))
    texts = [p.read_text() for p in files if p.name != "languages.py"]
    defined = {n for text in texts for n in re.findall(r"^def (\w+)", text, re.MULTILINE)}
    assert not helpers & defined
