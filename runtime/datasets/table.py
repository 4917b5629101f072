"""DATASETS: the one table of what a `data` line may name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...ir.arguments import Argument
from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Arguments, Call, Value
from ...ir.ranges import ANY, BELOW_ONE
from ...ir.report import nearest
from ..settings import Settings
from .arguments import COUNTS, completed
from .arrays import load_idx, load_npz, measure_idx, measure_npz
from .data import Data
from .delimited import SCALES, load_csv, measure_csv
from .fetch import Progress, RemoteFile, no_progress
from .pictures import MODES, load_pictures
from .public import Files, load_digits, load_images
from .records import load_cifar10, load_records

Load = Callable[[dict[str, Value], str, Settings, Progress], Data]


def measure_nothing(_arguments: dict[str, Value]) -> Arguments:
    """Of data whose samples are read the same whatever the others are."""
    return ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """A row: what it is, under which terms, from where, and how it is read.

    `files` lie in `folder` of a data folder; both are empty for data that ship with the package
    or that the user names. `endings` are those of file names that need no call. `measure` gives
    what the training part fixes for all samples of the network, as arguments.
    """

    summary: str
    licence: str
    source: str
    load: Load
    arguments: tuple[Argument, ...] = ()
    folder: str = ""
    files: tuple[RemoteFile, ...] = ()
    endings: tuple[str, ...] = ()
    measure: Callable[[dict[str, Value]], Arguments] = measure_nothing


def load(
    call: Call,
    split: str,
    settings: Settings,
    progress: Progress = no_progress,
    span: Span | None = None,
    counts: bool = False,
) -> Data:
    """The `split` ("train" or "test") of the data that a `data` line names; `counts`: for a network
    that takes several spikes of a neuron in a step."""
    row = dataset(call.kind, span)
    arguments = completed(call, row.arguments, span) | ({COUNTS: True} if counts else {})
    return row.load(arguments, split, settings, progress)


def dataset(name: str, span: Span | None = None) -> Dataset:
    """The row of that name; CompileError(E010) if there is none."""
    if name in DATASETS:
        return DATASETS[name]
    way_out = nearest(name, DATASETS, apart=10) or f"known are {', '.join(DATASETS)}"
    raise CompileError(Diagnostic("E010", f"unknown data set `{name}`", span, help=way_out))


def _images(files: Files, folder: str) -> Load:
    return lambda _, split, settings, progress: load_images(
        files, folder, split, settings, progress
    )


def _files(bases: tuple[str, ...], hashes: tuple[str, str, str, str]) -> Files:
    train, train_labels, test, test_labels = (
        RemoteFile(name, digest, tuple(base + name for base in bases))
        for name, digest in zip(IDX_NAMES, hashes, strict=True)
    )
    return train, train_labels, test, test_labels


IDX_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)

_MNIST = _files(
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)
_FASHION = _files(
    ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
)

_CIFAR_FOLDER = "cifar10"
_CIFAR10 = tuple(
    RemoteFile(
        name,
        digest,
        ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
        f"cifar-10-batches-bin/{name}",
    )
    for name, digest in {
        "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    }.items()
)

_SHARED_OUT = (
    Argument("test_share", "1", 0.2, range=BELOW_ONE),
    Argument("split_seed", "int", 0, range=ANY),
)
_SPLIT = (
    Argument("test", "path", ""),
    *_SHARED_OUT,
)
_CLASSES = Argument("classes", "classes", "auto")
_RANGE = (Argument("low", "numbers", ()), Argument("high", "numbers", ()))
_YOURS = "yours"

DATASETS: dict[str, Dataset] = {
    "digits": Dataset(
        "1 797 handwritten digits of 8x8 pixels; ships with snncc",
        "CC BY 4.0 (UCI, Alpaydin & Kaynak 1998)",
        "https://doi.org/10.24432/C50P49",
        lambda _, split, *__: load_digits(split),
    ),
    "mnist": Dataset(
        "70 000 handwritten digits of 28x28 pixels",
        "commonly CC BY-SA 3.0 (LeCun, Cortes & Burges)",
        "http://yann.lecun.com/exdb/mnist/",
        _images(_MNIST, "mnist"),
        folder="mnist",
        files=_MNIST,
    ),
    "fashion_mnist": Dataset(
        "70 000 articles of clothing of 28x28 pixels",
        "MIT (Zalando)",
        "https://github.com/zalandoresearch/fashion-mnist",
        _images(_FASHION, "fashion-mnist"),
        folder="fashion-mnist",
        files=_FASHION,
    ),
    "cifar10": Dataset(
        "60 000 photographs of 3x32x32 pixels",
        "none stated (Krizhevsky, Nair & Hinton 2009)",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        lambda _, split, settings, progress: load_cifar10(
            _CIFAR10, _CIFAR_FOLDER, split, settings, progress
        ),
        folder=_CIFAR_FOLDER,
        files=_CIFAR10,
    ),
    "csv": Dataset(
        "a table of your own: a row a sample, one column the label",
        _YOURS,
        "",
        lambda arguments, split, *_: load_csv(arguments, split),
        (
            Argument("path", "path"),
            Argument("label", "text", "last"),
            Argument("header", "text", "auto", ("auto", "yes", "no")),
            Argument("scale", "text", "auto", SCALES),
            Argument("leave_out", "columns", ()),
            _CLASSES,
            *_RANGE,
            *_SPLIT,
        ),
        endings=(".csv", ".csv.gz"),
        measure=measure_csv,
    ),
    "npz": Dataset(
        "NumPy arrays of your own: x and y, or x_train, y_train, x_test, y_test",
        _YOURS,
        "",
        lambda arguments, split, *_: load_npz(arguments, split),
        (Argument("path", "path"), _CLASSES, *_RANGE, *_SPLIT),
        endings=(".npz",),
        measure=measure_npz,
    ),
    "idx": Dataset(
        "IDX files of your own, in the format of MNIST",
        _YOURS,
        "",
        lambda arguments, split, *_: load_idx(arguments, split),
        (
            Argument("path", "path"),
            Argument("labels", "path"),
            Argument("test", "path", ""),
            Argument("test_labels", "path", ""),
            Argument("transposed", "bool", False),
            _CLASSES,
            *_RANGE,
            *_SHARED_OUT,
        ),
        measure=measure_idx,
    ),
    "images": Dataset(
        "folders of images of your own, one a class, in `train` and `test` or not",
        _YOURS,
        "",
        lambda arguments, split, *_: load_pictures(arguments, split),
        (
            Argument("path", "path"),
            Argument("mode", "text", "auto", ("auto", *MODES)),
            _CLASSES,
            *_SPLIT,
        ),
    ),
    "cifar": Dataset(
        "files of your own in the binary layout of CIFAR-10",
        _YOURS,
        "",
        lambda arguments, split, *_: load_records(arguments, split),
        (Argument("path", "path"), _CLASSES, *_SPLIT),
    ),
}
