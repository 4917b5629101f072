"""`check` finds what `compile` and `train` would refuse before they read data."""

from __future__ import annotations

from pathlib import Path

import pytest

from snncc.runtime import checker
from snncc.runtime.checker import check_program
from snncc.runtime.loading import Options

NET = """
network n{params} {{
  input  x[4] encode poisson(duration = 200 ms)
  output y[3] : {model}
  x -> y : {wiring}  delay 1 ms
}}
train n {{
  data {data}
  rule {rule}
}}
"""


@pytest.fixture
def codes(tmp_path: Path):
    """The codes found in a text, with the options of the command line."""

    def found(text: str, **options: object) -> list[str]:
        path = tmp_path / "n.snn"
        path.write_text(text)
        return [d.code for d in check_program(path, Options(**options))]  # type: ignore[arg-type]

    return found


def net(**changed: str) -> str:
    parts = {"params": "", "model": "lif", "wiring": "dense", "data": "digits", "rule": "st_rsbp"}
    return NET.format(**parts | changed)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"wiring": "dense(init = uniform(1, -1))"}, ["E042"]),
        ({"wiring": "dense(weight = 1 / (i - 2))"}, ["E042"]),
        ({"data": "digitz"}, ["E010"]),
        ({"data": 'csv(pth = "a")'}, ["E012", "E013"]),
        ({"data": "digits(test = 1)"}, ["E012"]),
        ({"model": "izhikevich"}, ["E050"]),
        ({"model": "lif(tau_mem = 8 ms)", "rule": 'hm2_bp(profile = "paper")'}, ["E050"]),
        ({"data": "digitz", "model": "izhikevich"}, ["E050", "E010"]),
        ({"data": "digitz", "model": "liff"}, ["E010", "E010"]),
        ({"data": "digitz", "rule": "st_rsbpp"}, ["E010", "E010"]),
    ],
)
def test_what_compile_or_train_would_refuse(codes, changed, expected):
    assert codes(net(**changed)) == expected


def test_data_need_not_be_there(codes):
    assert codes(net(data='csv(path = "none.csv")')) == []


def test_weights_that_do_not_fit_the_memory_are_not_drawn(codes, monkeypatch):
    monkeypatch.setattr(checker, "memory_bytes", lambda: 10)
    assert codes(net()) == ["E074"]


def test_networks_that_no_rule_trains(codes):
    recurrent = net(rule="hm2_bp").replace("}\ntrain", "  y -> y : dense  delay 1 ms\n}\ntrain")
    assert codes(recurrent) == ["E050"]
    two = net(model="izhikevich").replace(
        "}\ntrain", "  output z[3] : izhikevich\n  x -> z : dense  delay 1 ms\n}\ntrain"
    )
    assert codes(two) == ["E050", "E050", "E050"]  # two outputs, and neither model


def test_shared_weights_are_trained(codes):
    image = net(wiring="conv2d(channels = 2, kernel = 1)").replace("x[4]", "x[2, 2]")
    assert codes(image.replace("y[3]", "y[2, 2, 2]")) == []


def test_a_network_without_input_trains_nothing_but_is_checked(codes):
    assert codes("network n { output y[3] : lif }\ntrain n { data digits rule st_rsbp }") == []


def test_every_network_is_looked_at_in_one_run(codes):
    text = (
        "network a { population h[3] : liff }\n"
        "network b { input x[4] encode bernoulli(duration = 4 ms)  output y[3] : lif\n"
        "  x -> y : one_to_one\n  y -> y : dense }\n"
        "network c(k: int) { population h[k] : lif }\n" + net(wiring="dense(init = uniform(1, 0))")
    )
    assert codes(text) == ["E010", "E042", "E041", "W013", "E042"]
    assert codes(text, network="b") == ["E042", "E041"]


def test_a_duration_hides_no_other_mistake(codes):
    text = net().replace("200 ms", "0.5 ms").replace("delay 1 ms", "delay 0 ms\n  y -> y : dense")
    assert codes(text.replace("[4] encode poisson(", "[4] encode bernoulli(")) == ["E045", "E041"]


