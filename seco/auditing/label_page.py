"""The page of labels that a model contradicts: what to look at first, with where the model sees the class."""

import numpy as np

from seco.auditing.label_check import LabelCheck
from seco.auditing.label_noise import MISSING, WRONG, Contradiction
from seco.errors import SecoError
from seco.inference.photographs import Photo, Resizing
from seco.inference.predictor import Predictor
from seco.reporting.blocks import Block, Picture, Prose, Section, Strip, Table
from seco.reporting.gallery import thumbnail
from seco.reporting.overlays import heat_overlay

_ROUNDING = 0.05  # of a probability: batches of another size, and 8 bits fewer than float32, change it less
_TITLES = {MISSING: "Which labels are missing?", WRONG: "Which labels are wrong?"}
_HOW = {
    MISSING: "The model is as sure of the class as on the mean image that has the label, or surer. The heat shows "
    "where it sees the class. The surest come first.",
    WRONG: "The model finds the class less likely than on the mean image without the label. The heat shows where it "
    "would still look for the class: often the context. The surest come first.",
}


def answer(check: LabelCheck, *, split: str) -> str:
    """Return in a sentence how many labels are contradicted."""
    missing, wrong = (len(check.of(kind)) for kind in (MISSING, WRONG))
    text = (
        f"Of the labels of {len(check.records):,} images of {split}, the model contradicts {missing + wrong}: "
        f"{missing} may be missing, {wrong} may be wrong."
    )
    if check.unjudged:
        text += f" Not judged, as the model does not tell them apart: {', '.join(check.unjudged)}."
    return text


def label_sections(check: LabelCheck, strips: dict[str, list[Strip]]) -> list[Section]:
    """Return the sections of the page; ``strips`` as of ``contradiction_strips``."""
    sections = []
    for kind, title in _TITLES.items():
        hidden = len(check.of(kind)) - len(strips[kind])
        blocks: list[Block] = [Prose(_HOW[kind] if strips[kind] else "None stands out."), *strips[kind]]
        if hidden > 0:
            blocks.append(Prose(f"{hidden} more are in labels.csv."))
        sections.append(Section(kind, title, tuple(blocks)))
    caption = (
        "Of each class: the images with its label, the mean probability of images with and without the label (the "
        "thresholds), and the labels beyond them"
    )
    return [*sections, Section("classes", "How sure is the model of each class?", (Table(check.classes(), caption),))]


def contradiction_strips(
    check: LabelCheck, predictor: Predictor, *, most: int, image_size: int, batch_size: int
) -> dict[str, list[Strip]]:
    """Return, for each kind, strips of the surest contradictions: the photograph, and the CAM of the class.

    Args:
        check: the labels.
        predictor: the trained network.
        most: strips of a kind.
        image_size: side in pixels of the square that every image becomes, as in `seco export-cams`.
        batch_size: images a batch.

    Raises:
        SecoError: a photograph cannot be read, or the network has other probabilities than the CAM store.
    """
    chosen = [item for kind in (MISSING, WRONG) for item in check.of(kind)[:most]]
    photos = [
        Photo(str(number), check.records[item.image].image, (check.class_names[item.class_index],))
        for number, item in enumerate(chosen)
    ]
    strips: dict[int, Strip] = {}
    differences = []
    for cam in predictor.cams(photos, resizing=Resizing(square=image_size), scales=(1.0,), batch_size=batch_size):
        item = chosen[int(cam.photo.id)]
        differences.append(np.abs(cam.probabilities.numpy() - check.probabilities[item.image]).max())
        strips[int(cam.photo.id)] = _strip(check, item, cam.pixels, cam.maps[0].float().cpu().numpy())
    if differences and np.median(differences) > _ROUNDING:
        raise SecoError(
            "the CAMs are of another model, or of photographs that have changed: the probabilities in them are not "
            "those of this model; run `seco export-cams` again"
        )
    return {
        kind: [strips[number] for number, item in enumerate(chosen) if item.kind == kind] for kind in (MISSING, WRONG)
    }


def _strip(check: LabelCheck, item: Contradiction, pixels: np.ndarray, heat: np.ndarray) -> Strip:
    record, name = check.records[item.image], check.class_names[item.class_index]
    labels = ", ".join(record.labels) or "no label"
    shown = (
        Picture(thumbnail(pixels), f"{record.id}, an image of {labels}", f"labels: {labels}"),
        Picture(thumbnail(heat_overlay(pixels, heat)), f"CAM of {name} on {record.id}", f"CAM of {name}"),
    )
    return Strip(f"{record.id}: {name} {item.kind}? probability {item.probability:.2f}", shown)
