"""`plot --augmented`: training images as they are, and as epochs transform them."""

import numpy as np
import pytest
from augment_cases import interpreted

from snncc.backends.augmentation import apply
from snncc.runtime import plot
from snncc.runtime.datasets.public import load_digits

pytestmark = pytest.mark.usefixtures("perceptron_target")


@pytest.fixture
def turned(tiny, monkeypatch):
    """A program whose training exchanges left and right with probability `p`."""
    monkeypatch.setattr(apply, "load_kernels", lambda folder: interpreted())
    text = (
        tiny.read_text().replace("image[64]", "image[8, 8]").replace("gain: 1", "p: 1 = 1, gain: 1")
    )
    tiny.write_text(text.replace("  epochs", "  augment flip(p = p)\n  epochs"))
    return tiny


@pytest.fixture
def drawn(monkeypatch):
    """The mosaics that are drawn, float [rows, columns], and where."""
    found = []
    monkeypatch.setattr(
        plot,
        "_write",
        lambda path, figure: found.append((path, np.array(figure.axes[0].images[0].get_array()))),
    )
    return found


def tiles(mosaic, rows, columns):
    size = 8 + plot.GAP
    return mosaic.reshape(rows, size, columns, size).transpose(0, 2, 1, 3)[..., :8, :8]


def test_a_program_shows_what_its_training_images_become(snncc, turned, drawn):
    status, out, _ = snncc("plot", turned, "--augmented", 3, "--out", "pictures")
    assert status == 0
    assert "augmented.png" in out
    ((path, mosaic),) = drawn  # and no spikes
    assert path.name == "augmented.png"
    images = load_digits("train").values[:3]
    found = tiles(mosaic, 3, 8)
    assert (found[:, 0] == images).all()
    assert (found[:, 1:] == images[:, None, :, ::-1]).all()


def test_a_run_shows_them_as_it_was_started(snncc, turned, tmp_path, monkeypatch):
    words = ("--out", "run", "--limit", 20, "--test-limit", 20, "-D", "p=0.5", "--seed", 4)
    assert snncc("train", turned, *words)[0] == 0
    found = []
    monkeypatch.setattr(
        plot, "_write", lambda path, figure: found.append((path, figure.axes[0].images))
    )
    assert snncc("plot", "run", "--augmented", 2)[0] == 0
    assert snncc("plot", turned, "--augmented", 2, "-D", "p=0.5", "--seed", 4)[0] == 0
    names = [path.name for path, _ in found]
    assert names == ["curves.png", "augmented.png", "augmented.png"]
    run, program = (np.array(images[0].get_array()) for _, images in found[1:])
    assert (run == program).all()


def test_the_picture_is_written(snncc, turned, tmp_path):
    assert snncc("plot", turned, "--augmented", 2, "--out", "pictures")[0] == 0
    assert (tmp_path / "pictures" / "augmented.png").read_bytes().startswith(b"\x89PNG")


def test_a_training_that_transforms_nothing(snncc, tiny):
    status, _, err = snncc("plot", tiny, "--augmented", 2)
    assert status == 1
    assert "E051" in err
    assert "augment shift(pixels = 2)" in err


def test_a_package_does_not_tell(snncc, turned):
    assert snncc("compile", turned, "--out", "tiny.snnpkg")[0] == 0
    status, _, err = snncc("plot", "tiny.snnpkg", "--augmented", 2)
    assert status == 1
    assert "name its program" in err
