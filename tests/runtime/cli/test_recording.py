"""Networks that are run without data, and what of them is recorded."""

from __future__ import annotations

import json

import numpy as np
import pytest
from chains import CHAIN, TRAINS

from snncc.backends.artifact.model import open_model

ALONE = """
neuron clock {
  param rise: mV/ms = 1 mV / 1 ms
  state v: mV = 0 mV
  dv/dt = rise
  spike when v >= 5 mV
  on spike { v = 0 mV }
}
network n {
  dt = 1 ms
  population c[3] : clock
  population d[2] : clock(rise = 2 mV / 1 ms)
}
"""
TRAINED = CHAIN.replace("ENCODING", "spikes(duration = 5 ms)")
RUN = "run n { duration 10 ms  record spikes of c, d[1..2]  record v of d[0..1] every 2 ms }"


@pytest.mark.parametrize("target", ["reference", "reference32"])
def test_a_network_without_inputs(snncc, tmp_path, target):
    (tmp_path / "net.snn").write_text(ALONE + RUN)
    status, out, _ = snncc("run", "net.snn", "--target", target, "--record", "a.npz", "--json")
    assert status == 0
    shown = json.loads(out)
    assert shown["samples"] == [{"sample": 0}]
    assert [r["hz"] for r in shown["rates"]] == [200.0, 300.0]
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        assert found["populations"].tolist() == ["c"]
        assert found["neurons"].tolist() == [3]
        assert found["spikes/c"].tolist() == [[0, t, k] for t in (4, 9) for k in range(3)]
        assert found["spikes/d"].tolist() == [[0, t, 1] for t in (2, 5, 8)]
        assert found["recorded/d"].tolist() == [1, 2]
        assert found["states/d/v"].tolist() == [[[4.0], [2.0], [0.0], [4.0], [2.0]]]
        assert found["steps/d/v"].tolist() == [1, 3, 5, 7, 9]
        assert found["indices/d/v"].tolist() == [0]


def test_lines_in_place_of_arrays(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(ALONE + RUN)
    given = ("run", "net.snn", "--target", "reference", "--duration", "6ms", "--limit", 2)
    status, out, err = snncc(*given, "--record", "a.csv")
    assert status == 0
    assert "label" not in out
    assert "a.states.csv" in err
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].startswith("# n, dt 1 ms, digest ")
    assert lines[1] == "sample,step,population,neuron"
    assert lines[2:] == [
        f"{s},{t},{p},{k}"
        for p, times, neurons in (("c", [4], range(3)), ("d", [2, 5], [1]))
        for s in range(2)
        for t in times
        for k in neurons
    ]
    states = (tmp_path / "a.states.csv").read_text().splitlines()
    assert states[1] == "sample,step,population,neuron,state,unit,value"
    assert states[2:5] == [f"0,{t},d,0,v,mV,{v}" for t, v in ((1, 4.0), (3, 2.0), (5, 0.0))]
    assert len(states) == 8


@pytest.mark.parametrize(
    ("text", "given", "code", "why"),
    [
        (ALONE, (), "E044", "nothing says how long it runs"),
        (ALONE + RUN, ("--duration", "5"), "E021", "plain number"),
        (ALONE + RUN, ("--duration", "0.5ms"), "E045", "no whole number of steps"),
        (ALONE + RUN, ("--duration", "0 ms"), "E022", "lasts longer"),
        (ALONE + RUN, ("--data", "digits"), "E062", "has no input"),
        (TRAINED, ("--duration", "9 ms"), "E062", "trains"),
    ],
)
def test_what_cannot_be_run(snncc, tmp_path, text, given, code, why):
    (tmp_path / "net.snn").write_text(text)
    status, _, err = snncc("run", "net.snn", "--target", "reference", *given)
    assert status == 1
    assert code in err
    assert why in err


