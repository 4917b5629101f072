"""net.o: what it takes, what it wants, and that C's test fits it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from boards import written
from integer_cases import drawn_integers, drawn_samples, drawn_windows

from snncc.backends.exports.c.layout import layout_of
from snncc.backends.exports.c.program import c_program
from snncc.backends.exports.objects.elf import read_elf
from snncc.backends.exports.objects.form import network_object
from snncc.backends.exports.objects.triples import TRIPLES
from snncc.ir.model import weights_name
from snncc.ir.wiring import Windows

STRIDED = 4  # a seed whose windows move by 3
HOST = "x86_64-unknown-linux-gnu"
ATTRIBUTES = ".ARM.attributes"
# By its number in "ELF for the Arm Architecture": what a file may use.
FLOATS, VECTORS, REGISTERS_OF_FLOATS = 10, 12, 28


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc: apt install gcc")
def test_the_test_in_c_fits_it(tmp_path) -> None:
    """The struct of net.h is that of the object."""
    model = drawn_integers(6)
    assert layout_of(model.graph).past
    written(model, drawn_samples(6), tmp_path, HOST)
    command = ["gcc", "-std=c99", "-Wall", "-Werror", "test_net.c", "net.o", "-o", "test"]
    subprocess.run(command, cwd=tmp_path, check=True)
    ran = subprocess.run([tmp_path / "test"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "every spike and every state is equal" in ran.stdout


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("triple", TRIPLES)
def test_nothing_else_is_wanted(triple, level) -> None:
    strided = drawn_windows(STRIDED)
    assert any(isinstance(w, Windows) and w.stride == 3 for w in strided.wirings.values())
    for model in (drawn_integers(0), drawn_integers(7), strided):
        facts = network_object(model, "", None, triple, level).facts
        assert facts["wanted_symbols"] == []


@pytest.mark.parametrize("triple", TRIPLES)
def test_nothing_is_written_but_the_state(triple) -> None:
    model = drawn_integers(6)
    made = network_object(model, "", None, triple)
    parts = read_elf(made.files["net.o"])
    assert parts.written == 0
    assert {s.name for s in parts.functions} >= {"net_reset", "net_step"}
    constants = c_program(model, "")
    assert made.facts["flash_bytes"] > constants.flash
    assert made.facts["ram_bytes"] == constants.ram


@pytest.mark.parametrize("triple", [name for name in TRIPLES if name.startswith("thumb")])
def test_no_registers_of_floats(triple) -> None:
    """It links with files for any of the float conventions."""
    parts = read_elf(network_object(drawn_integers(2), "", None, triple).files["net.o"])
    (data,) = (s.data for s in parts.sections if s.name == ATTRIBUTES)
    tags = attributes(data)
    assert tags.get(FLOATS, 0) == tags.get(VECTORS, 0) == tags.get(REGISTERS_OF_FLOATS, 0) == 0


def attributes(data: bytes) -> dict[int, int]:
    """The numbers of the file's attributes: behind "A", a length, "aeabi", 0, 1 and a length come
    tags, each with a number or, 4, 5 and odd ones from 32 on, with a text."""
    found, place = {}, data.index(b"aeabi\0") + 6 + 5
    while place < len(data):
        tag, place = data[place], place + 1
        if tag in (4, 5) or (tag >= 32 and tag % 2):
            place = data.index(b"\0", place) + 1
        else:
            found[tag], place = data[place], place + 1
    return found


def test_the_same_bytes_every_time() -> None:
    one, other = (network_object(drawn_integers(5), "d", None, HOST) for _ in range(2))
    assert one == other


def test_packed_weights_take_half_and_a_quarter() -> None:
    """By their largest code, whatever bits they were quantized to."""
    model, taken = drawn_integers(12), {}
    draw = np.random.default_rng(0)
    for high in (1, 7, 127):
        values = dict(model.values)
        for name in (weights_name(p.name) for p in model.graph.projections):
            old = values[name].array
            codes = draw.integers(-high, high, old.shape, old.dtype, endpoint=True)
            codes.flat[:1] = high
            values[name] = replace(values[name], array=codes)
        made = network_object(replace(model, values=values), "", None, "riscv32-unknown-none-elf")
        sections = read_elf(made.files["net.o"]).sections
        taken[high] = sum(s.size for s in sections if s.name.startswith(".rodata"))
    synapses = sum(w.synapses for w in model.wirings.values())
    assert taken[127] - taken[7] == pytest.approx(synapses / 2, abs=4)
    assert taken[127] - taken[1] == pytest.approx(synapses * 3 / 4, abs=6)
