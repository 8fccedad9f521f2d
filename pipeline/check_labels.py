"""The command `check-labels`: labels of images that the trained model contradicts."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.export import Cams
from pipeline.options import CAMS, MODEL, PARAMS, PREPARED, REPORTS, Data, Model, Params


def check_labels(
    params: Params = PARAMS,
    data: Data = PREPARED,
    model: Model = MODEL,
    cams: Cams = CAMS,
    split: Annotated[str, typer.Option(help="Split whose labels are checked.")] = "train",
    pictures: Annotated[int, typer.Option(min=1, max=100, help="Images of each kind on the page.")] = 20,
    out: Annotated[Path, typer.Option(help="Folder for labels.csv, classes.csv and index.html.")] = REPORTS / "labels",
) -> None:
    """List labels that the trained model contradicts: missing ones and wrong ones."""
    from seco.auditing.label_check import check_labels as check
    from seco.auditing.label_page import answer, contradiction_strips, label_sections
    from seco.config.settings import load_settings
    from seco.console.labels import show_labels
    from seco.inference.trained import load_predictor
    from seco.reporting.page.compose import compose
    from seco.reporting.tables import write_frame
    from seco.runtime.progress import progress
    from seco.storage.atomic import atomic_write_text, require_writable
    from seco.storage.manifest import read_manifest

    settings, manifest = load_settings(params), read_manifest(data)
    predictor = load_predictor(model, class_names=manifest.class_names)
    require_writable(out)
    with progress("check-labels") as advance:
        found = check(manifest, split=split, cams=cams, progress=advance.reach)
    strips = contradiction_strips(
        found,
        predictor,
        most=pictures,
        image_size=settings.export.image_size,
        batch_size=settings.export.batch_size,
    )
    listed, sentence = found.listed(), answer(found, split=split)
    page = compose(label_sections(found, strips), title="Labels against the model", answer=sentence)
    write_frame(out / "labels.csv", listed)
    write_frame(out / "classes.csv", found.classes())
    atomic_write_text(out / "index.html", page)
    show_labels(listed, sentence, page=out / "index.html")
