"""L_LiG and L_LiL: tagged patches against class prototypes and against a reservoir of past patches (sec. 3.3-3.5)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seco.compute.distributed import gather
from seco.losses.classification import PatchLabels, patch_classification
from seco.losses.global_contrast import global_contrast
from seco.losses.local_contrast import Average, local_contrast
from seco.method.memory import Prototypes, PrototypeUpdate, Reservoir
from seco.method.tags import keep_true_tags, rectify_tags, tag_images
from seco.models.encoder import Tokens
from seco.models.network import SeCoNetwork
from seco.models.patch_tokens import PatchEncoding
from seco.models.teacher import LocalTeacher
from seco.storage.label_map import BACKGROUND
from seco.training.crop_pass import CropPass
from seco.training.objective import Contribution, Part
from seco.training.parts.contrast_curves import contrast_curves
from seco.training.parts.contrast_record import ContrastRecord
from seco.training.parts.contrast_update import Contrast, MemoryUpdate
from seco.training.parts.tagged_patches import PatchCutter, TaggedPatches, count_right_tags, count_tags, join_views

CURVES_EVERY = 10  # steps; the curves of L_LiL take eight times as long as the loss itself


class PatchContrast(Part):
    """The two contrasts of SeCo, with local teacher, prototypes and reservoir.

    Args:
        network: the student.
        cutter: chooses and tags the patches.
        encoding: makes their tokens.
        weight_lig: α of eq. 9; 0 leaves L_LiG out.
        weight_lil: β of eq. 9; 0 leaves L_LiL out.
        weight_patch: beyond the paper: weight of the classification of tagged patches.
        patch_labels: what a patch's tag tells the classifiers.
        prototype_start: the step at which prototypes begin.
        contrast_start: the step at which the contrasts begin.
        contrast_ramp: steps from there over which the weights of all terms rise linearly; 0: none.
        tag_source_switch: the step from which the final CAM tags patches; CAM_aux before.
        rectify_threshold: σ of eq. 7; None leaves tags as they are.
        reservoir_size: entries of the reservoir.
        prototype_momentum: η of eq. 3.
        prototype_update: the rule of ``Prototypes.update``.
        teacher_momentum: of the local teacher.
        tau_global: temperature of eq. 4.
        tau_local: temperature of eq. 8.
        lil_average: over what eq. 8 takes its mean.
        lil_background: whether background patches are queries of eq. 8.
        batch_size: images a step over all ranks.
        record_every: steps from one snapshot of the prototypes, for the report, to the next.
        judge_tags: count how many tags the true masks confirm.
        oracle_tags: tag patches from the true masks, to measure what perfect tags would bring.
    """

    def __init__(
        self,
        network: SeCoNetwork,
        cutter: PatchCutter,
        *,
        encoding: PatchEncoding,
        weight_lig: float,
        weight_lil: float,
        weight_patch: float,
        patch_labels: PatchLabels,
        prototype_start: int,
        contrast_start: int,
        contrast_ramp: int,
        tag_source_switch: int,
        rectify_threshold: float | None,
        reservoir_size: int,
        prototype_momentum: float,
        prototype_update: PrototypeUpdate,
        teacher_momentum: float,
        tau_global: float,
        tau_local: float,
        lil_average: Average,
        lil_background: bool,
        batch_size: int,
        record_every: int,
        judge_tags: bool,
        oracle_tags: bool,
    ) -> None:
        super().__init__(
            weights={"lig": weight_lig, "lil": weight_lil, "patch": weight_patch},
            views=frozenset({"strong", "second", "mask"} if judge_tags or oracle_tags else {"strong", "second"}),
            num_draws=cutter.num_patches,
        )
        classes, width = network.num_classes, network.encoder.width
        self.cutter = cutter
        self.encoding = encoding
        self.patch_labels: PatchLabels = patch_labels
        self.prototype_start = prototype_start
        self.contrast_start = contrast_start
        self.contrast_ramp = contrast_ramp
        self.tag_source_switch = tag_source_switch
        self.rectify_threshold = rectify_threshold
        self.prototype_momentum = prototype_momentum
        self.prototype_update: PrototypeUpdate = prototype_update
        self.teacher_momentum = teacher_momentum
        self.tau_global = tau_global
        self.tau_local = tau_local
        self.lil_average: Average = lil_average
        self.lil_background = lil_background
        self.batch_size = batch_size
        self.judge_tags = judge_tags
        self.oracle_tags = oracle_tags
        self.teacher = LocalTeacher(network)
        self.prototypes = Prototypes(classes, width)
        self.reservoir = Reservoir(reservoir_size, width)
        self.record = ContrastRecord(classes, width, every=record_every)

    def forward(self, crops: CropPass) -> Contribution:
        """Embed the crops once prototypes have begun, and contrast patches once the contrasts have."""
        labels, num_classes = crops.inputs.labels, crops.network.num_classes
        if crops.step < self.prototype_start:
            return Contribution(update=MemoryUpdate(None, labels, None, crops.step))
        with crops.autocast():
            embedding = crops.network.projector(crops.output.tokens.class_token)
        update = MemoryUpdate(embedding.detach(), labels, None, crops.step)
        if crops.step < self.contrast_start:
            return Contribution(update=update)
        source = int(crops.step < self.tag_source_switch)  # of a CamPair: the final CAM or CAM_aux
        strongest = crops.strongest[source] if self.cutter.negatives == "hard" else None
        patches = self.cutter.cut(crops.inputs, crops.cams[source], strongest, from_masks=self.oracle_tags)
        contrast = self.contrast(crops, embedding, patches)
        update = update._replace(contrast=contrast)
        before, after = patches.tags, _patch_tags(contrast)
        if self.prototype_update == "patches":
            shown = F.one_hot(after.flatten().clamp(min=BACKGROUND), num_classes + 1)[:, 1:]
            update = update._replace(embeddings=contrast.patch_embeddings, labels=shown)
        counts = count_tags(before, after) | contrast.curves
        if self.judge_tags:
            right = self.cutter.right_tags(patches, crops.inputs.masks)
            counts |= count_right_tags(patches.judged, after, right, num_classes=num_classes)
            update = update._replace(right=right)
        share = min((crops.step + 1 - self.contrast_start) / max(self.contrast_ramp, 1), 1.0)
        return Contribution(contrast.terms, update, counts, share)

    def contrast(self, crops: CropPass, crop_embedding: Tensor, patches: TaggedPatches) -> Contrast:
        """Contrast patches and both whole-image views.

        Args:
            crops: the pass over the training crops.
            crop_embedding: ``[B, D]``, their queries.
            patches: of the crops.
        """
        network, second = crops.network, crops.inputs.second
        image_tags = tag_images(crops.inputs.labels).unsqueeze(1)  # [B, 1]
        tags = torch.cat([patches.tags, image_tags, image_tags], dim=1).flatten()  # [B·V]
        with crops.autocast():
            tokens = self.encoding.tokens(network.encoder, crops.inputs.weak, patches.corners, crops.output.tokens)
            embeddings = network.projector(tokens.class_token)  # [B·n, D]
            queries = join_views(embeddings, crop_embedding, network.embed(second))  # [B·V, D]
        if self.rectify_threshold is not None:
            memory = self.reservoir
            rectified = rectify_tags(queries, tags, memory.keys, memory.tags, threshold=self.rectify_threshold)
            tags = keep_true_tags(tags, rectified, crops.inputs.supervised)
        contrast = Contrast({}, None, None, tags, embeddings.detach(), patches, {})
        if self.weights["patch"]:
            contrast.terms["patch"] = self._patch_classification(crops, tokens, _patch_tags(contrast).flatten())
        if self.weights["lig"]:
            contrast.terms["lig"] = global_contrast(
                queries, tags, self.prototypes.vectors, self.prototypes.seen, temperature=self.tau_global
            )
        if self.weights["lil"]:
            keys = gather(self._keys(crops, patches), total=self.batch_size)
            key_tags = gather(tags, total=self.batch_size)
            entries = torch.cat([keys, self.reservoir.keys])
            entry_tags = torch.cat([key_tags, self.reservoir.tags])
            contrast.terms["lil"] = local_contrast(
                *(queries, tags, entries, entry_tags),
                temperature=self.tau_local,
                average=self.lil_average,
                background=self.lil_background,
                num_classes=network.num_classes,
            )
            contrast = contrast._replace(keys=keys, key_tags=key_tags)
            if crops.step % CURVES_EVERY == 0:
                curves = contrast_curves(queries, tags, entries, entry_tags, temperature=self.tau_local)
                contrast = contrast._replace(curves=curves)
        return contrast

    def update_state(self, update: MemoryUpdate, network: SeCoNetwork) -> None:
        """Move the prototypes (eq. 3), then the reservoir (eq. 5), then the local teacher; keep the record."""
        if update.embeddings is not None:
            self.prototypes.update(
                gather(update.embeddings, total=self.batch_size),
                gather(update.labels, total=self.batch_size),
                momentum=self.prototype_momentum,
                mode=self.prototype_update,
            )
            self.record.keep(self.prototypes.vectors, step=update.step + 1)
        contrast = update.contrast
        if contrast is not None:
            tags = contrast.patches.judged, _patch_tags(contrast)
            self.record.count(*tags, right=update.right, total=self.batch_size)
        if contrast is not None and contrast.keys is not None and contrast.key_tags is not None:
            self.reservoir.enqueue(contrast.keys, contrast.key_tags)
        self.teacher.update(network, momentum=self.teacher_momentum)

    @torch.no_grad()
    def _keys(self, crops: CropPass, patches: TaggedPatches) -> Tensor:
        """Return the local teacher's embeddings ``[B·V, D]`` of all views; patches and crops in strong colours."""
        teacher, images, mirror = self.teacher, crops.inputs.strong, crops.inputs.draws[..., 1]
        with crops.autocast():
            whole: Tokens = teacher.encoder(images)
            tokens = self.encoding.tokens(teacher.encoder, images, patches.corners, whole, mirror=mirror)
            patch_keys, crop_keys = (teacher.projector(each.class_token) for each in (tokens, whole))
            return join_views(patch_keys, crop_keys, teacher.embed(crops.inputs.second))

    def _patch_classification(self, crops: CropPass, tokens: Tokens, tags: Tensor) -> Tensor:
        """Return the classification loss of patches under both classifiers; their tags are ``[B·n]``."""
        with crops.autocast():
            logits, aux_logits = crops.network.classify(tokens)
        first, second = (patch_classification(each, tags, labels=self.patch_labels) for each in (logits, aux_logits))
        return first + second


def _patch_tags(contrast: Contrast) -> Tensor:
    """Return, of the tags of all views, those of the patches: ``[B, n]``."""
    count, each = contrast.patches.tags.shape
    return contrast.tags.view(count, -1)[:, :each]
