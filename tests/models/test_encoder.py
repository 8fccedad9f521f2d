import copy
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from seco.compute.pixels import normalise
from seco.errors import SecoError
from seco.models.encoder import Encoder, build_encoder

TINY = "vit_tiny_patch16_224"


def tiny(*, depth: int = 1, name: str = TINY) -> Encoder:
    torch.manual_seed(0)
    return build_encoder(name, pretrained=False, depth=depth).eval()


def stored(path: Path, **changes: Any) -> Path:
    """Save the weights of a small timm ViT that has a classification head."""
    arguments = {"depth": 2, "num_classes": 10} | changes
    save_file(timm.create_model(TINY, **arguments).state_dict(), path)
    return path


@pytest.mark.parametrize(
    ("name", "prefix"),
    [(TINY, 1), ("vit_small_patch14_reg4_dinov2", 5), ("deit_tiny_distilled_patch16_224", 2)],
)
@pytest.mark.parametrize("grid", [(2, 3), (4, 4), (1, 5)])
def test_any_multiple_of_the_patch_is_encoded_and_registers_are_left_out(name, prefix, grid):
    encoder = tiny(name=name)
    images = torch.rand(2, 3, *(side * encoder.patch_size for side in grid))
    with torch.no_grad():
        tokens, plain = encoder(images), encoder.vit.forward_features(images)  # timm's own pass: [B, prefix + N, D]
    assert tokens.grid == grid
    assert tokens.final.shape == tokens.intermediate.shape == (2, grid[0] * grid[1], encoder.width)
    torch.testing.assert_close(tokens.class_token, plain[:, 0])
    torch.testing.assert_close(tokens.final, plain[:, prefix:])


@pytest.mark.parametrize(("depth", "block"), [(12, 9), (6, 3), (3, 0), (2, 0), (1, 0)])
def test_lambda_is_the_third_block_from_the_end(depth, block):
    encoder, left = tiny(depth=depth), []
    encoder.vit.blocks[block].register_forward_hook(lambda module, inputs, output: left.append(output))
    with torch.no_grad():
        tokens = encoder(torch.rand(1, 3, 32, 32))
    torch.testing.assert_close(tokens.intermediate, left[0][:, 1:])


def test_tokens_run_row_by_row():
    encoder, images = tiny(), torch.zeros(1, 3, 32, 48)
    changed = images.clone()
    changed[..., 16:, 32:] = 1.0  # the last of 2 x 3 patches
    embedded: list[Tensor] = []
    encoder.vit.patch_embed.register_forward_hook(lambda module, inputs, output: embedded.append(output.flatten(1, 2)))
    with torch.no_grad():
        tokens = encoder(images), encoder(changed)
    difference = (embedded[1] - embedded[0]).abs().sum(dim=-1).flatten()
    assert (difference > 0).tolist() == [False] * 5 + [True]
    assert tokens[0].grid == (2, 3)


def test_a_model_sees_images_in_its_own_normalisation():
    levels = torch.randint(256, (1, 3, 16, 16), dtype=torch.uint8)
    encoders = {
        kind: build_encoder(TINY, pretrained=False, depth=1, normalisation=kind) for kind in ("imagenet", "model")
    }
    seen: list[torch.Tensor] = []
    for encoder in encoders.values():
        encoder.vit.patch_embed.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
        encoder(normalise(levels))
    torch.testing.assert_close(seen[0], normalise(levels))
    torch.testing.assert_close(seen[1], levels / 127.5 - 1)  # timm trained this model with mean and deviation 0.5
    assert encoders["imagenet"].state_dict().keys() == encoders["model"].state_dict().keys()


