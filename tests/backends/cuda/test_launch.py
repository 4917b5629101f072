"""Kernels in packages."""

from __future__ import annotations

import json

import pytest
from compiled_texts import compiled_text
from refusal import refused
from small_kernel import kernel_program, program

from snncc.backends.cuda import build, launch
from snncc.backends.cuda.build import build_ptx
from snncc.backends.cuda.launch import LAUNCH, LEARN, NUMBERS, RUN, adopt, report
from snncc.backends.trainers import cuda_kernels
from snncc.backends.trainers.cuda_kernels import emit
from snncc.ir.model import draw_model

NET = """
network n {
  input x[2] encode bernoulli(duration = 10 ms)
  output y[3] : if
  x -> y : dense
}
train n {
  data digits
  rule st_rsbp
}
"""


@pytest.fixture
def small(monkeypatch):
    """Kernels that compile quickly, whatever the graph."""
    monkeypatch.setattr(cuda_kernels, "kernel_program", kernel_program)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kernels")


def emitted(folder, arch="sm_90", has_train=True):
    made = compiled_text(NET)
    return emit(draw_model(made.graph, 0), made.train if has_train else None, arch, folder)


@pytest.mark.slow
def test_a_program_gives_its_kernels_and_how_they_are_launched(small, folder):
    emission = emitted(folder)
    assert emission.notes == ()
    assert sorted(emission.members) == [RUN, LAUNCH, LEARN]
    document = json.loads(emission.members[LAUNCH])
    assert document == report(emission.members)
    assert document["arch"] == "sm_90"
    run, learn = document["kernels"]
    assert (run["member"], run["entry"], learn["entry"]) == (RUN, "run", "learn")
    assert (run["threads"], run["dynamic_shared"]) == (8, 32)
    assert 16 <= run["registers"] <= 64
    assert run["blocks_per_multiprocessor"] == 32
    assert run["occupancy"] == 0.5  # 32 blocks of one warp, where 64 warps could be
    assert run["params"][0] == {"name": "plan.neurons", "dtype": "int64", "dimensions": None}


@pytest.mark.slow
def test_what_learns_nothing_has_no_kernel_for_it(small, folder):
    assert sorted(emitted(folder, has_train=False).members) == [RUN, LAUNCH]


@pytest.mark.slow
def test_equal_programs_give_equal_members(small, folder, tmp_path):
    assert emitted(folder).members == emitted(tmp_path).members


@pytest.mark.slow
def test_without_a_card_the_architecture_is_said(small, folder, monkeypatch):
    monkeypatch.setattr(launch, "arch_here", lambda: None)
    emission = emitted(folder, None)
    assert emission.notes == ("no GPU here: compiled for sm_80; --arch names another",)
    assert report(emission.members)["arch"] == "sm_80"


@pytest.mark.slow
def test_the_card_here_is_compiled_for(small, folder, monkeypatch):
    monkeypatch.setattr(launch, "arch_here", lambda: "sm_103")
    emission = emitted(folder, None)
    assert emission.notes == ()
    assert report(emission.members)["arch"] == "sm_100"


def test_without_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr(launch, "can_compile", lambda: "numba-cuda is not installed: pip …")
    diagnostic = refused("E070", emitted, tmp_path)
    assert (diagnostic.code, diagnostic.help) == ("E070", "numba-cuda is not installed: pip …")


@pytest.mark.slow
def test_kernels_of_a_package_are_not_compiled_again(small, folder, tmp_path, monkeypatch):
    """Also on another machine, with a newer card and other versions of the tools."""
    members = emitted(folder, "sm_80").members
    own = adopt(members, tmp_path)
    assert own.parent == tmp_path
    monkeypatch.setattr(build, "_compile", lambda *_: pytest.fail("compiled again"))
    monkeypatch.setattr(build, "tool_versions", lambda: ("another",))
    assert build_ptx(program(), "sm_90", own).text.encode() == members[RUN]
    assert adopt(members, tmp_path) == own


@pytest.mark.slow
def test_kernels_of_a_package_serve_no_other(small, folder, tmp_path):
    members = dict(emitted(folder, "sm_80").members)
    other = {**members, RUN: members[RUN].replace(b"mul.rn.f32", b"div.rn.f32")}
    assert adopt(members, tmp_path) != adopt(other, tmp_path)
    assert not list(tmp_path.glob("*.ptx"))


def test_a_model_without_kernels_uses_the_common_folder(tmp_path):
    assert adopt({}, tmp_path) == tmp_path
    assert report({"notes.txt": b""}) is None


ENTRY = ".visible .entry run(\n\t.param .u64 run_param_0\n)\n{}\n"
ROW = {
    "member": RUN,
    "entry": "run",
    "key": "0a1b",
    "params": [{"name": "x", "dtype": "int64", "dimensions": None}],
    **dict.fromkeys(NUMBERS, 1),
}


def members(row=ROW, **changes):
    document = {"format": 1, "arch": "sm_80", "kernels": [row]} | changes
    return {RUN: ENTRY.encode(), LAUNCH: json.dumps(document).encode()}


def test_the_smallest_that_is_whole(tmp_path):
    assert report(members())["kernels"] == [ROW]
    (path,) = adopt(members(), tmp_path).iterdir()
    assert path.name == "snncc_cuda_0a1b.sm_80.ptx"
    assert path.parent.parent == tmp_path, "beside the kernels of other models"


@pytest.mark.parametrize(
    "wrong",
    [
        members(format=2),
        members(arch="sm_80/../.."),
        members(arch=80),
        members(kernels=None),
        members({**ROW, "entry": "walk"}),
        members({**ROW, "key": "../x"}),
        members({**ROW, "member": "weights"}),
        members({**ROW, "registers": "many"}),
        members({**ROW, "params": []}),
        members({**ROW, "params": [{"name": "x", "dtype": "int64", "dimensions": 1}]}),
        {LAUNCH: b"{"},
        {LAUNCH: b"[]"},
        {LAUNCH: b"\xff"},
        {**members(), RUN: b"\xff"},
    ],
    ids=range(14),
)
def test_kernels_that_do_not_fit_are_refused(wrong, tmp_path):
    for use in (report, lambda extras: adopt(extras, tmp_path)):
        refused("E060", use, wrong)
    assert list(tmp_path.iterdir()) == []
