"""The training rules that `ir.rules.RULES` names: for each, the family that computes it."""

from __future__ import annotations

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Graph, TrainSpec
from ...ir.model import Model
from ...ir.verify.singles import not_single
from ...ir.verify.sources import not_fed, not_learnt
from ..runnable import require_clocked
from .row import Rule
from .spike_train.row import SPIKE_TRAIN
from .through_time.row import THROUGH_TIME

WITHOUT = "learn by `rule surrogate`, or take an `input`, whose spikes are data"
# Those that learn beside sources and noise, which they take as they come.
WITH_SOURCES = frozenset({"surrogate", "e_prop"})
RULES: dict[str, Rule] = {
    "st_rsbp": SPIKE_TRAIN,
    "hm2_bp": SPIKE_TRAIN,
    "surrogate": THROUGH_TIME,
    "eventprop": THROUGH_TIME,
    "tssl_bp": THROUGH_TIME,
    "e_prop": THROUGH_TIME,
}


def rule_of(model: Model, spec: TrainSpec) -> Rule:
    """The family of a spec's rule; CompileError with every reason why it cannot train the model,
    and E075 of one that delivers event by event."""
    require_clocked(model.graph, fires_often=True)
    mistakes = mistakes_of(model, spec)
    if mistakes:
        raise CompileError(mistakes)
    return RULES[spec.call("rule").kind]


def mistakes_of(model: Model, spec: TrainSpec) -> tuple[Diagnostic, ...]:
    """Every reason (E050, E051) why a spec's rule cannot train the model."""
    rule = spec.call("rule").kind
    several = not_single(model.graph, "E050", f"`{rule}` learns")
    return (*several, *_fed(model.graph, rule), *RULES[rule].check(model, spec))


def _fed(graph: Graph, rule: str) -> tuple[Diagnostic, ...]:
    """Sources and noise that a rule does not learn with, and weights that begin at a source."""
    if rule not in WITH_SOURCES:
        return not_fed(graph, "E050", f"`{rule}` learns with", WITHOUT)
    return not_learnt(graph)
