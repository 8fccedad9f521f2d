"""Conquer: prototypes of classes and the reservoir of past patches (sec. 3.4, 3.5). Buffers, never trained."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seco.method.tags import UNCERTAIN

PrototypeUpdate = Literal["adaptive", "single", "patches"]


class Prototypes(nn.Module):
    """One unit vector per class, updated from class tokens of whole images (eq. 3) or, beyond the paper, of patches.

    A class that no image has shown yet has the zero vector, and ``seen`` leaves it out of the contrast; its first
    update sets it to the token itself.
    """

    vectors: Tensor
    """``[K, D]``; row l belongs to class l + 1."""

    def __init__(self, num_classes: int, width: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.zeros(num_classes, width))

    @property
    def seen(self) -> Tensor:
        """Bool ``[K]``: the classes that have a prototype."""
        return self.vectors.any(dim=1)

    @torch.no_grad()
    def update(self, embeddings: Tensor, labels: Tensor, *, momentum: float, mode: PrototypeUpdate) -> None:
        """Apply eq. 3 image by image, or class by class.

        Args:
            embeddings: ``Z`` ``[M, D]``, of images or of patches, in the space of the queries; normalised here.
            labels: multi-hot ``[M, K]``.
            momentum: η.
            mode: ``adaptive`` updates each class of an image by the softmax, over its classes, of the similarity
                to its prototype; ``single`` uses images of one class only; ``patches`` moves each class once, by the
                mean of what shows it.
        """
        tokens, shown = F.normalize(embeddings.to(self.vectors.dtype), dim=1), labels > 0
        if mode == "patches":
            tokens, shown = _class_means(tokens, shown)
        for token, label in zip(tokens, shown, strict=True):
            moved = label & (label.sum() == 1) if mode == "single" else label
            similarity = self.vectors @ token  # [K], cosines: both are unit vectors
            weight = similarity.masked_fill(~label, -torch.inf).softmax(dim=0)  # W of eq. 3: 1 for a single class
            updated = momentum * self.vectors + (1.0 - momentum) * weight.unsqueeze(1) * token
            self.vectors.copy_(torch.where(moved.unsqueeze(1), F.normalize(updated, dim=1), self.vectors))


def _class_means(tokens: Tensor, shown: Tensor) -> tuple[Tensor, Tensor]:
    """Return, for each class, the mean direction ``[K, D]`` of the tokens that show it, and which it is: ``[K, K]``."""
    return F.normalize(shown.to(tokens.dtype).T @ tokens, dim=1), torch.diag(shown.any(dim=0))


class Reservoir(nn.Module):
    """The last N patch embeddings of the local teacher with their tags, first in first out (eq. 5).

    Empty slots carry the uncertain tag, so that they take part in no similarity and no contrast.
    """

    keys: Tensor
    """``[N, D]``."""
    tags: Tensor
    """Int64 ``[N]``: the tag pool."""
    cursor: Tensor
    """Int64 scalar: the next slot to write, which holds the oldest entry."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.register_buffer("keys", torch.zeros(size, width))
        self.register_buffer("tags", torch.full((size,), UNCERTAIN))
        self.register_buffer("cursor", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def enqueue(self, keys: Tensor, tags: Tensor) -> None:
        """Store keys ``[M, D]`` with tags ``[M]`` in place of the oldest; M may be larger than N."""
        size = len(self.tags)
        skipped = max(len(tags) - size, 0)  # entries that newer ones of this very batch would overwrite
        slots = (self.cursor + skipped + torch.arange(len(tags) - skipped, device=tags.device)) % size
        self.keys[slots] = keys[skipped:].to(self.keys.dtype)
        self.tags[slots] = tags[skipped:]
        self.cursor.copy_((self.cursor + len(tags)) % size)
