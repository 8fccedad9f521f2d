import pytest

from seco.errors import SecoError
from seco.studies.page import Section, compose_section, put_sections
from seco.studies.scores import Measures
from seco.studies.studies import Study, Variant
from tests.studies.rows import row

MEASURES = Measures("train", "val", ("boat", "person"))
STUDY = Study(
    "ablation",
    "What each part brings",
    ("scores", "classes"),
    (Variant("baseline", {"method": "baseline"}, "SeCo"), Variant("SeCo", {}, "SeCo")),
)
OLD = """# Results

A note of one's own.

<!-- results of ablation -->
old
<!-- end of ablation -->

Another note.
"""


def put(page: str, *sections: Section) -> str:
    return put_sections(page, sections, results="benchmarks/results")


def test_a_section_says_what_was_compared_and_how_to_do_it_again():
    rows = [
        row("baseline", 0, changes="train.steps=9 method=baseline seed=0", miou=0.3),
        row("baseline", 2, changes="train.steps=9 method=baseline seed=2", miou=0.4),
        row("SeCo", 0, changes="train.steps=9 seed=0", miou=0.5)._replace(commit="def5678"),
    ]
    pictures = {"What helps": "images/ablation.png", "Tags": "images/tags.png"}
    section = compose_section(STUDY, rows, MEASURES, pictures=pictures)
    assert section.study == "ablation"
    assert section.text.startswith(
        "## What each part brings\n\n"
        "Compared: baseline and SeCo; seeds 0 and 2, at commit abc1234 and def5678.\n\n"
        "```bash\nseco experiment ablation --seeds 0,2 -S train.steps=9\n```\n\n"
        "Segmentations are those of val after the last refinement; CAM seeds and refined masks those of train.\n\n"
        "Scores; Δ is the difference to SeCo on the same seeds:\n\n| variant | seeds | CAM mIoU % | mask mIoU % |"
    )
    assert "| baseline | 2 | 40.0 ± 0.0 | 45.0 ± 0.0 | 35.0 ± 7.1 |" in section.text
    assert "IoU in percent and, in brackets, the confusion ratio:\n\n| class | baseline | SeCo |" in section.text
    assert section.text.endswith("\n\n![What helps](images/ablation.png)\n\n![Tags](images/tags.png)")


def test_runs_of_other_settings_than_the_rest_are_no_secret():
    rows = [row("SeCo", seed, changes=f"train.steps={steps} seed={seed}") for seed, steps in ((0, 9), (1, 9))]
    assert "other settings" not in compose_section(STUDY, rows, MEASURES, pictures={}).text
    rows.append(row("SeCo", 2, changes="train.steps=8 seed=2"))
    text = compose_section(STUDY, rows, MEASURES, pictures={}).text
    assert "**Some runs had other settings than the rest**" in text
    assert "seco experiment ablation --seeds 0,1,2\n" in text


def test_a_sweep_tells_its_key_and_values_and_its_lines():
    alone = Study("sweep-size", "Sizes", ("scores",), (), key="patch_size")
    rows = [row(f"patch_size={value}", 1, value=value, reference="patch_size=64") for value in ("32", "64", "96")]
    text = compose_section(alone, rows, MEASURES, pictures={}).text
    assert "Compared: `patch_size` at 32, 64 and 96; seed 1, at commit abc1234." in text
    assert "seco experiment sweep size --seeds 1\n" in text
    assert "difference to patch_size=64 on" in text
    lined = [
        row(f"{line}, {value}", 1, line=line, value=value, reference=f"SeCo, {value}")
        for value in ("0", "1")
        for line in ("ToCo", "SeCo")
    ]
    text = compose_section(alone, lined, MEASURES, pictures={}).text
    assert "Compared: ToCo and SeCo, `patch_size` at 0 and 1;" in text
    assert "difference to the reference at the same value on" in text


def test_a_new_page_tells_how_to_read_it():
    page = put("", Section("ablation", "new"))
    assert page.startswith("# Results\n\nMade by `seco experiment report` from the runs in `benchmarks/results`")
    assert page.endswith("\n\n<!-- results of ablation -->\nnew\n<!-- end of ablation -->\n")


def test_a_section_takes_the_place_of_its_older_self_and_all_else_stays():
    text = r"a \1 backslash"
    assert put(OLD, Section("ablation", text)) == OLD.replace("old", text)
    both = put(OLD, Section("ablation", "new"), Section("rivals", "more"))
    assert both == OLD.replace("old", "new") + "\n<!-- results of rivals -->\nmore\n<!-- end of rivals -->\n"
    assert put(both, Section("rivals", "more")) == both


@pytest.mark.parametrize(
    "page",
    [
        OLD.replace("<!-- end of ablation -->", ""),
        OLD.replace("<!-- results of ablation -->", ""),
        OLD + OLD,
        "<!-- end of ablation -->\nx\n<!-- results of ablation -->\n",
    ],
)
def test_marks_that_are_no_pair_are_named_before_a_note_is_lost(page):
    with pytest.raises(SecoError, match="no pair of `<!-- results of ablation -->` and `<!-- end of ablation -->`"):
        put(page, Section("ablation", "new"))
