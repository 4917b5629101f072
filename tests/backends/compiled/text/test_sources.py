"""Kernels as one module: what is left of their imports, and where they say that they are from."""

from __future__ import annotations

import gc
import inspect
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
import pytest

from snncc.backends.compiled import formulas
from snncc.backends.compiled.text.modules import execute
from snncc.backends.compiled.text.sources import BACKENDS, alone, joined, statements
from snncc.backends.cpu.codegen import kernel_source
from snncc.backends.cuda.codegen import module_source
from snncc.backends.rules.spike_train.sources import CPU, CUDA
from snncc.ir.philox import ROUNDS, WEYL

TEXT = """\
from __future__ import annotations
import math
from ..compiled.formulas import (
    philox,
)
from ...ir.philox import ROUNDS, WEYL
def f(): return ROUNDS
"""


def test_numbers_are_written_out_and_lines_keep_their_places():
    text = alone(f"{BACKENDS}.cpu", TEXT, {f"{BACKENDS}.compiled.formulas"})
    wanted = ["", "import math", "", "", "", f"ROUNDS = {ROUNDS}; WEYL = {WEYL}"]
    assert text.splitlines() == [*wanted, "def f(): return ROUNDS"]


def test_what_is_no_number_and_no_kernel_is_refused():
    with pytest.raises(AssertionError, match="philox4x32"):
        alone(f"{BACKENDS}.cpu", "from ...ir.philox import philox4x32", set())


def test_a_formula_gets_the_decorator_of_the_device():
    text = joined([("compiled", ("formulas.py",))], "decorated")
    names = {}
    execute(text.replace("= decorated", "= lambda f: (f, 'here')"), Path("m.py"), names)
    function, seen = names["is_sent"]
    assert (function(2), function(1), seen) == (1, 0, "here")


@pytest.mark.parametrize(
    "text", [kernel_source({}, CPU), module_source((), CUDA)], ids=["cpu", "cuda"]
)
def test_a_kernel_names_its_file_and_line(text, tmp_path, monkeypatch):
    """In Python, as a traceback or a profile sees it."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    text = text.replace("cuda.jit(device=True)", "numba.njit()")
    names = {"__name__": "kernels"}
    execute(text, tmp_path / "kernels.py", names)
    own = [f for f in names.values() if inspect.isfunction(f) and f.__module__ == "kernels"]
    assert len(own) > 30
    for function in own:
        code = function.__code__
        if Path(code.co_filename).parent != tmp_path:
            lines = Path(code.co_filename).read_text().splitlines()[code.co_firstlineno - 1 :]
            assert next(x for x in lines if x[0] != "@").startswith(f"def {code.co_name}("), code
    with pytest.raises(TypeError) as raised:
        names["philox"](np.uint64(1), None, None, None, None, None)
    (frame,) = traceback.extract_tb(raised.value.__traceback__)[1:]
    assert (frame.filename, frame.name) == (formulas.__file__, "philox")
    assert "product1 = M1 * x2" in frame.line


def test_two_threads_may_read_modules():
    """A thread that compiles the next kernels beside the training; a collection hands over."""
    text, before = "x = (1 + 2) * [3, 4][0]\n" * 100, gc.get_threshold()

    def hand_over(*_):
        time.sleep(1e-4)

    gc.callbacks.append(hand_over)
    gc.set_threshold(50)
    try:
        with ThreadPoolExecutor(2) as pool:
            read = list(pool.map(statements, [text] * 40))
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(hand_over)
    assert all(len(found) == 100 for found in read)