def test_files_of_no_kind(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(ALONE + RUN)
    status, _, err = snncc("run", "net.snn", "--record", "a.txt")
    assert (status, list(tmp_path.glob("a.*"))) == (2, [])
    assert ".npz" in err


def test_a_longer_run_of_inputs(snncc, chain, tmp_path):
    arguments = chain("bernoulli(duration = 5 ms)", np.float32([[1, 0, 0]]))
    assert snncc("run", *arguments, "--duration", "8ms", "--record", "a.npz")[0] == 0
    with np.load(tmp_path / "a.npz") as found:
        assert found["steps"] == 8
        assert len(found["spikes/x"]) == 8


MAPS = """
network n {
  dt = 1 ms
  input x[4, 5, 5] encode spikes(duration = 3 ms)
  population c : if(v_th = 0.5 mV)
  x -> c : conv2d(channels = 8, kernel = 3, init = constant(1))  delay 0 ms
}
run n { record spikes of c  record v of c }
"""


def test_a_population_whose_shape_follows_from_a_projection(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(MAPS)
    np.save(tmp_path / "x.npy", np.ones((1, 3, 100), bool))
    given = ("run", "net.snn", "--target", "reference", "--inputs", "x.npy", "--record", "a.npz")
    assert snncc(*given)[0] == 0
    with np.load(tmp_path / "a.npz") as found:
        assert found["neurons"].tolist() == [72]
        assert found["states/c/v"].shape == (1, 3, 72)
        assert len(found["spikes/c"]) == 3 * 72
    (tmp_path / "net.snn").write_text(MAPS.replace("v of c", "v of c[0..73]"))
    status, _, err = snncc("check", "net.snn")
    assert status == 1
    assert "has not the neurons" in err


def test_blocks_travel_with_integers(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(TRAINED + "run chain { record spikes of y[0..1] }")
    np.save(tmp_path / "x.npy", TRAINS)
    assert snncc("quantize", "net.snn", "--calibrate", 0, "--out", "q.snnpkg")[0] == 0
    assert [p.end for p in open_model(tmp_path / "q.snnpkg").run.probes] == [1]


def test_states_are_written_before_spikes(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(ALONE + RUN)
    (tmp_path / "a.states.csv").mkdir()
    (tmp_path / "a.csv").write_text("old")
    status, _, err = snncc("run", "net.snn", "--target", "reference", "--record", "a.csv")
    assert (status, "E063" in err) == (1, True)
    assert (tmp_path / "a.csv").read_text() == "old"


def test_all_states_beside_what_the_program_records(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(ALONE + RUN)
    given = ("run", "net.snn", "--target", "reference", "--record", "a.npz", "--record-states")
    assert snncc(*given)[0] == 0
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        assert found["populations"].tolist() == ["c", "d"]
        assert found["states/c/v"].shape == (1, 10, 3)
        assert found["states/d/v"].shape == (1, 10, 2)
        assert found["spikes/d"].tolist() == [[0, t, k] for t in (2, 5, 8) for k in range(2)]


def test_counts_of_no_outputs_are_not_written(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(ALONE)
    status, _, err = snncc("run", "net.snn", "--duration", "5ms", "--out", "a.npz")
    assert status == 2
    assert "no outputs" in err
    assert not (tmp_path / "a.npz").exists()


def test_the_run_block_is_shown(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(ALONE + RUN)
    _, out, _ = snncc("inspect", "net.snn")
    wanted = ["run for 10 ms", "  records spikes of c[0..3]", "  records spikes of d[1..2]"]
    assert out.rstrip().splitlines()[-4:] == [*wanted, "  records v of d[0..1] every 2 steps"]
    shown = json.loads(snncc("inspect", "net.snn", "--json")[1])["run"]
    assert shown["duration_ms"] == 10.0
    assert shown["records"][2] == {
        "what": "v", "of": "d", "neurons": [0, 1], "every_steps": 2,
    }  # fmt: skip
