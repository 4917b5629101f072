"""Tables of what a `train` block may say, entry by entry, and the encodings of inputs.

A row says which arguments exist, their defaults and the ranges of numbers, in the unit of their
argument. Schedules and encodings say here what they mean; the rules, the losses and the steps of an
update have their meaning in a table of `backends`, under the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import cos, pi

from .arguments import Argument, Row
from .augmentations import AUGMENTATIONS
from .calls import Level, integer, level, number
from .dropout import DROPOUT
from .graph import Call, Graph, Population, Setting
from .ranges import ANY, BELOW_ONE, COUNT, NOT_NEGATIVE, POSITIVE, SHARE, Range
from .sources import MOST_COUNT

Train = tuple[int, ...]
Trains = tuple[tuple[Train, ...], ...]

_COUNT_LOSS = (
    Argument("target", "1", 35.0, range=POSITIVE),
    Argument("other", "1", 5.0, range=NOT_NEGATIVE),
    Argument("margin", "1", 5.0, range=NOT_NEGATIVE),
)

LOSSES: dict[str, Row] = {
    "count": Row(
        "half the squared distance of each output's spike count from its aim, 0 within the margin",
        _COUNT_LOSS,
    ),
    "count_hinge": Row(
        "as `count`, over the steps, where the label's neuron fires less or another one more",
        (
            Argument("target", "1", 15.0, range=POSITIVE),
            Argument("other", "1", 3.0, range=NOT_NEGATIVE),
        ),
    ),
    "cross_entropy": Row(
        "-log of the label's share in the softmax of scale x: x is what every output emits last, or"
        " how often it fired",
        (Argument("scale", "1", 1.0, range=POSITIVE),),
    ),
    "first_spike": Row(
        "-log of the label's share in the softmax of -t / tau, t the time of every output's first"
        " spike, and early t / tau of the label's own (Wunderlich & Pehle 2021)",
        (Argument("tau", "ms", range=POSITIVE), Argument("early", "1", 0.0, range=NOT_NEGATIVE)),
    ),
    "kernel": Row(
        "half the squared distance of every output's spikes from a train that is wanted of it, both"
        " filtered by a synapse (van Rossum 2001); a train is repeated to the end of the input",
        (
            Argument("tau", "ms", range=POSITIVE),
            Argument("target", "train", (1,)),
            Argument("other", "train", (0,)),
            Argument("trains", "trains", ()),
        ),
    ),
    "rate_mse": Row(
        "half the squared distance of every output's rate, in spikes a step, from 1 of the label or"
        " 0 (Wu et al. 2018)"
    ),
}

_PROFILE = Argument("profile", "text", "recommended", ("reference", "paper", "recommended"))

_SURROGATE = (
    Argument("width", "1", range=POSITIVE),
    Argument(
        "curve",
        "text",
        "arctan",
        ("rectangle", "triangle", "sigmoid", "gaussian", "arctan", "fast_sigmoid"),
    ),
    Argument("reset", "text", "through", ("through", "detached")),
    Argument("temporal", "bool", True),
)

# A rule that takes the arguments of a loss may say them itself; see `loss_of`.
RULES: dict[str, Row] = {
    "st_rsbp": Row(
        "spike-train-level backpropagation for recurrent networks (Zhang & Li 2019)",
        (*_COUNT_LOSS, _PROFILE, Argument("silent", "1", 0.5, range=SHARE)),
    ),
    "hm2_bp": Row(
        "hybrid macro/micro backpropagation (Jin, Zhang & Li 2018)",
        (*_COUNT_LOSS, _PROFILE),
    ),
    "surrogate": Row(
        "backpropagation through time with a surrogate gradient, any neuron (Neftci et al. 2019)",
        _SURROGATE,
    ),
    "e_prop": Row(
        "e-prop: through time by each neuron's own states alone, past no spike of a loop"
        " (Bellec et al. 2020)",
        _SURROGATE[:3],
    ),
    "eventprop": Row(
        "EventProp: the exact gradient of spike times (Wunderlich & Pehle 2021), neurons with"
        " synaptic currents",
        # The steepest answer of a spike's time to v.
        (Argument("bound", "1", 1e6, range=POSITIVE),),
    ),
    "tssl_bp": Row(
        "temporal spike sequence learning via backpropagation (Zhang & Li 2020), neurons with one"
        " synaptic current",
        (
            # The steepest answer of a spike's time to v, and the curve of neurons that are silent.
            Argument("bound", "1", 8.0, range=POSITIVE),
            Argument("width", "1", 0.2, range=POSITIVE),
        ),
    ),
}

LEARNING = Row(
    "how the weights of a projection learn",
    (Argument("lr_mult", "1", 1.0, range=NOT_NEGATIVE),),
)

# Beside the ends of its range, `low` and `high`, in the unit of the parameter.
VALUE_LEARNING = Row(
    "how a parameter of a population learns",
    (*LEARNING.arguments, Argument("shared", "bool", False)),
)

_LEARNING_RATE = Argument("lr", "1", 1e-3, range=POSITIVE)

OPTIMIZERS: dict[str, Row] = {
    "adam": Row(
        "Adam (Kingma & Ba 2015), bias-corrected, eps outside the root",
        (
            _LEARNING_RATE,
            Argument("beta1", "1", 0.9, range=BELOW_ONE),
            Argument("beta2", "1", 0.999, range=BELOW_ONE),
            # Less would be 0 in float32 beside the bias correction.
            Argument("eps", "1", 1e-8, range=Range(1e-30)),
        ),
    ),
    "sgd": Row(
        "gradient descent",
        (_LEARNING_RATE, Argument("momentum", "1", 0.0, range=BELOW_ONE)),
    ),
}


@dataclass(frozen=True, slots=True)
class Schedule(Row):
    """A schedule; `rate`: (learning rate of the optimizer, epoch from 0, call) -> that epoch's."""

    rate: Callable[[float, int, Call], float] = lambda lr, epoch, call: lr


