"""Pretraining of the demo's encoder, in small: pictures, two steps, and the file that training starts from."""

import pytest
import torch

from scenes import pretraining
from scenes.drawing.bias import CLASSES
from scenes.pretraining import draw_objects, fresh_encoder, pretrain_encoder, save_encoder
from seco.errors import SecoError
from seco.models.encoder import Encoder, build_encoder

COUNT, SIZE = 20, 32
NAME = "vit_tiny_patch16_224"


@pytest.fixture(scope="module")
def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    return draw_objects(COUNT, size=SIZE, seed=0, advance=lambda: None)


def pretrained(pictures, *, seed=0) -> Encoder:
    notes: list[str] = []
    encoder = fresh_encoder(NAME, depth=1, seed=0)
    options = {"steps": 2, "batch_size": 4, "learning_rate": 1e-3, "seed": seed}
    pretrain_encoder(encoder, *pictures, **options, advance=lambda _, note: notes.append(note))
    assert len(notes) == 2
    return encoder


def same(one: Encoder, other: Encoder) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


def test_pictures_have_one_size_differ_and_show_the_classes_in_turn(pictures):
    images, labels = pictures
    assert images.shape == (COUNT, 3, SIZE, SIZE)
    assert images.dtype == torch.uint8
    assert len(images.flatten(1).unique(dim=0)) == COUNT
    assert labels.bincount().tolist() == [2] * (len(CLASSES) + 1)


def test_the_seed_fixes_the_pictures(pictures, monkeypatch):
    monkeypatch.setattr(pretraining, "process_map", map)  # in this process: others take seconds to start
    steps: list[None] = []
    again, _ = draw_objects(4, size=SIZE, seed=0, advance=lambda: steps.append(None))
    assert torch.equal(again, pictures[0][:4])
    assert len(steps) == 4
    other, _ = draw_objects(1, size=SIZE, seed=1, advance=lambda: None)
    assert not torch.equal(other[0], again[0])


def test_the_seed_fixes_fresh_weights():
    assert same(fresh_encoder(NAME, depth=1, seed=3), fresh_encoder(NAME, depth=1, seed=3))
    assert not same(fresh_encoder(NAME, depth=1, seed=3), fresh_encoder(NAME, depth=1, seed=4))


def test_training_changes_every_weight_and_is_repeatable(pictures):
    state = torch.random.get_rng_state()
    encoder = pretrained(pictures)
    assert torch.equal(torch.random.get_rng_state(), state), "the global generator is left alone"
    before = fresh_encoder(NAME, depth=1, seed=0).state_dict()
    assert [name for name, weight in encoder.state_dict().items() if torch.equal(weight, before[name])] == []
    assert same(encoder, pretrained(pictures))
    assert not same(encoder, pretrained(pictures, seed=1))


def test_an_encoder_starts_from_the_file_which_is_in_half_precision(pictures, tmp_path):
    encoder, path = pretrained(pictures), tmp_path / "assets" / "weights.safetensors"
    save_encoder(encoder, path)
    assert path.stat().st_size < 2.1 * sum(weight.numel() for weight in encoder.parameters()) + 10_000
    loaded = build_encoder(NAME, pretrained=path, depth=1)
    for name, weight in loaded.state_dict().items():
        assert torch.equal(weight, encoder.state_dict()[name].half().float()), name
    with pytest.raises(SecoError, match=r"set backbone\.name and backbone\.depth"):
        build_encoder(NAME, pretrained=path, depth=2)
