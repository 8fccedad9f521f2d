"""The numbers that advice stands on, read from the measurements of a run."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from seco.reporting.advice import ClassFinding, Findings, TieFinding
from seco.reporting.confusions import worst_confusions
from seco.reporting.measurements import CAM_SEED, REFINED, SEGMENTATION, Measurement, rows_of
from seco.scores.confusion import Counts
from seco.scores.metrics import MIOU, PRECISION, RECALL
from seco.storage.label_map import BACKGROUND
from seco.storage.manifest import TRAIN, Manifest


def collect_findings(
    manifest: Manifest, scored: Sequence[Measurement], main: Measurement, *, ties: pd.DataFrame, together: Counts
) -> Findings:
    """Return what the rules of advice read.

    Args:
        manifest: the data set.
        scored: all measurements that have scores.
        main: the one that the page is about.
        ties: as of ``cooccurrence_table``.
        together: images of the data set that show two classes, as of ``read_pairs``.
    """
    whole, split = main.evaluation.whole, main.split
    to_learn = Counter(label for record in manifest.records if record.split == TRAIN for label in record.labels)
    scores = (100 * values for values in (whole.iou(), whole.precision(), whole.recall()))
    columns = zip(manifest.class_names, whole.images_of_class[1:], *(values[1:] for values in scores), strict=True)
    classes = [
        ClassFinding(name, to_learn[name], int(images), *map(float, values)) for name, images, *values in columns
    ]
    worst = worst_confusions(whole, class_names=manifest.class_names)
    seed, refined, segmented = (_of(scored, kind, split) for kind in (CAM_SEED, REFINED, SEGMENTATION))
    return Findings(
        classes=classes,
        ties=_ties(ties, main, manifest.class_names, together),
        confusions=list(zip(worst["share_percent"], worst["class"], worst["called"], strict=True)),
        cam=(100 * PRECISION.mean(seed.evaluation.whole), 100 * RECALL.mean(seed.evaluation.whole)) if seed else None,
        uncertain=100 * float(whole.counts[:, -1].sum() / max(whole.counts.sum(), 1)),
        learned=_miou_of(refined, segmented) if refined and segmented else None,
    )


def _of(scored: Sequence[Measurement], kind: str, split: str) -> Measurement | None:
    """Return the most refined masks of a kind on a split."""
    return next((item for item in reversed(scored) if item.source.kind == kind and item.split == split), None)


def _miou_of(*items: Measurement) -> tuple[float, float]:
    first, second = (100 * MIOU.mean(item.evaluation.whole) for item in items)
    return first, second


def _ties(table: pd.DataFrame, main: Measurement, class_names: Sequence[str], together: Counts) -> list[TieFinding]:
    """Return the rows of the masks that the page is about; an interval of few images says nothing."""
    found = []
    for row in rows_of(table, main.key).to_dict("records"):
        a, b = (class_names.index(row[key]) + 1 for key in ("class", "other"))
        if np.isfinite(row["gap_percent"]) and BACKGROUND not in (a, b):
            found.append(
                TieFinding(
                    row["class"],
                    row["other"],
                    row["gap_percent"],
                    row["gap_low_percent"],
                    *map(int, together[a, [b, a]]),
                )
            )
    return found
