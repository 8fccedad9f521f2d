"""index.html: one page that says how good a run is, what it confuses, which images to look at, and what to do next."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from seco.reporting.advice import advise, advise_without_masks, advise_without_truth
from seco.reporting.blocks import Points, Prose, Section
from seco.reporting.confusions import confused_sentence, confusion_section, worst_confusions, worst_misses
from seco.reporting.cooccurrence import Cooccurrence, tied_pairs, tied_rows
from seco.reporting.explanations import explain
from seco.reporting.failures import find_failures, predicted_pixels
from seco.reporting.findings import collect_findings
from seco.reporting.gallery import Gallery, gallery_section, ranked_images
from seco.reporting.learning_curves import curves_section
from seco.reporting.measurements import Measurement, main_measurement
from seco.reporting.page.compose import compose
from seco.reporting.quality import how_good, how_sure
from seco.reporting.report import Report
from seco.reporting.run_facts import RunFacts, run_section
from seco.scores.confusion import Counts
from seco.scores.metrics import MIOU
from seco.scores.single_images import image_scores
from seco.storage.manifest import Manifest

PAGE = "index.html"


def index_page(
    manifest: Manifest,
    measurements: Sequence[Measurement],
    report: Report,
    *,
    run: RunFacts,
    together: Counts,
    contexts: Mapping[str, Sequence[str]],
    data: Path,
    model: Path,
    cams: Path,
    curves: Path,
    pictures: int,
    pairs: int,
) -> str:
    """Return index.html, a page that needs no other file.

    Args:
        manifest: the data set.
        measurements: what ``measure`` returned; without any scores the page has pictures alone.
        report: what ``make_report`` made of them.
        run: what was run.
        together: images of the data set that show two classes, as of ``read_pairs``.
        contexts: image id → contexts, as of ``read_contexts``.
        data: the folder that `seco prepare` wrote.
        model: the folder that `seco train` wrote.
        cams: the CAM store, for the pictures.
        curves: the folder of the learning curves.
        pictures: images in each part of the gallery, eight at the most.
        pairs: number of pairs of classes that are compared.

    Raises:
        SecoError: a mask, the model, a CAM or a learning curve is damaged.
    """
    names = manifest.class_names
    scored = [item for item in measurements if item.is_scored]
    main = main_measurement(scored) if scored else measurements[-1]
    tied = tied_pairs(together, num_images=len(manifest.records), most=pairs)
    found = Cooccurrence(report.together, report.correlations)
    explained = explain(manifest, main, found, report.surroundings, contexts=contexts, data=data, model=model)
    scores: list[Section] = []
    if scored:
        scores = [
            how_good(report, main),
            how_sure(scored),
            confusion_section(main, class_names=names),
            explained.cooccurrence,
        ]
        ties = tied_rows(report.together)
        advice = advise(collect_findings(manifest, scored, main, ties=ties, together=together))
    else:
        stages = dict.fromkeys(item.source.stage for item in measurements if item.evaluation.missing)
        advice = advise_without_masks([*stages]) if stages else advise_without_truth(len(manifest.records))
    gallery = Gallery(manifest, cams=cams, masks=_folders(measurements), rows=pictures)
    sections = [
        *scores,
        _images(gallery, main, pairs=tied, is_scored=bool(scored)),
        advice_section(advice),
        explained.audit,
        explained.method,
        curves_section(curves),
        run_section(run),
    ]
    text = headline(main, class_names=names) if scored else _no_scores(measurements)
    return compose(sections, title="SeCo report", answer=text, facts=run.in_short())


def headline(main: Measurement, *, class_names: Sequence[str]) -> str:
    """Return the answer in a sentence."""
    whole, images = main.evaluation.whole, main.evaluation.whole.images
    score = 100 * MIOU.mean(whole)
    if not whole.occurs()[1:].any():
        return f"The truth masks of {main.split} show background alone, so there is no score over classes."
    title = main.source.title[0].upper() + main.source.title[1:]
    text = f"{title}: mIoU {score:.1f} % on {images:,} image{'s' * (images > 1)} of {main.split}."
    for worst in (worst_confusions, worst_misses):
        found = worst(whole, class_names=class_names, most=1)
        if not found.empty:
            return f"{text} {confused_sentence(*found.iloc[0][['share_percent', 'class', 'called']])}."
    return text


def _no_scores(measurements: Sequence[Measurement]) -> str:
    lacks = ", and ".join(dict.fromkeys(item.lack for item in measurements if item.lack))
    return f"{lacks[0].upper()}{lacks[1:]}: here are pictures, without scores."


def advice_section(advice: Sequence[str]) -> Section:
    """Return the section "what to do next"."""
    nothing = "No rule of advice applies: no number stands out."
    blocks = (Points(tuple(advice), ordered=True),) if advice else (Prose(nothing),)
    return Section("next", "What should I do next?", blocks)


def _images(gallery: Gallery, main: Measurement, *, pairs: Sequence[tuple[int, int]], is_scored: bool) -> Section:
    manifest, names = gallery.manifest, gallery.manifest.class_names
    by_id = {record.id: record for record in manifest.split(main.split)}
    counted = main.evaluation.by_image.ids if is_scored else by_id  # not all have masks of both kinds
    records = [by_id[image_id] for image_id in counted]
    scores = image_scores(main.evaluation.by_image) if is_scored else None
    predicted = scores.predicted if scores else predicted_pixels(records, main.source.folder, num_classes=len(names))
    failures = find_failures(records, predicted, manifest, scores=scores)
    ranked = ranked_images(main, records, class_names=names, pairs=pairs, rows=gallery.rows) if is_scored else []
    examples = [split for split in manifest.splits if split != main.split or not is_scored]
    return gallery_section(gallery, ranked, failures, where=f"{main.source.title}, {main.split}", examples=examples)


def _folders(measurements: Sequence[Measurement]) -> dict[str, dict[str, Path]]:
    """Return the masks of each split by their column: of each kind the most refined."""
    found: dict[str, dict[str, Path]] = {}
    for item in measurements:
        found.setdefault(item.split, {})[item.source.short_title] = item.source.folder
    return found
