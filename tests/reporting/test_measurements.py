from pathlib import Path

import numpy as np
import pytest

from seco.errors import SecoError
from seco.reporting.measurements import MaskSource, Measurement, list_sources, metrics_of
from seco.reporting.notes import notes_on, notes_on_corrections
from seco.scores.classification import score_labels
from seco.scores.confusion import ConfusionMatrix
from seco.scores.evaluation import Evaluation
from seco.scores.metrics import METRICS, TOTALS
from seco.storage.manifest import Record
from tests.reporting.test_cooccurrence import cooccurrence_of

CLASSES = ("train", "dog")
SEED = MaskSource("cam_seed", None, Path("seeds"), "export-masks", ("train",))
LABELS = {"train": score_labels(np.eye(2, dtype=bool), np.eye(2))}
CRF = MaskSource("segmentation", "crf", Path("crf"), "predict", ("val",))


def sources(root: Path, **splits: list[str]) -> list[MaskSource]:
    wanted = {"seed_splits": ["train"], "refined_splits": ["train"], "predicted_splits": ["val"], **splits}
    return list_sources(seeds=root / "seeds", refined=root / "refined", predictions=root / "predictions", **wanted)


def measured(*matrices: list[list[int]], source: MaskSource = SEED, without_truth: int = 0) -> Measurement:
    """Return a measurement of an image for each matrix of counts, rows = truth: background, train, dog."""
    evaluation = Evaluation(2)
    for counts in matrices:
        matrix = ConfusionMatrix(2)
        matrix.counts += np.array(counts)
        matrix.images = 1
        evaluation.add("image", matrix, [])
    evaluation.without_truth = without_truth
    return Measurement(source, source.splits[0], evaluation)


def test_existing_segmentations_are_listed_in_the_order_of_the_pipeline(tmp_path: Path) -> None:
    for variant in ("crf", "single_scale"):
        (tmp_path / "predictions" / variant).mkdir(parents=True)
    found = sources(tmp_path)
    titles = ["CAM seed", "refined mask", "segmentation, single scale", "segmentation, crf"]
    assert [source.title for source in found] == titles
    assert [source.stage for source in found] == ["export-masks", "refine", "predict", "predict"]
    assert found[3].folder == tmp_path / "predictions" / "crf"
    assert found[3].short_title == "segmentation"


def test_no_segmentation_at_all_names_the_stage(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match=r"no segmentation below .*predictions: run `seco predict`"):
        sources(tmp_path)


def test_sources_without_a_split_are_left_out(tmp_path: Path) -> None:
    assert [source.kind for source in sources(tmp_path, refined_splits=[], predicted_splits=[])] == ["cam_seed"]


def test_metrics_are_fractions_by_kind_split_and_variant() -> None:
    counts = [[40, 9, 0, 0], [0, 14, 0, 0], [0, 6, 4, 0]]
    metrics = metrics_of([measured(counts), measured(counts, source=CRF)], cooccurrence_of(), LABELS)
    assert metrics["cam_seed"]["train"]["miou"] == pytest.approx((40 / 49 + 14 / 29 + 4 / 10) / 3)
    assert metrics["cam_seed"]["train"]["confusion_ratio"] == pytest.approx((15 / 14 + 0 / 4) / 2)
    headline = {"miou", "precision", "recall", "boundary_f", "confusion_ratio"}
    ends = {f"{name}_{end}" for name in headline for end in ("low", "high")}
    assert set(metrics["segmentation"]["val"]["crf"]) == {*METRICS, *TOTALS, *ends}
    assert metrics["cam_seed"]["train"]["miou_low"] == pytest.approx(metrics["cam_seed"]["train"]["miou"])
    assert metrics["classification"] == {
        "train": {"images": 2, "map": 1, "map_low": 1, "map_high": 1, "f1": 1, "f1_low": 1, "f1_high": 1}
    }


def test_notes_name_infinite_and_missed_classes_and_images_without_truth() -> None:
    item = measured([[9, 1, 0, 0], [1, 0, 0, 0], [3, 0, 0, 0]], without_truth=4)
    assert notes_on([item], class_names=CLASSES) == [
        "CAM seed (train): the confusion ratio is infinite for train; the mean leaves them out",
        "CAM seed (train): the confusion ratio is not defined (nothing predicted) for dog; the mean leaves them out",
        "CAM seed (train): 4 images have no truth mask and were skipped",
    ]


def test_a_class_that_neither_occurs_nor_is_predicted_gets_no_note() -> None:
    assert notes_on([measured([[9, 1, 0, 0], [0, 5, 0, 0], [0, 0, 0, 0]])], class_names=CLASSES) == []


def test_what_keeps_masks_from_being_scored_is_told() -> None:
    ignored = measured([[0, 0, 0, 0]] * 3)
    unknown, missing = measured(without_truth=2), measured(without_truth=1)
    missing.evaluation.missing = 1
    assert not any(item.is_scored for item in (ignored, unknown, missing))
    assert [
        note.removeprefix("CAM seed (train): ") for note in notes_on([ignored, unknown, missing], class_names=[])
    ] == [
        f"{lack}, so mIoU and confusion cannot be measured"
        for lack in ("the truth masks ignore every pixel", "no image has a truth mask", "no image has a predicted mask")
    ]


def test_a_score_over_background_alone_is_none() -> None:
    item = measured([[50, 3, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert np.isnan(metrics_of([item], cooccurrence_of(), {})["cam_seed"]["train"]["miou"])
    (first, *_) = notes_on([item], class_names=CLASSES)
    assert first == "CAM seed (train): the truth masks show background alone, so there is no mean over classes"


def test_corrected_masks_are_a_note_of_their_split():
    def records(split: str, *, corrected: int) -> list[Record]:
        masks = [Path("c.png")] * corrected + [None] * (3 - corrected)
        return [Record(f"{split}{index}", Path("x"), None, (), split, 1, 1, mask) for index, mask in enumerate(masks)]

    train, val = notes_on_corrections([*records("train", corrected=2), *records("val", corrected=1)])
    assert train.startswith("train: 2 images have a corrected mask, from which training learns")
    assert val == "val: 1 images have a corrected mask as their truth, by which the scores measure"
    assert notes_on_corrections(records("train", corrected=0)) == []
