"""Words of other simulators, libraries and languages, and what is written here in their place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..ir import report
from ..ir.diagnostics import Diagnostic, Span

_ALL = "`dense` joins every neuron to every other"
_RANDOM = (
    "expressions and equations have no random numbers; initial weights do, `init = normal(0, 1)`, "
    "parameters do, `lif(tau_mem = uniform(10 ms, 20 ms))`, "
    "noise stands in an equation, `dv/dt = … + sigma * noise`, and spikes at random are a source, "
    "`source bg[10] : poisson(rate = 1 kHz)`"
)
_DRAWN = ("rand", "randn", "random", "randint", "normal", "uniform", "gauss", "poisson", "noise")
_VALUES = {
    **dict.fromkeys(("xi", *_DRAWN), _RANDOM),
    "pi": "write 3.14159265",
    "e": "write `exp(1)`",
    "inf": "leave out what it would switch off; numbers are finite",
    "nan": "numbers are finite",
    "t": "no name stands for the time; a state can count it: `state clock: 1 = 0` with "
    "`dclock/dt = 1 / (1 ms)`",
    "i": "a neuron's number is known to `expression(1 mV * i)`, in place of a value of a parameter "
    "or a state's first one",
    "none": "leave the argument out",
    "on": "write `true`",
    "off": "write `false`",
}
_MODELS = dict.fromkeys(("leaky", "iaf", "iaf_psc_exp", "if_curr_exp"), "write `lif`")

# By what a name was looked up as; capitals and underscores do not count.
FOREIGN: dict[str, dict[str, str]] = {
    "connectivity": {
        **dict.fromkeys(("all_to_all", "full", "fully_connected", "fc", "linear"), _ALL),
        **dict.fromkeys(("fixed_outdegree", "fixed_out_degree"), "write `fixed_fan_out(k = 10)`"),
        **dict.fromkeys(("fixed_indegree", "fixed_in_degree"), "write `fixed_fan_in(k = 10)`"),
        **dict.fromkeys(
            ("fixed_total_number", "fixed_number", "total"), "write `fixed_total(n = 1000)`"
        ),
        **dict.fromkeys(
            ("fixed_probability", "fixed_prob", "pairwise_bernoulli", "random"),
            "write `sparse(p = 0.1)`",
        ),
        **dict.fromkeys(("identity", "one2one"), "write `one_to_one`"),
        **dict.fromkeys(("maxpool2d", "avgpool2d", "pool"), "write `pool2d(kernel = 2)`"),
    },
    "function": {
        **dict.fromkeys(_DRAWN, _RANDOM),
        "ln": "write `log`",
        "pow": "write `a ^ b`",
        "mod": "write `a % b`",
        "if": "write `select(condition, a, b)`",
        "where": "write `select(condition, a, b)`",
        "ceil": "write `-floor(-x)`",
        "round": "write `floor(x + 0.5)`",
        "int": "write `floor(x)`",
        "relu": "write `max(x, 0)`",
        "sigmoid": "write `1 / (1 + exp(-x))`",
        "sign": "write `select(x > 0, 1, -1)`",
        "tan": "write `sin(x) / cos(x)`",
    },
    "name": _VALUES,
    "constant": _VALUES,
    "init": {
        **dict.fromkeys(("randn", "gauss", "gaussian"), "write `normal(0, 1)`"),
        **dict.fromkeys(("rand", "random"), "write `uniform(0, 1)`"),
        **dict.fromkeys(("xavier", "glorot", "he"), "write `kaiming`"),
        "zeros": "write `constant(0)`",
        "ones": "write `constant(1)`",
    },
    "neuron model": _MODELS,
    "setting": {
        "seed": "the seed is given on the command line: `--seed 1`",
        "duration": "an input says how long it lasts: `encode poisson(duration = 100 ms)`",
    },
    "optimizer": {
        "adamw": "write `optimizer adam(lr = 1e-3)` and `decay decoupled(rate = 0.01)`",
        "momentum": "write `sgd(lr = 1e-3, momentum = 0.9)`",
    },
    "loss": {
        "van_rossum": "write `kernel(tau = 5 ms)`",
        **dict.fromkeys(("mse", "mse_loss"), "write `rate_mse`"),
        **dict.fromkeys(("ce", "nll", "cross_entropy_loss", "softmax"), "write `cross_entropy`"),
    },
    # The value of an argument of that name: STBP's four curves, and what other libraries call them.
    "curve": {
        **dict.fromkeys(("h1", "boxcar", "rect"), 'write "rectangle"'),
        **dict.fromkeys(("h2", "piecewise_linear"), 'write "triangle"'),
        "h3": 'write "sigmoid"',
        "h4": 'write "gaussian"',
        "atan": 'write "arctan"',
        "superspike": 'write "fast_sigmoid"',
    },
    "augmentation": {
        **dict.fromkeys(("random_crop", "pad"), "write `crop(padding = 4)`"),
        **dict.fromkeys(
            ("random_horizontal_flip", "horizontal_flip", "hflip", "mirror"), "write `flip`"
        ),
        **dict.fromkeys(("translate", "translation", "jitter"), "write `shift(pixels = 2)`"),
        **dict.fromkeys(("random_erasing", "erase"), "write `cutout(size = 8)`"),
        **dict.fromkeys(
            ("rotate", "rotation", "random_rotation"),
            "write `elastic(rotation = 12, scale = 0, strength = 0)`",
        ),
        **dict.fromkeys(
            ("affine", "random_affine", "distort", "distortion", "elastic_transform"),
            "write `elastic`",
        ),
        "normalize": "it is the input's encoding: `encode current(duration = 5 ms, mean = 0.5, "
        "sd = 0.25)`",
    },
    "encoding": dict.fromkeys(("rate", "rate_coding"), "write `poisson(duration = 100 ms)`"),
    # A word with which a statement of a model, or of a network, was begun.
    "clause of a model": {
        **dict.fromkeys(("threshold", "fire"), "write `spike when v > v_th`"),
        "reset": "write `on spike { v = 0 mV }`",
        "init": "a state says its first value: `state v: mV = 0 mV`",
        "equation": "an equation stands alone: `dv/dt = -v / tau`",
        "equations": "an equation stands alone: `dv/dt = -v / tau`",
    },
    "statement": {
        **dict.fromkeys(("layer", "group", "neurons", "hidden"), "write `population h[100] : lif`"),
        **dict.fromkeys(
            ("connect", "connection", "synapses", "projection"), "write `a -> b : dense`"
        ),
        "if": "a network has no conditions; `select(condition, a, b)` chooses between numbers",
    },
}


def foreign(what: str, name: str) -> str | None:
    """What is written here in place of a word of another language; None if it is not known."""
    return _FOREIGN.get(what, {}).get(_plain(name))


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


_FOREIGN = {
    what: {_plain(word): way_out for word, way_out in words.items()}
    for what, words in FOREIGN.items()
}


def unknown(
    what: str, name: str, span: Span, names: Iterable[str], code: str = "E010"
) -> Diagnostic:
    """The diagnostic for a name that is not there; a word of another language is recognized."""
    found = report.unknown(what, name, span, names, code)
    way_out = foreign(what, name)
    return found if way_out is None else replace(found, help=way_out)
