import re
from pathlib import Path

import pytest
import yaml
from PIL import Image

from scenes.drawing.bias import CLASSES as DEMO
from seco.errors import SecoError
from seco.studies.definitions import Studies
from seco.studies.report import write_results_page
from seco.studies.results import Row, add_rows
from tests.studies.projects import write
from tests.studies.rows import row

STUDIES = {
    "ablation": {
        "about": "What each part brings",
        "reference": "SeCo",
        "tables": ["scores", "classes"],
        "variants": {"baseline": {"method": "baseline"}, "without LiL": {"weight": 0.0}, "SeCo": {}},
    },
    "rivals": {"about": "Rivals", "reference": "SeCo", "tables": ["cost"], "variants": {"SeCo": {}}},
    "sweeps": {"size": {"about": "Sizes", "key": "patch_size", "values": [32]}},
    "biased": [{"of": list(DEMO), "classes": ["boat", "person"]}],
}
OLD = """# Results

A note of one's own.

<!-- results of ablation -->
old
<!-- end of ablation -->

Another note.
"""


def report(folder: Path, rows: dict[str, list[Row]]) -> tuple[list[str], str]:
    """Write a report of some rows by study; return the studies that it names and the page."""
    (folder / "studies.yaml").write_text(yaml.safe_dump(STUDIES, sort_keys=False))
    for name, found in rows.items():
        add_rows(folder / f"results/{name}.csv", found)
    page, places = folder / "docs/results.md", {"results": folder / "results", "pictures": folder / "docs/images"}
    settings = {"patch_size": 64}
    studies = Studies(folder / "studies.yaml")
    written = write_results_page(studies, settings, page=page, seed_split="train", split="val", **places)
    return written, page.read_text()


def test_a_section_names_what_was_compared_the_command_and_the_pictures(tmp_path):
    rows = [
        row("baseline", 0, changes="train.steps=9 method=baseline seed=0", miou=0.3),
        row("baseline", 2, changes="train.steps=9 method=baseline seed=2", miou=0.4),
        row("SeCo", 0, changes="train.steps=9 seed=0", miou=0.5, purity=0.8, commit="def5678"),
    ]
    written, page = report(tmp_path, {"ablation": rows})
    assert written == ["ablation"]
    assert page.startswith("# Results\n\nMade by `seco experiment report` from the runs in `")
    _, section = page.split("<!-- results of ablation -->\n")
    assert section.startswith(
        "## What each part brings\n\n"
        "Compared: baseline and SeCo; seeds 0 and 2, at commit abc1234 and def5678.\n\n"
        "```bash\nseco experiment ablation --seeds 0,2 -S train.steps=9\n```\n\n"
        "Segmentations are those of val after the last refinement; CAM seeds and refined masks those of train.\n\n"
        "Scores; Δ is the difference to SeCo on the same seeds:\n\n| variant | seeds | CAM mIoU % | mask mIoU % |"
    )
    assert "| baseline | 2 | 40.0 ± 0.0 | 45.0 ± 0.0 | 35.0 ± 7.1 |" in section
    assert "IoU in percent and, in brackets, the confusion ratio:\n\n| class | baseline | SeCo |" in section
    images = {"What each part brings": "ablation", "Right patch tags over time": "ablation-tags"}
    shown = "\n\n".join(f"![{title}](images/{name}.png)" for title, name in images.items())
    assert section.endswith(f"\n\n{shown}\n<!-- end of ablation -->\n")
    for name in images.values():
        with Image.open(tmp_path / f"docs/images/{name}.png") as image:
            assert image.width > 1000


def test_variants_stand_in_the_order_of_their_study_and_unknown_ones_last(tmp_path):
    found = [("unknown", 0), ("SeCo", 1), ("without LiL", 1), ("baseline", 0), ("SeCo", 0)]
    _, page = report(tmp_path, {"ablation": [row(*run) for run in found]})
    table = re.findall(r"^\| (baseline|without LiL|SeCo|unknown) \|", page, re.MULTILINE)
    assert table == ["baseline", "without LiL", "SeCo", "unknown"]


def test_runs_of_other_settings_than_the_rest_are_pointed_out(tmp_path):
    rows = [row("SeCo", seed, changes=f"train.steps=9 seed={seed}") for seed in (0, 1)]
    assert "other settings" not in report(tmp_path, {"ablation": rows})[1]
    _, page = report(tmp_path, {"ablation": [row("SeCo", 2, changes="train.steps=8 seed=2")]})
    assert "**Some runs had other settings than the rest**" in page
    assert "seco experiment ablation --seeds 0,1,2\n" in page


def test_a_sweep_names_its_key_and_values_and_its_lines(tmp_path):
    rows = [row(f"patch_size={value}", 1, value=value, reference="patch_size=64") for value in ("32", "64", "96")]
    _, page = report(tmp_path, {"sweep-size": rows})
    assert "Compared: `patch_size` at 32, 64 and 96; seed 1, at commit abc1234." in page
    assert "seco experiment sweep size --seeds 1\n" in page
    assert "difference to patch_size=64 on" in page
    (tmp_path / "results/sweep-size.csv").unlink()
    lined = [
        row(f"{line}, {value}", 1, line=line, value=value, reference=f"SeCo, {value}")
        for value in ("0", "1")
        for line in ("ToCo", "SeCo")
    ]
    _, page = report(tmp_path, {"sweep-size": lined})
    assert "Compared: ToCo and SeCo, `patch_size` at 0 and 1;" in page
    assert "difference to the reference at the same value on" in page


def test_a_section_takes_the_place_of_its_older_self_and_all_else_stays(tmp_path):
    write(tmp_path, {"docs/results.md": OLD})
    written, page = report(tmp_path, {"ablation": [row(r"a \1 backslash", 0)], "rivals": [row("SeCo", 0)]})
    assert written == ["ablation", "rivals"]
    head, tail = OLD.split("old")
    assert page.startswith(head)
    assert f"{tail}\n<!-- results of rivals -->\n## Rivals\n" in page
    assert r"| a \\1 backslash | 1 |" in page
    assert report(tmp_path, {})[1] == page


@pytest.mark.parametrize(
    "page",
    [
        OLD.replace("<!-- end of ablation -->", ""),
        OLD.replace("<!-- results of ablation -->", ""),
        OLD + OLD,
        "<!-- end of ablation -->\nx\n<!-- results of ablation -->\n",
    ],
)
def test_marks_that_are_no_pair_are_named_and_nothing_is_written(tmp_path, page):
    write(tmp_path, {"docs/results.md": page})
    with pytest.raises(SecoError, match="no pair of `<!-- results of ablation -->` and `<!-- end of ablation -->`"):
        report(tmp_path, {"ablation": [row("SeCo", 0)]})
    assert (tmp_path / "docs/results.md").read_text() == page
    assert [*(tmp_path / "docs").iterdir()] == [tmp_path / "docs/results.md"]
