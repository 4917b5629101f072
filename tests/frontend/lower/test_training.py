from __future__ import annotations

import pytest

from snncc.frontend.program import check_text, compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call, TrainSpec

NET = (
    "network n(lr: real = 0.01, epochs: int = 3) { input x[2] encode bernoulli(duration = 4 ms) }\n"
)


def spec(entries: str, **defines: str) -> TrainSpec:
    train = compile_text(Source("t.snn", NET + f"train n {{ {entries} }}"), defines).train
    assert train is not None
    return train


def codes(entries: str) -> list[str]:
    return [d.code for d in check_text(Source("t.snn", NET + f"train n {{ {entries} }}"))]


def test_what_a_plan_leaves_out_has_its_default() -> None:
    plan = spec("data digits rule st_rsbp")
    assert plan.span is not None
    assert plan == TrainSpec(
        "n",
        Call("digits"),
        Call(
            "st_rsbp",
            (("target", 35.0), ("other", 5.0), ("margin", 5.0), ("profile", "recommended")),
        ),
        Call("adam", (("lr", 1e-3), ("beta1", 0.9), ("beta2", 0.999), ("eps", 1e-8))),
        Call("inverse_sqrt"),
    )


def test_a_whole_plan() -> None:
    plan = spec(
        'data csv(path = "a.csv", header = true, label_column = -1, scale = 0.5)\n'
        'rule hm2_bp(profile = "paper") optimizer sgd(lr = lr) schedule step(every = 5)\n'
        "regularizer exponential epochs epochs + 1 batch 32 boost off",
        lr="0.5",
    )
    assert plan.data == Call(
        "csv", (("path", "a.csv"), ("header", True), ("label_column", -1), ("scale", 0.5))
    )
    assert plan.rule["profile"] == "paper"
    assert plan.optimizer == Call("sgd", (("lr", 0.5), ("momentum", 0.0)))
    assert plan.schedule == Call("step", (("every", 5), ("factor", 0.1)))
    assert plan.regularizer is not None
    assert plan.regularizer["limit"] == 8.0
    assert (plan.epochs, plan.batch, plan.boost) == (4, 32, False)


@pytest.mark.parametrize(("word", "value"), [("on", True), ("off", False), ("true", True)])
def test_boost(word: str, value: bool) -> None:
    assert spec(f"data digits rule st_rsbp boost {word}").boost is value


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("", ["E013", "E013"]),
        ("data digits", ["E013"]),
        ("data digits rule st_rsbp epochs 0", ["E051"]),
        ("data digits rule st_rsbp epochs 1.5", ["E020"]),
        ("data digits rule st_rsbp batch 1 ms", ["E021"]),
        ("data digits rule st_rsbp boost maybe", ["E010"]),
        ("data digits rule st_rsbp boost 3", ["E020"]),
        ("data digits rule st_rsbp optimizer adam(lr = 0)", ["E051"]),
        ("data digits rule st_rsbp rule hm2_bp", ["E014"]),
        ("data digits rule st_rsbp epoch 3", ["E012"]),
        ('data csv("a.csv") rule st_rsbp', ["E012"]),
        ("data csv(a = 1 ms) rule st_rsbp", ["E021"]),
        ("data csv(a = 1, a = 2) rule st_rsbp", ["E014"]),
        ("data 3 rule st_rsbp", ["E020"]),
        ("data digits rule adam", ["E010"]),
    ],
)
def test_mistakes(entries: str, expected: list[str]) -> None:
    assert codes(entries) == expected
