"""What kernels take of a card."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_kernel import SOURCE, program

from snncc.backends.cuda import resources
from snncc.backends.cuda.build import build_ptx
from snncc.backends.cuda.resources import (
    LIMITS,
    LinkError,
    Resources,
    blocks_per_multiprocessor,
    kept_cubin,
    known_arch,
    link,
    resources_of,
    static_shared,
)

SMALL = Resources(registers=32, barriers=1, shared=0, stack=0, spill_stores=0, spill_loads=0)
HUNGRY = SOURCE.replace(
    "    cuda.syncthreads()\n    for t",
    "    more = cuda.shared.array(100, float32)\n"
    "    odd = cuda.shared.array(3, int64)\n"
    "    own = cuda.local.array(64, float32)\n"
    "    for k in range(64):\n"
    "        own[k * first % 64] = alpha\n"
    "        more[k] = own[first]\n"
    "        odd[k % 3] = k\n"
    "    cuda.syncthreads()\n    for t",
)
STARVED = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(scope="module")
def ptx(folder):
    return build_ptx(program(), "sm_80", folder)


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["sm_80", "sm_90"])
def test_the_assembler_takes_the_ptx(folder, arch):
    found = resources_of(build_ptx(program(), arch, folder))
    assert 16 <= found.registers <= 64
    assert found.barriers == 1
    assert (found.shared, found.stack, found.spill_stores, found.spill_loads) == (0, 0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["sm_80", "sm_90"])
def test_arrays_and_spills_are_counted(folder, arch):
    made = program(source=HUNGRY, max_registers=STARVED)
    found = resources_of(build_ptx(made, arch, folder))
    assert found.shared == 424  # one of them may lie behind 4 bytes of padding
    assert found.registers <= STARVED
    assert found.stack > 0


@pytest.mark.slow
def test_older_ptx_serves_newer_cards(ptx):
    assert resources_of(ptx, "sm_90").registers > 0
    assert link(ptx.text, "sm_90").cubin.startswith(b"\x7fELF")


@pytest.mark.slow
def test_newer_ptx_does_not_serve_older_cards(folder):
    with pytest.raises(LinkError):
        link(build_ptx(program(), "sm_90", folder).text, "sm_80")


@pytest.mark.slow
def test_damaged_ptx_is_refused_with_the_assemblers_words(ptx):
    with pytest.raises(LinkError, match=r"Unknown modifier '\.nr'"):
        link(ptx.text.replace("mul.rn.f32", "mul.nr.f32"), "sm_80")


@pytest.mark.slow
def test_machine_code_is_kept(ptx, tmp_path, monkeypatch):
    first = kept_cubin(ptx.text, "sm_80", tmp_path)
    (path,) = tmp_path.glob("*.cubin")
    whole = path.read_bytes()
    path.write_bytes(whole[:-40] + bytes(40))
    assert kept_cubin(ptx.text, "sm_80", tmp_path) == first, "damaged, so made anew"
    assert path.read_bytes() == whole
    monkeypatch.setattr(resources, "link", lambda *_: pytest.fail("assembled again"))
    assert kept_cubin(ptx.text, "sm_80", tmp_path) == first


def test_static_shared_memory_is_aligned():
    text = (
        ".extern .shared .align 4 .b8 dynamic[];\n"
        ".shared .align 4 .b8 a[10];\n"
        "\t.visible .shared .align 8 .b8 b[16];\n"
        "\tst.shared.f32 \t[%rd34], %f2;\n"
    )
    assert static_shared(text) == 32
    assert static_shared("") == 0


@pytest.mark.parametrize(
    ("arch", "registers", "threads", "shared", "blocks"),
    [
        ("sm_80", 32, 256, 0, 8),  # 64 warps
        ("sm_80", 33, 256, 0, 6),  # registers come in units of 256 a warp: 40 a thread
        ("sm_80", 255, 256, 0, 1),
        ("sm_80", 255, 1024, 0, 0),
        ("sm_80", 16, 32, 0, 32),  # 32 blocks
        ("sm_80", 32, 256, 40 << 10, 4),  # 4 x 41 KiB = 164 KiB
        ("sm_80", 32, 256, 32 << 10, 4),  # 5 x 32 KiB would fit, 5 x 33 KiB do not
        ("sm_80", 32, 256, 163 << 10, 1),
        ("sm_80", 32, 256, (163 << 10) + 1, 0),
        ("sm_90", 32, 256, 56 << 10, 4),  # 4 x 57 KiB = 228 KiB
        ("sm_86", 32, 256, 0, 6),  # 48 warps
        ("sm_75", 32, 1024, 0, 1),
        ("sm_80", 32, 33, 0, 32),  # two warps
    ],
)
def test_blocks_of_a_multiprocessor(arch, registers, threads, shared, blocks):
    taken = replace(SMALL, registers=registers)
    assert blocks_per_multiprocessor(taken, threads, shared, LIMITS[arch]) == blocks


def test_static_and_dynamic_memory_add_up():
    both = replace(SMALL, shared=20 << 10)
    assert blocks_per_multiprocessor(both, 256, 20 << 10, LIMITS["sm_80"]) == 4


def test_cards_between_known_ones_count_as_the_older():
    assert known_arch("sm_90") == "sm_90"
    assert known_arch("sm_87") == "sm_86"
    assert known_arch("sm_103") == "sm_100"
    with pytest.raises(ValueError, match="older than every"):
        known_arch("sm_61")
