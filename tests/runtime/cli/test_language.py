import json

import pytest

from snncc.ir.chips.cores import CORES
from snncc.ir.chips.table import CHIPS

BAD = """\
network bad {
  input x[2] encode bernoulli(duration = 10 ms)
  output y[2] : lif()
  x -> z : dense
  x -> y : dens
}
"""
CYCLE = """\
network loop {
  population a[2] : lif()
  population b[2] : lif()
  a -> b : dense
  b -> a : dense
}
network fine { population a[2] : lif() }
"""


def test_check_finds_nothing(snncc, tiny):
    assert snncc("check", tiny) == (0, f"{tiny}: no mistakes\n", "")
    assert snncc("check", "--quiet", tiny) == (0, "", "")


def test_check_draws_every_mistake(snncc, tmp_path):
    (tmp_path / "bad.snn").write_text(BAD)
    status, out, err = snncc("check", "bad.snn")
    assert (status, out) == (1, "")
    assert err.count("error[") == 2
    assert "bad.snn:4:" in err
    assert "^" in err
    assert "\x1b" not in err


def test_check_tells_machines(snncc, tmp_path):
    (tmp_path / "bad.snn").write_text(BAD)
    status, out, _ = snncc("check", "--json", "bad.snn")
    assert status == 1
    errors = json.loads(out)["errors"]
    assert [e["place"]["line"] for e in errors] == [4, 5]
    assert all(e["code"].startswith("E") for e in errors)


def test_check_runs_the_passes_on_every_network(snncc, tmp_path):
    (tmp_path / "loop.snn").write_text(CYCLE)
    status, _, err = snncc("check", "loop.snn")
    assert status == 1
    assert "cycle without delay: " in err
    assert snncc("check", "loop.snn", "--network", "fine")[0] == 0


def test_check_warns_once_and_all_is_well(snncc, answer, tiny):
    tiny.write_text(tiny.read_text().replace("target = 3", "target = 4"))
    status, out, err = snncc("check", tiny)
    assert (status, out) == (0, f"{tiny}: no mistakes\n")
    assert err.count("warning[W050]") == err.count("warning") == 1
    assert "-->" in err
    (document,) = answer("check", tiny)
    assert document["errors"] == []
    assert [w["code"] for w in document["warnings"]] == ["W050"]
    assert snncc("check", "--quiet", tiny) == (0, "", "")


def test_warnings_stand_beside_mistakes(snncc, tiny):
    """A network is warned of although another one of the file is wrong."""
    text = tiny.read_text().replace("target = 3", "target = 4")
    tiny.write_text(text + CYCLE.replace("dense\n", "one_to_one\n"))
    status, out, err = snncc("check", tiny)
    assert (status, out) == (1, "")
    assert (err.count("warning["), err.count("error[")) == (1, 1)
    document = json.loads(snncc("check", "--json", tiny)[1])
    assert [len(document[what]) for what in ("errors", "warnings")] == [1, 1]


def test_check_of_a_file_without_a_network(snncc, tmp_path):
    (tmp_path / "n.snn").write_text(
        "neuron n { state v: mV = 0 mV  dv/dt = i / 1 ms  spike when v > 1 mV }"
    )
    assert snncc("check", "n.snn")[0] == 0


def test_check_of_nothing(snncc):
    status, _, err = snncc("check", "none.snn")
    assert status == 1
    assert "error[E063]" in err


def test_fmt_rewrites_once(snncc, tiny):
    tiny.write_text(tiny.read_text().replace("  input ", "input    "))
    assert snncc("fmt", "--check", tiny)[0] == 1
    assert snncc("fmt", tiny) == (0, f"changed {tiny}\n", "")
    assert snncc("fmt", tiny) == (0, "", "")
    assert snncc("fmt", "--check", tiny)[0] == 0


def test_fmt_of_what_is_no_text(snncc, tmp_path):
    (tmp_path / "n.snn").write_bytes(b"\xff\xfe")
    status, _, err = snncc("fmt", "n.snn")
    assert status == 1
    assert "error[E063]" in err


def test_check_says_what_it_did_not_look_at(snncc, tmp_path):
    text = "network n(k: int) { input x[k] encode bernoulli(duration = 10 ms) }\n"
    (tmp_path / "n.snn").write_text(text)
    status, out, err = snncc("check", "n.snn")
    assert (status, out) == (0, "n.snn: no mistakes\n")
    assert "warning[W013]: `n` is not checked further: `k` has no value" in err
    assert "help: give it: `-D k=…`" in err
    assert snncc("check", "n.snn", "-D", "k=3") == (0, "n.snn: no mistakes\n", "")
    assert "did you mean `ms`?" in snncc("check", "n.snn", "-D", "k=200 msec")[2]


