import math

import pytest

from seco.data.class_sets import VOC
from seco.studies.scores import Measures, biased_classes, by_variant, judged, learns_from_masks, minutes, tag_purity
from tests.studies.rows import row

MEASURES = Measures("train", "val", ("boat", "person"))


def test_the_most_refined_segmentation_counts():
    less = row("SeCo", 0, miou=0.4)
    metrics = {name: value for name, value in less.metrics.items() if "crf" not in name}
    assert MEASURES.segmentation(less, "miou") == 0.4
    assert MEASURES.segmentation(less._replace(metrics=metrics), "miou") == pytest.approx(0.3)
    assert MEASURES.of_class(less, "boat", "iou") == 0.4
    coarse = {"class/segmentation, multi scale/val/boat/iou": 0.2, "class/segmentation, single scale/val/boat/iou": 0.1}
    assert MEASURES.of_class(less._replace(metrics=coarse), "boat", "iou") == 0.2


def test_scores_of_another_split_are_not_taken():
    other = Measures("train", "val_unbiased", ("boat",))
    assert math.isnan(other.segmentation(row("SeCo", 0), "miou"))
    assert math.isnan(other.of_class(row("SeCo", 0), "boat", "iou"))


def test_an_infinite_ratio_is_left_out_of_the_mean():
    assert MEASURES.biased_confusion(row("SeCo", 0, confusion=2.0, boat=4.0)) == 3.0
    assert MEASURES.biased_confusion(row("SeCo", 0, confusion=2.0, boat=math.inf)) == 2.0
    none = MEASURES._replace(classes=("boat",))
    assert math.isnan(none.biased_confusion(row("SeCo", 0, boat=math.inf)))
    assert MEASURES.missed(row("SeCo", 0, boat=math.inf)) == 1


def test_full_supervision_trains_no_classifier_whose_cams_could_be_scored():
    full = row("full supervision", 0, cam=0.3, changes="method=full seed=0")
    assert learns_from_masks(full)
    assert math.isnan(MEASURES.cam_miou(full))
    assert math.isnan(MEASURES.refined_miou(full))
    assert not learns_from_masks(row("SeCo", 0, changes="method=seco seed=0"))
    assert MEASURES.cam_miou(row("SeCo", 0, cam=0.3)) == 0.3
    assert MEASURES.refined_miou(row("SeCo", 0, cam=0.3)) == 0.35


def test_the_biased_classes_are_those_of_the_data_that_were_scored():
    assert set(biased_classes([row("SeCo", 0)])) == {
        *("aeroplane", "boat", "train", "chair", "sofa", "person", "horse"),
    }
    metrics = {f"class/segmentation, crf/val/{name}/iou": 0.5 for name in ("background", *VOC)}
    voc = row("SeCo", 0)._replace(metrics=metrics)
    assert biased_classes([voc]) == ("train", "boat", "aeroplane", "chair", "sofa", "horse")  # Table 3
    assert biased_classes([]) == ()


def test_runs_are_found_by_variant_and_seed():
    rows = [row("b", 0), row("a", 0), row("b", 2)]
    assert by_variant(rows) == {"b": {0: rows[0], 2: rows[2]}, "a": {0: rows[1]}}


def test_time_and_purity_are_those_of_training():
    assert minutes(row("SeCo", 0, seconds=90)) == 1.5
    assert math.isnan(tag_purity(row("SeCo", 0)))
    tagged = row("SeCo", 0, purity=0.9)
    assert tag_purity(tagged) == tag_purity(tagged, 10, whose="boat") == 0.9
    assert tag_purity(tagged, 9) == pytest.approx(0.8)
    assert math.isnan(tag_purity(tagged, 8))
    bare = row("baseline", 0)
    assert judged([bare._replace(metrics=bare.metrics | {"tags/all/1": math.nan})]) == []  # as a file of rows has it
    assert judged([bare, tagged]) == ["all", "kept", "boat"]
