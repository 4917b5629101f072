"""The kernels of both devices: the same names in files of the same name, and no bare codes."""

from __future__ import annotations

import ast
from pathlib import PurePath

import pytest
from kernel_names import FILES_ONLY, bare_codes, check_explained, check_homes, is_bare, kernels

from snncc.backends.cpu import codegen as cpu
from snncc.backends.cuda import codegen as cuda
from snncc.backends.rules.spike_train.sources import CPU, CUDA

PARTS = {"cpu": (*cpu.FORWARD, *CPU), "cuda": (*cuda.FORWARD, *CUDA)}
# What only one device has, by the reason.
ONLY = {
    "cpu": {
        "events are time-major lists, made in chunks; a card has bits beside them": """
            active_inputs append bounds_by_neuron count encode_chunk events_of_raster
            input_threshold pack packed_inputs rows_of sort_events teach_steps thresholds
            times_by_neuron""",
        "whole rows at a time; on a card a thread has its own neuron or synapse": """
            active_columns apply_dense apply_gradients apply_listed apply_windows closed_traces
            bring_spikes
            count_error counts deliver deliver_planes dense_tile discrete_traces entries learn_rows
            learn_synapses multiply pre_rows presynaptic_counts response_row row_of row_of_event
            row_of_windows send send_dense send_graded send_listed send_steady side_effect
            silent_listed silent_row substitute sweep tiles trace_events triangulate update_listed
            widest_row window_row write_back""",
        "a sample is prepared, then played; on a card stages do both": "play",
        "the threads of a processor share a sample only now and then": """
            all_tiles_wide drive_wide encode_wide""",
        "neurons without recurrence take several steps at a time": "is_graded",
        "synapses may hold values": "is_watched",
        "one worker does what the blocks of a card do in stages": "share_error solve_transposed",
        "the kernels of convolutions are laid out anew": "laid_of",
        "a row is updated at once": "number_of update_row",
        "numbers at random of a whole population at once": """
            count_words draw_counts draw_normals draw_words lay_counts send_counts""",
    },
    "cuda": {
        "events are bits, which threads set and list together": """
            allowed draw encode fired list_word raster_quad set_bit""",
        "what one thread does with its neuron or synapse": """
            add_drive bring clear_errors cost_of entry_of inside_entry learn_weight message_listed
            message_tile message_windows neuron_error row_bounds send_message sent_back spike_ratio
            step_neurons synapse synapse_gradient weight_at weight_bounds window_fan_in
            window_gradient window_slot window_synapse""",
        "a stage deals its items": "make_pulls make_squares make_traces send_messages",
        "Jacobi in place of Gauss-Seidel, all rows at once": """
            column_of fill_system misplaced_solve move row_of_system solve_block sweeps
            take_solution""",
        "numbers at random of a neuron at a time": "note_sample told",
        "a weight is updated at a time": "row_pull row_squares scaled update_weight",
    },
}


def test_kernels_of_one_name_stand_in_files_of_one_name():
    check_homes(PARTS, 21)


@pytest.mark.parametrize("device", PARTS)
def test_what_only_one_device_has_is_explained(device):
    check_explained(PARTS, device, ONLY[device])


def test_files_of_only_one_device_are_explained():
    one, other = ({PurePath(file).name for file, _ in kernels(PARTS[d], d)} for d in PARTS)
    assert one ^ other == FILES_ONLY.keys()


@pytest.mark.parametrize("device", PARTS)
def test_codes_are_compared_by_their_names(device):
    assert bare_codes(PARTS[device], device) == []


def test_a_bare_code_is_seen():
    bare = ["plan.encoder[k] == 2", "encoder != 0", "optimizer.kind == 0", "x == 3"]
    named = ["plan.encoder[k] == SPIKES", "spikes == 0", "x < 3"]
    seen = [is_bare(ast.parse(text, mode="eval").body) for text in (*bare, *named)]
    assert seen == [True] * len(bare) + [False] * len(named)
