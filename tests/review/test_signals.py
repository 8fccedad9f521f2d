"""The views of an image, and what they say of its mask."""

from pathlib import Path

import numpy as np
import pytest
import torch

from seco.compute.resize import resize_maps
from seco.inference.photographs import Photo, Resizing, photo_of
from seco.inference.predictor import Predictor
from seco.method.cam import normalise_cam
from seco.review.signals import COMPARED, compare
from seco.review.views import Views, views_of
from tests.inference.test_predictor import CLASSES, SIZE, make_network, make_record


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(make_network(), CLASSES, precision="fp32")


def test_views_are_those_of_the_network(predictor: Predictor, tmp_path: Path) -> None:
    """The probabilities are those of both images; the decoder's are a distribution; maps come from `activations`."""
    record = make_record(tmp_path, "a", ("cat", "person"))
    mirrored = make_record(tmp_path, "m", ("cat", "person"), mirrored=True)
    unlabelled = photo_of(record)._replace(id="u", labels=None)
    photos = [photo_of(record), photo_of(mirrored), unlabelled]
    first, second, third = views_of(predictor, photos, side=SIZE, batch_size=2)
    assert [first.photo.id, second.photo.id, third.photo.id] == ["a", "m", "u"]
    assert sorted(first.class_ids.tolist()) == [1, 3]
    (cam,) = predictor.cams([unlabelled], resizing=Resizing(square=SIZE), scales=(1.0,), batch_size=1)
    assert third.class_ids.tolist() == cam.class_ids.tolist()
    # What the mirror image shows is what the other image's own pass shows, mirrored.
    torch.testing.assert_close(first.mirrored, second.plain.flip(-1), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(first.whole, second.whole.flip(-1), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(first.half, second.half.flip(-1), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(first.auxiliary, second.auxiliary.flip(-1), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(first.probabilities, second.probabilities, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(first.decoder.sum(dim=0), torch.ones(first.decoder.shape[1:]))
    assert not torch.equal(first.whole, first.half)
    (full,) = predictor.cams([photos[0]], resizing=Resizing(square=SIZE), scales=(1.0,), batch_size=1)
    close = normalise_cam(resize_maps(full.maps, first.whole.shape[-2:])[None])[0]
    assert float((close - first.whole).abs().mean()) < 0.1  # cut to a quarter before or after it is normalised


def test_photos_that_are_done_have_no_views(predictor: Predictor, tmp_path: Path) -> None:
    photos = [photo_of(make_record(tmp_path, name, ("cat",))) for name in "abc"]
    assert [views.photo.id for views in views_of(predictor, photos, side=SIZE, batch_size=2, done={"a", "c"})] == ["b"]


def views(**changes: torch.Tensor) -> Views:
    """Views of an image of 4 × 4 cells in which all agree: class 2 on the left half, background on the right."""
    left = torch.zeros(1, 4, 4)
    left[..., :2] = 1.0
    decoder = torch.stack([1 - left[0], torch.zeros(4, 4), left[0]])
    maps = dict.fromkeys(("whole", "plain", "mirrored", "half", "auxiliary"), left)
    agreed = Views(
        Photo("a", np.zeros((1, 1, 3), np.uint8), ("dog",)),
        torch.tensor([2]),
        decoder=decoder,
        probabilities=torch.tensor([0.0, 1.0]),
        **maps,
    )
    return agreed._replace(**changes)


MASK = np.zeros((8, 8), np.uint8)
MASK[:, :4] = 2


def test_nothing_is_said_where_all_views_agree_with_the_mask() -> None:
    found = compare(views(), MASK, background=0.5)
    assert not found.missing.any()
    assert not found.excess.any()
    assert found.area.tolist() == [0.5, 0, 0.5]


NOTHING, EVERYTHING = torch.zeros(1, 4, 4), torch.ones(1, 4, 4)


@pytest.mark.parametrize(
    ("signal", "name"), [("auxiliary", "auxiliary"), ("scale", "half"), ("mirror", "mirrored"), ("refinement", "whole")]
)
def test_each_signal_has_its_view(signal: str, name: str) -> None:
    place = COMPARED.index(signal)
    less = compare(views(**{name: NOTHING}), MASK, background=0.5)
    assert less.excess[place].tolist() == [0, 0, 0.5]
    assert less.missing[place].tolist() == [0.5, 0, 0]
    more = compare(views(**{name: EVERYTHING}), MASK, background=0.5)
    assert more.missing[place].tolist() == [0, 0, 0.5]
    assert more.excess[place].tolist() == [0.5, 0, 0]
    assert not np.delete(less.excess + less.missing + more.excess + more.missing, place, axis=0).any()


def test_the_decoder_counts_with_its_labels_and_with_its_probabilities() -> None:
    unsure = torch.tensor([0.2, 0.5, 0.3])[:, None, None].expand(3, 4, 4)  # class 1 is no label
    found = compare(views(decoder=unsure), MASK, background=0.5)
    labels, doubt = COMPARED.index("decoder"), COMPARED.index("confidence")
    assert found.missing[labels].tolist() == [0, 0, 0.5]
    np.testing.assert_allclose(found.missing[doubt], [0.1, 0.5, 0.15], rtol=1e-6)
    np.testing.assert_allclose(found.excess[doubt], [0.4, 0, 0.35], rtol=1e-6)


def test_uncertain_pixels_of_a_mask_are_of_no_class() -> None:
    found = compare(views(), np.where(MASK == 0, 255, MASK).astype(np.uint8), background=0.5)
    assert found.area.tolist() == [0, 0, 0.5]
    assert found.missing[COMPARED.index("decoder")].tolist() == [0.5, 0, 0]
