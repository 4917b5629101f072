"""Spike trains in a program."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from snncc.frontend.program import load_program

TEXT = """
network n {{ input x[2] encode spikes(duration = 9 ms)  output y[2] : lif  x -> y : dense }}
train n {{ data digits  rule surrogate(width = 1)  loss kernel(tau = 3 ms, {}) }}
"""


@pytest.fixture
def argued(tmp_path):
    def run(arguments):
        path = tmp_path / "net.snn"
        path.write_text(TEXT.format(arguments))
        return load_program(path).train.call("loss")

    return run


def test_a_list(argued):
    call = argued("target = [0, 1, 1]")
    assert (call["target"], call["other"], call["trains"]) == ((0, 1, 1), (0,), ())


def test_a_list_by_class_and_output(argued):
    assert argued("trains = [[[0, 1], [0]], [[0], [1]]]")["trains"] == (
        ((0, 1), (0,)),
        ((0,), (1,)),
    )


@pytest.mark.parametrize("dtype", ["u1", "?", "f4"])
def test_a_file(argued, tmp_path, dtype):
    np.save(tmp_path / "t.npy", np.array([[[0, 1], [1, 1]]], dtype))
    assert argued('trains = "t.npy"')["trains"] == (((0, 1), (1, 1)),)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 3)), "it holds float64 [2, 3], not trains"),
        (np.full((1, 1, 2), 2), "it holds 2"),
        (np.array([[["a"]]]), "not trains"),
        (np.zeros((1, 1, 2**22 + 1), "u1"), "more than 4194304 steps"),
    ],
)
def test_a_file_of_something_else(argued, tmp_path, array, said):
    np.save(tmp_path / "t.npy", array)
    found = refused("E063", argued, 'trains = "t.npy"')
    assert said in found.message
    assert "[classes, outputs, steps]" in found.help


def test_a_file_that_is_not_there(argued):
    assert "relative to the file" in refused("E063", argued, 'trains = "t.npy"').help


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("target = [0, 2]", "E022", "a train has 0 and 1, not 2"),
        ("target = []", "E020", "a train, such as `[0, 1, 1]`, got an empty list"),
        ("other = 1", "E020", "a train, such as"),
        ("trains = [[0, 1]]", "E020", "a train, such as"),
        ("trains = []", "E020", "a list of trains"),
    ],
)
def test_no_trains(argued, arguments, code, said):
    assert said in refused(code, argued, arguments).message
