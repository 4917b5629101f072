import numpy as np
import pytest
from refusal import refused

from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import Call
from snncc.runtime.datasets.arrays import load_npy, read_npz
from snncc.runtime.datasets.table import load
from snncc.runtime.settings import settings_from

LABELS = np.array([0, 1, 2, 1])


def npz(tmp_path, split="train", arguments=None, **arrays):
    path = tmp_path / "d.npz"
    np.savez(path, **arrays)
    call = Call("npz", (("path", str(path)), *(arguments or {}).items()))
    return load(call, split, settings_from({}))


def test_bytes_become_shares_of_255(tmp_path):
    images = np.full((4, 8, 8), np.arange(256).reshape(4, 8, 8), np.uint8)
    data = npz(tmp_path, arguments={"test_share": 0.0}, x=images, y=LABELS)
    np.testing.assert_array_equal(data.values, images / np.float32(255.0))
    assert dict(data.measured)["high"] == 255.0


def test_a_sample_is_named_by_its_place_in_the_file(tmp_path):
    values = np.zeros((20, 2))
    values[7, 1] = 2
    labels = np.zeros(20, int)
    labels[11] = -1
    for arrays, problem in (
        ({"x": values, "y": np.zeros(20, int)}, "value 2 in sample 7, column 1"),
        ({"x": np.zeros((20, 2)), "y": labels}, "label -1 in sample 11"),
    ):
        assert any(problem in found for found in refusals_of_both(tmp_path, arrays))


def refusals_of_both(tmp_path, arrays):
    for split in ("train", "test"):
        try:
            npz(tmp_path, split, **arrays)
        except CompileError as error:
            yield error.diagnostics[0].message


@pytest.mark.parametrize("most", [2, 16, 127])
def test_bytes_that_end_far_below_255_are_asked_about(tmp_path, most):
    images = np.array([[0, most]] * 4, np.uint8)
    with pytest.raises(CompileError, match=f"values that end at {most}") as caught:
        npz(tmp_path, x=images, y=LABELS)
    assert f"`low = 0, high = {most}` or `high = 255`" in caught.value.diagnostics[0].help
    for high in (most, 255):
        said = {"low": 0, "high": high, "test_share": 0.0}
        data = npz(tmp_path, arguments=said, x=images, y=LABELS)
        assert data.values[0].tolist() == [0, np.float32(most / high)]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64])
def test_counts_of_spikes_are_as_they_are(tmp_path, dtype):
    counts = np.arange(24).reshape(4, 3, 2).astype(dtype)
    np.savez(tmp_path / "c.npz", x=counts, y=LABELS)
    np.save(tmp_path / "c.npy", counts)
    call = Call("npz", (("path", str(tmp_path / "c.npz")), ("test", str(tmp_path / "c.npz"))))
    for data in (
        load(call, "test", settings_from({}), counts=True),
        load_npy(tmp_path / "c.npy", counts=True),
    ):
        assert (data.values.dtype, data.is_spikes) == (np.uint8, True)
        np.testing.assert_array_equal(data.values, counts)


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.full((2, 3, 2), 256), r"value 256 in sample 0, place \[0, 0\] \(from 0\), outside"),
        (np.full((2, 3, 2), -1), "value -1 in sample 0"),
        (np.full((2, 3, 2), 0.5), r"value 0.5 in sample 0, place \[0, 0\]"),
        (np.full((2, 3, 2), np.nan), "value nan in sample 0"),
        (np.full((2, 3), 2), r"holds int64 \[2, 3\], and the network takes counts"),
        (np.full((2, 3, 2), "a"), "holds <U1"),
    ],
)
def test_arrays_that_are_no_counts(tmp_path, array, problem):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(CompileError, match=problem) as caught:
        load_npy(tmp_path / "x.npy", counts=True)
    assert caught.value.diagnostics[0].help