def _towards_end(fall: Callable[[float], float]) -> Callable[[float, int, Call], float]:
    """From lr to `end` as `fall` goes from 1 to 0 with the share of `epochs` that is over."""

    def rate(lr: float, epoch: int, call: Call) -> float:
        end, over = number(call, "end"), min(1.0, epoch / integer(call, "epochs"))
        return end + (lr - end) * fall(over)

    return rate


# `epochs` 0: those that are to be learnt, which whoever knows their number fills in.
_TO_END = (
    Argument("end", "1", 0.0, range=NOT_NEGATIVE),
    Argument("epochs", "int", 0, range=NOT_NEGATIVE),
)

SCHEDULES: dict[str, Schedule] = {
    "constant": Schedule("lr"),
    "linear": Schedule(
        "end + (lr - end) (1 - s), s = epoch / epochs, at most 1",
        _TO_END,
        _towards_end(lambda over: 1.0 - over),
    ),
    "cosine": Schedule(
        "end + (lr - end) (1 + cos(pi s)) / 2, s = epoch / epochs, at most 1",
        _TO_END,
        _towards_end(lambda over: (1.0 + cos(pi * over)) / 2.0),
    ),
    "inverse_sqrt": Schedule(
        "lr / sqrt(epoch + 1), epoch from 0", (), lambda lr, epoch, _: lr / (epoch + 1) ** 0.5
    ),
    "logged": Schedule(
        "lr / sqrt(max(epoch, 1)), epoch from 0: that of the authors' published logs",
        (),
        lambda lr, epoch, _: lr / max(epoch, 1) ** 0.5,
    ),
    "step": Schedule(
        "lr * factor ^ (epoch // every)",
        (
            Argument("every", "int", 40, range=COUNT),
            Argument("factor", "1", 0.1, range=Range(0.0, 1.0, is_low_open=True)),
        ),
        lambda lr, epoch, call: lr * number(call, "factor") ** (epoch // integer(call, "every")),
    ),
}

REGULARIZERS: dict[str, Row] = {
    "l2": Row(
        "strength * w added to every gradient",
        (Argument("strength", "1", 1e-4, range=NOT_NEGATIVE),),
    ),
    "exponential": Row(
        "strength * beta * (w/limit) * exp(beta (mean (w/limit)^2 - 1)) added to every gradient",
        (
            Argument("strength", "1", 0.5, range=NOT_NEGATIVE),
            Argument("beta", "1", 0.04, range=NOT_NEGATIVE),
            Argument("limit", "1", 8.0, range=POSITIVE),
        ),
    ),
}

CLIPS: dict[str, Row] = {
    "norm": Row(
        "the mean gradient of a batch, all weights together, scaled down to this norm",
        (Argument("limit", "1", 1.0, range=POSITIVE),),
    ),
}

DECAYS: dict[str, Row] = {
    "decoupled": Row(
        "w <- w - lr rate w before each step, past the optimizer (Loshchilov & Hutter 2019)",
        (Argument("rate", "1", 0.01, range=NOT_NEGATIVE),),
    ),
}

CLAMPS: dict[str, Row] = {
    "range": Row(
        "every trained weight brought back between `low` and `high` after each step",
        (Argument("low", "1", -8.0, range=ANY), Argument("high", "1", 8.0, range=ANY)),
        is_rising=True,
    ),
}

AVERAGES: dict[str, Row] = {
    "last": Row(
        "the mean of the weights at the ends of the last epochs (Izmailov et al. 2018)",
        (Argument("epochs", "int", 5, range=COUNT),),
    ),
}

_DURATION = Argument("duration", "ms", range=POSITIVE)


# Kernels of encodings: independent spikes are drawn; the data are the trains; the same number is
# sent in every step.
DRAWN, GIVEN, SENT = 0, 1, 2
MOST_CODE_BITS = 16  # of a number that an input sends

# When training samples get new spikes; test samples keep theirs.
NEVER, EPOCH, PRESENTATION = "never", "epoch", "presentation"
_REDRAW = Argument("redraw", "text", NEVER, (NEVER, EPOCH, PRESENTATION), silent=True)


@dataclass(frozen=True, slots=True)
class Encoding(Row):
    """What an input sends. `kernel` makes it on each device from step `first` on, of the number
    (x - zero) rate: the probability of a spike, or what is sent itself.
    `rate`: (call, dt [ms]) -> that of an x of 1; `zero`: call -> the x of which it is 0, both one
    number or one a channel, see `levels`; `most`: call -> the largest of the whole numbers to
    which it is rounded, a tie to the even one, and beyond which it is clipped; 0: it is not. Of
    trains that are given: how many spikes of a neuron a step may have."""

    kernel: int = DRAWN
    first: int = 0
    rate: Callable[[Call, float], Level] = lambda call, dt: 1.0
    zero: Callable[[Call], Level] = lambda call: 0.0
    most: Callable[[Call], int] = lambda call: 0


_MOST = Argument("most", "int", 1, range=Range(1, MOST_COUNT), silent=True)
_LEVEL = (
    _DURATION,
    Argument("mean", "level", 0.0, range=ANY),
    Argument("sd", "level", 1.0, range=POSITIVE),
)
ENCODINGS: dict[str, Encoding] = {
    # 1000 / 5.5 Hz: a full-scale pixel fires with p = 1/5.5 in a step of 1 ms.
    "poisson": Encoding(
        "independent spikes, p = x * rate * dt per step; step 0 stays empty",
        (_DURATION, Argument("rate", "Hz", 1000.0 / 5.5, range=NOT_NEGATIVE), _REDRAW),
        first=1,
        rate=lambda call, dt: number(call, "rate") * dt / 1000.0,
    ),
    "bernoulli": Encoding("independent spikes, p = x per step", (_DURATION, _REDRAW)),
    "spikes": Encoding(
        "the data are spike trains already, up to `most` spikes of a neuron in a step",
        (_DURATION, _MOST),
        GIVEN,
        most=lambda call: integer(call, "most", 1),
    ),
    "current": Encoding(
        "a real number in place of spikes, (x - mean) / sd, the same in every step",
        _LEVEL,
        SENT,
        rate=lambda call, dt: 1.0 / level(call, "sd"),
        zero=lambda call: level(call, "mean"),
    ),
    "codes": Encoding(
        "the same, rounded to a whole number of so many bits, of which -2^(bits - 1) is none",
        (*_LEVEL, Argument("bits", "int", 8, range=Range(2, MOST_CODE_BITS))),
        SENT,
        rate=lambda call, dt: 1.0 / level(call, "sd"),
        zero=lambda call: level(call, "mean"),
        most=lambda call: (1 << (integer(call, "bits") - 1)) - 1,
    ),
}


# By what an output that spikes is scored in place of its spike count.
READOUTS: dict[str, Row] = {
    "first_spike": Row("the steps that were left when it first fired: the earliest is the class"),
    "psc": Row(
        "the sum over all steps of its spikes, filtered by a synapse: an early one counts for more",
        (Argument("tau", "ms", range=POSITIVE),),
    ),
}


def sends_numbers(population: Population) -> bool:
    """Whether it is an input that sends a number in place of spikes."""
    encoding = population.encoding
    return encoding is not None and ENCODINGS[encoding.kind].kernel == SENT


def most_sent(population: Population) -> int:
    """The largest of the whole numbers that an input sends; 0 of one that sends others."""
    encoding = population.encoding
    if encoding is None or not sends_numbers(population):
        return 0
    return ENCODINGS[encoding.kind].most(encoding)


def emitters(graph: Graph) -> tuple[Population, ...]:
    """The populations that send numbers which they emit, in place of spikes."""
    senders = {p.pre for p in graph.projections}
    emitting = (p for p in graph.populations if p.model is not None and p.model.emit is not None)
    return tuple(p for p in emitting if p.name in senders)


def redraw_of(population: Population) -> str | None:
    """When the spikes of an input are drawn anew; None where none are drawn."""
    encoding = population.encoding
    if encoding is None or ENCODINGS[encoding.kind].kernel != DRAWN:
        return None
    return str(dict(encoding.arguments).get(_REDRAW.name, NEVER))


@dataclass(frozen=True, slots=True)
class TrainEntry:
    """A line of a `train` block. `what` it names is a row of `table`; without one it is a
    population, of which is said what `row` has, or `type` says what it is: "data", "count", "share"
    or "switch". `default` is what a block has without the line; one that has an `example` must have
    the line. Of one that `may_repeat` there are any number of lines, whose order counts."""

    what: str = ""
    table: Mapping[str, Row] | None = None
    row: Row | None = None
    type: str = ""
    default: Setting = None
    example: str = ""
    may_repeat: bool = False

    def row_of(self, call: Call) -> Row | None:
        """The row whose arguments a call of the line has."""
        return self.row if self.table is None else self.table[call.kind]


def by_default(kind: str, table: Mapping[str, Row]) -> Call:
    """The call of a row with all of its defaults."""
    arguments = [(a.name, a.default) for a in table[kind].arguments if a.default is not None]
    return Call(kind, tuple(arguments))


# What a `graph.TrainSpec` holds, by name.
TRAIN_ENTRIES: dict[str, TrainEntry] = {
    "data": TrainEntry(type="data", example="data fashion_mnist"),
    "augment": TrainEntry("augmentation", AUGMENTATIONS, may_repeat=True),
    "rule": TrainEntry("training rule", RULES, example="rule st_rsbp"),
    "dropout": TrainEntry("population", row=DROPOUT, may_repeat=True),
    "loss": TrainEntry("loss", LOSSES),
    "clip": TrainEntry("clipping", CLIPS),
    "regularizer": TrainEntry("regularizer", REGULARIZERS),
    "decay": TrainEntry("weight decay", DECAYS),
    "optimizer": TrainEntry("optimizer", OPTIMIZERS, default=by_default("adam", OPTIMIZERS)),
    "clamp": TrainEntry("clamp", CLAMPS),
    "schedule": TrainEntry(
        "learning-rate schedule", SCHEDULES, default=by_default("inverse_sqrt", SCHEDULES)
    ),
    "average": TrainEntry("average of weights", AVERAGES),
    "holdout": TrainEntry(type="share"),
    "epochs": TrainEntry(type="count", default=1),
    "batch": TrainEntry(type="count", default=1),
    "boost": TrainEntry(type="switch", default=True),
}
