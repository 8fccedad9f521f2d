from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.reporting.sources import Source, list_sources


def _list(root: Path, **splits: list[str]) -> list[Source]:
    wanted = {"seed_splits": ["train"], "refined_splits": ["train"], "predicted_splits": ["val"], **splits}
    return list_sources(seeds=root / "seeds", refined=root / "refined", predictions=root / "predictions", **wanted)


def test_only_the_segmentations_that_are_there_are_listed_in_the_pipelines_order(tmp_path: Path) -> None:
    for variant in ("crf", "single_scale"):
        (tmp_path / "predictions" / variant).mkdir(parents=True)
    sources = _list(tmp_path)
    assert [source.title for source in sources] == [
        "CAM seed",
        "refined mask",
        "segmentation, single scale",
        "segmentation, crf",
    ]
    assert [source.stage for source in sources] == ["export-masks", "refine", "predict", "predict"]
    assert sources[3].folder == tmp_path / "predictions" / "crf"
    assert sources[3].short_title == "segmentation"


def test_no_segmentation_at_all_names_the_stage(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match=r"no segmentation below .*predictions: run `seco predict`"):
        _list(tmp_path)


def test_sources_without_a_split_are_left_out(tmp_path: Path) -> None:
    assert [source.kind for source in _list(tmp_path, refined_splits=[], predicted_splits=[])] == ["cam_seed"]