def test_what_to_write_of_counts_where_none_are_taken(tmp_path):
    np.save(tmp_path / "x.npy", np.full((4, 3, 2), 7, np.uint8))
    assert "most = 7)" in refused("E061", load_npy, tmp_path / "x.npy").help
    np.savez(tmp_path / "x.npz", x=np.full((4, 3, 2), 7, np.uint8), y=LABELS)
    found = refused(
        "E061", load, Call("npz", (("path", str(tmp_path / "x.npz")),)), "train", settings_from({})
    )
    assert "most = 7)" in found.help


def test_bytes_of_0_and_1_are_as_they_are(tmp_path):
    data = npz(tmp_path, arguments={"test_share": 0.0}, x=np.eye(4, dtype=np.uint8), y=LABELS)
    np.testing.assert_array_equal(data.values, np.eye(4, dtype=np.float32))


def test_a_range_is_never_left(tmp_path):
    arrays = {"x": np.array([[-1, 0], [1, 3]] * 2), "y": LABELS}
    data = npz(tmp_path, arguments={"low": -1, "high": 3, "test_share": 0.0}, **arrays)
    assert data.values[:2].tolist() == [[0, 0.25], [0.5, 1]]
    each = {"low": (-1, 0), "high": (1, 3), "test_share": 0.0}
    assert npz(tmp_path, arguments=each, **arrays).values[:2].tolist() == [[0, 0], [1, 1]]
    with pytest.raises(
        CompileError, match=r"value 3 in sample 1, column 1 \(from 0\), outside -1..2"
    ):
        npz(tmp_path, arguments={"low": -1, "high": 2, "test_share": 0.0}, **arrays)


@pytest.mark.parametrize(
    ("labels", "classes", "names"),
    [
        (np.array(["b", "a", "c", "a"]), [1, 0, 2, 0], ("a", "b", "c")),
        (np.array([b"b", b"a", b"c", b"a"]), [1, 0, 2, 0], ("a", "b", "c")),
        (np.array(["10", "9", "0", "0"]), [10, 9, 0, 0], ()),
        (np.array([True, False, True, True]), [1, 0, 1, 1], ()),
    ],
)
def test_labels_are_texts_or_numbers(tmp_path, labels, classes, names):
    data = npz(tmp_path, arguments={"test_share": 0.0}, x=np.ones((4, 2)), y=labels)
    assert (data.labels.tolist(), data.names) == (classes, names)


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
        ({"x": np.ones((4, 2))}, "no array `y`, but `x`"),
        ({"x": np.ones((3, 2)), "y": LABELS}, r"x \(3, 2\) and y \(4,\)"),
        ({"x": np.ones(4), "y": LABELS}, "are needed"),
        ({"x": np.full((4, 2), 2.0), "y": LABELS}, "value 2 in sample 0, column 0"),
        ({"x": np.full((4, 2), -3), "y": LABELS}, "value -3 in sample 0, column 0"),
        ({"x": np.full((4, 2), np.nan), "y": LABELS}, "value nan in sample 0, column 0"),
        ({"x": np.ones((4, 2), complex), "y": LABELS}, "complex"),
        ({"x": np.ones((4, 2)), "y": -LABELS}, "label -1"),
        ({"x_train": np.ones((4, 2))}, "no array `y_train`"),
        ({"X": np.ones((4, 2)), "Y": LABELS}, "no array `x`, but `X` and `Y`"),
        ({"x": np.ones((4, 0)), "y": LABELS}, r"samples without values: its shape is \[4, 0\]"),
        ({"x": np.ones((4, 2)), "y": LABELS + [0, np.nan, 0, 0]}, "label nan in sample 1"),
        ({"x": np.ones((4, 2)), "y": LABELS + [0, 0, np.inf, 0]}, "label inf in sample 2"),
        ({"x": np.ones((4, 2), object), "y": LABELS}, "Python objects, which are never loaded"),
        ({"x_test": np.ones((4, 2)), "y_test": LABELS}, "x_test and y_test alone"),
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


