"""Neurons that are placed one by one, where that comes to less than cores placed whole."""

import os
from dataclasses import replace

import numpy as np
import pytest
from axon_cases import drawn_axons

from snncc.backends.layout.numbering import Numbering
from snncc.backends.mapping.limits import CoreLimits, Mesh, excesses, uses
from snncc.backends.mapping.load import load_kernels
from snncc.backends.mapping.route import traffic
from snncc.runtime.mapping.arranged import Wishes, arranged, one_by_one
from snncc.runtime.mapping.fewest import Task
from snncc.runtime.mapping.search import Stopped
from snncc.runtime.mapping.trail import Trail
from snncc.runtime.settings import settings_from


@pytest.fixture(scope="module")
def compiled():
    return load_kernels(settings_from(os.environ).kernel_folder)


@pytest.fixture
def task() -> Task:
    axons = drawn_axons(4, neurons=40, inputs=3, synapses=160)
    numbering = Numbering((), {}, axons.neurons, axons.senders)
    return Task(axons, CoreLimits(6), Mesh(3, 3), numbering)


def unseen(_stage: str, _share: float) -> None:
    pass


@pytest.mark.slow
def test_the_better_is_kept_and_told(task, compiled) -> None:
    made = arranged(task, Wishes("generic"), compiled, unseen, Trail())
    sent = traffic(task.axons, made.part, made.slots, task.mesh, compiled)
    assert made.placing["kept"] == "neurons"
    assert sent.weighted_hops == pytest.approx(made.placing["neurons"])
    assert made.placing["neurons"] < made.placing["cores"]
    taken = uses(task.axons, made.part, task.limits, len(made.slots), compiled)
    assert not list(excesses(taken, task.limits))
    again = arranged(task, Wishes("generic"), compiled, unseen, Trail())
    assert np.array_equal(made.part, again.part)
    assert np.array_equal(made.slots, again.slots)
    # From what it has come to on it finds no better, or again says which.
    more = one_by_one(task, made.part, made.slots, Wishes("generic"), compiled, unseen)
    assert more.placing["cores"] == pytest.approx(made.placing["neurons"])


@pytest.mark.slow
def test_where_it_is_not_sought(task, compiled) -> None:
    several = replace(task, mesh=Mesh(3, 1, 3))
    for asked, wishes in ((several, Wishes("loihi")), (task, Wishes("generic", effort=0))):
        made = arranged(asked, wishes, compiled, unseen, Trail())
        assert (made.placing["kept"], made.placing["neurons"]) == ("cores", None)


@pytest.mark.slow
def test_it_is_stopped_in_between(task, compiled) -> None:
    def watch(stage: str, share: float) -> None:
        if stage == "place neurons one by one" and share > 0.5:
            raise Stopped

    trail = Trail()
    with pytest.raises(Stopped):
        arranged(task, Wishes("generic"), compiled, watch, trail)
    whole = arranged(task, Wishes("generic"), compiled, unseen, Trail())
    found = arranged(task, Wishes("generic"), compiled, unseen, trail)
    assert np.array_equal(found.part, whole.part)
    assert np.array_equal(found.slots, whole.slots)
