"""The benchmark of the evaluation: what it compares with counts the same, and its images on disk can be read."""

import numpy as np

from benchmarks.evaluation import make_pair, put_on_disk
from seco.scores.evaluation import evaluate_masks
from seco.scores.metrics import METRICS


def test_the_images_on_disk_are_the_pairs_over_and_over(tmp_path):
    pairs = [make_pair(6, np.random.default_rng(seed)) for seed in range(2)]
    records = put_on_disk(tmp_path, pairs, 5)
    assert [record.id for record in records] == ["0", "1", "2", "3", "4"]
    found = evaluate_masks(
        records,
        tmp_path / "masks",
        class_names="abcdef",
        stage="predict",
        contexts={},
        confidence=tmp_path / "confidence",
    )["val"]
    assert found.whole.images == len(found.calibration) == 5
    cells = found.by_image.cells()
    pixels = [cells.pixels[cells.image == number].tolist() for number in range(5)]
    assert pixels[0] == pixels[2] == pixels[4] != pixels[1] == pixels[3]
    for truth, guess in pairs:
        assert set(np.unique(guess)) <= set(range(7)), "a prediction ignores nothing"
        assert 255 in truth
    assert 0.1 < METRICS["miou"].mean(found.whole) < 0.9
