"""What is foreseen of a network is what mapping makes of it once it has integers."""

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.layout.numbering import Numbering
from snncc.backends.mapping.limits import excesses, uses
from snncc.backends.mapping.load import as_python
from snncc.ir.chips.cores import CORES
from snncc.ir.integers.precision import Deployment, Precision
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.runtime.mapping.arranged import Wishes
from snncc.runtime.mapping.changes import Unfit
from snncc.runtime.mapping.firing import Firing
from snncc.runtime.mapping.foreseen import foreseen, lines_of
from snncc.runtime.mapping.plan import task_of
from snncc.runtime.quantization import quantized

NET = """
network n {
  dt = 1 ms
  input x[1, 4, 4] encode poisson(duration = 8 ms)
  population c : lif
  population h[5] : lif(refractory = 0 ms)
  output y[3] : lif
  x -> c : conv2d(channels = 2, kernel = 3, padding = 1, init = uniform(1, 2))
  c -> h : dense(init = uniform(1, 2)) delay 2 ms
  h -> h : sparse(p = 0.6, init = uniform(1, 2)) delay 1 ms
  h -> y : dense(init = uniform(1, 2))
}
"""


@pytest.fixture
def model():
    return run_model_passes(draw_model(compiled_text(NET).graph, 1))


def classes(kind):
    """Of each neuron the first of its class: the same for the same classes, whatever their
    numbers."""
    _, first, own = np.unique(kind, return_index=True, return_inverse=True)
    return first[own]


@pytest.mark.parametrize("scale", ["neuron", "population", "exponent", "shared_exponent"])
@pytest.mark.parametrize("chip", CORES)
def test_it_is_the_task_that_mapping_has(model, tmp_path, scale, chip) -> None:
    """The weights are all so large that none has the code 0."""
    precision = Precision(bits=6, scale=scale)
    found = foreseen(model, precision, chip, as_python(tmp_path))
    integers = run_model_passes(quantized(model, Deployment(precision)).integers)
    task = task_of(integers, Firing(np.ones(Numbering.of(model.graph).senders)), Wishes(chip))
    for name in ("start", "reach", "rate"):
        assert np.array_equal(getattr(found.task.axons, name), getattr(task.axons, name)), name
    for mine, other in zip(found.task.axons.kinds, task.axons.kinds, strict=True):
        assert np.array_equal(classes(mine), classes(other))
    assert (found.task.limits, found.task.mesh) == (task.limits, task.mesh)


@pytest.mark.parametrize("chip", CORES)
def test_the_cores_keep_every_limit(model, tmp_path, chip) -> None:
    kernels = as_python(tmp_path)
    found = foreseen(model, Precision(), chip, kernels)
    told, limits = found.document(chip), found.task.limits
    cores = int(found.part.max()) + 1
    assert told["cores_at_least"] <= told["cores"] == cores <= told["of"]
    used = uses(found.task.axons, found.part, limits, cores, kernels)
    assert not list(excesses(used, limits))
    assert all(left >= 0 for left in told["slack"].values())
    assert told["binding"]["used"] <= told["binding"]["allowed"]
    said = " ".join(lines_of({"network": "n", **told}))
    assert f"`n` fits {cores} of the {told['of']} cores of {chip}" in said


def test_delays_take_bits_where_all_spikes_come_later(model, tmp_path) -> None:
    kernels, text = as_python(tmp_path), NET.replace("delay 2 ms", "").replace("delay 1 ms", "")
    text = text.replace("  h -> h : sparse(p = 0.6, init = uniform(1, 2)) \n", "")
    flat = run_model_passes(draw_model(compiled_text(text).graph, 1))
    bits = [
        foreseen(flat, Precision(extra_delay=k), "loihi", kernels).task.limits.synapse_bits
        for k in (0, 1)
    ]
    assert bits == [8 + 11, 8 + 11 + 6]


def test_what_does_not_fit_is_told_with_what_does(model, tmp_path, monkeypatch) -> None:
    small = replace(CORES["generic"], width=2, height=1, neurons=20, thresholds=4)
    monkeypatch.setitem(CORES, "generic", small)
    kernels = as_python(tmp_path)
    assert foreseen(model, Precision(scale="population"), "generic", kernels).at_least == 2
    with pytest.raises(Unfit) as refused:
        foreseen(model, Precision(scale="neuron", bits=5), "generic", kernels)
    assert "10 thresholds" in str(refused.value)
    assert refused.value.document["suggestions"]
