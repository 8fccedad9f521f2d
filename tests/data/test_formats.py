import pkgutil
from pathlib import Path

import pytest
import yaml

from seco.data.formats import FORMATS, Format
from seco.data.listing import ListedImage, Listing, ReaderInput
from seco.storage.manifest import read_manifest
from tests.data.trees import prepared
from tests.imports import ROOT
from tests.pipeline.conftest import run_stage


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_reader(name: str) -> None:
    assert callable(pkgutil.resolve_name(FORMATS[name].reader))


def read_names(data: ReaderInput) -> Listing:
    """List the images of a dummy format: the label is the letter that a file's name starts with."""
    paths = sorted((data.root / data.places[None]).glob("*.jpg"))
    return Listing([ListedImage(None, path, "dummy", (path.name[0],), None) for path in paths])


@pytest.fixture
def dummy(own: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of a format that is registered from outside."""
    monkeypatch.setitem(FORMATS, "dummy", Format(f"{__name__}:read_names", takes_source=True))
    return own


def test_a_format_from_outside_is_read(dummy: Path) -> None:
    assert prepared(dummy, "dummy", source="photos").labels == {"a": ("a",)}


def test_a_format_from_outside_is_prepared(dummy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    values["prepare"] |= {"root": str(dummy), "format": "dummy", "classes": None, "lists": None}
    values["prepare"] |= {"source": "photos", "difficult": None}
    values["refine"]["splits"] = values["predict"]["splits"] = ["train"]
    values["train"]["judge_tags"] = False
    Path("params.yaml").write_text(yaml.safe_dump(values))
    assert run_stage(Path(), "prepare") == 0
    assert [record.id for record in read_manifest(Path("data/prepare")).records] == ["a"]
    values["prepare"] |= {"source": None, "difficult": True}
    Path("params.yaml").write_text(yaml.safe_dump(values))
    assert run_stage(Path(), "prepare") == 1
    told = capsys.readouterr().err
    assert "prepare.source: None is not allowed: format dummy takes either a source or a file a split" in told
    assert "prepare.difficult: True is not allowed: format dummy marks no object as difficult, write null" in told
