"""Golden vectors of networks that send numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from integer_cases import drawn_numbers, drawn_values
from iverilog import needs_iverilog, run_bench, write_files

from snncc.backends.exports.vectors.folder import vector_files
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.graph import SUMS

PARTS = ("1_neuron", "2_synapse", "3_layer", "4_net")


def check_numbers(seed, folder, sums):
    model = drawn_numbers(seed, sums)
    trace = ReferenceSimulator(model, np.float64).trace(drawn_values(seed), True)
    files = vector_files(model, "digest", trace, None)
    write_files(folder, files)
    for part in PARTS:
        said = run_bench(folder / part)
        assert said == (0, "PASS: 2 samples of 40 steps, every spike and state"), (seed, part, said)
    return files


@needs_iverilog
@pytest.mark.parametrize("sums", SUMS)
def test_numbers_come_in_and_are_sent(sums, tmp_path):
    """By inputs and by populations, some of them later; one is wrong, and the bench finds it."""
    files = check_numbers(304, tmp_path, sums)
    (part,) = (p for p in json.loads(files["manifest.json"])["parts"] if p["folder"] == "4_net")
    assert part["numbers_words"] == sum(f["count"] for f in part["numbers"]) > 0
    words = files["4_net/numbers.hex"].decode().split()
    assert len(words) == 2 * 40 * part["numbers_words"]
    given = drawn_values(304).values
    (first, *_) = part["numbers"]
    code = int(words[0], 16)
    code -= (code >> 31) << 32
    own = {"x": 0, "z": 6}[first["name"]]
    assert code * first["lsb"] == pytest.approx(given[0, own], abs=1.01)
    changed = ["00000007" if k == 0 and words[0] != "00000007" else w for k, w in enumerate(words)]
    (tmp_path / "4_net/numbers.hex").write_text("\n".join([*changed, ""]))
    status, said = run_bench(tmp_path / "4_net")
    assert (status, "MISMATCH sample 0" in said) == (1, True), said


@needs_iverilog
@pytest.mark.slow
@pytest.mark.parametrize("count", [4, pytest.param(200, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("sums", SUMS)
def test_many_drawn_networks_of_numbers(sums, count, tmp_path):
    for seed in range(count):
        check_numbers(seed, tmp_path / str(seed), sums)
