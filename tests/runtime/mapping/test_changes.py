"""What does not fit is told with changes that do, and fewest cores are found."""

from dataclasses import replace

import numpy as np
import pytest
from integer_cases import drawn_integers

from snncc.backends.layout.numbering import Numbering
from snncc.backends.layout.senders import axons
from snncc.backends.mapping.axons import Axons
from snncc.backends.mapping.feasible import DoesNotFit
from snncc.backends.mapping.limits import CoreLimits, Mesh, excesses, uses
from snncc.backends.mapping.load import as_python
from snncc.ir.passes.pipeline import run_model_passes
from snncc.runtime.mapping.changes import _thinned, _without, changes, fitting, misfit
from snncc.runtime.mapping.fewest import Task, fewest, least_cores, quickly


@pytest.fixture
def task() -> Task:
    model = run_model_passes(drawn_integers(2))
    numbering = Numbering.of(model.graph)
    found = axons(model, np.ones(numbering.senders))
    assert found.neurons > 6
    return Task(found, CoreLimits(4, 12), Mesh(2, 2), numbering)


def test_the_fewest_cores_keep_every_limit(task, tmp_path) -> None:
    kernels = as_python(tmp_path)
    part = fewest(task, quickly(task, kernels))
    cores = int(part.max()) + 1
    assert cores >= least_cores(task.axons, task.limits)
    assert not list(excesses(uses(task.axons, part, task.limits, 4, kernels), task.limits))


def fan_in(axons: Axons) -> list[int]:
    return np.bincount(axons.reach, minlength=axons.neurons).tolist()


def pairs(axons: Axons) -> list[tuple[int, int]]:
    sender = np.repeat(np.arange(axons.senders), np.diff(axons.start))
    return list(zip(sender.tolist(), axons.reach.tolist(), strict=True))


def test_thinned_axons_keep_so_many_senders(task) -> None:
    for most in (1, 2, 5):
        made = _thinned(task.axons, most).checked()
        assert fan_in(made) == [min(k, most) for k in fan_in(task.axons)]
        assert set(pairs(made)) <= set(pairs(task.axons))


def test_a_population_of_fewer_neurons(task) -> None:
    population = next(p for p in task.numbering.populations if p.step and p.neurons > 2)
    made = _without(task, population, 1).checked()
    gone = population.neurons - 1
    assert made.neurons == task.axons.neurons - gone
    assert made.senders == task.axons.senders - gone
    first = task.numbering.first[population.name]
    kept = [n for n in range(task.axons.senders) if not first < n < first + population.neurons]
    place = {n: k for k, n in enumerate(kept)}
    wanted = [(place[a], place[b]) for a, b in pairs(task.axons) if a in place and b in place]
    assert pairs(made) == wanted


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (CoreLimits(1), "neurons and all cores have 4"),
        (CoreLimits(9, 2), "senders that reach a core and one core, for"),
        (CoreLimits(9, synapse_bytes=3, synapse_bits=8), "bytes of synapses"),
    ],
)
def test_what_does_not_fit_is_told_with_changes_that_do(task, tmp_path, limits, said) -> None:
    kernels = as_python(tmp_path)
    small = replace(task, limits=limits)
    with pytest.raises(DoesNotFit) as failed:
        fewest(small, quickly(small, kernels))
    told = misfit(small, failed.value, "loihi", fitting(kernels))
    (found,) = told.diagnostics
    assert found.code == "E093"
    assert said in found.message
    assert "too many" in found.message
    suggestions = list(changes(small, fitting(kernels)))
    assert suggestions
    assert all(each in (found.help or "") for each in suggestions)
    assert told.document["binding"]["used"] > told.document["binding"]["allowed"]
