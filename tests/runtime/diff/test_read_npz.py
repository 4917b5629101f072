import io
import zipfile

import numpy as np
import pytest
from damage import AMOUNTS, outcomes

from snncc.ir.diagnostics import CompileError
from snncc.runtime.diff import read_npz
from snncc.runtime.diff.read_npz import read_npz_log

WHOLE = {
    "dt": np.array(0.5),
    "digest": np.array("ab"),
    "populations": np.array(["x", "h"]),
    "neurons": np.array([2, 3]),
    "samples": np.array(4),
    "steps": np.array(5),
    "spikes/h": np.array([[1, 4, 2], [0, 1, 0]], np.int32),
    "spikes/x": np.zeros((0, 3), np.int32),
    "states/h/v": np.ones((4, 5, 3)),
    "units": np.array([["h/v", "mV"]]),
}
OLD = {n: a for n, a in WHOLE.items() if n not in ("neurons", "samples", "steps")}


@pytest.fixture
def read(tmp_path):
    def of(arrays, has_states=False):
        np.savez(tmp_path / "log.npz", **arrays)
        return read_npz_log(tmp_path / "log.npz", has_states)

    return of


def test_a_log_says_its_sizes(read):
    """Also where its last samples, steps and neurons are silent."""
    log = read(WHOLE)
    assert (log.samples, log.steps, log.dt, log.digest) == (4, 5, 0.5, "ab")
    assert list(log.neurons.items()) == [("x", 2), ("h", 3)]
    assert log.rows["h"].tolist() == [[0, 1, 0], [1, 4, 2]]
    assert log.where("h", 0) == "row 1 of `spikes/h`"
    assert log.states == {}
    assert read(WHOLE, True).states["h"]["v"].shape == (4, 5, 3)
    trace = read(WHOLE, True).trace(1, 3, 5, {"h": 3}, True)
    assert np.argwhere(trace.spikes["h"]).tolist() == [[4, 0, 2]]
    assert trace.states["h"]["v"].shape == (5, 2, 3)


def test_logs_of_before(read):
    """They say no sizes, unless they hold states."""
    log = read(OLD)
    assert (log.samples, log.steps, log.neurons["h"], log.least(0)) == (None, None, None, 2)
    with_states = read(OLD, True)
    assert (with_states.samples, with_states.steps, with_states.neurons["h"]) == (4, 5, 3)
    assert read({"spikes/h": WHOLE["spikes/h"]}).dt is None


def bad(**changes):
    return {**WHOLE, **{name.replace("__", "/"): value for name, value in changes.items()}}


BAD = [
    ({"x": np.zeros(3)}, "it has no array `spikes/<population>`, but `x`"),
    (bad(spikes__h=np.ones((2, 3))), "`spikes/h` is float64 [2, 3], not whole numbers"),
    (bad(spikes__h=np.ones((3,), int)), "`spikes/h` is int64 [3], not whole"),
    (bad(spikes__h=np.array([[0, 1, 2], [0, -2, 1]])), "row 1 of `spikes/h` has the step -2"),
    (bad(spikes__h=np.array([[2**40, 1, 2]])), "row 0 of `spikes/h` has the sample 1099511627776"),
    (bad(spikes__h=np.array([[0, 1, 2]] * 256)), "neuron 2 of `h` fires more than 255 times"),
    (bad(spikes__h=np.array([[0, 1, 3]])), "has neuron 3 of `h`, and it says that it has 3 neu"),
    (bad(spikes__h=np.array([[0, 5, 0]])), "row 0 of `spikes/h` has step 5, and it says"),
    (bad(spikes__h=np.array([[4, 0, 0]])), "has sample 4, and it says that it has 4 samples"),
    (bad(spikes__h=np.array([[None, 1, 2]])), "holds Python objects, which are never loaded"),
    (bad(spikes__k=np.zeros((0, 3), int)), "`populations` does not name its spikes/…"),
    (bad(populations=np.array([1, 2])), "`populations` does not name"),
    (bad(populations=np.array(["h", "h"])), "`populations` does not name"),
    (bad(neurons=np.array([2])), "`neurons` is not one whole number above 0"),
    (bad(neurons=np.array([2, 0])), "`neurons` is not one whole number above 0"),
    (bad(samples=np.array(-1)), "`samples` is not one whole number"),
    (bad(steps=np.array([5])), "`steps` is not one whole number"),
    (bad(dt=np.array(np.nan)), "`dt` is not one number above 0"),
    (bad(dt=np.array("1 ms")), "`dt` is not one number above 0"),
    (bad(digest=np.array(3)), "`digest` is not one text"),
    (bad(states__h__v=np.ones((4, 5))), "`states/h/v` is float64 [4, 5], not numbers"),
    (bad(states__h__v=np.ones((4, 6, 3))), "`states/h/v` is [4, 6, 3], and the others are [4, 5"),
    (bad(states__k__v=np.ones((4, 5, 3))), "`states/k/v` is a state of a population without"),
]


@pytest.mark.parametrize(("arrays", "why"), BAD)
def test_what_is_no_log(read, arrays, why):
    with pytest.raises(CompileError, match=r"error\[E064\]: `.*log.npz`: ") as caught:
        read(arrays, True)
    (found,) = caught.value.diagnostics
    assert why in found.message
    assert found.help


def test_nothing_is_allocated_for_a_size_that_is_only_said(tmp_path, monkeypatch):
    monkeypatch.setattr(read_npz, "room", lambda: 1000)
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        content, {"descr": "<i4", "fortran_order": False, "shape": (10**12, 3)}
    )
    with zipfile.ZipFile(tmp_path / "log.npz", "w") as archive:
        archive.writestr("spikes/h.npy", content.getvalue())
    with pytest.raises(CompileError, match=r"E064.*bytes of values"):
        read_npz_log(tmp_path / "log.npz", False)
    np.savez(tmp_path / "log.npz", **{"spikes/h": np.zeros((200, 3), np.int32)})
    with pytest.raises(CompileError, match=r"E064.*of memory"):
        read_npz_log(tmp_path / "log.npz", False)


def test_arrays_fit_into_memory_together(read, monkeypatch):
    monkeypatch.setattr(read_npz, "room", lambda: 600)
    one = np.zeros((0, 3), np.int32), np.arange(60, dtype=np.int32).reshape(20, 3)
    assert read({"spikes/h": one[1]}).least(1) == 59
    with pytest.raises(CompileError, match=r"E064.*of memory"):
        read({"spikes/h": one[1], "spikes/k": one[1]})


@pytest.mark.parametrize("most", AMOUNTS)
def test_damage(tmp_path, most):
    path, content = tmp_path / "log.npz", io.BytesIO()
    np.savez(content, **WHOLE)

    def read(copy):
        path.write_bytes(copy)
        read_npz_log(path, True)

    assert outcomes(content.getvalue(), most, read, {"E064"})["E064"]
