import sys

import numpy as np
import pytest

from snncc.runtime import plot

pytestmark = pytest.mark.usefixtures("perceptron_target")

PNG = b"\x89PNG"


@pytest.fixture
def run(snncc, tiny, tmp_path):
    assert snncc("train", tiny, "--out", "run", "--limit", 40, "--test-limit", 40)[0] == 0
    return tmp_path / "run"


def test_a_run_gets_curves_and_a_raster(snncc, run):
    status, out, _ = snncc("plot", run)
    assert status == 0
    for name in ("curves.png", "raster.png"):
        assert (run / name).read_bytes().startswith(PNG)
        assert name in out


def test_a_program_gets_a_raster(snncc, tiny, tmp_path):
    assert snncc("plot", tiny, "--out", "pictures", "--sample", 3)[0] == 0
    assert [p.name for p in (tmp_path / "pictures").iterdir()] == ["raster.png"]


def test_several_runs_get_their_curves_in_one_picture(snncc, tiny, run, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(plot, "_write", lambda path, figure: drawn.append((path, figure.axes)))
    words = ("--limit", 40, "--epochs", 3)
    snncc("train", tiny, "--out", "other", *words, "--test-limit", 20, "--holdout", 0.2)
    assert snncc("plot", "run", "other")[0] == 0
    ((path, axes),) = drawn
    assert str(path) == "curves.png"
    assert [line.get_label() for line in axes[0].lines] == ["run", "other"]
    assert [len(line.get_xdata()) for line in axes[0].lines] == [2, 3]
    assert [panel.get_ylabel() for panel in axes] == [
        "test accuracy [%]",
        "train (running) accuracy [%]",
        "cost",
    ]


def test_a_training_by_several_seeds_is_several_runs(snncc, tiny, tmp_path):
    words = ("--limit", 40, "--test-limit", 20, "--epochs", 1)
    snncc("train", tiny, "--out", "many", *words, "--seeds", "1..2")
    assert snncc("plot", "many")[0] == 0
    assert (tmp_path / "many" / "curves.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("words", [("--sample", 1), ("--histogram", 3), ("--target", "cpu")])
def test_what_several_runs_are_not_drawn_with(snncc, run, words):
    assert snncc("plot", "run", "run", *words)[0] == 2


def test_what_is_no_run_among_several(snncc, run, tiny):
    status, _, err = snncc("plot", "run", tiny)
    assert status == 1
    assert "is not the folder of a training run" in err


def test_the_spikes_of_neurons(snncc, tiny, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(plot, "_write", lambda path, figure: drawn.append((path, figure)))
    assert snncc("plot", tiny, "--histogram", 4)[0] == 0
    path, figure = drawn[-1]
    assert path.name == "histogram.png"
    assert "mean of 4 test samples" in figure.get_suptitle()
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "neurons of image [%]",
        "neurons of digit [%]",
    ]
    image, digit = figure.axes
    assert image.patches[0].get_height() == 100  # the perceptron's inputs never fire
    assert sum(bar.get_height() for bar in digit.patches) == pytest.approx(100)


def test_the_first_neuron_and_step_lie_within_the_frame(tmp_path, small_graph, monkeypatch):
    drawn = []
    monkeypatch.setattr(plot, "_write", lambda path, figure: drawn.append(figure.axes[0]))
    spikes = np.zeros((10, 9), bool)
    spikes[[0, 9], [0, 8]] = True
    plot.write_raster(tmp_path / "r.png", small_graph, spikes, "")
    (axes,) = drawn
    x, y = axes.lines[0].get_data()
    assert (min(axes.get_xlim()) < min(x), max(x) < max(axes.get_xlim())) == (True, True)
    assert (min(axes.get_ylim()) < min(y), max(y) < max(axes.get_ylim())) == (True, True)
    assert list(axes.get_yticks()) == [2.5, 7.0]  # the middles of neurons 0 to 5 and 6 to 8


def test_a_sample_that_is_not_there(snncc, tiny):
    status, _, err = snncc("plot", tiny, "--sample", 100_000)
    assert status == 1
    assert "there is no test sample 100000" in err


def test_without_matplotlib_it_says_what_to_type(snncc, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, _, err = snncc("plot", run)
    assert status == 1
    assert "pip install 'snncc[plot]'" in err