@pytest.mark.parametrize("name", [TINY, "vit_small_patch14_reg4_dinov2"])
def test_position_embeddings_are_interpolated_with_or_without_antialias(name):
    torch.manual_seed(0)
    smooth = build_encoder(name, pretrained=False, depth=1)
    picked = build_encoder(name, pretrained=False, depth=1, antialias=False)
    picked.load_state_dict(smooth.state_dict())
    small = torch.rand(1, 3, 4 * smooth.patch_size, 4 * smooth.patch_size)
    size = smooth.vit.patch_embed.grid_size[0] * smooth.patch_size
    same = torch.rand(1, 3, size, size)
    with torch.no_grad():
        torch.testing.assert_close(picked(same).final, smooth.eval()(same).final)  # the model's own size: as it is
        assert not torch.allclose(picked(small).final, smooth(small).final)
        embedded = picked.vit.patch_embed(small)
        tokens = picked.vit._pos_embed(embedded)[:, -16:]
        grid = picked.vit.pos_embed[:, -((size // smooth.patch_size) ** 2) :].unflatten(
            1, smooth.vit.patch_embed.grid_size
        )
        expected = F.interpolate(grid.permute(0, 3, 1, 2), size=(4, 4), mode="bicubic").flatten(2).mT
        torch.testing.assert_close(tokens - embedded.flatten(1, 2), expected, rtol=0, atol=1e-5)
        copied = copy.deepcopy(picked)
        copied.vit.pos_embed.zero_()
        assert not torch.allclose(copied(small).final, picked(small).final)  # a copy uses its own embeddings


def test_depth_changes_neither_width_nor_patch():
    encoder = tiny(depth=3)
    assert (len(encoder.vit.blocks), encoder.width, encoder.patch_size) == (3, 192, 16)


@pytest.mark.parametrize(
    "name",
    [
        "no_such_model",
        "resnet18",
        f"{TINY}.no_such_tag",
        "vit_base_patch16_siglip_224",
        "eva02_tiny_patch14_224",
        "vit_tiny_r_s16_p8_224",
        "vit_small_resnet26d_224",
        "",
        "x:y",
    ],
)
def test_a_model_other_than_a_vit_with_class_token_is_refused(name):
    with pytest.raises(SecoError, match=r"backbone\.name") as caught:
        build_encoder(name, pretrained=False)
    assert repr(name) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "save"), [("weights.safetensors", save_file), ("weights.pth", torch.save)])
def test_weights_are_read_from_a_file_without_its_classification_head(tmp_path, name, save):
    reference = timm.create_model(TINY, depth=2, num_classes=10)
    save(reference.state_dict(), tmp_path / name)
    encoder = build_encoder(TINY, pretrained=tmp_path / name, depth=2)
    for key, weight in encoder.vit.state_dict().items():
        assert torch.equal(weight, reference.state_dict()[key]), key


def test_weights_of_another_resolution_fit(tmp_path):
    path = stored(tmp_path / "weights.safetensors", img_size=64)
    encoder = build_encoder(TINY, pretrained=path, depth=2)
    assert encoder.vit.pos_embed is not None
    assert encoder.vit.pos_embed.shape == (1, 1 + 14 * 14, 192)