def test_fmt_goes_on_after_a_broken_file(snncc, tiny, tmp_path):
    (tmp_path / "broken.snn").write_text("network {")
    (tmp_path / "worse.snn").write_bytes(b"\xff\xfe")
    tiny.write_text(tiny.read_text().replace("  input ", "input    "))
    for flags, done in ((("--check",), "would change"), ((), "changed"), ((), "")):
        status, out, err = snncc("fmt", *flags, "broken.snn", tiny, "worse.snn", "none.snn")
        assert (status, out) == (1, f"{done} {tiny}\n" if done else "")
        assert err.count("error[") == 3
        assert "broken.snn:1:" in err
        assert "none.snn" in err


def test_fmt_of_a_file_with_a_byte_order_mark(snncc, tiny):
    snncc("fmt", tiny)
    text = tiny.read_bytes()
    tiny.write_bytes(b"\xef\xbb\xbf" + text)
    assert snncc("check", tiny)[0] == 0
    assert snncc("fmt", tiny) == (0, f"changed {tiny}\n", "")
    assert tiny.read_bytes() == text
    assert snncc("fmt", "--check", tiny)[0] == 0


CHIP = """
network n {
  input x[300] encode poisson(duration = 10 ms)
  output y[2] : lif
  x -> y : dense
}
"""


@pytest.mark.slow
def test_check_says_what_does_not_fit_a_chip(snncc, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")  # kernels are compiled once for all tests
    (tmp_path / "net.snn").write_text(CHIP)
    assert snncc("check", "net.snn")[0] == 0
    assert snncc("check", "net.snn", "--target", "loihi")[0] == 0
    status, _, err = snncc("check", "net.snn", "--target", "reckon")
    assert status == 1
    assert "error[E085]: 300 inputs, and `reckon` has 256: 44 too many" in err
    assert "net.snn:3:9" in err
    (tmp_path / "net.snn").write_text(CHIP + "deploy n { target reckon }")
    status, out, _ = snncc("check", "net.snn", "--json")
    assert (status, {e["code"] for e in json.loads(out)["errors"]}) == (1, {"E085"})
    assert snncc("check", "net.snn", "--target", "loihi")[0] == 0
    status, _, err = snncc("check", "net.snn", "--target", "cpu")
    assert (status, "error[E070]: there is no chip `cpu`" in err) == (1, True)


def test_check_looks_at_cores_for_chips_that_have_them_alone(snncc, tmp_path, monkeypatch):
    """What counts them loads Numba."""

    def load(_: object) -> None:
        raise AssertionError("kernels are loaded")

    monkeypatch.setattr("snncc.runtime.cli.language.load_kernels", load)
    (tmp_path / "net.snn").write_text(CHIP.replace("300", "30"))
    for chip in ((), ("--target", "reckon")):
        assert json.loads(snncc("check", "net.snn", *chip, "--json")[1])["cores"] == []
    with pytest.raises(AssertionError):
        snncc("check", "net.snn", "--target", "generic")


@pytest.mark.slow
def test_check_says_how_many_cores_hold_it(snncc, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")  # kernels are compiled once for all tests
    (tmp_path / "net.snn").write_text(CHIP)
    status, out, _ = snncc("check", "net.snn", "--target", "generic")
    assert status == 0
    assert "`n` fits 1 of the 64 cores of generic, and no fewer do" in out
    assert "assumed: every synapse is kept" in out
    status, out, _ = snncc("check", "net.snn", "--target", "generic", "--json")
    (told,) = json.loads(out)["cores"]
    assert (told["network"], told["cores"], told["slack"]["neurons"]) == ("n", 1, 254)
    (tmp_path / "net.snn").write_text(CHIP.replace("300", "1100"))
    status, out, _ = snncc("check", "net.snn", "--target", "generic", "--json")
    told = json.loads(out)
    assert (status, told["errors"][0]["code"], told["cores"][0]["fits"]) == (1, "E093", False)
    assert told["cores"][0]["suggestions"]


def test_check_names_all_targets_that_there_are(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(CHIP)
    status, _, err = snncc("check", "net.snn", "--target", "nosuch")
    assert (status, "error[E070]: there is no chip `nosuch`" in err) == (1, True)
    assert "known are" in err
    assert all(name in err for name in (*CHIPS, *CORES))
    assert "did you mean `generic`" in snncc("check", "net.snn", "--target", "generik")[2]


def test_a_chip_that_has_not_what_the_program_asks(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(CHIP + "deploy n { bits 9 }")
    assert snncc("check", "net.snn")[0] == 0
    status, _, err = snncc("check", "net.snn", "--target", "loihi")
    assert status == 1
    assert "error[E086]: `bits` is 9, and `loihi` has at least 2 and at most 8" in err
