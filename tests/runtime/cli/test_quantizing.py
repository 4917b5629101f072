"""`snncc quantize`: what it writes and says, and wrong usage."""

from pathlib import Path

import numpy as np
import pytest

from snncc.backends.artifact.model import open_model
from snncc.ir.integers.precision import Deployment, Precision
from snncc.runtime.deploying import deployment_of

EXAMPLES = Path(__file__).parents[3] / "examples"
NET = """
network n {
  dt = 1 ms
  input x[8, 8] encode poisson(duration = 40 ms)
  population h[6] : CELL
  output y[10] : lif(v_th = 2 mV)
  x -> h : dense(init = uniform(-1, 2))
  h -> y : dense(init = uniform(-1, 4))
}
train n { data digits  rule st_rsbp }
"""


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.snn"
    path.write_text(NET.replace("CELL", "lif(v_th = 2 mV)"))
    return path


def test_a_package_of_integers(snncc, answer, net, tmp_path):
    asked = ("--calibrate", 0, "--out", "q.snnpkg", "-P", "h->y:bits=4")
    (document,) = answer("quantize", net, *asked)
    package = open_model(tmp_path / "q.snnpkg")
    assert package.model.graph.semantics.integers == 1
    assert document["package"] == "q.snnpkg"
    assert document["semantics"] == 1
    assert document["overflow"]["proved"]
    assert [(p["name"], p["bits"]) for p in document["projections"]] == [("x->h", 8), ("h->y", 4)]
    assert document["bytes"] == {"weights": 64 * 6 + 6 * 10 // 2, "state": (6 + 10) * 2 * 4}
    for projection in document["projections"]:
        assert projection["clipped"] == 0
        assert projection["rms_error"] <= projection["max_error"]
    for population in document["populations"]:
        assert 1 < population["state_bits_used"] <= 32
        assert population["threshold_codes"][0] > 0
    assert "quantization.json" in package.extras
    status, out, err = snncc("inspect", "q.snnpkg")
    assert (status, err) == (0, "")
    assert "integer semantics: 1" in out
    assert "over v fixed(32, 8), c fixed(32, 8)" in out


def test_without_data_it_says_that_nothing_was_compared(snncc, net):
    net.write_text(net.read_text().partition("train n")[0])
    status, _, err = snncc("quantize", net, "--out", "q.snnpkg")
    assert (status, "nothing was compared" in err) == (0, True)
    assert "nothing was compared" not in snncc("quantize", net, "--calibrate", 0)[2]
    status, _, err = snncc("quantize", net, "--calibrate", 10)
    assert (status, "error[E061]: `n` names no data" in err) == (1, True)


def test_data_of_another_shape(snncc, net, tmp_path):
    np.savez(tmp_path / "d.npz", x=np.zeros((4, 5)), y=np.zeros(4, np.int64))
    status, _, err = snncc("quantize", net, "--data", "d.npz", "--out", "q.snnpkg")
    assert (status, "error[E062]" in err) == (1, True)
    assert not (tmp_path / "q.snnpkg").exists()


def test_a_run_without_a_model_yet(snncc, tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "run.json").write_text("{}")
    status, _, err = snncc("quantize", "runs", "--out", "q.snnpkg")
    assert (status, "error[E063]: `runs` has no model yet" in err) == (1, True)


def test_what_is_said_of_decays_and_sums(answer, net):
    (document,) = answer("quantize", net, "--calibrate", 0, "--out", "q.snnpkg")
    hidden = document["populations"][0]
    assert hidden["decay"]["v"] == {
        "m": [4032, 4032],
        "bits": 12,
        "tau_wanted": [64.0, 64.0],
        "tau_got": [64.0, 64.0],
    }
    assert hidden["dead_zone"] == {"v": [-63, 0], "c": [-7, 0]}
    assert document["overflow"]["worst"].keys() == {"population", "neuron"}
    assert len(document["model_digest"]) == 64


def test_the_same_bytes_every_time(snncc, net, tmp_path):
    for name in ("a", "b"):
        assert snncc("quantize", net, "--calibrate", 0, "--out", f"{name}.snnpkg")[0] == 0
    a, b = ((tmp_path / f"{name}.snnpkg").read_bytes() for name in "ab")
    assert a == b


def test_guard_bits_are_as_many_as_can_be_proved(snncc, answer, net):
    heavy = net.read_text().replace("uniform(-1, 2)", "uniform(1, 2)").replace("40 ms", "80 ms")
    net.write_text(heavy)
    quantize = ("quantize", net, "--calibrate", 0, "--bits", 16, "--out", "q.snnpkg")
    (document,) = answer(*quantize)
    guard = document["guard"]
    assert guard < 8
    status, out, err = snncc(*quantize, "--guard", guard + 1)
    assert (status, out) == (1, "")
    assert "error[E083]" in err
    assert f"take {guard} guard bits" in err


def test_it_runs_where_integers_run(snncc, answer, net, tmp_path):
    assert snncc("quantize", net, "--calibrate", 0, "--out", "q.snnpkg")[0] == 0
    inputs = (np.random.default_rng(0).random((3, 64)) < 0.5).astype(np.float32)
    np.save(tmp_path / "x.npy", inputs)
    documents = {
        name: answer("run", name, "--inputs", "x.npy", "--target", "reference")[0]
        for name in (net, "q.snnpkg")
    }
    floats, integers = (np.array([s["counts"] for s in d["samples"]]) for d in documents.values())
    assert integers.sum() > 20
    assert abs(floats - integers).sum() <= 0.1 * floats.sum()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--bits", 1), "should be greater than or equal to 2"),
        (("-P", "h->z:bits=4"), "did you mean `h->y`?"),
        (("-P", "h->y:bits=17"), "not NAME:bits=N"),
        (("-P", "h->y"), "not NAME:bits=N"),
        (("--scale", "neurone"), "did you mean `neuron`?"),
        (("--decay", "cubic"), "choose from multiply, shift, linear"),
        (("--method", "best"), "choose from minmax, percentile, mse"),
    ],
)
def test_wrong_usage(snncc, net, tmp_path, options, says):
    status, out, err = snncc("quantize", net, *options)
    assert (status, out) == (2, "")
    assert says in " ".join(err.replace("│", " ").split())
    assert not list(tmp_path.glob("*.snnpkg"))


