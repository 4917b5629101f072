"""The turn of a run from floats to the integers that are made of them, after a warm-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ...backends.artifact.model import Package, open_model, save_model
from ...backends.protocols import Trainer
from ...ir.model import Model
from .origin import Origin
from .progress import Progress
from .run_folder import WARM, RunFolder


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """After `epochs` in floats, `begin` makes integers of what was learnt, and `make` what trains
    them."""

    epochs: int
    begin: Callable[[Model], Origin]
    make: Callable[[Origin], Trainer]

    def is_over(self, progress: Progress) -> bool:
        """Whether a state at this place is of the integers. What is kept at the end of the last
        epoch in floats is theirs."""
        return (progress.epoch, progress.position) > (self.epochs, 0)

    def taken(
        self, trainer: Trainer, folder: RunFolder, progress: Progress
    ) -> tuple[Trainer, RunFolder, Progress]:
        """What goes on with the integers of what the trainer has learnt, which are kept first: from
        its state, but for what has no place in theirs. Averages begin anew."""
        floats = learnt(trainer, folder.model)
        package = Package(floats, folder.target, folder.data, run=folder.run)
        save_model(folder.path / WARM, package)
        begin = self.begin(floats)
        made, before = self.make(begin), trainer.state()
        own = made.state()
        made.restore({**own, **{name: before[name] for name in own if name in before}})
        return made, of_integers(folder, begin), replace(progress, past=())

    def again(self, path: Path) -> Origin:
        """The integers that a run which goes on has turned to already."""
        return self.begin(open_model(path / WARM).model)


def learnt(trainer: Trainer, model: Model) -> Model:
    """The model with what a trainer has learnt."""
    return model.with_weights(trainer.weights()).with_values(trainer.parameters())


def of_integers(folder: RunFolder, begin: Origin) -> RunFolder:
    """The folder, which keeps integers from now on."""
    return replace(folder, model=begin.model, packaged=begin.packaged)
