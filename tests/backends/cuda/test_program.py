"""Kernel programs, and the PTX that they become, with no GPU."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import pytest
from compiled_texts import compiled_text
from drawn_networks import DYADIC
from rule_cases import BODIES, HEAD, TRAIN

from snncc.backends.cuda.build import build_ptx
from snncc.backends.cuda.program import make_layout, narrow, shared_bytes
from snncc.backends.cuda.resources import LIMITS, blocks_per_multiprocessor, resources_of
from snncc.backends.trainers.cuda_kernels import kernel_program
from snncc.ir.model import draw_model

RECURRENT = HEAD + BODIES["recurrent"] + TRAIN.format(kind="st_rsbp", profile="recommended")


@pytest.fixture(scope="module", params=["run", "learn"])
def program(request):
    made = compiled_text(RECURRENT)
    model = draw_model(made.graph, 0)
    return kernel_program(model, made.train if request.param == "learn" else None)


def test_entry_follows_the_train_block(program):
    assert program.entry in ("run", "learn")
    assert program.threads == 128  # no population is wider


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["sm_80", pytest.param("sm_90", marks=pytest.mark.nightly)])
def test_ptx_computes_in_single_precision_and_assembles(program, arch, tmp_path):
    ptx = build_ptx(program, arch, tmp_path)
    assert not re.findall(r"\.f64\b", ptx.text)
    assert re.findall(r"\.f32\b", ptx.text)
    # An atomic addition of floats would depend on the order in which threads come.
    assert not re.findall(r"\b(?:atom|red)\.\S*\.f(?:16|32|64)", ptx.text)
    resources = resources_of(ptx)
    assert blocks_per_multiprocessor(resources, program.threads, program.shared, LIMITS[arch]) >= 2


def test_wide_populations_get_more_threads_and_shared_memory():
    text = DYADIC.replace("population a[9]", "population a[300]")
    program = kernel_program(draw_model(compiled_text(text).graph, 0), None)
    assert program.threads == 512
    wide = DYADIC.replace("input x[12]", "input x[100000]")
    model = draw_model(compiled_text(wide).graph, 0)
    assert kernel_program(model, None).shared == 4 * 4 * 3125


class Values(NamedTuple):
    flag: bool
    real: float
    empty: Any
    array: Any


def test_narrow_keeps_no_double_and_no_empty_array():
    values = Values(True, 1.5, np.zeros((0, 3)), np.ones(2))
    flag, real, empty, array = narrow(values)
    assert (flag, type(flag)) == (1, int)
    assert type(real) is np.float32
    assert empty.shape == (1, 3)
    assert array.dtype == np.float32


def test_shared_bytes_hold_a_float_a_thread():
    made = compiled_text(DYADIC)
    layout = make_layout(draw_model(made.graph, 0))
    assert shared_bytes(layout.plan, layout.tables, 512) == 2048
