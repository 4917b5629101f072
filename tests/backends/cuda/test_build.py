"""Modules become PTX with no GPU."""

from __future__ import annotations

import re

import numpy as np
import pytest
from small_kernel import SOURCE, arguments, program

from snncc.backends.cuda import build
from snncc.backends.cuda.build import bring, build_ptx, capability, program_key
from snncc.backends.cuda.params import entry_sizes, params_of

ARCHS = ["sm_80", "sm_90", "sm_100"]  # the last by another generation of the compiler


def doubles(text):
    return re.findall(r"\.f64\b", text)


def refuse(*_):
    raise AssertionError("compiled again")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kernels")


@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHS)
def test_a_module_becomes_ptx(folder, arch):
    ptx = build_ptx(program(), arch, folder)
    assert (ptx.entry, ptx.arch) == ("run", arch)
    assert f".target {arch}\n" in ptx.text
    assert ".visible .entry run(" in ptx.text
    assert ".maxntid 8" in ptx.text
    assert not doubles(ptx.text)
    sizes = tuple(size for param in ptx.params for size in param.sizes)
    assert entry_sizes(ptx.text, "run") == sizes


@pytest.mark.slow
def test_names_do_not_tell_what_was_compiled_before(folder, tmp_path):
    one = build_ptx(program(), "sm_80", folder)
    source = SOURCE.replace("def axpy", "def  axpy")  # another module of the same meaning
    two = build_ptx(program(source=source), "sm_80", tmp_path)
    assert one.key != two.key
    assert one.text == two.text
    assert "_ZN" not in one.text


@pytest.mark.slow
def test_products_are_added_in_two_roundings_unless_told(folder):
    apart = build_ptx(program(), "sm_80", folder).text
    assert "fma" not in apart
    assert "mul.rn.f32" in apart
    assert "add.rn.f32" in apart
    assert "fma.rn.f32" in build_ptx(program(contract=True), "sm_80", folder).text


@pytest.mark.slow
def test_registers_can_be_bounded(folder):
    text = build_ptx(program(max_registers=40), "sm_80", folder).text
    assert re.search(r"\)\s*\.maxnreg 40\s*\.maxntid 8", text)


@pytest.mark.slow
def test_a_double_would_be_seen(tmp_path):
    source = SOURCE.replace("* plan.scale", "* 2.5")
    assert doubles(build_ptx(program(source=source), "sm_80", tmp_path).text)


@pytest.mark.slow
def test_compiles_once_a_machine(folder, monkeypatch):
    first = build_ptx(program(), "sm_80", folder)
    monkeypatch.setattr(build, "_compile", refuse)
    assert build_ptx(program(), "sm_80", folder) == first
    with pytest.raises(AssertionError, match="compiled again"):
        build_ptx(program(contract=True, threads=16), "sm_80", folder)


@pytest.mark.slow
def test_what_was_kept_and_is_damaged_is_made_anew(tmp_path):
    first = build_ptx(program(), "sm_80", tmp_path)
    (path,) = tmp_path.glob("*.ptx")
    whole = path.read_text()
    path.write_text(whole.replace("add.rn.f32", "sub.rn.f32"))
    assert build_ptx(program(), "sm_80", tmp_path) == first
    assert path.read_text() == whole


def entry(size=8):
    """PTX that takes one scalar of so many bytes."""
    return f".target sm_80\n.visible .entry run(\n\t.param .u{8 * size} run_param_0\n)\n{{}}\n"


ONE = program(source="def run(x):\n    pass\n", example_args=(3,))
KEY = program_key(ONE, params_of(ONE.source, "run", (3,)))


@pytest.fixture
def brought(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "_compile", refuse)
    monkeypatch.setattr(build, "tool_versions", lambda: ())
    bring(tmp_path, KEY, "sm_80", entry())
    bring(tmp_path, KEY, "sm_100", entry() + "// newer\n")
    return tmp_path


@pytest.mark.parametrize(
    ("arch", "used"), [("sm_80", "sm_80"), ("sm_90", "sm_80"), ("sm_120", "sm_100")]
)
def test_what_a_package_brought_is_used(brought, arch, used):
    ptx = build_ptx(ONE, arch, brought)
    assert (ptx.arch, ptx.text.endswith("newer\n")) == (used, used == "sm_100")


def test_an_older_card_cannot_run_what_was_brought(brought):
    with pytest.raises(AssertionError, match="compiled again"):
        build_ptx(ONE, "sm_75", brought)


def test_another_program_does_not_use_what_was_brought(brought):
    with pytest.raises(AssertionError, match="compiled again"):
        build_ptx(program(source="def run(x):\n    return\n", example_args=(3,)), "sm_90", brought)


def test_ptx_of_other_parameters_is_refused(tmp_path):
    bring(tmp_path, KEY, "sm_80", entry(4))
    with pytest.raises(ValueError, match="other words"):
        build_ptx(ONE, "sm_80", tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": SOURCE + "\n"},
        {"threads": 16},
        {"contract": True},
        {"max_registers": 32},
        {"example_args": (*arguments()[:-1], np.zeros(1, np.int32))},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_key_names_all_that_a_kernel_is_made_from(changes):
    def key(made):
        return program_key(made, params_of(made.source, made.entry, made.example_args))

    assert key(program()) == key(program())
    assert key(program()) == key(program(shared=64)), "dynamic memory belongs to the launch"
    assert key(program()) != key(program(**changes))


def test_architectures_have_one_spelling():
    assert capability("sm_90") == (9, 0)
    assert capability("sm_103") == (10, 3)
    for wrong in ("90", "sm_9", "compute_90", "sm_90a", "sm_90/../x"):
        with pytest.raises(ValueError, match="no architecture"):
            capability(wrong)
