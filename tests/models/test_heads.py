import math

import pytest
import torch
from torch.nn import functional as F

from seco.models.heads import AtrousDecoder, DirectionProjector, PooledClassifier, Projector


def test_the_classifier_by_hand_on_max_pooled_tokens():
    classifier = PooledClassifier(2, 3)
    assert [name for name, _ in classifier.named_parameters()] == ["weight"]
    classifier.load_state_dict({"weight": torch.tensor([[1.0, 0.0], [0.0, -1.0], [2.0, 3.0]])})
    tokens = torch.tensor([[[1.0, -5.0], [-2.0, 4.0], [0.0, 0.0]]])
    # The largest value of each channel over the tokens is (1, 4).
    assert classifier(tokens).tolist() == [[1.0, -4.0, 14.0]]


def test_log_sum_exp_pooling_lies_between_the_mean_and_the_maximum_of_the_tokens_scores():
    scores = torch.tensor([[[0.0], [math.log(3.0)]]])  # of two tokens of width 1
    for sharpness, expected in (
        (1.0, math.log(2.0)),
        (2.0, math.log(5.0) / 2),
        (1e-3, math.log(3.0) / 2),
        (1e3, math.log(3.0)),
    ):
        classifier = PooledClassifier(1, 1, sharpness=sharpness)
        torch.nn.init.ones_(classifier.weight)
        assert classifier(scores).item() == pytest.approx(expected, abs=2e-3)


def test_the_decoder_adds_four_dilated_convolutions():
    torch.manual_seed(0)
    decoder, tokens = AtrousDecoder(5, 3), torch.randn(2, 30 * 26, 5)
    features = tokens.transpose(1, 2).reshape(2, 5, 30, 26)
    weights = dict(decoder.named_parameters())
    expected = sum(
        F.conv2d(features, weights[f"branches.{i}.weight"], weights[f"branches.{i}.bias"], padding=d, dilation=d)
        for i, d in enumerate((6, 12, 18, 24))
    )
    torch.testing.assert_close(decoder(tokens, (30, 26)), expected, rtol=1e-4, atol=1e-5)
    assert len(weights) == 8


def gelu(x: float) -> float:
    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))


@pytest.mark.parametrize("shape", [(3, 6), (2, 4, 6)])
def test_projections_are_unit_vectors_in_float32(shape):
    projector = Projector(6, hidden=10)
    embedding = projector.to(torch.bfloat16)(torch.randn(shape).bfloat16())
    assert embedding.shape == shape
    assert embedding.dtype == torch.float32
    torch.testing.assert_close(embedding.norm(dim=-1), torch.ones(shape[:-1]))


def test_the_projector_by_hand():
    projector = Projector(1, hidden=1)
    with torch.no_grad():
        for weight in projector.parameters():
            weight.fill_(2.0 if weight.dim() == 2 else 0.5)
    first = 2 * gelu(2 * 0.3 + 0.5) + 0.5
    expected = 2 * gelu(first) + 0.5
    assert projector.layers(torch.tensor([0.3])).item() == pytest.approx(expected, rel=1e-6)
    assert [tuple(p.shape) for p in Projector(4, hidden=9).parameters()] == [(9, 4), (9,), (9, 9), (9,), (4, 9), (4,)]


def test_the_projector_onto_directions_by_hand():
    projector = DirectionProjector(1, hidden=1, bottleneck=2, directions=3)
    with torch.no_grad():
        for weight in projector.layers.parameters():
            weight.fill_(1.0)
        projector.layers[-1].bias.copy_(torch.tensor([0.0, 1.0]))  # pyright: ignore[reportCallIssue]
        projector.directions.copy_(torch.tensor([[2.0, 0.0], [0.0, 0.5], [3.0, -3.0]]))
    first = gelu(gelu(0.3 + 1) + 1)
    length = math.hypot(first, first + 1)
    cosines = [first / length, (first + 1) / length, -1 / length / math.sqrt(2)]
    assert projector(torch.tensor([0.3])).tolist() == pytest.approx(cosines, rel=1e-5)


@pytest.mark.parametrize("shape", [(3, 6), (2, 4, 6)])
def test_cosines_with_directions_are_float32_under_autocast(shape):
    projector = DirectionProjector(6, hidden=10)
    tokens = torch.randn(shape)
    with torch.autocast("cpu", torch.bfloat16):
        half = projector(tokens)
    assert half.dtype == torch.float32
    assert half.shape == (*shape[:-1], 1024)
    assert half.abs().max() <= 1 + 1e-6
    torch.testing.assert_close(half, projector(tokens), rtol=0, atol=0.03)
