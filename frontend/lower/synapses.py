"""The option `via` of a projection to `ir.synapse.Synapse`."""

from __future__ import annotations

from ...ir.diagnostics import CompileError
from ...ir.synapse import Synapse
from ..library import synapse_named
from ..syntax.tree import Via
from ..typing.constants import Scope
from ..typing.synapses import unit_mismatch, used
from ..units import Dimension
from .construction import Body


def synapse_of(
    option: Via | None, dimension: Dimension, scope: Scope, body: Body
) -> Synapse | None:
    """The model that an option names, with its parameters; `dimension` is that of the port."""
    if option is None:
        return None
    call, report = option.model, body.report
    model = synapse_named(body.file, call, body.network.library, report)
    wrong = unit_mismatch(model, dimension, call)
    if wrong is not None:
        raise CompileError(wrong)
    return used(model, call, scope, report)
