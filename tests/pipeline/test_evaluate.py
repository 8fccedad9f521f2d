"""`seco evaluate` over a small project: JSON for machines, some masks missing, and counts to compare runs by."""

import json
import math

import numpy as np
import pytest
from PIL import Image

from seco.errors import SecoError
from seco.reporting.measurements import SEGMENTATION
from seco.scores.bootstrap import bootstrap, paired_difference
from seco.scores.counts_file import CountsKey, read_counts
from seco.scores.metrics import METRICS, headline_metrics
from seco.storage.fingerprint import data_fingerprint
from seco.storage.manifest import read_manifest
from seco.storage.masks import mask_path, write_mask
from tests.pipeline.conftest import Project
from tests.reporting.test_index_page import text_of

KEY = CountsKey(SEGMENTATION, "val", "crf")


def test_json_is_the_content_of_metrics_json_and_nothing_else(project: Project) -> None:
    outcome = project.run("evaluate", "--json")
    assert outcome.status == 0
    assert json.loads(outcome.out) == json.loads((project.root / "reports/metrics.json").read_text())
    metrics = json.loads(outcome.out)
    assert {"train", "val"} <= metrics["classification"].keys()
    multi = metrics["segmentation"]["val"]["multi_scale"]
    assert multi["calibration_error_low"] <= multi["calibration_error"] <= multi["calibration_error_high"]


def test_the_counts_of_every_image_give_the_same_scores_and_intervals(project: Project) -> None:
    metrics = json.loads((project.root / "reports/metrics.json").read_text())
    stored = read_counts(project.root / "reports/counts.npz")
    assert stored.data == data_fingerprint(project.root / "data/prepare")
    for (kind, split, variant), counts in stored.counts.items():
        found = metrics[kind][split][variant] if variant else metrics[kind][split]
        scores = {name: math.nan if value is None else value for name, value in found.items()}
        for metric in METRICS.values():
            assert metric.mean(counts.total()) == pytest.approx(scores[metric.name], abs=1e-6, nan_ok=True)
        for metric in headline_metrics():
            ends = [scores[f"{metric.name}_{end}"] for end in ("low", "high")]
            assert bootstrap(counts, metric)[1:] == pytest.approx(ends, nan_ok=True)


def test_some_masks_are_scored_only_on_request(project: Project) -> None:
    folder, whole = project.root / "data/predict/crf", read_counts(project.root / "reports/counts.npz").counts[KEY]
    lost = whole.ids[0]
    mask_path(folder, lost).unlink()
    told = project.refusal("evaluate")
    assert f"1 of 4 masks are missing in data/predict/crf ({lost}): run `seco predict`" in told
    outcome = project.run("evaluate", "--partial")
    assert outcome.status == 0
    assert f"segmentation, crf (val): 1 of {len(whole)} masks are missing; the scores leave them out" in outcome.out
    part = read_counts(project.root / "reports/counts.npz").counts[KEY]
    assert part.ids == whole.ids[1:]
    with pytest.raises(SecoError, match=f"1 images were scored in one run only, such as {lost}"):
        paired_difference(whole, part, METRICS["miou"])


def test_without_any_mask_of_a_kind_the_others_are_scored_on_request(project: Project) -> None:
    for path in (project.root / "data/refine").glob("*.png"):
        path.unlink()
    outcome = project.run("evaluate", "--partial")
    assert outcome.status == 0
    assert (
        "refined mask (train): no image has a predicted mask, so mIoU and confusion cannot be measured" in outcome.out
    )


def test_a_part_of_the_results_is_enough_on_request(project: Project) -> None:
    sure = sorted((project.root / "data/predict/confidence").glob("*.png"))
    sure[0].unlink()
    assert f"confidence/{sure[0].name} is missing: run `seco predict` again" in project.refusal("evaluate")
    assert project.run("evaluate", "--partial").status == 0
    metrics = json.loads((project.root / "reports/metrics.json").read_text())
    assert "calibration_error" in metrics["segmentation"]["val"]["multi_scale"]
    (project.root / "data/predict").rename(project.root / "elsewhere")
    assert "or score the other masks with `seco evaluate --partial`" in project.refusal("evaluate")
    assert project.run("evaluate", "--partial").status == 0
    metrics = json.loads((project.root / "reports/metrics.json").read_text())
    assert metrics.keys() - {"notes"} == {"cam_seed", "classification", "refined"}


def test_an_older_runs_missing_confidence_and_probabilities_are_told(project: Project) -> None:
    (project.root / "data/predict/confidence").rename(project.root / "data/elsewhere")
    outcome = project.run("evaluate")
    assert outcome.status == 0
    assert "its confidence is not stored; `seco predict` stores it" in outcome.out


@pytest.mark.parametrize("damaged", ["data/train/method.safetensors", "reports/train/plots/metrics/rate.tsv"])
def test_a_damaged_file_leaves_the_old_report_whole(project: Project, damaged: str) -> None:
    masks = sorted((project.root / "data/predict/crf").glob("*.png"))
    for path in masks:
        with Image.open(path) as mask:
            write_mask(path, np.ones_like(mask))
    (project.root / damaged).write_bytes(b"\xff")
    assert damaged in project.refusal("evaluate")


def test_without_any_mask_the_page_names_the_commands(project: Project) -> None:
    for folder in ("data/predict", "data/refine", "data/export/seeds"):
        for path in (project.root / folder).rglob("*.png"):
            path.unlink()
    assert project.run("evaluate", "--partial").status == 0
    text = text_of((project.root / "reports/index.html").read_text())
    assert "No image has a predicted mask: here are pictures, without scores." in text
    assert "Run `seco export-masks` and `seco refine` and `seco predict`, then `seco evaluate`" in text
    assert "No image breaks one of the rules for failures." in text


def test_truth_that_is_ignored_gives_no_scores(project: Project) -> None:
    for record in read_manifest(project.root / "data/prepare").records:
        assert record.mask is not None
        write_mask(project.root / record.mask, np.full((record.height, record.width), 255, np.uint8))
    assert project.run("evaluate").status == 0
    text = text_of((project.root / "reports/index.html").read_text())
    assert "The truth masks ignore every pixel: here are pictures, without scores." in text
    assert json.loads((project.root / "reports/headline.json").read_text()) == {}
