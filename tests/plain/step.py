"""The objective with all its terms: attention with its whole matrix, every view encoded separately."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from seco.compute.device import full_precision
from seco.compute.pixels import to_rgb
from seco.config.settings import Settings
from seco.losses.energy import energy_loss
from seco.models.network import SeCoNetwork
from seco.models.teacher import LocalTeacher
from seco.training.crop_pass import Inputs
from seco.training.methods import Models
from tests.plain.cams import label_map, multi_scale_cams, refined_labels
from tests.plain.contrast import lig, lil, patch_corners, patch_cost, patch_tag, rectified
from tests.plain.encoder import PlainTokens, encode
from tests.tiny import memory_of


class PlainResult(NamedTuple):
    """The loss, its terms, and what prototypes and reservoir store."""

    total: Tensor
    terms: dict[str, Tensor]
    crop_embedding: Tensor
    keys: Tensor
    tags: list[int]


class PlainObjective:
    """Eq. 9 on the engine's own ``Models``. It shares nothing else with the engine but the lattice of L_reg.

    Args:
        models: whose weights and memories are used.
        settings: the run's; all phases have begun, all terms are on.
        fused_attention: whether attention is one fused operation.
        bf16: whether the networks compute in bfloat16.
    """

    def __init__(
        self, models: Models, settings: Settings, *, fused_attention: bool = False, bf16: bool = False
    ) -> None:
        self.models = models
        self.settings = settings
        self.fused_attention = fused_attention
        self.bf16 = bf16

    def __call__(self, inputs: Inputs, *, tags_from_auxiliary: bool) -> PlainResult:
        """Compute all terms; nothing changes."""
        network = self.models.network
        with self._autocast(inputs):
            tokens = self._encode(network, inputs.weak)
            logits, aux_logits = network.classifier(tokens.final), network.aux_classifier(tokens.intermediate)
            scores = network.decoder(tokens.final, tokens.grid)
        cam, cam_aux = self._cams(inputs)
        terms = {
            "cls": _soft_margin(logits, inputs.labels),
            "aux": _soft_margin(aux_logits, inputs.labels),
            "ptc": self._token_contrast(tokens, cam_aux, inputs),
        }
        contrasts, crop, keys, tags = self._contrasts(inputs, cam_aux if tags_from_auxiliary else cam)
        terms |= contrasts | self._segmentation(scores, cam, inputs)
        weights = self.settings.model_dump()
        weighted = [weights.get(f"weight_{name}", 1.0) * term for name, term in terms.items()]
        return PlainResult(torch.stack(weighted).sum(), terms, crop, keys, tags)

    def _autocast(self, inputs: Inputs) -> torch.autocast:
        return torch.autocast(inputs.weak.device.type, torch.bfloat16, enabled=self.bf16)

    def _encode(self, owner: SeCoNetwork | LocalTeacher, images: Tensor) -> PlainTokens:
        return encode(owner.encoder.vit, images, fused_attention=self.fused_attention)

    def _embed(self, owner: SeCoNetwork | LocalTeacher, images: Tensor) -> Tensor:
        """Project class tokens: images ``[B, 3, H, W]`` to unit vectors ``[B, D]``."""
        return owner.projector(self._encode(owner, images).class_token)

    @torch.no_grad()
    def _cams(self, inputs: Inputs) -> list[Tensor]:
        network = self.models.network

        def encoded(images: Tensor) -> PlainTokens:
            with self._autocast(inputs):
                return self._encode(network, images)

        return multi_scale_cams(
            encoded,
            inputs.weak,
            (network.classifier.weight, network.aux_classifier.weight),
            inputs.labels,
            inputs.inside,
            scales=self.settings.cam.scales,
            multiple=network.encoder.patch_size,
        )

    def _token_contrast(self, tokens: PlainTokens, cam: Tensor, inputs: Inputs) -> Tensor:
        """L_ptc, image by image: the means are over all pairs of the batch."""
        thresholds = self.settings.cam
        small = F.interpolate(cam, size=tokens.grid, mode="bilinear")
        inside = F.adaptive_avg_pool2d(inputs.inside.float(), tokens.grid) > 0.5
        labels = label_map(small, inside, low=thresholds.low, high=thresholds.high).flatten(1)  # [B, N]
        equal, unequal = [], []
        for features, own in zip(full_precision(tokens.final), labels, strict=True):
            unit = features[own != 255] / features[own != 255].norm(dim=1, keepdim=True)
            same = own[own != 255].unsqueeze(0) == own[own != 255].unsqueeze(1)
            cosine, other = (unit @ unit.T).abs(), ~torch.eye(len(unit), dtype=torch.bool, device=unit.device)
            equal.append(1 - cosine[same & other])
            unequal.append(cosine[~same])
        return 0.5 * _mean_or_zero(torch.cat(equal)) + 0.5 * _mean_or_zero(torch.cat(unequal))

    def _contrasts(self, inputs: Inputs, tag_cam: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor, list[int]]:
        """L_LiG and L_LiL; the embedding of the crop (encoded a second time), the keys and the tags."""
        settings, models, memory = self.settings, self.models, memory_of(self.models)
        reservoir = memory.reservoir
        weak, strong, corners, tags = self._patches(inputs, tag_cam)
        with self._autocast(inputs):
            crop = self._embed(models.network, inputs.weak)
            patches = self._patch_tokens(models.network, weak, inputs.weak, corners)
            embeddings = models.network.projector(patches.class_token)
            queries = _in_order(embeddings, crop, self._embed(models.network, inputs.second))
            with torch.no_grad():
                own = self._patch_tokens(memory.teacher, strong, inputs.strong, corners).class_token
                whole = (self._embed(memory.teacher, images) for images in (inputs.strong, inputs.second))
                keys = _in_order(memory.teacher.projector(own), *whole)
        if settings.use_rectification:
            threshold = settings.rectify_threshold
            after = rectified(queries, tags, reservoir.keys, reservoir.tags, threshold=threshold)
            learns, views = _supervised(inputs), settings.num_patches + 2
            tags = [(tags if learns[place // views] else after)[place] for place in range(len(tags))]
        entries = torch.cat([keys, reservoir.keys])
        entry_tags = torch.cat([torch.tensor(tags, device=keys.device), reservoir.tags])
        terms = {
            "lig": lig(queries, tags, memory.prototypes.vectors, temperature=settings.tau_global),
            "lil": lil(
                *(queries, tags, entries, entry_tags),
                temperature=settings.tau_local,
                average=settings.lil_average,
                background=settings.lil_background,
            ),
        }
        if settings.weight_patch:
            own = [tag for place, tag in enumerate(tags) if place % (settings.num_patches + 2) < settings.num_patches]
            with self._autocast(inputs):
                logits = models.network.classifier(patches.final)
                aux_logits = models.network.aux_classifier(patches.intermediate)
            terms["patch"] = sum(patch_cost(each, own, labels=settings.patch_labels) for each in (logits, aux_logits))
        return terms, crop.detach(), keys, tags

    def _patch_tokens(
        self, owner: SeCoNetwork | LocalTeacher, patches: Tensor, crops: Tensor, corners: list[tuple[int, int]]
    ) -> PlainTokens:
        """Encode patches, or take the means, pixel by pixel, of their crop's tokens under them."""
        if self.settings.patch_tokens == "patch":
            return self._encode(owner, patches)
        tokens, size = self._encode(owner, crops), self.settings.patch_size
        means: dict[str, list[Tensor]] = {"final": [], "intermediate": []}
        for name, found in means.items():
            maps = getattr(tokens, name).transpose(1, 2).unflatten(2, tokens.grid)  # [B, D, h, w]
            pixels = F.interpolate(maps, size=crops.shape[-2:], mode="nearest")
            for place, (top, left) in enumerate(corners):
                window = pixels[place // (len(corners) // len(crops)), :, top : top + size, left : left + size]
                found.append(window.mean(dim=(1, 2)))
        final, intermediate = (torch.stack(found).unsqueeze(1) for found in means.values())
        return PlainTokens(class_token=final[:, 0], final=final, intermediate=intermediate, grid=(1, 1))

    def _patches(self, inputs: Inputs, tag_cam: Tensor) -> tuple[Tensor, Tensor, list[tuple[int, int]], list[int]]:
        """Return weak and strong patches ``[B·n, 3, s, s]``, their corners, and the tags of all ``B·(n + 2)`` views."""
        settings, size = self.settings, self.settings.patch_size
        maps = label_map(tag_cam, inputs.inside, low=settings.cam.low, high=settings.cam.high)
        weak, strong, places, tags = [], [], [], []
        for image, own in enumerate(maps):
            box, draws, anywhere = inputs.boxes[image], inputs.draws[image], settings.patch_centres == "anywhere"
            corners = patch_corners(own, box, draws, patch_size=size, anywhere=anywhere)
            places += corners
            rule = {"threshold": settings.tag_threshold, "settle": settings.settle_uncertain}
            if _supervised(inputs)[image]:
                own, rule["settle"] = inputs.masks[image], False
            for corner, mirror in zip(corners, draws[:, 1].tolist(), strict=True):
                window = (slice(None), *(slice(start, start + size) for start in corner))
                weak.append(inputs.weak[image][window])
                patch = inputs.strong[image][window]
                strong.append(patch.flip(-1) if mirror < 0.5 else patch)
                tags.append(patch_tag(own, inputs.inside[image], corner, patch_size=size, **rule))
            classes = (inputs.labels[image].nonzero().flatten() + 1).tolist()
            tags += [classes[0] if len(classes) == 1 else -1] * 2
        return self._resized(torch.stack(weak)), self._resized(torch.stack(strong)), places, tags

    def _resized(self, patches: Tensor) -> Tensor:
        multiple = self.models.network.encoder.patch_size
        side = max(round(self.settings.patch_size * self.settings.patch_scale / multiple), 1) * multiple
        return F.interpolate(patches, size=(side, side), mode="bilinear")

    def _segmentation(self, scores: Tensor, cam: Tensor, inputs: Inputs) -> dict[str, Tensor]:
        rgb, thresholds = to_rgb(inputs.weak), self.settings.cam
        logits = F.interpolate(full_precision(scores), size=rgb.shape[-2:], mode="bilinear")
        labels = refined_labels(rgb, cam, inputs.labels, inputs.inside, low=thresholds.low, high=thresholds.high)
        supervised = _supervised(inputs)
        background, foreground, true = [logits.new_zeros(0)], [logits.new_zeros(0)], [logits.new_zeros(0)]
        for image, learns in enumerate(supervised):
            own = (inputs.masks if learns else labels)[image]
            costs = -logits[image].log_softmax(dim=0).gather(0, own.where(own != 255, 0).unsqueeze(0)).squeeze(0)
            background.append(costs[own == 0] if not learns else costs[:0].flatten())
            foreground.append(costs[(own != 0) & (own != 255)] if not learns else costs[:0].flatten())
            true.append(costs[own != 255] if learns else costs[:0].flatten())
        background, foreground, true = (_mean_or_zero(torch.cat(costs)) for costs in (background, foreground, true))
        share = sum(supervised) / len(supervised)
        own = [(inputs.masks if learns else labels)[image] for image, learns in enumerate(supervised)]
        by_labels = self.settings.energy_pixels == "uncertain"
        images = zip(rgb, logits.softmax(dim=1), inputs.inside, own, strict=True)
        energies = [
            energy_loss(*(part[None] for part in parts), labels=label[None] if by_labels else None, weight=1e-7)
            for *parts, label in images
        ]
        return {
            "seg": (1 - share) * 0.5 * (background + foreground) + self.settings.train.mask_weight * share * true,
            "reg": torch.stack(energies).mean(),
        }


def _supervised(inputs: Inputs) -> list[bool]:
    """Return which images learn from their true mask."""
    return inputs.supervised.tolist() if inputs.supervised.numel() else [False] * len(inputs.labels)


def _soft_margin(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over images and classes of ``log(1 + exp(-x))`` where the class is there, ``log(1 + exp(x))`` elsewhere."""
    logits = full_precision(logits)
    return torch.where(labels > 0, F.softplus(-logits), F.softplus(logits)).mean()


def _mean_or_zero(values: Tensor) -> Tensor:
    return values.mean() if len(values) else values.sum()


def _in_order(patches: Tensor, crops: Tensor, seconds: Tensor) -> Tensor:
    """Line up the embeddings image by image: its patches, its crop, its second view."""
    count = len(patches) // len(crops)
    rows = []
    for image in range(len(crops)):
        rows += [*patches[image * count : (image + 1) * count], crops[image], seconds[image]]
    return torch.stack(rows)
