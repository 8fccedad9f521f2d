import pkgutil
from pathlib import Path

import pytest

from seco.conversion.convert import Options, Target
from seco.conversion.formats import FORMATS, Format, find_format
from seco.conversion.mask_set import MaskSet
from seco.errors import SecoError
from tests.conversion.masks import converted


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_writer_and_options_that_exist(name: str) -> None:
    assert callable(pkgutil.resolve_name(FORMATS[name].writer))
    assert set(FORMATS[name].options) <= set(Options.__dataclass_fields__)


def write_sums(masks: MaskSet, target: Target, options: Options) -> None:
    """Write the sum of each mask, and whether `polygons` was set."""
    sums = [int(total) for _, total in masks.each(lambda _, mask: mask.sum(), target.progress)]
    target.path.write_text(f"{sums} {options.polygons} {target.final}")


@pytest.mark.usefixtures("masks")
def test_a_format_from_outside_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "sums", Format(f"{__name__}:write_sums", suffixes=(".txt",), options=("polygons",)))
    text = converted("sums", "out.txt", polygons=True).read_text()
    assert text.endswith(", 0, 60] True out.txt")


def test_an_unknown_format_or_an_option_of_another_is_refused() -> None:
    with pytest.raises(SecoError, match=r"there is no format 'COCO-result': did you mean coco-results\?"):
        find_format("COCO-result")
    with pytest.raises(SecoError) as error:
        Options(coco_images=Path("x")).require_used("coco")
    assert str(error.value) == "--coco-images does nothing for the format coco, only for coco-results: leave it out"
