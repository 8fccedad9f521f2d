"""CAMs and segmentations of whole images, against plain computations with the same network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from seco.compute.pixels import normalise
from seco.inference.photographs import Resizing, photo_of
from seco.inference.predictor import Predictor
from seco.inference.results import CamResult
from seco.inference.scoring import score_cams, score_segmentations
from seco.inference.trained import _crf_of, load_predictor
from seco.method.par import PAR
from seco.models.encoder import build_encoder
from seco.models.heads import Projector
from seco.models.network import SeCoNetwork
from seco.refinement.labelling import label_image, write_label
from seco.storage.images import read_image
from seco.storage.manifest import Record
from seco.storage.masks import read_mask
from seco.storage.model import StoredModel, write_model

CLASSES = ("cat", "dog", "person")
SIZE = 48
SETTINGS = {
    "backbone": {
        "name": "vit_tiny_patch16_224",
        "normalisation": "imagenet",
        "antialias": True,
        "depth": 1,
        "projector_width": 8,
    },
    "cam": {"pool_sharpness": None},
    "train": {"precision": "fp32"},
    "export": {"background": 0.5},
    "refine": {"scales": [1.0], "use_par": True, "crf": {"sharpness": 10.0}},
    "predict": {"scales": [1.0, 1.5], "crf": {}},
    "crf": {"enabled": False},
}


def make_network() -> SeCoNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        encoder = build_encoder("vit_tiny_patch16_224", pretrained=False, depth=1)
        network = SeCoNetwork(encoder, num_classes=len(CLASSES))
        network.projector = Projector(encoder.width, hidden=8)
        torch.nn.init.normal_(network.classifier.weight, std=0.02)  # logits of either sign, all of them small
    return network.eval()


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(make_network(), CLASSES, precision="fp32")


def make_record(folder: Path, name: str, labels: tuple[str, ...], *, size=(SIZE, SIZE), mirrored=False) -> Record:
    """Write smooth noise, width x height, under a name; the same for the same size."""
    coarse = np.random.default_rng(sum(size)).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    path = folder / f"{name}.png"
    (image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else image).save(path)
    return Record(name, path, None, labels, "train", *size)


@pytest.fixture
def records(tmp_path) -> list[Record]:
    return [
        make_record(tmp_path, "a", ("dog",), size=(60, 40)),
        make_record(tmp_path, "b", ("cat", "person"), size=(40, 60)),
        make_record(tmp_path, "c", ("person",), size=(48, 50)),
        make_record(tmp_path, "d", ("cat", "dog", "person"), size=(70, 70)),
        make_record(tmp_path, "e", ("cat",)),
    ]


def pixels(record: Record) -> torch.Tensor:
    """Return the normalised ``[1, 3, S, S]`` of a record whose image is of that size already."""
    return normalise(torch.from_numpy(np.array(Image.open(record.image))).permute(2, 0, 1))[None]


def cams(predictor, records, *, scales=(1.0,), batch_size=2) -> list[CamResult]:
    return list(
        predictor.cams(
            list(map(photo_of, records)), resizing=Resizing(square=SIZE), scales=scales, batch_size=batch_size
        )
    )


def segmentations(predictor, records, *, scales=(1.0, 1.5), batch_size=2):
    return list(
        predictor.segmentations(
            list(map(photo_of, records)), resizing=Resizing(square=SIZE), scales=scales, batch_size=batch_size
        )
    )


def test_the_probabilities_of_a_cam_are_those_of_the_classifier_at_the_first_scale(predictor, records):
    for scales in ((1.0,), (1.0, 0.5)):
        for result, record in zip(cams(predictor, records[-1:], scales=scales), records[-1:], strict=True):
            with torch.inference_mode():
                expected = predictor.network(pixels(record).to(predictor.device)).logits[0].sigmoid().cpu()
            assert torch.allclose(result.probabilities, expected, atol=1e-5)


def test_cams_come_in_order_with_the_maps_of_their_labels(predictor, records):
    results = cams(predictor, records, scales=(1.0, 0.5))
    assert [result.photo.id for result in results] == ["a", "b", "c", "d", "e"]
    for result in results:
        assert {CLASSES[index - 1] for index in result.class_ids.tolist()} == set(result.photo.labels)
        assert result.maps.shape == (len(result.photo.labels), SIZE, SIZE)
        assert result.maps.min() == 0
        assert torch.allclose(result.maps.amax(dim=(1, 2)), torch.ones(len(result.maps)), atol=1e-3)


def test_each_map_belongs_to_its_class(predictor, tmp_path):
    both, *alone = (
        make_record(tmp_path, "-".join(names), names) for names in (("cat", "person"), ("cat",), ("person",))
    )
    together, *single = cams(predictor, [both, *alone])
    for result in single:
        place = together.class_ids.tolist().index(int(result.class_ids[0]))
        assert torch.allclose(together.maps[place], result.maps[0], atol=1e-4)
    assert not torch.allclose(together.maps[0], together.maps[1], atol=0.1)


def test_results_do_not_depend_on_the_batch(predictor, records):
    for alone, together in zip(
        cams(predictor, records, batch_size=1), cams(predictor, records, batch_size=4), strict=True
    ):
        assert torch.equal(alone.class_ids, together.class_ids)
        assert torch.allclose(alone.maps, together.maps, atol=1e-4)
    for alone, together in zip(
        segmentations(predictor, records, batch_size=1), segmentations(predictor, records, batch_size=4), strict=True
    ):
        assert torch.allclose(alone.multi_scale, together.multi_scale, atol=1e-5)


def test_a_cam_is_the_maximum_with_the_mirrored_one_summed_over_scales_and_normalised(predictor, tmp_path):
    record = make_record(tmp_path, "a", ("dog",))
    image, network = pixels(record), predictor.network

    def one_way(picture):
        tokens = network.encoder(picture)
        maps = (tokens.final @ network.classifier.weight[1]).view(1, 1, *tokens.grid)
        return F.interpolate(maps, (SIZE, SIZE), mode="bilinear")[0, 0]

    total = torch.zeros(SIZE, SIZE)
    with torch.no_grad():
        for side in (SIZE, 32, 80):  # 0.6 and 1.7 times 48, as multiples of 16
            scaled = F.interpolate(image, (side, side), mode="bilinear")
            total += torch.maximum(one_way(scaled), one_way(scaled.flip(-1)).flip(-1)).relu()
    expected = (total - total.min()) / (total.max() - total.min() + 1e-5)
    (result,) = cams(predictor, [record], scales=(1.0, 0.6, 1.7))
    assert torch.allclose(result.maps[0], expected, atol=1e-4)


def test_a_mirrored_image_has_the_mirrored_cam_and_mean_segmentation(predictor, tmp_path):
    one = make_record(tmp_path, "one", ("cat", "person"))
    other = make_record(tmp_path, "other", ("cat", "person"), mirrored=True)
    plain, mirrored = cams(predictor, [one, other])
    assert torch.allclose(plain.maps, mirrored.maps.flip(-1), atol=1e-4)
    plain, mirrored = segmentations(predictor, [one, other])
    assert torch.allclose(plain.multi_scale, mirrored.multi_scale.flip(-1), atol=1e-5)
    assert not torch.allclose(plain.single_scale, mirrored.single_scale.flip(-1), atol=1e-3), "the ViT sees sides"


def test_an_unlabelled_image_has_the_cams_of_its_predicted_classes(predictor, tmp_path):
    labelled, unlabelled = make_record(tmp_path, "a", ("dog",)), make_record(tmp_path, "b", ())
    with torch.no_grad():
        logits = predictor.network.classifier(predictor.network.encoder(pixels(unlabelled)).final)[0]
    predicted = {index + 1 for index, logit in enumerate(logits.tolist()) if logit > 0}
    assert 0 < len(predicted) < 3, "some classes are predicted and some are not"
    assert logits.abs().max() < 1
    held_out = replace(unlabelled, split="val")
    first, second, third = cams(predictor, [labelled, held_out, unlabelled])
    assert first.class_ids.tolist() == [2], "the labels of the other image stay as they were given"
    assert set(second.class_ids.tolist()) == predicted
    assert third.class_ids.tolist() == [], "an image of train without labels shows none of the classes"


def test_an_image_without_any_class_becomes_background(tmp_path):
    network = make_network()
    torch.nn.init.zeros_(network.classifier.weight)  # no logit is above 0
    record = make_record(tmp_path, "a", (), size=(50, 30))
    (result,) = cams(Predictor(network, CLASSES, precision="fp32"), [record])
    assert result.class_ids.shape == (0,)
    assert result.maps.shape == (0, SIZE, SIZE)
    for par in (None, PAR()):
        (scored,) = score_cams([result], background=0.5, par=par)
        assert scored.scores.shape == (1, 30, 50)
        assert not label_image(scored).any()


def test_probabilities_sum_to_one(predictor, records):
    for result in segmentations(predictor, records):
        for part in (result.single_scale, result.multi_scale):
            assert part.shape == (len(CLASSES) + 1, SIZE, SIZE)
            assert torch.allclose(part.sum(dim=0), torch.ones(SIZE, SIZE), atol=1e-5)
            assert part.min() >= 0


def test_the_single_scale_is_the_first_one_not_mirrored(predictor, tmp_path):
    record = make_record(tmp_path, "a", ())
    image, network = pixels(record), predictor.network

    def probabilities(side, picture):
        tokens = network.encoder(F.interpolate(picture, (side, side), mode="bilinear"))
        return F.interpolate(network.decoder(tokens.final, tokens.grid), (SIZE, SIZE), mode="bilinear").softmax(1)[0]

    with torch.no_grad():
        large, small = probabilities(80, image), probabilities(SIZE, image)
        flipped = [probabilities(side, image.flip(-1)).flip(-1) for side in (80, SIZE)]
    (result,) = segmentations(predictor, [record], scales=(1.6, 1.0))
    assert torch.allclose(result.single_scale, large, atol=1e-5)
    assert torch.allclose(result.multi_scale, (large + small + sum(flipped)) / 4, atol=1e-5)


def test_scores_have_the_images_own_size_and_pixels(predictor, records):
    (cam,) = cams(predictor, records[1:2])
    (scored,) = score_cams([cam], background=0.5, par=None)
    assert scored.scores.shape == (3, 60, 40)
    assert scored.class_ids == (0, *cam.class_ids.tolist())
    assert np.array_equal(scored.image, np.asarray(Image.open(records[1].image)))
    (variants,) = score_segmentations(segmentations(predictor, records[1:2]))
    for scored in variants[:2]:
        assert scored.id == "b"
        assert scored.class_ids == (0, 1, 2, 3)
        assert scored.scores.shape == (4, 60, 40)
        assert np.allclose(scored.scores.sum(axis=0), 1, atol=1e-5)
    assert not np.allclose(variants[0].scores, variants[1].scores, atol=1e-3)


def test_an_image_is_decoded_once(predictor, records, monkeypatch):
    decoded = []
    monkeypatch.setattr("seco.inference.groups._LOADERS", 0)  # in this process, where they can be counted
    monkeypatch.setattr(
        "seco.inference.photographs.read_image", lambda path, **limit: decoded.append(path) or read_image(path, **limit)
    )
    list(score_cams(cams(predictor, records), background=0.5, par=PAR()))
    assert decoded == [record.image for record in records]


def test_a_model_from_disk_gives_the_same_cams(predictor, records, tmp_path):
    write_model(tmp_path / "model", StoredModel(predictor.network.state_dict(), CLASSES, SETTINGS))
    stored = load_predictor(tmp_path / "model", class_names=CLASSES)
    for before, after in zip(cams(predictor, records), cams(stored, records), strict=True):
        assert torch.equal(before.maps, after.maps)
    assert not stored.network.training


def test_out_of_memory_is_not_reported_as_a_fault_of_the_weights(predictor, tmp_path, monkeypatch):
    write_model(tmp_path / "model", StoredModel(predictor.network.state_dict(), CLASSES, SETTINGS))

    def fill_up(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(SeCoNetwork, "to", fill_up)
    with pytest.raises(torch.OutOfMemoryError):
        load_predictor(tmp_path / "model", class_names=CLASSES)


def test_a_large_image_is_scored_smaller_and_its_mask_is_as_large_as_the_image(predictor, tmp_path, monkeypatch):
    monkeypatch.setattr("seco.compute.resize.MOST_SCORES", 60 * 80 * 12 / 4)  # of 4 classes: half of each side
    record = make_record(tmp_path, "a", ("cat", "dog", "person"), size=(80, 60))
    (cam,), (segmentation,) = cams(predictor, [record]), segmentations(predictor, [record])
    (refined,), ((single, multi, _),) = (
        score_cams([cam], background=0.5, par=None),
        score_segmentations([segmentation]),
    )
    for scored in (refined, single, multi):
        assert scored.scores.shape == (4, 30, 40)
        assert scored.image.shape == (30, 40, 3)
        assert scored.size == (60, 80)
        write_label(scored, folder=tmp_path / "masks", crf=None)
        mask = read_mask(tmp_path / "masks/a.png", num_classes=3, size=(80, 60))
        assert np.array_equal(mask[::2, ::2], label_image(scored))


def test_the_crf_of_a_model_of_an_earlier_version_loses_its_engine():
    assert _crf_of({"enabled": True, "engine": "auto", "iterations": 3}) == {"iterations": 3}
