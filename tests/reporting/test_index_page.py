import re
from html import unescape
from pathlib import Path

import pytest

from seco.reporting.page.compose import chart_library
from seco.storage.plain_text import escape_markdown, one_line
from tests.names import HOSTILE
from tests.reporting.page_run import page_of

SECTIONS = ("scores", "sure", "confusion", "cooccurrence", "images", "next", "audit", "training", "run")
LARGEST = 15_000_000
KNOWN_TAGS = """
html head meta link title style script body header a h1 h2 h3 h4 p ul ol li div nav main section table caption span
thead tbody tr th td button figure figcaption img noscript dialog form
"""


def text_of(page: str) -> str:
    """Return what a reader of a page without pictures reads, in one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)))


def test_the_page_answers_the_questions_in_their_order_and_needs_nothing_else(tmp_path: Path) -> None:
    page = page_of(tmp_path).read_text()
    assert re.findall(r'<section id="([\w-]+)"', page) == list(SECTIONS)
    text = text_of(page)
    assert "Segmentation, crf: mIoU 100.0 % on 2 images of val." in text
    for fact in (
        "Recipe: demo, 1 changed",
        "train.steps: 5 (demo: 500)",
        "0123456789ab",
        "ba9876543210",
        "some processor",
    ):
        assert fact in text, fact
    outside = page.replace(str(chart_library()), "")
    links = re.findall(r'(?:src|href|action)="([^"]*)|url\(([^)]*)|@import ([^;]*)', outside)
    assert {link for link in map("".join, links) if not link.startswith(("#", "data:"))} == set()
    assert page.count(str(chart_library())) == 1
    assert len(page.encode()) < LARGEST / 10
    assert len(re.findall(r"<img [^>]*alt=\"[^\"]+\"", outside)) == outside.count("<img ") - 1, (
        "the viewer's has none yet"
    )


def test_the_same_run_has_the_same_page(tmp_path: Path) -> None:
    first = page_of(tmp_path).read_bytes()
    assert page_of(tmp_path).read_bytes() == first


def test_without_truth_the_page_has_pictures_and_no_scores(tmp_path: Path) -> None:
    page = page_of(tmp_path, with_truth=False).read_text()
    assert re.findall(r'<section id="([\w-]+)"', page) == ["images", "next", "audit", "training", "run"]
    text = text_of(page)
    assert "No image has a truth mask: here are pictures, without scores." in text
    assert "draw masks of 50 to 100 images" in text
    assert "mIoU" not in text
    assert "nan" not in text
    assert page.count("data:image/webp") > 4


@pytest.mark.parametrize(
    ("names", "ids", "answer"),
    [
        (("cat",), ("a",), "Refined mask: mIoU 100.0 % on 1 image of train."),
        (("cat", "dog", "person"), ("b",), "Refined mask: mIoU 100.0 % on 1 image of train."),
        (("cat", "dog", "person"), ("c",), "Segmentation, crf: mIoU 100.0 % on 1 image of val."),
    ],
)
def test_one_class_or_one_image_is_enough(
    tmp_path: Path, names: tuple[str, ...], ids: tuple[str, ...], answer: str
) -> None:
    text = text_of(page_of(tmp_path, names=names, ids=ids).read_text())
    assert answer in text
    assert "nan" not in text


@pytest.mark.parametrize("first", [0, 13, 26])
def test_any_name_is_shown_as_it_is(tmp_path: Path, first: int) -> None:
    names = HOSTILE[first:] + HOSTILE[:first]
    path = page_of(tmp_path, names=names)
    page, markdown = path.read_text(), path.with_name("report.md").read_text()
    text = text_of(page)
    for name in names:
        assert re.sub(r"\s+", " ", one_line(name)) in text, name
        assert f"| {escape_markdown(name)} |" in markdown, name
    assert "<script>alert" not in page
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", page.replace(str(chart_library()), ""))
    tags = set(re.findall(r"<(\w+)", re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)))
    assert tags <= {*KNOWN_TAGS.split()}
