"""The generated text: nothing of the user's in it, and nothing that means two things."""

from __future__ import annotations

import ast
import builtins
import dis
import re
from dataclasses import replace

import pytest
from compiled_texts import compiled_text

from snncc.backends.compiled.plan import distinct_steps
from snncc.backends.compiled.text.sources import IMPORTED
from snncc.backends.compiled.text.step import identifiers
from snncc.backends.cpu.codegen import ENTRIES, graph_source, kernel_source
from snncc.backends.cuda.codegen import module_source
from snncc.backends.rules.spike_train.sources import CPU, CUDA
from snncc.backends.rules.through_time import sources as through_time
from snncc.ir.neuron import SPIKED

NET = """
neuron rascal {
  param wicked_tau: ms = 5 ms
  param evil_th: mV = 2 mV
  state import_os: mV = 0 mV
  state np: 1 = 0
  state lambda_: 1 = 1
  input exec_in: mV
  input fired: mV
  on input { import_os = import_os + exec_in - fired }
  dimport_os/dt = -import_os / wicked_tau
  dnp/dt = -np / wicked_tau
  spike when import_os >= evil_th + evil_th * np
  on spike { np = np + lambda_ }
  refractory 2 ms { import_os = 0 mV }
}
network __import__ {
  input prank[2] encode bernoulli(duration = 10 ms)
  population malice[2] : rascal
  population calm[3] : lif
  population more_malice[4] : rascal(evil_th = 9 mV)
  output verdict[3] : lif(v_th = 3 mV)
  prank -> malice.exec_in : dense as sneaky
}
"""
USERS = (
    "rascal", "wicked", "evil", "import_os", "lambda", "exec", "prank", "malice", "calm", "verdict",
    "sneaky", "__import__",
)  # fmt: skip


@pytest.fixture(scope="module")
def graph():
    return compiled_text(NET).graph


def test_no_name_of_the_user_reaches_the_text(graph):
    text = graph_source(distinct_steps(graph))
    assert [name for name in USERS if name in text] == []


def test_names_within_a_step_are_numbered(graph):
    known = {
        "math", "np", "f32", "f64", "i32", "types", "cfunc", "njit", "ADVANCE", "advance",
        "model", "p", "lo", "hi", "first", "last", "reals", "integers", "currents", "constants",
        "fired", "window", "pitch", "current", "flags", "spiked", "t", "n", "range", "min", "max",
        "abs", "True", "False",
    }  # fmt: skip
    tree = ast.parse(graph_source(distinct_steps(graph)))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    odd = {n for n in names - known if not re.fullmatch(r"[spc]\d+_?|step_\d+", n)}
    assert odd == set()


def test_hostile_names_from_elsewhere_are_replaced(graph):
    """A graph read from text may hold any name, whatever the language allows."""
    step = distinct_steps(graph)[0]
    evil = '");__import__("os").abort()#\n'
    first = step.states[0]
    renamed = replace(first, name=evil)
    untouched = replace(step, states=(*step.states, renamed), ports=(*step.ports, evil + "p"))
    assert "abort" not in graph_source([untouched])


def test_identifiers_are_distinct(graph):
    for step in distinct_steps(graph):
        names = identifiers(step)
        assert len(set(names.values())) == len(names)
        assert names[SPIKED] == "spiked"


def test_equal_steps_give_the_same_module(graph):
    steps = distinct_steps(graph)
    again = distinct_steps(compiled_text(NET).graph)
    assert len(steps) == 2, "populations of one model share its step"
    assert graph_source(steps) == graph_source(again)
    other = distinct_steps(compiled_text(NET.replace("2 ms { import", "4 ms { import")).graph)
    assert graph_source(steps) == graph_source(other), "constants are no part of the text"
    changed = distinct_steps(compiled_text(NET.replace("- fired", "+ fired")).graph)
    assert graph_source(steps) != graph_source(changed)


def test_names_of_users_do_not_change_the_module(graph):
    renamed = NET.replace("wicked_tau", "tau").replace("malice", "kindness")
    renamed = renamed.replace("import_os", "charge").replace("exec_in", "feed")
    steps = distinct_steps(compiled_text(renamed).graph)
    assert graph_source(steps) == graph_source(distinct_steps(graph))


def test_no_steps():
    """A network of inputs alone has an `advance` all the same."""
    tree = ast.parse(graph_source([]))
    assert "advance" in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}


def assignments(tree):
    """(name, value as text) of every module-level name, functions and classes included."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets = [t for target in node.targets for t in ast.walk(target)]
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, ast.unparse(node)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, ast.unparse(node)


KINDS: list[dict[str, bool]] = [{}, {"PRESENTED": True}, {"CODES": True}]


@pytest.mark.parametrize(
    "text",
    [*(kernel_source(f, parts) for f in KINDS for parts in (CPU, through_time.CPU))]
    + [*(module_source((), parts) for parts in (CUDA, through_time.CUDA))],
    ids=[
        *(f"{rule}{'-'.join(f)}" for f in KINDS for rule in ("cpu", "cpu through time")),
        *("cuda", "cuda through time"),
    ],
)
def test_a_name_of_the_kernels_means_one_thing(text):
    """The files are assembled into one module: the last of two meanings would win."""
    meanings: dict[str, set[str]] = {}
    for name, value in assignments(ast.parse(text)):
        meanings.setdefault(name, set()).add(value)
    assert {name: values for name, values in meanings.items() if len(values) > 1} == {}


def test_assembled_module_imports_nothing_of_its_own():
    tree = ast.parse(kernel_source({}, CPU))
    imported = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert all(node.level == 0 for node in imported)
    assert {node.module for node in imported} <= {"numba", "typing", *IMPORTED}


def decorators(tree):
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, " ".join(ast.unparse(d) for d in node.decorator_list)


def test_every_kernel_is_cached_and_only_entries_are_wrapped():
    found = dict(decorators(ast.parse(kernel_source({}, CPU))))
    assert set(ENTRIES) <= set(found)
    for name, text in found.items():
        if text not in ("unit", "formula"):
            assert text.startswith("kernel(cache=True, error_model='numpy'"), name
            assert ("no_cpython_wrapper=True" in text) == (name not in ENTRIES), name


def test_kernels_that_a_network_never_comes_to_are_left_out():
    functions = {"LATERAL": "lateral_factor", "CLOSED": "closed_traces", "WIDE": "drive_wide"}
    for feature, name in functions.items():
        assert f"def {name}(" in kernel_source({feature: True}, CPU)
        assert f"def {name}(" not in kernel_source({feature: False}, CPU)


def test_every_name_that_a_kernel_reads_is_there(plain):
    """An import forgotten by the assembly would show only when that line runs."""
    for name, function in vars(plain).items():
        code = getattr(function, "__code__", None)
        if code is None or function.__module__ != plain.__name__:
            continue
        missing = {n for n in read_globals(code) if not known(plain, n)}
        assert not missing, name


def read_globals(code):
    return {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}


def known(module, name):
    return hasattr(module, name) or hasattr(builtins, name)
