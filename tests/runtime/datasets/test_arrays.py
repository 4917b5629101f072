import numpy as np
import pytest
from refusal import refused

from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import Call
from snncc.runtime.datasets.arrays import read_npz
from snncc.runtime.datasets.table import load
from snncc.runtime.settings import settings_from

LABELS = np.array([0, 1, 2, 1])


def npz(tmp_path, split="train", arguments=None, **arrays):
    path = tmp_path / "d.npz"
    np.savez(path, **arrays)
    call = Call("npz", (("path", str(path)), *(arguments or {}).items()))
    return load(call, split, settings_from({}))


def test_bytes_become_shares_of_255(tmp_path):
    images = np.full((4, 2, 2), 51, np.uint8)
    data = npz(tmp_path, arguments={"test_share": 0.0}, x=images, y=LABELS)
    np.testing.assert_allclose(data.values, np.full((4, 2, 2), 0.2, np.float32))


def test_own_split(tmp_path):
    ones = np.ones((4, 3), np.float32)
    arrays = {"x_train": ones, "y_train": LABELS, "x_test": ones[:2] / 2, "y_test": LABELS[:2]}
    assert len(npz(tmp_path, **arrays)) == 4
    test = npz(tmp_path, "test", **arrays)
    assert (len(test), test.values.max(), test.classes) == (2, 0.5, 3)


def test_bool_are_spike_trains(tmp_path):
    spikes = np.zeros((4, 10, 3), bool)
    spikes[:, 5] = True
    data = npz(tmp_path, arguments={"test_share": 0.0}, x=spikes, y=LABELS)
    assert data.is_spikes
    assert data.values.sum() == 12


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"x": np.ones((4, 2))}, "no array `y`, but x"),
        ({"x": np.ones((3, 2)), "y": LABELS}, r"x \(3, 2\) and y \(4,\)"),
        ({"x": np.ones(4), "y": LABELS}, "are needed"),
        ({"x": np.full((4, 2), 2.0), "y": LABELS}, "value 2 in sample 0, column 0"),
        ({"x": np.full((4, 2), -3), "y": LABELS}, "value -3 in sample 0, column 0"),
        ({"x": np.full((4, 2), np.nan), "y": LABELS}, "value nan in sample 0, column 0"),
        ({"x": np.ones((4, 2), complex), "y": LABELS}, "complex"),
        ({"x": np.ones((4, 2)), "y": -LABELS}, "label -1"),
        ({"x_train": np.ones((4, 2))}, "no array `y_train`"),
        ({"x": np.ones((4, 0)), "y": LABELS}, r"samples without values: its shape is \[4, 0\]"),
        ({"x": np.ones((4, 2)), "y": LABELS + [0, np.nan, 0, 0]}, "label nan in sample 1"),
        ({"x": np.ones((4, 2)), "y": LABELS + [0, 0, np.inf, 0]}, "label inf in sample 2"),
        ({"x": np.ones((4, 2)), "y": LABELS.astype(str)}, "type <U21, '0' in sample 0"),
        ({"x": np.ones((4, 2)), "y": LABELS.astype("M8[D]")}, "datetime.date.* in sample 0"),
        ({"x": np.ones((4, 2)), "y": LABELS * 1j}, "complex128, 0j in sample 0"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, arrays, problem):
    with pytest.raises(CompileError, match=problem):
        npz(tmp_path, arguments={"test_share": 0.0}, **arrays)


def test_a_training_part_alone(tmp_path):
    arrays = {"x_train": np.ones((4, 2), np.float32), "y_train": LABELS}
    assert len(npz(tmp_path, **arrays)) == 4
    with pytest.raises(CompileError, match="no test part") as caught:
        npz(tmp_path, "test", **arrays)
    assert "--test-limit 0" in caught.value.diagnostics[0].help


def test_a_test_file_beside_a_training_part_alone(tmp_path):
    np.savez(tmp_path / "t.npz", x_test=np.ones((2, 2), np.float32), y_test=LABELS[:2])
    arrays = {"x_train": np.zeros((4, 2), np.float32), "y_train": LABELS}
    data = npz(tmp_path, "test", {"test": str(tmp_path / "t.npz")}, **arrays)
    assert (len(data), data.values.min()) == (2, 1.0)


def test_a_file_that_is_its_own_test_part(tmp_path):
    arguments = {"test": str(tmp_path / "d.npz")}
    arrays = {"x": np.ones((4, 2), np.float32), "y": LABELS}
    assert {len(npz(tmp_path, split, arguments, **arrays)) for split in ("train", "test")} == {4}


@pytest.mark.parametrize(("samples", "share"), [(1, 0.2), (4, 0.0)])
def test_a_share_of_no_sample_is_no_test_part(tmp_path, samples, share):
    arrays = {"x": np.ones((samples, 2), np.float32), "y": LABELS[:samples]}
    assert len(npz(tmp_path, "train", {"test_share": share}, **arrays)) == samples
    with pytest.raises(CompileError, match="no test part"):
        npz(tmp_path, "test", {"test_share": share}, **arrays)


def test_a_whole_number_may_have_a_point(tmp_path):
    arrays = {"x": np.arange(40, dtype=np.float32).reshape(20, 2) / 40, "y": np.zeros(20, int)}
    one, other = (npz(tmp_path, "test", {"split_seed": seed}, **arrays) for seed in (3, 3.0))
    np.testing.assert_array_equal(one.values, other.values)


def test_pickles_are_not_opened(tmp_path):
    objects = np.array([{"a": 1}], dtype=object)
    with pytest.raises(CompileError, match="not a NumPy archive"):
        npz(tmp_path, x=objects, y=np.array([0]))


def test_every_cut_is_refused(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, x=np.ones((2, 2)), y=np.array([0, 1]))
    content = path.read_bytes()
    for length in range(0, len(content), 37):
        path.write_bytes(content[:length])
        with pytest.raises(CompileError):
            read_npz(path)


def test_what_is_not_there(tmp_path):
    assert "cannot read" in refused("E063", read_npz, tmp_path / "none.npz").message


def test_idx_files_of_your_own(tmp_path):
    (tmp_path / "i").write_bytes(b"\0\0\x08\2\0\0\0\2\0\0\0\3" + bytes([0, 255, 51] * 2))
    (tmp_path / "l").write_bytes(b"\0\0\x08\1\0\0\0\2\1\0")
    paths = (("path", str(tmp_path / "i")), ("labels", str(tmp_path / "l")))
    data = load(Call("idx", (*paths, ("test_share", 0.0))), "train", settings_from({}))
    np.testing.assert_allclose(data.values, np.array([[0, 1, 0.2]] * 2, np.float32))
    np.testing.assert_array_equal(data.labels, [1, 0])