@pytest.mark.parametrize(
    ("changes", "asked", "sentence"),
    [
        ({"embed_dim": 96}, {}, "another architecture .*size mismatch.*set backbone.name"),
        ({}, {"depth": 3}, "does not fit the backbone .*12 weights missing.*backbone.depth"),
        ({"depth": 3}, {}, "does not fit the backbone .*12 unknown.*blocks.2.*backbone.depth"),
    ],
)
def test_weights_of_another_architecture_are_refused(tmp_path, changes, asked, sentence):
    path = stored(tmp_path / "weights.safetensors", **changes)
    with pytest.raises(SecoError, match=sentence) as caught:
        build_encoder(TINY, pretrained=path, **({"depth": 2} | asked))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"junk", "weights.safetensors", "cannot be read as weights"),
        (b"", "weights.pth", "is empty: fetch it again"),
        *(
            (content, name, "is a pointer of Git LFS, which stands for the file: run `git lfs pull`")
            for content in [b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"]
            for name in ("weights.pth", "weights.safetensors")
        ),
        *(
            (b"\n<!DOCTYPE html><html>404", name, "is a web page: fetch it again")
            for name in ("weights.pth", "weights.safetensors")
        ),
        *(
            (content, "weights.pth", "is no file of weights, neither safetensors nor torch's: fetch it again")
            for content in (b"junk", b"a text", b'{"model": 1}', bytes(100), b"\x89HDF\r\n")
        ),
        (b"a text of some length", "weights.safetensors", "cannot be read as weights"),
        (b"\x80\x02}q\x00", "weights.pth", "cannot be read as weights"),
        (b"PK\x03\x04 and no more", "weights.pth", "cannot be read as weights"),
        ({"model": {"a": torch.zeros(1)}}, "weights.pth", "other than named weights"),
        ([1], "weights.pth", "other than named weights"),
        *(
            (entries, "weights.pth", "other than named weights")
            for entries in (
                {1: torch.zeros(2)},
                {"a": torch.zeros(2, device="meta")},
                {"a": torch.zeros(2, dtype=torch.complex64)},
                {"a": "text"},
                torch.zeros(2),
            )
        ),
        ({"weight": Path("code to run")}, "weights.pth", "holds more than weights and was refused"),
        (None, "weights.pth", "is no file"),
    ],
)
def test_a_file_other_than_weights_is_refused(tmp_path, content, name, sentence):
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(SecoError, match=sentence) as caught:
        build_encoder(TINY, pretrained=path, depth=1)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("pos_embed", (7,)), ("pos_embed", (1, 1, 1)), ("patch_embed.proj.weight", (3,)), ("cls_token", ())],
)
def test_shapes_that_trip_timms_filter_are_another_architecture(tmp_path, name, shape):
    weights = timm.create_model(TINY, depth=1).state_dict() | {name: torch.zeros(shape)}
    save_file(weights, tmp_path / "weights.safetensors")
    with pytest.raises(SecoError, match="holds the weights of another architecture") as caught:
        build_encoder(TINY, pretrained=tmp_path / "weights.safetensors", depth=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["visual.trunk.a", "visual.class_embedding", "mask_token", "encoder.layer.0", ""])
def test_keys_that_timms_filter_takes_for_another_model_are_refused(tmp_path, key):
    save_file({key: torch.zeros(2)}, tmp_path / "weights.safetensors")
    with pytest.raises(SecoError, match=r"backbone\.name and backbone\.depth"):
        build_encoder(TINY, pretrained=tmp_path / "weights.safetensors", depth=1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(tmp_path, value):
    weights = timm.create_model(TINY, depth=1).state_dict()
    weights["norm.weight"][3] = value
    save_file(weights, tmp_path / "weights.safetensors")
    with pytest.raises(SecoError, match=r"the weight 'norm.weight' holds values that are infinite or no numbers"):
        build_encoder(TINY, pretrained=tmp_path / "weights.safetensors", depth=1)


@pytest.mark.parametrize("depth", [0, -1, 101, 10**9])
def test_an_impossible_depth_is_refused_at_once(depth):
    with pytest.raises(SecoError, match=f"backbone.depth is {depth}: must be from 1 to 100"):
        build_encoder(TINY, pretrained=False, depth=depth)


@pytest.mark.parametrize("name", ["hf-hub:timm/vit_tiny_patch16_224", "hf_hub:a/b", "a/b", "local-dir:/tmp", "../x"])
@pytest.mark.parametrize("pretrained", [True, False])
def test_a_name_that_timm_would_look_up_elsewhere_is_refused(monkeypatch, name, pretrained):
    monkeypatch.setattr(timm, "create_model", None)
    with pytest.raises(SecoError, match=r"names no ViT that timm has"):
        build_encoder(name, pretrained=pretrained)


@pytest.mark.parametrize(
    "error", [ConnectionError("no route to host"), FileNotFoundError("not in the cache"), OSError()]
)
def test_without_network_the_error_says_how_to_get_the_weights(monkeypatch, error):
    def offline(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(SecoError, match=r"weights .* could not be fetched .*set backbone\.pretrained") as caught:
        build_encoder(TINY, pretrained=True)
    assert "\n" not in str(caught.value)
