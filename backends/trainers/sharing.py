"""Whether the threads of a machine should share each sample of a batch of one: found by measuring.

They meet some twenty times a sample. On a quiet machine that pays for large networks; beside other
work every meeting waits for a thread that is not running, and sharing may be ten times slower. Both
ways give the same bits, so a run may change at any sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

GROUPS = 8  # accumulators of a batch; fixed, so that results do not depend on the threads
FEWEST_WEIGHTS = 1 << 16  # of the largest projection; a smaller one is learnt before threads meet
PIECE = 32  # samples between two looks at the clock
TRIAL = 2  # samples of a trial of the other way
SOONEST, LATEST = 8, 256  # pieces from a trial to the next, twice as many after each in vain
BETTER = 0.95  # of the time a sample that a trial must take for a change


class Piece(NamedTuple):
    """What to do next: so many samples, shared by the threads or not."""

    samples: int
    is_shared: bool


@dataclass(slots=True)
class Sharing:
    """The way that was faster when last tried; `seconds` are those a sample of both ways."""

    is_shared: bool = False
    seconds: dict[bool, float] = field(default_factory=dict)
    wait: int = SOONEST
    pieces: int = 0  # since the last trial

    def next(self, left: int, may_share: bool) -> Piece:
        """The next piece of `left` samples; `may_share`: sharing could be tried now."""
        if not may_share:
            return Piece(left, False)
        if self.is_shared in self.seconds and self.pieces >= self.wait:
            return Piece(min(TRIAL, left), not self.is_shared)
        return Piece(min(PIECE, left), self.is_shared)

    def took(self, piece: Piece, seconds: float) -> None:
        """Note how long a piece took."""
        each = seconds / piece.samples
        if piece.is_shared == self.is_shared:
            self.seconds[self.is_shared] = each
            self.pieces += 1
            # A neighbour may have come: what shares is also left for what was once faster.
            if self.is_shared and each > self.seconds[False]:
                self._change()
            return
        self.pieces, self.seconds[piece.is_shared] = 0, each
        if each < BETTER * self.seconds[self.is_shared]:
            self._change()
        else:
            self.wait = min(2 * self.wait, LATEST)

    def _change(self) -> None:
        self.is_shared, self.pieces, self.wait = not self.is_shared, 0, SOONEST
