"""Which networks the spike-count rules can train, and why not."""

from __future__ import annotations

from collections.abc import Iterator

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Call, Graph, Population, Projection
from ....ir.model import Model, value_name
from ....ir.rules import sends_numbers
from ..reach import (
    require_one_output,
    require_single_spikes,
    require_weights_alone,
    taught,
)


def output_of(graph: Graph) -> Population:
    """The output population; there is exactly one in a graph that `require_trainable` lets pass."""
    (output,) = (p for p in graph.populations if p.role == "output")
    return output


def is_lateral(projection: Projection) -> bool:
    """Whether it is a fixed lateral inhibition, which the count model leaves out (at the output it
    is a factor of the weight gradients instead)."""
    return (
        projection.connectivity.kind == "lateral_inhibition"
        and not projection.trainable
        and projection.pre == projection.post
    )


def counted(projection: Projection) -> bool:
    """Whether the count model has the projection, so that an error passes it."""
    return not is_lateral(projection)


def require_trainable(graph: Graph, rule: Call) -> None:
    """Refuse (E050) a network that the rule cannot train, with every reason."""
    require_one_output(graph, rule)
    require_single_spikes(graph, rule)
    require_weights_alone(graph.populations, rule)
    found = [*_numbers(graph, rule), *_wrong_recurrence(graph, rule)]
    if found:
        raise CompileError(found)


def _numbers(graph: Graph, rule: Call) -> Iterator[Diagnostic]:
    for population in graph.populations:
        if sends_numbers(population):
            yield Diagnostic(
                "E050",
                f"`{rule.kind}` learns by spike trains, and `{population.name}` sends numbers",
                population.span,
                help="write `encode poisson(…)`, or learn by `rule surrogate`",
            )
        if population.readout is not None:
            yield Diagnostic(
                "E050",
                f"`{rule.kind}` learns by spike counts, and `{population.name}` is read by "
                f"`{population.readout.kind}`",
                population.span,
                help="leave out the network's `readout`, or learn by `rule surrogate`",
            )


def _wrong_recurrence(graph: Graph, rule: Call) -> Iterator[Diagnostic]:
    assert graph.schedule is not None
    learning = taught(graph, counted)
    for block in graph.schedule:
        if not learning.issuperset(block.populations):
            continue
        into = [p for p in graph.projections if p.post in block.populations]
        inner = [p for p in into if p.pre in block.populations and not is_lateral(p)]
        if not inner:
            continue
        if rule.kind == "hm2_bp":
            yield Diagnostic(
                "E050",
                f"`hm2_bp` cannot train the recurrent projection `{inner[0].name}`",
                span=inner[0].span,
                help="use `rule st_rsbp`, or make it, and all that leads to it, `fixed`",
            )
        elif rule["profile"] == "reference" and not _is_reference_block(graph, block.populations):
            yield Diagnostic(
                "E050",
                "the profile `reference` is undefined for the recurrent block of "
                + ", ".join(f"`{name}`" for name in block.populations),
                span=inner[0].span,
                help="it needs one population and as many neurons in each hidden one that projects"
                " to it; use the profile `recommended`",
            )


def _is_reference_block(graph: Graph, populations: tuple[str, ...]) -> bool:
    """Whether the authors' message exists: one population, fed by inputs or by equals in size."""
    sizes = {p.name: p.neurons for p in graph.populations}
    inputs = {p.name for p in graph.populations if p.role == "input"}
    return len(populations) == 1 and all(
        sizes[p.pre] == sizes[p.post] or p.pre in inputs
        for p in graph.projections
        if p.post == populations[0]
    )


def require_all(model: Model, rule: Call) -> None:
    """CompileError(E050) for the first reason why the rule cannot train the model."""
    require_trainable(model.graph, rule)
    require_alike(model)


def require_alike(model: Model) -> None:
    """CompileError(E050) where parameters differ from neuron to neuron of a population: the rules
    know one response for all of them. What is to learn is refused as such."""
    parameters = {
        value_name(population.name, name): (population, name)
        for population in model.graph.populations
        for name, _ in population.parameters
        if name not in {learnt.name for learnt in population.learnt}
    }
    varied = [parameters[n] for n, v in model.values.items() if n in parameters and v.array.ndim]
    if varied:
        raise CompileError(
            Diagnostic(
                "E050",
                f"spike-train-level rules cannot train `{population.name}`: its `{name}` differs "
                "from neuron to neuron",
                population.span,
                help="give the neurons one value, or make a population of those that share one",
            )
            for population, name in varied
        )
