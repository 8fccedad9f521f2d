import re
from pathlib import Path

import pytest
from PIL import Image

from seco.errors import SecoError
from seco.studies.report import Splits, measures_of, results_file, write_report
from seco.studies.results import write_rows
from seco.studies.studies import Study, Variant
from tests.studies.rows import row

SPLITS = Splits(seeds="train", segmentations="val")
ABLATION = Study("ablation", "Parts", ("scores", "classes", "cost"), (Variant("SeCo", {}, "SeCo"),))
SWEEP = Study("sweep-size", "Sizes", ("scores",), (), key="patch_size")


def report(folder: Path) -> list[str]:
    return write_report(
        [ABLATION, SWEEP],
        results=folder / "results",
        page=folder / "docs/results.md",
        pictures=folder / "docs/images/results",
        splits=SPLITS,
    )


def test_studies_with_results_get_a_section_and_a_picture_that_it_shows(tmp_path):
    write_rows(results_file(tmp_path / "results", ABLATION), [row("baseline", 0), row("SeCo", 0)])
    assert report(tmp_path) == ["ablation"]
    write_rows(results_file(tmp_path / "results", SWEEP), [row("patch_size=32", 0, value="32")])
    assert report(tmp_path) == ["ablation", "sweep-size"]
    page = (tmp_path / "docs/results.md").read_text()
    assert page.index("## Parts") < page.index("## Sizes")
    for picture in re.findall(r"!\[.*\]\((.*)\)", page):
        with Image.open(tmp_path / "docs" / picture) as image:
            assert image.width > 1000
    assert {path.name for path in (tmp_path / "docs/images/results").iterdir()} == {"ablation.png", "sweep-size.png"}


def test_variants_stand_in_the_order_of_their_study_and_strangers_last(tmp_path):
    study = ABLATION._replace(variants=tuple(Variant(name, {}, "SeCo") for name in ("baseline", "without LiL", "SeCo")))
    came = [("stranger", 0), ("SeCo", 1), ("without LiL", 1), ("baseline", 0), ("SeCo", 0)]
    write_rows(results_file(tmp_path, study), [row(*run) for run in came])
    places = {"page": tmp_path / "page.md", "pictures": tmp_path / "pictures"}
    write_report([study], results=tmp_path, splits=SPLITS, **places)
    told = re.findall(r"^\| (baseline|without LiL|SeCo|stranger) \|", places["page"].read_text(), re.MULTILINE)
    assert told[:4] == ["baseline", "without LiL", "SeCo", "stranger"]


def test_a_study_whose_tags_were_judged_shows_them_over_time(tmp_path):
    write_rows(results_file(tmp_path / "results", ABLATION), [row("baseline", 0), row("SeCo", 0, purity=0.8)])
    report(tmp_path)
    assert "(images/results/ablation-tags.png)" in (tmp_path / "docs/results.md").read_text()
    assert (tmp_path / "docs/images/results/ablation-tags.png").is_file()


def test_no_results_are_told_with_what_makes_some(tmp_path):
    with pytest.raises(SecoError, match=r"results holds no results of a study: run one, such as `seco experiment"):
        report(tmp_path)


@pytest.mark.parametrize("damage", ["results", "page"])
def test_a_damaged_file_is_named_and_nothing_is_written(tmp_path, damage):
    write_rows(results_file(tmp_path / "results", ABLATION), [row("SeCo", 0)])
    (tmp_path / "docs").mkdir()
    if damage == "results":
        results_file(tmp_path / "results", SWEEP).write_text("study,variant\nsweep-size,x\n")
    else:
        (tmp_path / "docs/results.md").write_text("<!-- results of ablation -->\n")
    told = "sweep-size.csv holds no results of a study" if damage == "results" else "no pair of"
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SecoError, match=told):
        report(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_split_that_was_not_scored_is_refused_with_those_that_were():
    rows = [row("SeCo", 0)]
    with pytest.raises(SecoError, match="no segmentation was scored on 'test': choose one of val"):
        measures_of(rows, Splits(seeds="train", segmentations="test"))
    with pytest.raises(SecoError, match="no cam seed was scored on 'val': choose one of train"):
        measures_of(rows, Splits(seeds="val", segmentations="val"))
    unmeasured = [item._replace(metrics={"training/seconds": 3.0}) for item in rows]
    with pytest.raises(SecoError, match="no cam seed was scored on 'train': it needs masks"):
        measures_of(unmeasured, SPLITS)
