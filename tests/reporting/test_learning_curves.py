from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.reporting.blocks import Chart, Prose
from seco.reporting.learning_curves import curves_section


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / "plots/metrics" / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_group_of_curves_is_a_chart_and_losses_come_first(tmp_path: Path) -> None:
    _write(tmp_path, "rate", "step\trate\n10\t0.1\n")
    _write(tmp_path, "bad_steps", "step\tbad_steps\n10\t0\n")
    _write(tmp_path, "tags/right_0", "step\tright_0\n10\t0.5\n")
    for name in ("total", "cls"):
        _write(tmp_path, f"loss/{name}", f"step\t{name}\n10\t3\n20\tnan\n30\t1.5\n")
    losses, rate = curves_section(tmp_path).blocks
    assert isinstance(losses, Chart)
    assert isinstance(rate, Chart)
    assert losses.spec["data"]["values"] == [
        {"x": step, "y": value, "curve": name} for name in ("cls", "total") for step, value in ((10, 3.0), (30, 1.5))
    ]
    assert "total from 3 to 1.5" in losses.alt


def test_a_long_curve_is_shown_by_means_of_neighbours(tmp_path: Path) -> None:
    rows = "".join(f"{step}\t{step % 2}\n" for step in range(1000))
    _write(tmp_path, "loss/total", f"step\ttotal\n{rows}")
    (chart,) = curves_section(tmp_path).blocks
    assert isinstance(chart, Chart)
    assert chart.spec["data"]["values"][:2] == [
        {"x": 3, "y": 0.5, "curve": "total"},
        {"x": 7, "y": 0.5, "curve": "total"},
    ]
    assert len(chart.spec["data"]["values"]) == 250


def test_without_curves_the_section_says_so(tmp_path: Path) -> None:
    (text,) = curves_section(tmp_path / "nowhere").blocks
    assert isinstance(text, Prose)
    assert "holds no learning curves: `seco train` writes them" in text.text


@pytest.mark.parametrize("rows", ["", "\t1.5\n", "1\tnan\n", "1\t0\n"])
def test_a_curve_without_a_point_on_its_axis_makes_no_chart(tmp_path: Path, rows: str) -> None:
    _write(tmp_path, "loss/total", f"step\ttotal\n{rows}")
    _write(tmp_path, "rate", "step\trate\n10\t0.1\n")
    (chart,) = curves_section(tmp_path).blocks
    assert isinstance(chart, Chart)
    assert chart.caption == "Learning rate."
    (tmp_path / "plots/metrics/rate.tsv").unlink()
    (text,) = curves_section(tmp_path).blocks
    assert isinstance(text, Prose)


@pytest.mark.parametrize("text", ["", "step\tother\n1\t2\n", "step\ttotal\n1\tx\n", "\x00\xff"])
def test_a_damaged_curve_is_refused_by_name(tmp_path: Path, text: str) -> None:
    _write(tmp_path, "loss/total", text)
    with pytest.raises(SecoError, match=r"total\.tsv is no learning curve .*run `seco train` again"):
        curves_section(tmp_path)
