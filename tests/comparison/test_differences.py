from pathlib import Path

import pytest

from seco.comparison.differences import (
    class_differences,
    common_masks,
    main_scores,
    score_differences,
    setting_differences,
)
from seco.comparison.page import answer, sections, shown_scores
from seco.comparison.runs import Run, read_run
from seco.errors import SecoError
from seco.scores.counts_file import CountsKey, last_variants
from tests.comparison.make_runs import CLASSES, MASKS, SEEDS, counts_of, write_run


def runs_of(root: Path, *gains: int, **options) -> list[Run]:
    paths = (root / str(index) for index in range(len(gains)))
    return [read_run(str(write_run(path, gain, **options))) for path, gain in zip(paths, gains, strict=True)]


def test_differences_by_hand(tmp_path: Path) -> None:
    runs = runs_of(tmp_path, 0, 60, 0)
    scores = score_differences(runs, common_masks(runs))
    assert scores["run"].tolist()[:3] == [run.name for run in runs]
    rows = scores.loc[(scores["kind"] == "segmentation") & (scores["metric"] == "miou")]
    # Horse: 10 of 20 + 19 falsely called ones (10 of background, on average 9 of sofa): IoU 10 / 39, then 70 / 99.
    gain = (70 / 99 - 10 / 39) / 3
    first, better, same = rows.to_dict("records")
    assert better["difference"] == pytest.approx(gain)
    assert better["value"] - first["value"] == pytest.approx(gain)
    assert better["difference_low"] < gain < better["difference_high"]
    assert (same["difference"], same["difference_low"], same["difference_high"]) == (0, 0, 0)
    assert rows["verdict"].tolist() == ["reference", "better", "no difference"]
    confused = scores.loc[(scores["kind"] == "segmentation") & (scores["metric"] == "confusion_ratio")]
    assert confused["difference"].iloc[1] == pytest.approx((19 / 70 - 19 / 10) / 2)
    assert confused["verdict"].tolist() == ["reference", "better", "no difference"], "less confusion is better"


def test_seeds_are_averaged_and_widen_the_interval(tmp_path: Path) -> None:
    low, high = (str(write_run(tmp_path / name, gain)) for name, gain in (("low", 50), ("high", 60)))
    base = read_run(",".join(str(write_run(tmp_path / name, 0)) for name in ("a", "b")))
    both = read_run(f"{low},{high}")
    (row,) = (
        score_differences([base, both], [MASKS]).query("metric == 'miou' and verdict != 'reference'").to_dict("records")
    )
    gains = [(iou - 10 / 39) / 3 for iou in (60 / 89, 70 / 99)]
    assert row["difference"] == pytest.approx(sum(gains) / 2)
    assert row["difference_low"] < gains[0], "a resample may draw the same seed twice"
    assert row["difference_high"] > gains[1]
    assert setting_differences([base, both]).empty
    with pytest.raises(SecoError, match="one run has 2 seeds and the other 1: name as many of both"):
        score_differences([base, read_run(low)], [MASKS])


def test_classes_by_hand(tmp_path: Path) -> None:
    runs = runs_of(tmp_path, 60, 0)
    table = class_differences(runs, MASKS)
    assert table["class"].tolist() == ["background", *CLASSES]
    assert table["difference"].tolist() == pytest.approx([0, 10 / 39 - 70 / 99, 0])
    assert table["verdict"].tolist() == ["no difference", "worse", "no difference"]


def test_settings_that_differ(tmp_path: Path) -> None:
    one = read_run(str(write_run(tmp_path / "a", 0, settings="seed: 0\ntrain: {steps: 5}\n")))
    other = read_run(str(write_run(tmp_path / "b", 0, settings="seed: 0\ntrain: {steps: 9}\nnew: [1]\n")))
    assert setting_differences([one, other]).to_numpy().tolist() == [["train.steps", "5", "9"], ["new", "–", "[1]"]]


def test_what_people_read(tmp_path: Path) -> None:
    runs = runs_of(tmp_path, 0, 60)
    scores = score_differences(runs, common_masks(runs))
    main = main_scores(scores)
    first, second = (run.name for run in runs)
    assert answer(main).startswith(f"mIoU against {first} (segmentation, crf, val): {second} better, +15.0 (")
    shown = shown_scores(main, intervals=False)
    assert shown.columns.tolist() == [
        "masks",
        "split",
        "score",
        f"{first} (reference)",
        "run",
        "value",
        "difference",
        "verdict",
    ]
    assert shown["score"].tolist() == ["mIoU %", "confusion ratio"] * 2, "no boundary was counted"
    classes = {key: class_differences(runs, key) for key in (SEEDS, MASKS)}
    keys = [section.key for section in sections(scores, classes, setting_differences(runs))]
    assert keys == ["scores", "classes-0", "classes-1"], "no setting differs"


def test_the_last_variant_is_the_most_refined() -> None:
    keys = [CountsKey("segmentation", split, variant) for variant in ("multi_scale", "crf") for split in ("a", "b")]
    assert last_variants(keys) == keys[2:]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"images": 5}, "7 images were scored in one run only, such as 10"),
        ({"data": "other"}, "the runs were scored on different data"),
    ],
)
def test_runs_of_other_images_are_refused(tmp_path: Path, options: dict, sentence: str) -> None:
    runs = [*runs_of(tmp_path, 0), read_run(str(write_run(tmp_path / "other", 0, **options)))]
    with pytest.raises(SecoError, match=sentence):
        score_differences(runs, common_masks(runs))


def test_runs_without_common_masks_are_refused(tmp_path: Path) -> None:
    (run,) = runs_of(tmp_path, 0)
    (stored,) = run.seeds
    other = run._replace(seeds=(stored._replace(counts={CountsKey("refined", "val", ""): stored.counts[MASKS]}),))
    with pytest.raises(SecoError, match="have no masks with scores in common"):
        common_masks([run, other])
    empty = stored._replace(counts=dict.fromkeys((SEEDS, MASKS), counts_of(0, images=0)))
    nothing = run._replace(seeds=(empty,))
    with pytest.raises(SecoError, match="have no masks with scores in common"):
        common_masks([nothing, nothing])
