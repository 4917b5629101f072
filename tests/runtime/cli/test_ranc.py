"""The whole way to RANC in one: a program is trained for its cores, by their own neurons and their
few weights, written as images, and read back by a machine that knows the files alone."""

import json
from pathlib import Path

import pytest
from ranc_machine import from_json, from_memories, packets_of

from snncc.backends.artifact.model import open_model

pytestmark = pytest.mark.slow
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits_ranc.snn"
SAMPLES = 2


def test_from_a_program_to_cores_of_ranc(snncc, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    words = "--epochs", 2, "--limit", 300, "--test-limit", 20, "-D", "hidden=20", "-D"
    words = *words, "duration=20 ms", "--qat", "--warm-up", 1, "--out", "run"
    assert snncc("train", EXAMPLE, *words)[0] == 0
    warm, last = (open_model(tmp_path / "run" / f"{name}.snnpkg").model for name in WRITTEN)
    for projection in last.graph.projections:
        codes = last.weights(projection.name)
        assert max(len(set(column) - {0}) for column in codes.T) <= 4
        assert (warm.weights(projection.name) != 0).mean() > (codes != 0).mean() > 0.1
    words = "--target", "ranc", "--vectors", SAMPLES, "--out", "image"
    status, _, err = snncc("export", "run/last.snnpkg", *words)
    assert status == 0, err
    told = [json.loads((tmp_path / "image" / "map.json").read_text())["cores"]]
    assert sum(len(core["neurons"]) for core in told[0]) == 30  # no relays
    for sample in range(SAMPLES):
        check(tmp_path / "image", sample)


WRITTEN = ("warm", "last")


def check(folder: Path, sample: int) -> None:
    """Every output and every packet, of the simulator's files and of the circuit's."""
    own = folder / f"sample_{sample}"
    one = from_json((folder / "config.json").read_text(), (own / "input.json").read_text())
    counts = [int(n) for n in (own / "tb_num_inputs.txt").read_text().split()]
    packets = packets_of((own / "tb_input.txt").read_text().split(), counts)
    memories = {path.name: path.read_text() for path in folder.glob("*.mem")}
    two = from_memories(memories, one.width, one.height, one.bus, one.outputs, packets)
    wanted = [line.split() for line in (own / "output.txt").read_text().splitlines()]
    golden = (own / "golden.txt").read_text().splitlines()
    for machine in (one, two):
        shown, _, leaving = machine.run(len(wanted))
        assert [[str(bit) for bit in row] for row in shown] == wanted
        found = {
            (t + 1, *at, k) for t, tick in enumerate(leaving) for at, k, *_ in tick
        }  # fmt: skip
        sent = {tuple(map(int, line.split()[1:5])) for line in golden if line.startswith("spike")}
        assert found == sent
        assert len(found) > 20
