from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.storage.fingerprint import data_fingerprint


def test_any_change_of_images_masks_or_classes_is_another_fingerprint(tmp_path: Path) -> None:
    found = []
    for digests, classes in (("a", "b"), ("a", "c"), ("c", "b"), ("a", "b")):
        (tmp_path / "digests.csv").write_text(digests)
        (tmp_path / "classes.csv").write_text(classes)
        found.append(data_fingerprint(tmp_path))
    assert found[0] == found[3]
    assert len(set(found)) == 3
    assert len(found[0]) == 16
    (tmp_path / "classes.csv").unlink()
    with pytest.raises(SecoError, match=r"classes\.csv is missing: run `seco prepare`"):
        data_fingerprint(tmp_path)
