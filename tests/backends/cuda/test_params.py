"""Arguments flattened as Numba's kernels take them."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from small_kernel import SOURCE, arguments, on_device

from snncc.backends.cuda import params
from snncc.backends.cuda.arrays import DeviceArray
from snncc.backends.cuda.params import Param, check_params, entry_sizes, pack, params_of

PARAMS = (
    Param("plan.neurons", "int64", None),
    Param("plan.scale", "float32", None),
    Param("plan.table.bounds", "int64", 1),
    Param("work.x", "float32", 1),
    Param("work.y", "float32", 2),
    Param("first", "int32", None),
    Param("is_shifted", "bool", None),
    Param("alpha", "float32", None),
    Param("count", "int64", 1),
)
PTX = """
.visible .entry run(
	.param .u64 run_param_0,
	.param .align 8 .b8 run_param_1[24],
	.param .u64 .ptr .global .align 4 run_param_2,
	.param .u64 .ptr .align 1 run_param_3,
	.param .u8 run_param_4
)
.maxntid 8
{
}
"""


def test_tuples_are_taken_apart_field_by_field():
    assert params_of(SOURCE, "run", arguments()) == PARAMS


def test_every_form_of_a_parameter_is_read():
    assert entry_sizes(PTX, "run") == (8, 24, 8, 8, 1)
    with pytest.raises(ValueError, match="no kernel `walk`"):
        entry_sizes(PTX, "walk")


def test_other_parameters_are_refused():
    with pytest.raises(ValueError, match="5 other words than the 35"):
        check_params(PARAMS, PTX, "run")


def test_a_kernel_takes_only_so_many():
    declared = ",".join(f".param .u64 p{k}" for k in range(4100))
    with pytest.raises(ValueError, match="32800 bytes of arguments, 32764 are possible"):
        check_params([Param("x", "int64", None)] * 4100, f".entry run({declared})", "run")


def test_words_lie_as_the_kernel_reads_them():
    """Memory information, parent, items, bytes of an item, address, shape, strides in bytes."""
    packed = pack(PARAMS, on_device(arguments()))
    sizes = [size for param in PARAMS for size in param.sizes]
    assert [ctypes.sizeof(word) for word in packed.words] == sizes
    values = [word.value for word in packed.words]
    assert values[:2] == [5, 2.0]
    assert values[2:9] == [0, 0, 2, 8, 1000, 2, 8]
    assert values[16:25] == [0, 0, 15, 4, 1002, 3, 5, 20, 4]
    assert values[25:28] == [1, 1, 0.5]
    assert list(packed.addresses) == [ctypes.addressof(word) for word in packed.words]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda plan, *rest: (plan._replace(neurons=np.int32(5)), *rest),
        lambda plan, work, *rest: (plan, work._replace(x=work.y), *rest),
        lambda plan, work, first, flag, alpha, _: (plan, work, first, flag, alpha, np.zeros(1)),
        lambda plan, work, *rest: (plan, work, *rest[:-1]),
    ],
    ids=["scalar", "dimensions", "host array", "too few"],
)
def test_arguments_of_another_form_are_our_mistake(wrong):
    with pytest.raises(AssertionError):
        pack(PARAMS, wrong(*on_device(arguments())))


def test_a_plain_float_would_compute_in_float64():
    with pytest.raises(TypeError, match=r"`plan\.scale` is a float"):
        params.scalar_type("plan.scale", 2.0)


def test_only_whole_arrays_are_taken():
    with pytest.raises(AssertionError, match="x"):
        params_of("def run(x):\n    pass\n", "run", (np.zeros((4, 4))[:, ::2],))


def test_device_arrays_count_as_arrays():
    array = DeviceArray(8, (2, 2), np.dtype(np.uint8), 4)
    made = params_of("def run(x):\n    pass\n", "run", (array,))
    assert made == (Param("x", "uint8", 2),)


def test_there_and_back_as_plain_data():
    assert params.from_json(params.to_json(PARAMS)) == PARAMS


@pytest.mark.parametrize(
    "row",
    [
        {"name": "x", "dtype": "complex64", "dimensions": 1},
        {"name": "x", "dtype": "float32", "dimensions": 99},
        {"name": "x", "dtype": "float32", "dimensions": "1"},
    ],
)
def test_strange_plain_data_are_refused(row):
    with pytest.raises(ValueError, match="a parameter of the type"):
        params.from_json([row])
