"""Kernel programs, and the PTX that they become, with no GPU."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from compiled_texts import compiled_text
from drawn_networks import DYADIC

from snncc.backends.cuda.build import build_ptx
from snncc.backends.cuda.program import make_layout, narrow, shared_bytes
from snncc.backends.cuda.resources import LIMITS, blocks_per_multiprocessor, resources_of
from snncc.backends.trainers.cuda_kernels import kernel_program
from snncc.frontend.program import load_program
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.runtime.settings import settings_from

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module", params=["digits", "digits_readout"])
def example(request):
    """One that learns by spike trains, one through time: what CI's stage `ptx` compiles."""
    made = load_program(EXAMPLES / f"{request.param}.snn")
    return draw_model(run_pipeline(made.graph), 0), made.train


@pytest.fixture(scope="module", params=["run", "learn"])
def program(example, request):
    model, spec = example
    return kernel_program(model, spec if request.param == "learn" else None)


def test_entry_follows_the_train_block(program, request):
    assert program.entry == request.node.callspec.params["program"]
    assert program.threads == 128  # no population is wider


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["sm_80", pytest.param("sm_90", marks=pytest.mark.nightly)])
def test_ptx_computes_in_single_precision_and_assembles(program, arch):
    # The user's own folder, where the stage finds what is compiled here.
    ptx = build_ptx(program, arch, settings_from(os.environ).kernel_folder)
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
