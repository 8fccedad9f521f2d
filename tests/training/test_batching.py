import pytest

from seco.config.recipes import compose
from seco.errors import SecoError
from seco.training import batching
from seco.training.batching import describe_batches
from tests.imports import ROOT
from tests.settings import small_settings


def described(monkeypatch: pytest.MonkeyPatch, *, world: int, batch: int, classes: str = "demo") -> str:
    monkeypatch.setattr("seco.compute.distributed.world_size", lambda: world)
    monkeypatch.setattr(batching, "world_size", lambda: world)
    return describe_batches(small_settings(**{"train.batch_size": batch, "prepare.classes": classes}))


def test_a_batch_is_told_with_its_shares(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert described(monkeypatch, world=1, batch=8) == "batches of 8 on one CPU"
    assert described(monkeypatch, world=3, batch=8) == "batches of 8, as 2 + 3 + 3 on 3 processes (CPU)"


def test_another_batch_than_the_papers_is_pointed_out(monkeypatch):
    assert "paper" not in described(monkeypatch, world=2, batch=4, classes="voc")
    told = described(monkeypatch, world=1, batch=1, classes="voc")
    assert told.endswith("; the paper trains PASCAL VOC with 4: expect other results")


@pytest.mark.parametrize(("classes", "recipe"), [("voc", "voc2012"), ("coco", "coco2014")])
def test_the_papers_batch_is_that_of_the_recipe(classes, recipe):
    assert batching.PAPER_BATCH[classes][1] == compose(ROOT / "recipes", recipe).values["training"]["batch_size"]


def test_every_process_needs_an_image(monkeypatch):
    with pytest.raises(SecoError, match="batch_size is 2, the images of a step on all 3 processes together: raise it"):
        described(monkeypatch, world=3, batch=2)
