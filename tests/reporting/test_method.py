import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from seco.inference.embeddings import PatchGrid
from seco.reporting.blocks import Chart, Prose, Table
from seco.reporting.method import alike_sentence, method_section, withdrawn_sentence, withdrawn_table
from seco.reporting.method_charts import curve_rows, prototype_places, similarity_matrix
from seco.reporting.patch_picture import patch_figure
from seco.storage.method_record import MethodRecord

NAMES = ("horse", "person", "boat", "car")
VECTORS = torch.tensor([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])  # no image shows a car
GENERATOR = torch.Generator().manual_seed(0)
SNAPSHOTS = torch.stack(
    [
        F.normalize(VECTORS + 0.01 * torch.randn(4, 3, generator=GENERATOR), dim=1) * VECTORS.any(1, True)
        for _ in range(6)
    ]
)
RECORD = MethodRecord(
    prototypes=VECTORS,
    snapshots=SNAPSHOTS.half(),
    steps=torch.arange(10, 70, 10),
    tags=torch.tensor([[40, 20, 10, 0, 0], [4, 5, 0, 0, 0], [30, 15, 8, 0, 0], [3, 1, 0, 0, 0]]),
    judged=torch.tensor(True),
    curves={
        "step": torch.tensor([10.0, 20.0]).double(),
        "patches/class": torch.tensor([torch.nan, 0.25]).double(),
        "tags/right": torch.tensor([0.5, 0.75]).double(),
    },
)


def test_the_matrix_has_the_cosines_of_classes_that_have_prototypes():
    data = similarity_matrix(RECORD, NAMES)["data"]["values"]
    found = {(row["class"], row["other"]): row["cosine"] for row in data}
    assert found == {
        **dict.fromkeys([("horse", "person"), ("person", "horse")], 0.8),
        **dict.fromkeys([("horse", "boat"), ("boat", "horse"), ("person", "boat"), ("boat", "person")], 0.0),
    }
    assert alike_sentence(RECORD, NAMES) == (
        "The prototypes of horse and person are most alike (cosine 0.80); the mean over all 3 pairs is 0.27."
    )


def test_prototypes_keep_their_order_and_like_ones_lie_together_in_the_plane():
    places = prototype_places(RECORD)
    assert [(place.class_index, place.step) for place in places] == [
        (i, step) for step in range(10, 70, 10) for i in range(3)
    ]
    spots = {index: np.array([(p.x, p.y) for p in places if p.class_index == index]) for index in range(3)}
    spread = max(np.ptp(spot, axis=0).max() for spot in spots.values())
    assert spread < np.linalg.norm(spots[0].mean(axis=0) - spots[2].mean(axis=0))
    assert prototype_places(RECORD) == places
    assert prototype_places(RECORD._replace(snapshots=SNAPSHOTS[:1], steps=RECORD.steps[:1])) == []
    still = torch.zeros_like(SNAPSHOTS)
    assert prototype_places(RECORD._replace(snapshots=still)) == []
    still[:, 0] = SNAPSHOTS[0, 0]
    assert prototype_places(RECORD._replace(snapshots=still)) == [], "a single class that no longer moves"


def test_curves_are_in_percent_without_points_that_are_not_there():
    assert curve_rows(RECORD, {"patches/class": "one class", "tags/right": "right", "tags/none": "none"}) == [
        {"x": 20, "y": 25.0, "curve": "one class"},
        {"x": 10, "y": 50.0, "curve": "right"},
        {"x": 20, "y": 75.0, "curve": "right"},
    ]


def test_what_was_withdrawn_is_counted_by_tag():
    table = withdrawn_table(RECORD, class_names=NAMES)
    assert table["tag"].tolist() == ["background", "horse", "person"]
    assert table["withdrawn_percent"].tolist() == [10, 25, 0]
    assert table["withdrawn_wrong_percent"].tolist()[:2] == [25, 80]
    assert np.isnan(table["withdrawn_wrong_percent"].iloc[2])
    assert table["all_wrong_percent"].tolist() == [25, 25, pytest.approx(20)]
    assert withdrawn_sentence(RECORD) == (
        "Rectification (eq. 7) withdrew 16.7 % of 30 class tags; 80 % of those were wrong, of all class tags 23 %."
    )


def test_without_masks_nothing_is_said_of_right_and_wrong():
    unjudged = RECORD._replace(judged=torch.tensor(False))
    assert withdrawn_sentence(unjudged) == "Rectification (eq. 7) withdrew 16.7 % of 30 class tags."
    assert "all_wrong_percent" not in withdrawn_table(unjudged, class_names=NAMES)


def test_the_section_shows_what_there_is():
    kinds = [type(block) for block in method_section(RECORD, class_names=NAMES, patches=None).blocks]
    assert kinds == [Prose, Chart, Chart, Chart, Chart, Prose, Table]
    early = RECORD._replace(
        prototypes=torch.zeros(4, 3), snapshots=RECORD.snapshots[:0], steps=RECORD.steps[:0], tags=RECORD.tags * 0,
        curves={},
    )  # fmt: skip
    assert method_section(early, class_names=NAMES, patches=None).blocks == ()


def test_patches_are_drawn_with_a_panel_for_each_label_that_has_a_prototype():
    similarities = np.full((2, 2, 4), np.nan, np.float32)
    similarities[..., :3] = np.random.default_rng(0).uniform(-1, 1, (2, 2, 3))
    grid = PatchGrid(np.zeros((64, 64, 3), np.uint8), similarities)
    sizes = [
        Image.open(io.BytesIO(patch_figure(grid, labels=labels, class_names=NAMES))).size for labels in ([], [1, 3, 4])
    ]
    assert sizes[1][0] == pytest.approx(3 * sizes[0][0], abs=3)
    assert sizes[0][1] == sizes[1][1]
    one = PatchGrid(grid.pixels, similarities[..., :1])
    for labels in ([], [1]):
        size = Image.open(io.BytesIO(patch_figure(one, labels=labels, class_names=NAMES[:1]))).size
        assert size == sizes[0], "a single class is not compared with itself"


def test_one_class_has_no_map_of_prototypes():
    one = RECORD._replace(prototypes=RECORD.prototypes[:1], snapshots=RECORD.snapshots[:, :1], tags=RECORD.tags[:, :2])
    blocks = method_section(one, class_names=NAMES[:1], patches=None).blocks
    assert [type(block) for block in blocks] == [Chart, Chart, Prose, Table]
