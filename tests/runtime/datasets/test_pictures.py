"""Folders of images."""

import sys

import numpy as np
import pytest
from refusal import refused

from snncc.ir.graph import Call
from snncc.runtime.datasets import pictures
from snncc.runtime.datasets.table import load
from snncc.runtime.settings import settings_from

pytest.importorskip("PIL", reason="pip install pillow")

from PIL import Image


def read(folder, split="train", **arguments):
    return load(
        Call("images", (("path", str(folder)), *arguments.items())), split, settings_from({})
    )


def drawn(folder, shape=(6, 5, 3), count=3, ending="png", seed=0):
    """Images of two classes, [samples, ...]; the files of one are in the order of their names."""
    rng, found = np.random.default_rng(seed), []
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for k in range(count):
            pixels = rng.integers(0, 256, shape, np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{k}.{ending}")
            found.append(pixels)
    return np.stack(found)


def test_folders_to_train_and_to_test_with(tmp_path):
    train, test = (drawn(tmp_path / part, seed=k) for k, part in enumerate(("train", "test")))
    for split, pixels in (("train", train), ("test", test)):
        data = read(tmp_path, split)
        assert (data.values == pixels.transpose(0, 3, 1, 2) / np.float32(255)).all()
        assert data.labels.tolist() == [0, 0, 0, 1, 1, 1]
        assert data.names == ("cat", "dog")


def test_gray_images_have_one_plane(tmp_path):
    pixels = drawn(tmp_path, (4, 3), count=5)
    whole = read(tmp_path, test_share=0.0)
    assert (whole.values == pixels / np.float32(255)).all()
    assert len(read(tmp_path)) + len(read(tmp_path, "test")) == 10
    assert read(tmp_path, mode="rgb", test_share=0.0).values.shape == (10, 3, 4, 3)


def test_a_folder_to_test_with(tmp_path):
    drawn(tmp_path / "a")
    test = drawn(tmp_path / "b", seed=1)
    found = read(tmp_path / "a", "test", test=str(tmp_path / "b"))
    assert (found.values == test.transpose(0, 3, 1, 2) / np.float32(255)).all()


def test_what_are_no_such_images(tmp_path, monkeypatch):
    assert "no folders of images" in refused("E061", read, tmp_path).message
    assert refused("E063", read, tmp_path / "nowhere")
    drawn(tmp_path / "a")
    (tmp_path / "a" / "dog" / "1.png").write_bytes(b"no image")
    assert "1.png` is no image" in refused("E061", read, tmp_path / "a").message
    whole = (tmp_path / "a" / "dog" / "0.png").read_bytes()
    (tmp_path / "a" / "dog" / "1.png").write_bytes(whole[:60])
    assert "1.png` is no image" in refused("E061", read, tmp_path / "a").message
    Image.fromarray(np.zeros((7, 7, 3), np.uint8)).save(tmp_path / "a" / "dog" / "1.png")
    found = refused("E061", read, tmp_path / "a")
    assert "is of shape [3, 7, 7]" in found.message
    assert "scale them" in found.help
    monkeypatch.setattr(pictures, "MOST_PIXELS", 20)
    assert "5 x 6 pixels" in refused("E061", read, tmp_path / "a").message
    monkeypatch.setattr(pictures, "MOST_PIXELS", 1 << 20)
    monkeypatch.setattr(pictures, "room", lambda: 100)
    assert "of memory" in refused("E061", read, tmp_path / "a").message


def test_without_pillow(tmp_path, monkeypatch):
    drawn(tmp_path)
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert "pip install pillow" in refused("E070", read, tmp_path).help
