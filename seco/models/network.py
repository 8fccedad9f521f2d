"""The SeCo network: one encoder shared by the student and the global teacher, and the heads on it."""

from typing import NamedTuple

from torch import Tensor, nn

from seco.method.cam import activation_maps
from seco.models.encoder import Encoder, Tokens
from seco.models.heads import AtrousDecoder, PooledClassifier


class NetworkOutput(NamedTuple):
    """One pass over a batch of whole images."""

    tokens: Tokens
    logits: Tensor
    """``[B, K]``, of the classifier on the final tokens."""
    aux_logits: Tensor
    """``[B, K]``, of the auxiliary classifier on the tokens of block λ."""
    segmentation: Tensor
    """``[B, K + 1, h, w]`` logits of the decoder, background first."""


class CamPair(NamedTuple):
    """The maps of the present classes, ``[B, C, h, w]`` each: CAM and CAM_aux (eq. 1)."""

    final: Tensor
    auxiliary: Tensor


class SeCoNetwork(nn.Module):
    """Encoder, classifier, auxiliary classifier, decoder and projector. No pass changes any state.

    The training method sets the projector, which maps class tokens ``[..., D]`` to the vectors that it contrasts.
    ``pool_sharpness`` is the ``PooledClassifier``'s.
    """

    def __init__(self, encoder: Encoder, *, num_classes: int, pool_sharpness: float | None = None) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.encoder = encoder
        self.classifier = PooledClassifier(encoder.width, num_classes, sharpness=pool_sharpness)
        self.aux_classifier = PooledClassifier(encoder.width, num_classes, sharpness=pool_sharpness)
        self.decoder = AtrousDecoder(encoder.width, num_classes + 1)
        self.projector: nn.Module = nn.Identity()

    def forward(self, images: Tensor) -> NetworkOutput:
        """Classify and segment normalised images ``[B, 3, H, W]``."""
        tokens: Tokens = self.encoder(images)
        logits, aux_logits = self.classify(tokens)
        return NetworkOutput(
            tokens=tokens,
            logits=logits,
            aux_logits=aux_logits,
            segmentation=self.decoder(tokens.final, tokens.grid),
        )

    def classify(self, tokens: Tokens) -> tuple[Tensor, Tensor]:
        """Return the logits ``[B, K]`` of the classifier and of the auxiliary one from tokens already encoded."""
        return self.classifier(tokens.final), self.aux_classifier(tokens.intermediate)

    def embed(self, images: Tensor) -> Tensor:
        """Return the projected class tokens ``[B, P]`` of images or patches (eq. 2)."""
        return self.projector(self.encoder(images).class_token)

    def activations(self, tokens: Tokens, class_ids: Tensor) -> CamPair:
        """Return the class activation maps (eq. 1) of the classes ``[B, C]`` from tokens already encoded."""
        return CamPair(
            activation_maps(tokens.final, self.classifier.weight, class_ids, tokens.grid),
            activation_maps(tokens.intermediate, self.aux_classifier.weight, class_ids, tokens.grid),
        )
