"""The demo's stand-in for ImageNet, in small: pictures, two steps, and a file that an encoder starts from."""

import numpy as np
import pytest
import torch

from scenes import pretraining
from scenes.drawing.bias import CLASSES
from scenes.pretraining import draw_objects, fresh_encoder, pretrain_encoder, save_encoder
from seco.errors import SecoError
from seco.models.encoder import build_encoder

COUNT, SIZE = 20, 32
NAME = "vit_tiny_patch16_224"


@pytest.fixture(scope="module")
def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    return draw_objects(COUNT, size=SIZE, seed=0, advance=lambda: None)


def pretrained(pictures, *, seed=0):
    notes: list[str] = []
    encoder = fresh_encoder(NAME, depth=1, seed=0)
    images, labels = pictures
    pretrain_encoder(
        encoder,
        images,
        labels,
        steps=2,
        batch_size=4,
        learning_rate=1e-3,
        seed=seed,
        advance=lambda _, note: notes.append(note),
    )
    assert len(notes) == 2
    assert all(note.startswith("loss ") for note in notes)
    return encoder


def same(one, other) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


def test_pictures_are_of_one_size_differ_and_show_the_classes_in_turn(pictures):
    images, labels = pictures
    assert images.shape == (COUNT, 3, SIZE, SIZE)
    assert images.dtype == torch.uint8
    assert len(np.unique(images.flatten(1).numpy(), axis=0)) == COUNT
    assert labels.shape == (COUNT,)
    assert len(labels.unique()) >= len(CLASSES), "as many as there are classes, and perhaps pictures of none"
    assert labels.bincount().max() - labels.bincount().min() <= 1


def test_pictures_are_those_of_the_seed(pictures, monkeypatch):
    monkeypatch.setattr(pretraining, "process_map", map)  # in this process: others take seconds to start
    steps: list[None] = []
    again, _ = draw_objects(4, size=SIZE, seed=0, advance=lambda: steps.append(None))
    assert torch.equal(again, pictures[0][:4])
    assert len(steps) == 4
    other, _ = draw_objects(1, size=SIZE, seed=1, advance=lambda: None)
    assert not torch.equal(other[0], again[0])


def test_fresh_weights_are_those_of_the_seed():
    assert same(fresh_encoder(NAME, depth=1, seed=3), fresh_encoder(NAME, depth=1, seed=3))
    assert not same(fresh_encoder(NAME, depth=1, seed=3), fresh_encoder(NAME, depth=1, seed=4))


def test_training_moves_every_part_of_the_encoder_and_repeats_itself(pictures):
    state = torch.random.get_rng_state()
    encoder = pretrained(pictures)
    assert torch.equal(torch.random.get_rng_state(), state), "the global generator is left alone"
    before = fresh_encoder(NAME, depth=1, seed=0).state_dict()
    still = [name for name, weight in encoder.state_dict().items() if torch.equal(weight, before[name])]
    assert still == []
    assert same(encoder, pretrained(pictures))
    assert not same(encoder, pretrained(pictures, seed=1))


def test_the_file_is_in_half_precision_and_starts_an_encoder(pictures, tmp_path):
    encoder = pretrained(pictures)
    path = tmp_path / "assets" / "weights.safetensors"
    save_encoder(encoder, path)
    weights = sum(weight.numel() for weight in encoder.parameters())
    assert path.stat().st_size < 2.1 * weights + 10_000
    loaded = build_encoder(NAME, pretrained=path, depth=1)
    for name, weight in loaded.state_dict().items():
        assert torch.equal(weight, encoder.state_dict()[name].half().float()), name
    with pytest.raises(SecoError, match=r"set backbone\.name and backbone\.depth"):
        build_encoder(NAME, pretrained=path, depth=2)