def test_values_of_the_command_line_are_seen(codes):
    text = net(params="(k: int = 0)").replace("x[4]", "x[k]")
    assert codes(text) == ["E022"]
    assert codes(text, defines={"k": "3"}) == []
    assert codes(text, defines={"k": "3 foo"}) == ["E001"]
    assert codes(text, defines={"m": "3"}) == ["E012"]


def test_a_network_of_another_file_that_is_trained_here(codes, tmp_path):
    train = "\ntrain n {"
    (tmp_path / "net.snn").write_text(net(model="izhikevich").partition(train)[0])
    assert codes('import "net.snn"' + train + " data digitz rule st_rsbp }") == ["E050", "E010"]
    assert codes('import "net.snn"') == []


def test_large_weights_are_not_drawn(codes, monkeypatch):
    text = net(model="lif", wiring="dense(init = uniform(1, -1))")
    assert codes(text) == ["E042"]
    monkeypatch.setattr(checker, "MOST_BYTES", 10)
    monkeypatch.setattr(checker, "make_plan", None)
    assert codes(text) == ["W013"]
    assert codes(net(model="izhikevich")) == ["E050", "W013"]


EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.snn"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_nothing_is_found_in_an_example(example):
    assert check_program(example, Options()) == ()


def test_many_pairs_are_not_looked_at(codes, monkeypatch):
    monkeypatch.setattr(checker, "MOST_PAIRS", 11)
    assert codes(net()) == []
    assert codes(net(wiring="expression(where = i < j)")) == ["W013"]
    for wiring in ("sparse(p = 0.5)", "fixed_fan_in(k = 2)"):
        assert codes(net(wiring=wiring)) == []


def test_what_a_file_may_take_is_for_all_its_networks(codes, monkeypatch):
    """What is too large is checked by its text alone; what fits, whole."""
    each = (
        "network n{k} {{ input x[2] encode poisson(duration = 9 ms) population h[2] : {model} }}\n"
    )
    right = each.format(k=0, model="lif")
    wrong = each.format(k=1, model="lif(tau_mem = 0.1 ms)")
    assert codes(right + wrong) == ["E046"]
    monkeypatch.setattr(checker, "MOST_WORK", 100)
    assert codes(right + wrong) == ["W013"]
    assert codes(wrong + right) == ["E046", "W013"]
    assert codes(wrong + right.replace("lif", "nothing")) == ["E046", "E010"]


def test_a_long_text_leaves_less_for_all_networks_but_the_first(codes, monkeypatch):
    """Reading it takes of the same time."""
    each = "network n{k} {{ input x[2] encode poisson(duration = 9 ms) population h[2] : lif }}\n"
    first, second = each.format(k=0), each.format(k=1)
    assert codes(first + second + "#" * 9000) == []
    monkeypatch.setattr(checker, "MOST_WORK", 300)
    assert codes(first + second) == []
    assert codes(first + "#" * 99_000) == []
    assert codes(first + second + "#" * 9000) == ["W013"]


def test_functions_of_pairs_take_of_what_a_check_may(codes, monkeypatch):
    """Each is evaluated over the pairs, more than once."""
    monkeypatch.setattr(checker, "MOST_WORK", 230)
    assert codes(net(wiring="dense")) == []
    assert codes(net(wiring="expression(where = i < j, weight = i + j)")) == []
    many = " + ".join(["i"] * 40)
    assert codes(net(wiring=f"expression(where = i < j, weight = {many})")) == ["W013"]


def test_what_is_drawn_is_for_all_networks(codes, monkeypatch):
    each = NET.replace("network n", "network n{k}").split("train")[0]
    parts = {"params": "", "model": "lif", "wiring": "expression(where = i < j)"}
    text = "".join(each.format(k=k, **parts) for k in range(3))
    assert codes(text) == []
    monkeypatch.setattr(checker, "MOST_PAIRS", 30)
    assert codes(text) == ["W013"]
