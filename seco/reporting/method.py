"""What the method did: prototypes, patches, and the tags that rectification withdrew (Figs. 4 to 6 of the paper)."""

from collections.abc import Sequence

import pandas as pd

from seco.inference.embeddings import patch_grid
from seco.inference.photographs import photo_of
from seco.inference.predictor import Predictor
from seco.reporting.blocks import Block, Chart, Picture, Prose, Section, Table
from seco.reporting.charts import curves
from seco.reporting.method_charts import (
    curve_rows,
    prototype_places,
    prototype_ways,
    similarity_matrix,
    with_prototypes,
)
from seco.reporting.patch_picture import patch_figure
from seco.storage.manifest import Record
from seco.storage.method_record import TAG_COUNTS, MethodRecord
from seco.storage.model import StoredModel

_KINDS = {
    "patches/class": "one class",
    "patches/background": "background",
    "patches/uncertain": "uncertain",
    "patches/withdrawn": "withdrawn by eq. 7",
}
_PURITY = {
    "tags/right": "class tags",
    "tags/right_kept": "class tags that eq. 7 kept",
    "tags/right_0": "background tags",
}
_WITHDRAWN_COLUMNS = ("tag", "tagged", "withdrawn", "withdrawn_percent")
_JUDGED_COLUMNS = ("withdrawn_wrong_percent", "all_wrong_percent")


def method_section(record: MethodRecord, *, class_names: Sequence[str], patches: Picture | None) -> Section:
    """Return the section of a page on a training of SeCo.

    Args:
        record: what the training left, as of ``read_method_record``.
        class_names: foreground classes in id order.
        patches: as of ``patch_picture``, if there is an image to show.
    """
    blocks: list[Block] = []
    if len(with_prototypes(record)) > 1:
        blocks += [
            Prose(alike_sentence(record, class_names)),
            Chart(
                similarity_matrix(record, class_names),
                "heat map of the cosines between the prototypes of classes",
                "Cosines between prototypes at the end of the training.",
            ),
        ]
        if places := prototype_places(record):
            caption = (
                f"Prototypes after steps {places[0].step} to {places[-1].step} (t-SNE), darker the later. Directions "
                "and distances between groups mean little; prototypes that lie apart and stay there do."
            )
            alt = "the prototypes of classes in the plane, at several steps"
            blocks.append(Chart(prototype_ways(places, class_names), alt, caption))
    if patches is not None:
        blocks.append(patches)
    for names, y, caption in (
        (_KINDS, "% of patches", "Patches by tag: a withdrawn one counts as it was before."),
        (_PURITY, "% that are right", "Tags that the true masks confirm."),
    ):
        if rows := curve_rows(record, names):
            blocks.append(Chart(curves(rows, x="step", y=y), f"{y}, over the steps of the training", caption))
    if record.tags[0].sum():
        blocks += [
            Prose(withdrawn_sentence(record)),
            Table(withdrawn_table(record, class_names=class_names), "What rectification withdrew.", decimals=1),
        ]
    return Section("method", "What the method did", tuple(blocks))


def patch_picture(
    predictor: Predictor, model: StoredModel, method: MethodRecord, example: Record, *, class_names: Sequence[str]
) -> Picture:
    """Return a picture of an image's patches and the prototypes that they are like.

    Args:
        predictor: the trained network.
        model: the same, as stored.
        method: its prototypes.
        example: the image.
        class_names: foreground classes in id order.

    Raises:
        SecoError: as of ``patch_grid``.
    """
    grid = patch_grid(predictor, model, photo_of(example), method.prototypes)
    labels = [class_names.index(label) + 1 for label in example.labels]
    caption = (
        f"Patches of {example.id} (labels: {', '.join(example.labels) or 'none'}) as training cuts them, and the "
        "cosines of their embeddings with the prototypes."
    )
    figure = patch_figure(grid, labels=labels, class_names=class_names)
    return Picture(figure, "an image in patches, each with the class whose prototype it is most like", caption)


def alike_sentence(record: MethodRecord, class_names: Sequence[str]) -> str:
    """Say which two prototypes are most alike, and how alike they are on average."""
    kept = with_prototypes(record)
    vectors = record.prototypes[kept].double()
    cosines = (vectors @ vectors.T).tolist()
    pairs = [(cosines[a][b], kept[a], kept[b]) for a in range(len(kept)) for b in range(a)]
    value, one, other = max(pairs)
    return (
        f"The prototypes of {class_names[other]} and {class_names[one]} are most alike (cosine {value:.2f}); the mean "
        f"over all {len(pairs)} pairs is {sum(pair[0] for pair in pairs) / len(pairs):.2f}."
    )


def withdrawn_table(record: MethodRecord, *, class_names: Sequence[str]) -> pd.DataFrame:
    """Return a row for each tag that patches got: how many, how many of them eq. 7 withdrew.

    Columns tag, tagged, withdrawn, withdrawn_percent; where the true masks were compared also withdrawn_wrong_percent
    (of those withdrawn, the wrong ones) and all_wrong_percent (of all with that tag).
    """
    counts = dict(zip(TAG_COUNTS, record.tags.tolist(), strict=True))
    frame = pd.DataFrame({"tag": ["background", *class_names], **counts})
    frame = frame[frame["tagged"] > 0].copy()
    frame["withdrawn_percent"] = 100 * frame["withdrawn"] / frame["tagged"]
    frame["withdrawn_wrong_percent"] = 100 - 100 * frame["withdrawn_right"] / frame["withdrawn"]
    frame["all_wrong_percent"] = 100 - 100 * frame["tagged_right"] / frame["tagged"]
    return frame[[*_WITHDRAWN_COLUMNS, *(_JUDGED_COLUMNS if record.judged else ())]].reset_index(drop=True)


def withdrawn_sentence(record: MethodRecord) -> str:
    """Say how many class tags rectification withdrew and, where the truth is known, whether the right ones."""
    tagged, withdrawn, right, withdrawn_right = record.tags[:, 1:].sum(dim=1).tolist()
    if not withdrawn:
        return f"Rectification (eq. 7) withdrew none of {tagged} class tags."
    text = f"Rectification (eq. 7) withdrew {100 * withdrawn / tagged:.1f} % of {tagged} class tags"
    if not record.judged:
        return f"{text}."
    wrong = 100 * (withdrawn - withdrawn_right) / withdrawn
    return f"{text}; {wrong:.0f} % of those were wrong, of all class tags {100 * (tagged - right) / tagged:.0f} %."
