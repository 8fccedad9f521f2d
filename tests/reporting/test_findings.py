from pathlib import Path

import pytest

from seco.data.cooccurrence import count_pairs
from seco.reporting.advice import ClassFinding
from seco.reporting.cooccurrence import cooccurrence, tied_rows
from seco.reporting.findings import collect_findings
from seco.reporting.measurements import measure
from seco.storage.contexts import read_contexts
from tests.reporting.run_tree import CLASSES, make_run


def test_findings_are_the_numbers_of_the_masks_that_the_page_is_about(tmp_path: Path) -> None:
    manifest, sources = make_run(tmp_path)
    scored = measure(manifest, sources, contexts=read_contexts(tmp_path / "contexts.csv"))
    seeds = next(item for item in scored if item.key == {"masks": "CAM seed", "split": "train"})
    together = count_pairs([manifest.label_ids(record) for record in manifest.records], num_classes=3)
    pairs = cooccurrence(scored, class_names=CLASSES, together=together, num_images=4, most=3).pairs
    ties = tied_rows(pairs)
    found = collect_findings(manifest, scored, seeds, ties=ties, together=together)
    # In train, the seed of the only person is called dog; the rest is perfect.
    assert found.classes[:2] == [ClassFinding("cat", 1, 1, 100, 100, 100), ClassFinding("dog", 1, 1, 50, 50, 100)]
    assert found.confusions == [(100, "person", "dog")]
    assert found.cam == pytest.approx((100 * 2.5 / 3, 100 * 3 / 4))
    assert found.uncertain == 0
    assert found.learned is None, "train has no segmentation"
    assert found.ties == [], "where both are always together there is nothing to compare"