def test_what_is_not_read_may_be_anything(tmp_path):
    notes = np.array([{"a": 1}], dtype=object)
    assert len(npz(tmp_path, x=np.ones((4, 2)), y=LABELS, notes=notes)) == 4


def test_a_test_part_alone_is_presented_whole(tmp_path):
    arrays = {"x_test": np.ones((4, 2)), "y_test": LABELS}
    own = {"test": str(tmp_path / "d.npz")}
    assert {len(npz(tmp_path, "test", said, **arrays)) for said in (None, own)} == {4}
    with pytest.raises(CompileError, match="x_test and y_test alone, nothing to train with"):
        npz(tmp_path, "train", **arrays)


def test_arrays_that_do_not_fit_into_memory_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("snncc.runtime.datasets.data.memory_bytes", lambda: 100)
    with pytest.raises(CompileError, match=r"float64 \[10, 2\] would take .* of memory"):
        npz(tmp_path, x=np.ones((10, 2)), y=np.zeros(10, int))
    np.save(tmp_path / "x.npy", np.ones((10, 2)))
    with pytest.raises(CompileError, match="of memory"):
        load_npy(tmp_path / "x.npy")


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.ones(4), r"holds no inputs, but \[4\]"),
        (np.full((2, 3, 4), 2, np.uint8), "holds no inputs"),
        (np.full((2, 3), 16, np.uint8), "values that end at 16"),
        (np.full((2, 3), 1.5), r"value 1.5 in sample 0, column 0 \(from 0\), outside 0..1"),
        (np.array([["a"]]), "type <U1; numbers are needed"),
        (np.array([[None]]), "Python objects"),
    ],
)
def test_arrays_that_are_no_inputs(tmp_path, array, problem):
    np.save(tmp_path / "x.npy", array, allow_pickle=True)
    with pytest.raises(CompileError, match=problem):
        load_npy(tmp_path / "x.npy")


def test_what_is_not_there(tmp_path):
    assert "cannot read" in refused("E063", read_npz, tmp_path / "none.npz").message


def test_idx_files_of_your_own(tmp_path):
    (tmp_path / "i").write_bytes(b"\0\0\x08\2\0\0\0\2\0\0\0\3" + bytes([0, 255, 51] * 2))
    (tmp_path / "l").write_bytes(b"\0\0\x08\1\0\0\0\2\1\0")
    paths = (("path", str(tmp_path / "i")), ("labels", str(tmp_path / "l")))
    data = load(Call("idx", (*paths, ("test_share", 0.0))), "train", settings_from({}))
    np.testing.assert_allclose(data.values, np.array([[0, 1, 0.2]] * 2, np.float32))
    np.testing.assert_array_equal(data.labels, [1, 0])


def test_columns_before_rows(tmp_path):
    """As EMNIST has them, in the layout that its publishers say."""
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)
    for name, array, kind in (("i", images.swapaxes(1, 2), 3), ("l", LABELS.astype(np.uint8), 1)):
        sizes = np.array(array.shape, ">u4").tobytes()
        content = bytes([0, 0, 8, kind]) + sizes + np.ascontiguousarray(array).tobytes()
        (tmp_path / name).write_bytes(content)
    paths = (("path", str(tmp_path / "i")), ("labels", str(tmp_path / "l")))
    said = (*paths, ("test_share", 0.0), ("transposed", True), ("low", 0.0), ("high", 255.0))
    data = load(Call("idx", said), "train", settings_from({}))
    assert (data.values == images / np.float32(255)).all()
    flat = (("path", str(tmp_path / "l")), ("labels", str(tmp_path / "l")), ("transposed", True))
    assert (
        "none to transpose"
        in refused("E061", load, Call("idx", flat), "train", settings_from({})).message
    )


def test_an_archive_that_is_named_as_an_array(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.zeros((2, 3)), y=np.zeros(2))
    assert "named by --data" in refused("E061", load_npy, tmp_path / "d.npz").help
