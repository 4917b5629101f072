from __future__ import annotations

import pytest

from snncc.frontend.program import compile_text, survey_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call, TrainSpec
from snncc.ir.rules import TRAIN_ENTRIES

NET = (
    "network n(lr: real = 0.01, epochs: int = 3) { input x[2] encode bernoulli(duration = 4 ms) }\n"
)


def spec(entries: str, **defines: str) -> TrainSpec:
    train = compile_text(Source("t.snn", NET + f"train n {{ {entries} }}"), defines).train
    assert train is not None
    return train


def test_what_a_plan_leaves_out_has_its_default() -> None:
    plan = spec("data digits rule st_rsbp")
    assert plan.span is not None
    counts = ("target", 35.0), ("other", 5.0), ("margin", 5.0)
    rule = (*counts, ("profile", "recommended"), ("silent", 0.5))
    said = {
        "data": Call("digits"),
        "rule": Call("st_rsbp", rule),
        "optimizer": Call("adam", (("lr", 1e-3), ("beta1", 0.9), ("beta2", 0.999), ("eps", 1e-8))),
        "schedule": Call("inverse_sqrt"),
        **{"epochs": 1, "batch": 1, "boost": True},
    }
    assert plan == TrainSpec("n", {name: said.get(name) for name in TRAIN_ENTRIES})


def test_a_whole_plan() -> None:
    plan = spec(
        'data csv(path = "a.csv", header = true, label_column = -1, scale = 0.5)\n'
        'rule hm2_bp(profile = "paper") optimizer sgd(lr = lr) schedule step(every = 5)\n'
        "regularizer exponential epochs epochs + 1 batch 32 boost off",
        lr="0.5",
    )
    assert plan.call("data") == Call(
        "csv", (("path", "a.csv"), ("header", True), ("label_column", -1), ("scale", 0.5))
    )
    assert plan.call("rule")["profile"] == "paper"
    assert plan.call("optimizer") == Call("sgd", (("lr", 0.5), ("momentum", 0.0)))
    assert plan.call("schedule") == Call("step", (("every", 5), ("factor", 0.1)))
    assert plan.call("regularizer")["limit"] == 8.0
    assert (plan.count("epochs"), plan.count("batch"), plan.entries["boost"]) == (4, 32, False)


def test_what_transforms_images_stands_in_its_order() -> None:
    text = (
        "network n(by: int = 1) { input x[3, 8, 8] encode bernoulli(duration = 4 ms) }\n"
        "train n { data digits augment flip rule st_rsbp\n"
        "  augment shift(pixels = by) augment flip(p = 0.25) }"
    )
    plan = compile_text(Source("t.snn", text), {"by": "3"}).train
    assert plan is not None
    assert plan.calls("augment") == (
        Call("flip", (("p", 0.5),)),
        Call("shift", (("pixels", 3),)),
        Call("flip", (("p", 0.25),)),
    )
    assert spec("data digits rule st_rsbp").calls("augment") == ()


def test_what_is_left_out_of_populations() -> None:
    """By the names that they have in the graph; arguments by position too."""
    text = (
        "module m() { population e[3] : lif  port in a = e  port out b = e }\n"
        "network n(q: real = 0.25) { input x[2] encode bernoulli(duration = 4 ms)\n"
        "  instance c[k in 0..2] : m  population h[4] : lif  output y[2] : lif\n"
        "  x -> c[1].a : dense  c[1].b -> h : dense  h -> y : dense }\n"
        "train n { data digits rule surrogate(width = 1) dropout h(q)\n"
        '  dropout c[2 - 1].e(p = 0.5, profile = "reference",) }'
    )
    plan = compile_text(Source("t.snn", text)).train
    assert plan is not None
    assert plan.calls("dropout") == (
        Call("h", (("p", 0.25), ("profile", "recommended"))),
        Call("c[1].e", (("p", 0.5), ("profile", "reference"))),
    )
    assert spec("data digits rule st_rsbp").calls("dropout") == ()


@pytest.mark.parametrize(("word", "value"), [("0.1", 0.1), ("0", None), ("lr", 0.01)])
def test_a_share_held_out(word: str, value: float | None) -> None:
    assert spec(f"data digits rule st_rsbp holdout {word}").entries["holdout"] == value


@pytest.mark.parametrize(("word", "value"), [("on", True), ("off", False), ("true", True)])
def test_boost(word: str, value: bool) -> None:
    assert spec(f"data digits rule st_rsbp boost {word}").entries["boost"] is value


OUT_OF_RANGE = [
    ("rule st_rsbp(target = 0)", "above 0"),
    ("rule st_rsbp(target = -35)", "above 0"),
    ("rule hm2_bp(other = -1)", "at least 0"),
    ("rule st_rsbp(margin = -1)", "at least 0"),
    ("optimizer adam(lr = 0)", "above 0"),
    ("optimizer sgd(lr = -1)", "above 0"),
    ("optimizer adam(beta1 = 1)", "at least 0 and below 1"),
    ("optimizer adam(beta1 = -0.1)", "at least 0 and below 1"),
    ("optimizer adam(beta2 = 2)", "at least 0 and below 1"),
    ("optimizer adam(beta2 = 0.99999999)", "at least 0 and below 1"),
    ("optimizer adam(eps = 0)", "at least 1e-30"),
    ("optimizer adam(eps = 1e-50)", "at least 1e-30"),
    ("optimizer sgd(momentum = 1.5)", "at least 0 and below 1"),
    ("optimizer sgd(momentum = 1)", "at least 0 and below 1"),
    ("schedule step(every = 0)", "at least 1"),
    ("schedule step(factor = 0)", "above 0 and at most 1"),
    ("schedule step(factor = 1.1)", "above 0 and at most 1"),
    ("regularizer exponential(strength = -0.5)", "at least 0"),
    ("regularizer exponential(beta = -0.04)", "at least 0"),
    ("regularizer exponential(limit = 0)", "above 0"),
]


@pytest.mark.parametrize(("entry", "allowed"), OUT_OF_RANGE)
def test_a_number_out_of_its_range_is_shown(entry: str, allowed: str) -> None:
    rule = "" if entry.startswith("rule") else "rule st_rsbp"
    text = NET + f"train n {{ data digits {rule} {entry} }}"
    (mistake,) = survey_text(Source("t.snn", text)).diagnostics
    value = entry.rpartition(" = ")[2].rstrip(")")
    assert mistake.code == "E051"
    assert mistake.message.endswith(f"is {float(value):.9g}; it must be {allowed}")
    assert mistake.span is not None
    assert text[mistake.span.start : mistake.span.end] == value
    assert "for its default" in mistake.help


@pytest.mark.parametrize(
    "entries",
    [
        "rule st_rsbp(target = 0.5, other = 0, margin = 0)",
        "rule st_rsbp optimizer adam(beta1 = 0, beta2 = 0, eps = 1e-30)",
        "rule st_rsbp optimizer sgd(lr = 1e-9, momentum = 0)",
        "rule st_rsbp optimizer sgd(momentum = 0.999999)",
        "rule st_rsbp schedule step(every = 1, factor = 1)",
        "rule st_rsbp regularizer exponential(strength = 0, beta = 0, limit = 1e-3)",
        "rule st_rsbp epochs 1 batch 1",
    ],
)
def test_the_ends_of_the_ranges_are_allowed(entries: str) -> None:
    assert spec(f"data digits {entries}")
