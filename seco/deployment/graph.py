"""The computation of a deployed model: from the colours of an image to its mask, in one pass at one scale."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from seco.compute.pixels import normalise
from seco.compute.resize import resize
from seco.method.cam import activation_maps, normalise_cam
from seco.models.network import SeCoNetwork


class GraphOutputs(NamedTuple):
    """What the graph computes of a batch; the fields name its outputs."""

    mask: Tensor
    """uint8 ``[B, H, W]``: the most probable class of each pixel, 0 for background."""
    probabilities: Tensor
    """``[B, K + 1, H, W]`` of the decoder, background first."""
    logits: Tensor
    """``[B, K]`` of the classifier: above 0 where the image shows the class."""
    cams: Tensor
    """``[B, K, h, w]``, a value a token: the class activation map (eq. 1) of each class, brought to 0..1."""


class DeployedNetwork(nn.Module):
    """A trained network with what surrounds it: normalisation before it, resizing and softmax after it."""

    def __init__(self, network: SeCoNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> GraphOutputs:
        """Segment images ``float32 [B, 3, H, W]``, RGB in 0..255, whose sides are multiples of the ViT's patch."""
        tokens = self.network.encoder(normalise(image))
        scores = resize(self.network.decoder(tokens.final, tokens.grid), image.shape[-2:])
        class_ids = torch.arange(1, self.network.num_classes + 1, device=image.device).expand(image.shape[0], -1)
        maps = activation_maps(tokens.final, self.network.classifier.weight, class_ids, tokens.grid)
        return GraphOutputs(
            mask=scores.argmax(dim=1).to(torch.uint8),
            probabilities=scores.softmax(dim=1),
            logits=self.network.classifier(tokens.final),
            cams=normalise_cam(maps.relu()),
        )
