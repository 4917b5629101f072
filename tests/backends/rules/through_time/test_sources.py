"""The kernels of both devices: the same names in files of the same name, and no bare codes."""

from __future__ import annotations

import pytest
from kernel_names import bare_codes, check_explained, check_homes

from snncc.backends.rules.through_time.sources import CPU, CUDA

PARTS = {"cpu": CPU, "cuda": CUDA}
# What only one device has, by the reason.
ONLY = {
    "cpu": {
        "another engine may run the samples of a training": "take_spikes",
        "rows of several samples at a time; on a card a thread has its own weight": """
            add_fours add_scaled_fours apply_gradient apply_piece apply_posts apply_slice
            apply_wide ask_less credit_graded credit_numbers credit_pre credit_spikes multiply_all
            number_of pieces_of sizes_of turn update_row""",
        "convolutions go by runs of weights that are laid out anew": """
            ask_windows credit_planes lay_all""",
        "what several projections have in common": "add_totals",
        "spikes are events by step, which are sorted by neuron": "sort_spikes",
        "a long sample is gone back over in segments": """
            again find_starts move move_states settle_neurons start_segment""",
        "one worker takes both ways through time one after the other": "ask_trains",
    },
    "cuda": {
        "a stage deals its items": "make_pulls make_squares remember scan_all",
        "what one thread does with its neuron or weight": """
            over_windows
            arrival ask_outside ask_steps ask_tile credit_window learn_weight update_weight""",
        "events are bits, which become times": "list_times",
        "what the host looks at is summed by the device": "add_starts",
        "a row is shared by the threads of a block": "row_of row_pull row_squares scaled",
    },
}


def test_kernels_of_one_name_stand_in_files_of_one_name():
    check_homes(PARTS, 20)


@pytest.mark.parametrize("device", PARTS)
def test_what_only_one_device_has_is_explained(device):
    check_explained(PARTS, device, ONLY[device])


@pytest.mark.parametrize("device", PARTS)
def test_codes_are_compared_by_their_names(device):
    assert bare_codes(PARTS[device], device) == []