def test_a_model_that_has_no_integers(snncc, net, tmp_path):
    net.write_text(net.read_text().replace("lif(v_th = 2 mV)\n  out", "izhikevich\n  out"))
    status, out, err = snncc("quantize", net, "--calibrate", 0)
    assert (status, out) == (1, "")
    assert "error[E080]" in err
    assert "net.snn:5:14" in err
    assert "calibrate it on data" in err
    assert not list(tmp_path.glob("*.snnpkg"))


@pytest.mark.slow
def test_both_are_compared_on_training_samples(answer, net):
    (document,) = answer("quantize", net, "--calibrate", 100, "--threads", 1)
    wanted = {"data": "digits", "split": "train", "samples": 100, "seed": 0}
    assert document["calibration"] == wanted
    accuracy = document["accuracy"]
    assert accuracy["samples"] == 100
    assert accuracy["agree"] > 0.7
    assert {r["name"] for r in document["rates"]} == {"x", "h", "y"}
    of_x, *others = document["rates"]
    assert of_x["rate_float"] == of_x["rate_int"] > 0
    assert all(abs(r["rate_float"] - r["rate_int"]) <= r["rate_emd"] for r in others)
    (again,) = answer("quantize", net, "--calibrate", 100, "--threads", 2)
    assert document.pop("seconds") > 0
    assert again.pop("seconds") > 0
    assert again == document


BLOCK = "deploy n { bits 6  method mse  guard 4  h -> y bits 3 }\n"


def asked(document, *names):
    return [(document["asked"][n]["value"], document["asked"][n]["from"]) for n in names]


def test_what_the_program_asks(answer, net, tmp_path):
    net.write_text(net.read_text() + BLOCK)
    (document,) = answer("quantize", net, "--calibrate", 0, "--out", "q.snnpkg")
    names = ("bits", "method", "guard", "scale")
    words = [(6, "program"), ("mse", "program"), (4, "program"), ("neuron", "default")]
    assert asked(document, *names) == words
    assert document["asked"]["bits_of"] == {"h->y": {"value": 3, "from": "program"}}
    assert [(p["name"], p["bits"]) for p in document["projections"]] == [("x->h", 6), ("h->y", 3)]
    assert document["guard"] == 4
    options = ("--guard", 5, "--method", "minmax", "-P", "x->h:bits=5")
    (document,) = answer("quantize", net, "--calibrate", 0, "--out", "q.snnpkg", *options)
    assert asked(document, "method", "guard") == [("minmax", "option"), (5, "option")]
    assert [p["bits"] for p in document["projections"]] == [5, 3]
    (document,) = answer("quantize", net, "--calibrate", 0, "--out", "q.snnpkg", "--bits", 4)
    assert [p["bits"] for p in document["projections"]] == [4, 4]
    assert open_model(tmp_path / "q.snnpkg").deploy is None  # it is done


