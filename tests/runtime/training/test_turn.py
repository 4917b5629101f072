"""From floats to integers within a run; see tests/runtime/cli/test_training.py for whole runs."""

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.backends.artifact.model import open_model
from snncc.ir.graph import Call
from snncc.ir.model import draw_model
from snncc.runtime.training.deployment import of_bits
from snncc.runtime.training.options import TrainOptions
from snncc.runtime.training.origin import integers_of
from snncc.runtime.training.progress import fresh
from snncc.runtime.training.run_folder import WARM, RunFolder
from snncc.runtime.training.turn import Turn

NET = """
network n {
  input x[6] encode poisson(duration = 20 ms)
  population h[4] : lif(v_th = 2 mV trainable)
  output y[3] : lif(v_th = 2 mV)
  x -> h : dense
  h -> y : dense
}
"""


class Learner:
    """What a trainer has learnt."""

    def __init__(self, state):
        self.held = dict(state)

    def state(self):
        return dict(self.held)

    def restore(self, state):
        assert state.keys() == self.held.keys()
        self.held = dict(state)

    def weights(self):
        return {n.removeprefix("weights/"): a for n, a in self.held.items() if "weights/" in n}

    def parameters(self):
        return {"h/v_th": np.full(4, 3.0, np.float32)}


def test_what_was_learnt_goes_on_as_integers_and_is_kept(tmp_path):
    model = draw_model(compiled_text(NET).graph, 1)
    weights = {f"weights/{p.name}": 2 * model.weights(p.name) for p in model.graph.projections}
    before = Learner({**weights, "optimizer/updates": np.array([7]), "values/h/v_th": np.ones(4)})
    made = []

    def make(begin):
        made.append(begin)
        return Learner({**dict.fromkeys(weights, np.zeros(1)), "optimizer/updates": np.array([0])})

    options = TrainOptions("n.snn", deployment=of_bits(4), warm_up=3)
    turn = Turn(3, lambda floats: integers_of(floats, options, None), make)
    folder = RunFolder(tmp_path, "a", model, "cpu", Call("digits"))
    progress = replace(fresh(5, 13), epoch=3, past=({},))
    trainer, kept, now = turn.taken(before, folder, progress)
    assert trainer.state().keys() == {*weights, "optimizer/updates"}
    assert trainer.state()["optimizer/updates"] == [7]
    np.testing.assert_array_equal(trainer.weights()["x->h"], 2 * model.weights("x->h"))
    assert now.past == ()
    floats = open_model(tmp_path / WARM).model
    assert floats.values["h/v_th"].array.tolist() == [3.0] * 4
    assert kept.packaged(kept.model).graph == made[0].integers.graph
    again = turn.again(tmp_path)
    assert again.integers.graph == made[0].integers.graph


@pytest.mark.parametrize(
    ("place", "is_over"), [((2, 5), False), ((3, 0), False), ((3, 1), True), ((4, 0), True)]
)
def test_what_is_kept_where_it_turns_is_of_the_floats(place, is_over):
    turn = Turn(3, lambda _: None, lambda _: None)
    epoch, position = place
    assert turn.is_over(replace(fresh(5, 13), epoch=epoch, position=position)) == is_over
