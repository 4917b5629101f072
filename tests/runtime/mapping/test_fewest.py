"""Fewest cores are found, and what has no hope is not sought for long."""

import os
from dataclasses import replace

import numpy as np
import pytest
from axon_cases import drawn_axons

from snncc.backends.layout.numbering import Numbering
from snncc.backends.mapping.axons import Axons, axons_of
from snncc.backends.mapping.feasible import DoesNotFit
from snncc.backends.mapping.limits import CoreLimits, Excess, Mesh, excesses, uses
from snncc.backends.mapping.load import as_python, load_kernels
from snncc.backends.mapping.partition import State, partition
from snncc.runtime.mapping.fewest import (
    Array,
    Task,
    assignments,
    fewest,
    fillings,
    least_cores,
    quickly,
)
from snncc.runtime.settings import settings_from


@pytest.fixture(scope="module")
def compiled():
    return load_kernels(settings_from(os.environ).kernel_folder)


@pytest.fixture
def task() -> Task:
    axons = drawn_axons(4, neurons=12, inputs=3, synapses=40)
    return Task(axons, CoreLimits(4, 12), Mesh(2, 2), Numbering((), {}, 12, axons.senders))


def wide(task: Task) -> Task:
    """That task with cores too small for it, in whatever order they are filled."""
    return replace(task, limits=CoreLimits(4, 5, 7))


def test_the_fewest_cores_keep_every_limit(task, tmp_path) -> None:
    kernels = as_python(tmp_path)
    part = fewest(task, quickly(task, kernels))
    cores = int(part.max()) + 1
    assert cores >= least_cores(task.axons, task.limits)
    assert not list(excesses(uses(task.axons, part, task.limits, 4, kernels), task.limits))


def test_fewest_cores_are_found_by_halving(task) -> None:
    wide, tried = replace(task, mesh=Mesh(20, 5)), list[int]()

    def divide(cores: int, start: State | None) -> Array:
        tried.append(cores)
        if cores < 30:
            raise DoesNotFit(over=(Excess("neurons", 0, 5, 4),))
        return np.full(12, cores)

    found = int(fewest(wide, divide)[0])
    assert tried[0] == 100
    assert 30 <= found <= 35
    assert len(tried) < 8


def test_cores_are_filled_evenly_too(task, tmp_path) -> None:
    """Where as many neurons a core as it holds reach too many others, fewer a core do."""
    axons = axons_of(np.arange(0, 6), np.arange(6, 12), 12, np.ones(12))
    even = replace(task, axons=axons, limits=CoreLimits(8, None, 3), mesh=Mesh(4, 1))
    (found,) = fillings(even, as_python(tmp_path))
    assert np.bincount(found).tolist() == [3, 3, 3, 3]


def joined_at_random(neurons: int) -> Axons:
    """Ten senders to each neuron, from anywhere."""
    draw = np.random.default_rng(0)
    pre = draw.integers(0, neurons, 10 * neurons)
    return axons_of(pre, np.repeat(np.arange(neurons), 10), neurons, np.ones(neurons))


@pytest.mark.parametrize("cores", [4, 8])
def test_a_partition_without_hope_ends_before_its_last_level(task, compiled, cores) -> None:
    """What is joined at random in cores that few reach is refused as soon as it shows; and what
    fits is what is found without looking."""
    axons, shares = joined_at_random(400), list[float]()
    limits = CoreLimits(400 // cores + 20, axons_in=450 // cores)
    hopeless = Task(axons, limits, Mesh(cores, 1), task.numbering)
    with pytest.raises(DoesNotFit) as refused:
        quickly(hopeless, compiled, lambda step: shares.append(step.share))(cores, None)
    assert refused.value.over
    assert 1.0 not in shares
    fitting = replace(hopeless, limits=CoreLimits(400 // cores + 20, axons_in=400))
    found = quickly(fitting, compiled)(cores, None)
    assert np.array_equal(
        found, partition(axons, fitting.limits, cores, kernels=compiled, effort=0)
    )


def test_what_lies_in_order_fits_though_no_partition_was_found(task, tmp_path) -> None:
    """The neurons in their order are a mapping, whatever partitions come to."""
    kernels = as_python(tmp_path)

    def none(cores: int, start: State | None) -> Array:
        if start is None:
            raise DoesNotFit(over=(Excess("neurons", 0, 5, 4),))
        assert start.part is not None
        return start.part

    found = list(assignments(task, kernels, 0, none, none))
    assert len(found) == 2
    used = uses(task.axons, found[0], task.limits, 4, kernels)
    assert not list(excesses(used, task.limits))
    with pytest.raises(DoesNotFit):
        list(assignments(wide(task), kernels, 0, none, none))


def test_where_nothing_lies_in_order_all_cores_are_tried_first(task, tmp_path) -> None:
    kernels, tried = as_python(tmp_path), list[int]()

    def none(cores: int, start: State | None) -> Array:
        tried.append(cores)
        raise DoesNotFit(over=(Excess("neurons", 0, 5, 4),))

    with pytest.raises(DoesNotFit):
        list(assignments(wide(task), kernels, 0, none, none))
    assert tried == [4, 4]