def test_a_package_asks_as_its_program_did(snncc, answer, net, tmp_path):
    net.write_text(net.read_text() + BLOCK)
    assert snncc("compile", net, "--out", "n.snnpkg")[0] == 0
    found = []
    for name in (net, "n.snnpkg"):
        assert snncc("quantize", name, "--calibrate", 0, "--out", f"{len(found)}.snnpkg")[0] == 0
        found.append((tmp_path / f"{len(found)}.snnpkg").read_bytes())
    assert found[0] == found[1]
    (document,) = answer("inspect", "n.snnpkg")
    assert document["deploy"]["bits"] == {"value": 6, "from": "program"}
    assert "deploy: bits 6, method mse, guard 4, h->y bits 3\n" in snncc("inspect", "n.snnpkg")[1]
    assert answer("inspect", "0.snnpkg")[0]["deploy"] is None


def test_a_run_asks_as_its_program_did(snncc, tiny, perceptron_target, tmp_path):
    name = tiny.read_text().partition("train ")[2].split()[0]
    tiny.write_text(f"{tiny.read_text()}\ndeploy {name} {{ bits 6  guard 4 }}\n")
    assert snncc("train", tiny, "--out", "run", "--epochs", 1)[0] == 0
    for kept in ("model.snnpkg", "last.snnpkg"):
        package = open_model(tmp_path / "run" / kept)
        assert deployment_of(package) == Deployment(Precision(bits=6), 4)


def test_for_a_chip(snncc, answer, net):
    net.write_text(net.read_text().replace("  h -> y", "  h -> h : dense delay 1 ms\n  h -> y"))
    loihi = ("quantize", net, "--calibrate", 0, "--out", "q.snnpkg", "--target", "loihi")
    (document,) = answer(*loihi)
    of_target = [("population", "target"), (24, "target"), ("toward_zero", "target")]
    assert asked(document, "scale", "state_bits", "rounding") == of_target
    assert max(p["state_bits_used"] for p in document["populations"]) <= 24
    assert "fixed(32, 8, toward_zero)" in snncc("compile", "q.snnpkg", "--emit", "ir")[1]
    status, out, err = snncc(*loihi, "--round", "floor")
    assert (status, out) == (1, "")
    assert "error[E086]: `--round` is floor, and `loihi` has toward_zero" in err
    status, out, err = snncc(*loihi[:-1], "xylo_audio2")
    assert (status, out) == (1, "")
    assert "error[E085]: 10 outputs, and `xylo_audio2` has 8: 2 too many" in err
    assert "error[E085]: a neuron of `h` is refractory for 2 steps" in err


def test_the_example_for_a_chip(snncc, answer):
    example = EXAMPLES / "digits_loihi.snn"
    assert snncc("check", example)[0] == 0
    (document,) = answer("quantize", example, "--calibrate", 0, "--out", "q.snnpkg")
    assert asked(document, "target", "bits") == [("loihi", "program"), (6, "program")]
    assert [p["bits"] for p in document["projections"]] == [6, 6, 8]


def test_time_constants_are_told_before_and_after(snncc, net):
    """Beside each other, by quantize and by inspect: 6 bits leave 63/64 of what 100 ms keep."""
    net.write_text(net.read_text().replace("v_th = ", "tau_mem = 100 ms, v_th = ", 1))
    status, out, _ = snncc("quantize", net, "--out", "q.snnpkg", "--decay-bits", 6)
    assert status == 0
    row = next(line.split() for line in out.splitlines() if line.split()[:1] == ["h/v"])
    assert row == ["h/v", "100", "64", "63", "/", "2^6"]
    _, out, _ = snncc("inspect", "q.snnpkg")
    assert "of these the integers have: v keeps 63 / 2^6" in out


def test_bits_of_one_projection_are_said_to_coarsen_the_others(snncc, net):
    asked = ("quantize", net, "--out", "q.snnpkg", "-P", "x->h:bits=4")
    assert "coarsen the others" in snncc(*asked)[2]
    assert "coarsen the others" not in snncc(*asked, "--scale", "exponent")[2]


@pytest.mark.parametrize("floor", ["nan", "inf", "-inf"])
def test_a_floor_is_a_finite_number(snncc, net, floor):
    status, _, said = snncc("quantize", net, "--out", "q.snnpkg", "--floor", floor)
    assert (status, "must be finite" in said) == (2, True), said
