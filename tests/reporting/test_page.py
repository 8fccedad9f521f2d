import re
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from seco.reporting.blocks import Chart, Heading, Legend, Picture, Points, Prose, Section, Strip, Table
from seco.reporting.charts import curves, matrix
from seco.reporting.page.compose import compose
from seco.reporting.page.views import data_uri, least_width, table_view

PNG = b"\x89PNG\r\n"
EVERY_BLOCK = (
    Heading("a heading"),
    Prose("a < b"),
    Points(("one", "two"), ordered=True),
    Table(pd.DataFrame({"class": ["cat"], "iou_percent": [12.34]}), "a table"),
    Picture(PNG, 'alt "text"', "below"),
    Strip("a strip", (Picture(PNG, "one"), Picture(PNG, "two"))),
    Chart(curves([{"x": 1, "y": 2, "curve": "</script>"}], x="x", y="y"), "a chart"),
    Legend((("cat", (1.0, 0.0, 0.5)),)),
)


def test_every_block_is_shown_and_a_section_without_blocks_is_not() -> None:
    sections = (Section("one", "First", EVERY_BLOCK), Section("two", "Second", ()))
    page = compose(sections, title="T", answer="A & B", facts=("fact",))
    for shown in (
        *("<h3>a heading</h3>", "<p>a &lt; b</p>", '<ol class="points"><li>one</li>', "<span>a table</span>", "12.3"),
        *('alt="alt &#34;text&#34;"', "<figcaption>below</figcaption>", "a strip", 'aria-label="a chart"', "#ff0080"),
        *('<section id="one"', "A &amp; B", "fact"),
    ):
        assert shown in page, shown
    assert ">Second<" not in page
    assert "\\u003c/script\\u003e" in page, "names in charts cannot end the script"


def test_without_charts_the_page_is_small() -> None:
    assert len(compose((Section("one", "First", (Prose("text"),)),), title="T", answer="A")) < 20_000


def test_cells_are_sorted_by_their_numbers_and_what_is_not_defined_comes_first() -> None:
    frame = pd.DataFrame(
        {
            "class": ["cat", "dog", "7 seas"],
            "confusion_ratio": [np.inf, np.nan, 0.5],
            "gap %": ["-1.5 (-2.0 to 1.0)", "–", "10.0"],
        }
    )
    view = table_view(Table(frame, ""))
    assert [is_number for _, is_number in view.headings] == [False, True, True]
    words, ratios, gaps = zip(*view.rows, strict=True)
    assert [cell.sort for cell in words] == [None] * 3
    assert [cell.text for cell in ratios] == ["∞", "–", "0.50"]
    assert ratios[1].sort < ratios[2].sort < ratios[0].sort
    assert gaps[1].sort < gaps[0].sort < gaps[2].sort
    assert (gaps[0].text, gaps[0].interval) == ("-1.5", "(-2.0 to 1.0)")


def test_an_empty_table_has_its_headings() -> None:
    view = table_view(Table(pd.DataFrame({"class": []}), "none"))
    assert view.rows == ()
    assert [heading for heading, _ in view.headings] == ["class"]


def test_pictures_name_their_kind() -> None:
    assert data_uri(Picture(b"\xff\xd8\xff", "")).startswith("data:image/jpeg;base64,")
    assert data_uri(Picture(b"RIFF1234WEBP", "")).startswith("data:image/webp;base64,")
    with pytest.raises(ValueError, match="PNG, JPEG or WebP"):
        data_uri(Picture(b"GIF8", ""))


def test_a_matrix_needs_room_and_other_charts_none() -> None:
    names = [str(number) for number in range(80)]
    assert least_width(Chart(matrix([], y="a", x="b", value="c", order=names), "")) > 960
    assert least_width(Chart({}, "")) == 0


def _themes() -> list[dict[str, str]]:
    style = files("seco.reporting.page").joinpath("style.css").read_text(encoding="utf-8")
    roots = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#\w{6})", root)) for root in roots]


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def _contrast(one: str, other: str) -> float:
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _mixed(colour: str, paper: str, opacity: float) -> str:
    parts = [
        round(opacity * int(colour[start : start + 2], 16) + (1 - opacity) * int(paper[start : start + 2], 16))
        for start in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


@pytest.mark.parametrize("theme", _themes(), ids=["light", "dark"])
def test_text_and_lines_have_enough_contrast(theme: dict[str, str]) -> None:
    for name in ("ink", "muted", "accent"):
        for ground in ("paper", "raised"):
            assert _contrast(theme[name], theme[ground]) >= 4.5, (name, ground)
    for number in range(1, 9):
        assert _contrast(theme[f"series-{number}"], theme["paper"]) >= 3, number
    for percent in range(101):  # numbers in the cells of a matrix: see `charts.matrix`
        cell = _mixed(theme["heat"], theme["paper"], (percent / 100) ** 0.5)
        assert _contrast(theme["on-heat" if percent > 70 else "on-paper"], cell) >= 4.5, percent


def test_prose_is_one_paragraph_however_its_lines_are_broken() -> None:
    page = compose([Section("a", "A", (Prose("One\nline  of\ntext\n"),))], title="t", answer="a")
    assert "<p>One line of text</p>" in page
