import pandas as pd

from seco.reporting.page import compose_page

KEY = {"masks": "CAM seed", "split": "val"}
CLASSES = pd.DataFrame([{**KEY, "class": "cat", "iou_percent": 50.0, "confusion_ratio": 0.25}])
PAIR = {"class": "cat", "other": "dog", "images_together": 0, "lift": 0.0, "confusion_ratio": 0.5}


def _context(context: str, images_with: int, images_without: int, difference: float) -> dict[str, object]:
    images = {"images_with": images_with, "images_without": images_without}
    return {**KEY, "context": context, "class": "cat", **images, "difference": difference}


def _page(contexts: list[dict[str, object]], *, rows: int = 2) -> str:
    return compose_page(
        headline=pd.DataFrame([{**KEY, "images": 3, "miou_percent": 50.0}]),
        classes=CLASSES,
        pairs=pd.DataFrame([{**KEY, **PAIR}]),
        contexts=pd.DataFrame(contexts),
        notes=["a note"],
        figures=["figures/x.png"],
        rows=rows,
    )


def test_contexts_are_ranked_bounded_and_those_of_few_images_left_out() -> None:
    contexts = [
        _context("rails", 10, 30, 0.5),
        _context("street", 9, 30, 9.0),
        _context("studio", 30, 9, 9.0),
        _context("water", 20, 20, 0.75),
        _context("sky", 20, 20, 0.1),
    ]
    lines = [line for line in _page(contexts).splitlines() if line.startswith("| CAM seed | val | ")]
    assert [line.split(" | ")[2] for line in lines[1:]] == ["water", "rails"]


def test_empty_sections_are_left_out_and_notes_are_listed() -> None:
    page = _page([_context("street", 1, 1, 9.0)])
    assert "## Contexts" not in page
    assert "## Classes that occur together" not in page
    assert "\n- a note\n" in page
    assert "![figures/x.png](figures/x.png)" in page
