"""The scores of VOC's true masks: against themselves, and against themselves moved."""

import os
from pathlib import Path

import numpy as np
import pytest

from seco.scores.confusion import ConfusionMatrix
from seco.scores.evaluation import Evaluation, evaluate_masks
from seco.scores.metrics import METRICS, TOTALS
from seco.storage.images import upright_size
from seco.storage.manifest import Record
from seco.storage.masks import mask_path, read_mask, write_mask
from tests.scores.test_boundary import by_distance

ROOT = os.environ.get("SECO_VOC_ROOT")
pytestmark = pytest.mark.skipif(ROOT is None, reason="SECO_VOC_ROOT does not name a VOC tree")
COUNT, K = 30, 20


@pytest.fixture(scope="module")
def records() -> list[Record]:
    paths = sorted(Path(ROOT or "").glob("SegmentationClassAug/*.png"))[:COUNT]
    return [Record(path.stem, path, path, (), "val", *upright_size(path)) for path in paths]


def evaluate(records: list[Record], folder: Path) -> Evaluation:
    names = [str(class_id) for class_id in range(K)]
    return evaluate_masks(records, folder, class_names=names, stage="predict", contexts={})["val"]


def test_the_truth_against_itself_is_perfect(records: list[Record]) -> None:
    whole = evaluate(records, Path(ROOT or "") / "SegmentationClassAug").whole
    wrong = {name for name in METRICS if name.startswith(("confusion", "false"))}
    for name, score in (METRICS | TOTALS).items():
        if name != "foreground":
            assert score.mean(whole) == (0 if name in wrong else 1), name
    assert whole.images == COUNT


def test_the_truth_against_itself_moved_has_the_scores_of_a_plain_count(records: list[Record], tmp_path: Path) -> None:
    expected, outlines = ConfusionMatrix(K), []
    for record in records:
        truth = read_mask(record.image, num_classes=K, size=None)
        moved = np.roll(truth, (2, 5), axis=(0, 1))
        write_mask(mask_path(tmp_path, record.id), moved)
        for class_id in range(K + 1):
            of_class = moved[truth == class_id]
            expected.counts[class_id, : K + 1] += [(of_class == other).sum() for other in range(K + 1)]
            expected.counts[class_id, -1] += (of_class == 255).sum()
        outlines.append(by_distance(truth, moved, K, 0.0075 * np.hypot(*truth.shape)))
    found = evaluate(records, tmp_path).whole
    assert np.array_equal(found.counts, expected.counts)
    tp, truth, guess = np.diag(found.counts), found.counts.sum(axis=1), found.counts[:, :-1].sum(axis=0)
    shown = truth > 0
    assert METRICS["miou"].mean(found) == pytest.approx(np.mean(tp[shown] / (truth + guess - tp)[shown]))
    assert TOTALS["pixel_accuracy"].mean(found) == pytest.approx(tp.sum() / truth.sum())
    assert found.boundary_f()[shown] == pytest.approx(np.nanmean(np.array(outlines)[:, shown], axis=0))
    assert 0.5 < METRICS["miou"].mean(found) < 0.95
