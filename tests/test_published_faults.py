"""Faults of the published implementation, each with the test of this one that it would fail.

Those of evaluation, refinement, settings and resuming have their tests beside those parts.
"""

import inspect

import pytest

from seco.method.memory import Prototypes
from seco.models.network import SeCoNetwork
from tests.imports import ROOT

FAULTS = {
    "method/test_tags.py": {
        "the foreground share summed class ids instead of pixels": (
            "test_the_share_counts_pixels_whatever_the_class_id"
        ),
        "a patch of an image without confident pixel was tagged as class 1": (
            "test_a_patch_of_an_image_without_confident_pixel_has_no_class"
        ),
        "padding counted as background": "test_padding_is_not_counted_whatever_its_label",
        "no tag was ever withdrawn, since keys of other tags counted as above the mean": (
            "test_rectification_follows_equations_6_and_7"
        ),
        "the loss edited the tags of its caller": "test_rectification_follows_equations_6_and_7",
    },
    "method/test_patches.py": {
        "patches were centred on padding": "test_patches_lie_inside_the_crop_and_if_they_fit_inside_the_image",
    },
    "method/test_memory.py": {
        "prototypes took embeddings of any length, so that the momentum had no meaning": (
            "test_the_length_of_an_embedding_does_not_matter"
        ),
        "images of several classes updated no prototype": "test_equation_3_for_an_image_of_two_classes_by_hand",
        "the reservoir started with random vectors of background": "test_empty_slots_have_the_uncertain_tag",
        "the size of the reservoir had to be a multiple of the batch": (
            "test_the_reservoir_is_a_first_in_first_out_queue_for_any_batch_sizes"
        ),
    },
    "losses/test_local_contrast.py": {
        "L_LiL averaged over entries that were no positives": "test_the_loss_is_equation_8",
        "a similarity of exactly 1, the best match, was dropped": "test_the_best_match_and_background_pairs_count",
        "exp overflowed, since the subtraction of the maximum was thrown away": "test_large_logits_overflow_nothing",
    },
    "training/test_views.py": {
        "the strong view was mirrored and its label map was not": (
            "test_the_strong_view_has_other_colours_and_is_not_mirrored"
        ),
        "every image reset the global seed": "test_the_seed_alone_decides_the_views_and_nothing_else_changes",
    },
    "training/parts/test_patch_contrast.py": {
        "the second view had the tag of the first crop": (
            "test_tags_of_patches_come_from_the_label_map_and_those_of_whole_views_from_the_labels"
        ),
    },
    "training/test_plain_step.py": {
        "the keys of a batch counted twice": "test_in_double_precision_four_steps_agree_to_1e_8",
        "keys of whole images came from the student": "test_in_double_precision_four_steps_agree_to_1e_8",
        "prototypes were class tokens, but queries their projections": (
            "test_in_double_precision_four_steps_agree_to_1e_8"
        ),
    },
    "training/test_objective.py": {
        "terms that had not begun were computed and multiplied by 0": "test_each_phase_computes_its_own_terms",
        "the forward pass changed the queues": "test_a_call_changes_no_state_and_depends_on_the_draws_alone",
    },
    "training/test_methods.py": {
        "the width had to be 768": "test_only_methods_that_contrast_have_projector_and_buffers",
    },
    "training/test_optimizer.py": {
        "the learning rate jumped by 7 percent at the end of the warm-up": (
            "test_the_rate_rises_linearly_to_the_end_of_the_warm_up_without_a_jump_and_then_falls"
        ),
    },
}


@pytest.mark.parametrize("file", FAULTS)
def test_each_fault_has_its_test(file):
    source = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert [name for name in FAULTS[file].values() if f"def {name}(" not in source] == []


@pytest.mark.parametrize("owner", [SeCoNetwork.__init__, Prototypes.__init__])
def test_the_number_of_classes_had_a_default_that_was_wrong_on_coco(owner):
    assert inspect.signature(owner).parameters["num_classes"].default is inspect.Parameter.empty
