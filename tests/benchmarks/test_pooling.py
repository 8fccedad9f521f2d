"""The table of poolings: a row each, with the scores of the best threshold."""

import pytest

from benchmarks.pooling import THRESHOLDS, best_threshold
from seco.errors import SecoError
from seco.storage.manifest import Manifest
from tests.demo_data import demo_manifest
from tests.settings import small_settings


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return demo_manifest(tmp_path_factory.mktemp("scenes") / "data")


def test_the_best_threshold_and_its_scores(manifest: Manifest) -> None:
    settings = small_settings(**{"train.head_epochs": 3, "cam.pool_sharpness": 0.5})
    threshold, everything, common = best_threshold(settings, manifest, "val")
    assert threshold in THRESHOLDS
    assert 0 < everything <= 100
    assert common >= everything, "no class is common in so few images: background alone"


def test_a_split_without_masks_is_refused(manifest: Manifest) -> None:
    with pytest.raises(SecoError, match="the manifest has no split 'test'"):
        best_threshold(small_settings(**{"train.head_epochs": 1}), manifest, "test")
