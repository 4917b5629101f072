"""What does not fit is told with changes that do, and fewest cores are found."""

from dataclasses import replace

import numpy as np
import pytest
from integer_cases import drawn_integers

from snncc.backends.layout.numbering import Numbering
from snncc.backends.layout.senders import axons
from snncc.backends.mapping.axons import Axons, axons_of
from snncc.backends.mapping.feasible import DoesNotFit
from snncc.backends.mapping.limits import CoreLimits, Mesh, excesses, uses
from snncc.backends.mapping.load import as_python
from snncc.ir.passes.pipeline import run_model_passes
from snncc.runtime.mapping.changes import Trials, _thinned, _without, changes, misfit
from snncc.runtime.mapping.fewest import Task, fewest, quickly


@pytest.fixture
def task() -> Task:
    model = run_model_passes(drawn_integers(2))
    numbering = Numbering.of(model.graph)
    found = axons(model, np.ones(numbering.senders))
    assert found.neurons > 6
    return Task(found, CoreLimits(4, 12), Mesh(2, 2), numbering)


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
    told = misfit(small, failed.value, "loihi", Trials(kernels))
    (found,) = told.diagnostics
    assert found.code == "E093"
    assert said in found.message
    assert "too many" in found.message
    suggestions = list(changes(small, Trials(kernels)))
    assert suggestions
    assert all(each in (found.help or "") for each in suggestions)
    assert told.document["binding"]["used"] > told.document["binding"]["allowed"]


class Watched(Trials):
    """Trials that keep which tasks were found to fit."""

    def at_once(self, task: Task) -> bool:
        return self._kept(task, super().at_once(task))

    def sought(self, task: Task) -> bool:
        return self._kept(task, super().sought(task))

    def _kept(self, task: Task, fits: bool) -> bool:
        self.fitting = [*getattr(self, "fitting", []), *([task] if fits else [])]
        return fits


def wide(task: Task) -> Task:
    """That task with cores too small for it, in whatever order they are filled."""
    return replace(task, limits=CoreLimits(4, 5, 7))


def in_groups(task: Task) -> Task:
    """Ten groups of four, each joined to each of its own, far apart in their order, on cores that
    three of them fit."""
    at = np.random.default_rng(0).permutation(40).reshape(10, 4)
    pre, post = np.repeat(at, 4, axis=1).ravel(), np.tile(at, 4).ravel()
    old = next(p for p in task.numbering.populations if p.step)
    numbering = Numbering((replace(old, shape=(40,)),), {old.name: 0}, 40, 40)
    return Task(axons_of(pre, post, 40, np.ones(40)), CoreLimits(12, 12), Mesh(2, 2), numbering)


def test_each_change_that_is_named_was_mapped(task, tmp_path) -> None:
    """Of `k = n` there was a task whose neurons have so many senders, and it fits by a partition of
    its own, too."""
    kernels, small = as_python(tmp_path), wide(task)
    trials = Watched(kernels)
    words = " ".join(changes(small, trials))
    assert "fixed_fan_in(k = " in words
    named = int(words.partition("fixed_fan_in(k = ")[2].partition(")")[0])
    of = [t for t in trials.fitting if max(fan_in(t.axons)) == named]
    assert of
    part = fewest(of[0], quickly(of[0], kernels))
    used = uses(of[0].axons, part, of[0].limits, 4, kernels)
    assert not list(excesses(used, of[0].limits))


def test_partitions_are_tried_as_far_as_their_work_goes(task, tmp_path) -> None:
    kernels, small = as_python(tmp_path), in_groups(task)
    found, spent = list[int](), list[int]()
    for work in (0, 170, 10_000):
        trials = Trials(kernels, work=work)
        found.append(int(next(changes(small, trials)).partition(" ")[0]))
        spent.append(work - trials.work)
        assert trials.work >= 0
    assert 0 == spent[0] < spent[1] < spent[2]
    assert found[0] < found[1] <= found[2]


def test_trials_are_told(task, tmp_path) -> None:
    told: list[tuple[str, float]] = []
    list(changes(wide(task), Trials(as_python(tmp_path), lambda *stage: told.append(stage))))
    assert {stage for stage, _ in told} == {"what would fit"}
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] > 0
