import pytest

from seco.reporting.figures import confusion_figure, overview_figure
from seco.reporting.lettering import lettered
from tests.names import HOSTILE
from tests.reporting.test_figures import _rows


def bars(name: str) -> bytes:
    return confusion_figure({name: {name: [0.5, 3.0]}}, class_names=(name, "dog"))


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_drawn_without_a_warning(name: str) -> None:
    assert bars(name).startswith(b"\x89PNG")  # a warning is an error in this suite
    assert overview_figure(_rows(1, 20), legend=[(name, (1.0, 0.5, 0.0)), ("dog", (0.5, 0.5, 0.0))]) != overview_figure(
        _rows(1, 20), legend=[("dog", (1.0, 0.5, 0.0)), ("dog", (0.5, 0.5, 0.0))]
    )


@pytest.mark.parametrize(("name", "lost"), [("5$ or 10$", "5 or 10"), ("5$ or 10$", "5or10"), ("a$^2$", "a2")])
def test_signs_of_formulas_are_drawn(name: str, lost: str) -> None:
    assert bars(name) != bars(lost)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("traffic light", "traffic light"),
        ("two\nlines", r"two\nlines"),
        ("a" * 41, "a" * 39 + "…"),
        ("\U0002f9f4", "U+2F9F4"),  # a rare sign that none of the fonts has
        ("כלב", "כלב"),
    ],
)
def test_a_name_is_one_line_of_drawable_signs(name: str, drawn: str) -> None:
    assert lettered(name) == drawn


def test_a_legend_of_long_names_has_fewer_columns_and_grows_downwards() -> None:
    import io

    from PIL import Image

    def height(names: list[str]) -> int:
        legend = [(name, (1.0, 0.5, 0.0)) for name in names]
        return Image.open(io.BytesIO(overview_figure(_rows(1, 20), legend=legend))).height

    assert height([f"{index}" for index in range(8)]) < height([f"{index}" * 40 for index in range(8)])
