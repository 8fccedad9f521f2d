"""The command `queue`: which masks to correct first, as a list, a page, or a job for an annotation tool."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.convert import tell_converted
from pipeline.inference import load_inference
from pipeline.options import CAMS, MODEL, PARAMS, PREDICTIONS, PREPARED, REFINED, REPORTS, Data, Model, Params
from seco.conversion.formats import FORMATS

if TYPE_CHECKING:
    from seco.config.settings import Settings
    from seco.conversion.convert import Options
    from seco.inference.predictor import Predictor
    from seco.review.collect import Candidate
    from seco.review.ranking import Queued
    from seco.review.signals import Comparison
    from seco.storage.manifest import Manifest

_KEPT = Path(".seco/queue")
_FIRST = 50
_ON_SCREEN = 10
_TRAIN = "train"


def queue(
    params: Params = PARAMS,
    data: Data = PREPARED,
    model: Model = MODEL,
    split: Annotated[
        list[str] | None, typer.Option(help="Split whose masks are ranked; may be repeated.", show_default="train")
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(help="Folder of the masks.", show_default=f"{REFINED}, {PREDICTIONS} for other splits"),
    ] = None,
    first: Annotated[
        int | None, typer.Option(min=1, help="Masks on the page or in the job.", show_default=f"{_FIRST}, or all")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help=f"Job: {', '.join(FORMATS)}.", show_default="a list and a page")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="Folder of queue.csv and index.html; with --to, of the job, or its file.")
    ] = REPORTS / "queue",
    url: Annotated[
        str | None,
        typer.Option(help="Before the photographs' names (label-studio).", show_default="/data/local-files/?d="),
    ] = None,
    polygons: Annotated[bool, typer.Option("--polygons", help="Polygons (coco, labelme).", show_default="no")] = False,
    with_images: Annotated[
        bool, typer.Option("--with-images", help="Add the photographs (voc, cvat).", show_default="no")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an older job.", show_default="no")] = False,
) -> None:
    """Say which masks to correct first, and hand them to an annotation tool."""
    from seco.conversion.convert import Options
    from seco.conversion.formats import find_format
    from seco.conversion.output import require_place
    from seco.errors import SecoError
    from seco.review.collect import find_candidates
    from seco.review.ranking import rank
    from seco.storage.atomic import require_writable

    options = Options(polygons=polygons, url=url, with_images=with_images)
    splits = tuple(dict.fromkeys(split or [_TRAIN]))
    if to is not None and out == REPORTS / "queue":
        raise SecoError("give the place of the job: --to FORMAT --out PATH")
    folders = {name: masks or _masks_of(name) for name in splits}
    if to is None:
        if options != Options():
            raise SecoError("--url, --polygons and --with-images are for a job: give --to FORMAT, or leave them out")
        require_writable(out)
    else:
        form = find_format(to)
        options.require_used(to)
        for folder in folders.values():
            require_place(out, suffixes=form.suffixes, masks=folder, force=force)
    settings, manifest, predictor = load_inference(params, data, model)
    stages = {name: "refine" if name == _TRAIN else "predict" for name in splits}
    candidates = find_candidates(manifest, folders, stages=stages)
    if first is not None and first > len(candidates):
        raise SecoError(
            f"--first {first} asks for more masks than {', '.join(splits)} has, {len(candidates)}: give a lower number"
        )
    count = first or min(_FIRST, len(candidates))
    found = rank(candidates, _compared(settings, predictor, model, candidates), manifest)
    if to is None:
        _tell(found, manifest, out, count)
    else:
        _hand_over(found[:count], manifest, to, out, options)


def _masks_of(split: str) -> Path:
    """Return the folder of the masks that a split has by default."""
    if split == _TRAIN:
        return REFINED
    smoothed = PREDICTIONS / "crf"
    return smoothed if smoothed.is_dir() else PREDICTIONS / "multi_scale"


def _compared(
    settings: "Settings", predictor: "Predictor", model: Path, candidates: "list[Candidate]"
) -> "list[Comparison]":
    """Return the signals of the candidates; the network looks at the images that it has not seen yet."""
    from seco.review.collect import collect
    from seco.review.store import SIGNALS_FILE
    from seco.runtime.progress import progress
    from seco.storage.model import files_of_model
    from seco.storage.run_note import digest_of

    with progress("queue") as count:
        return collect(
            _KEPT / SIGNALS_FILE,
            candidates,
            predictor,
            model=digest_of(files_of_model(model)),
            side=settings.export.image_size,
            batch_size=settings.export.batch_size,
            background=settings.export.background,
            progress=count.reach,
        )


def _tell(found: "list[Queued]", manifest: "Manifest", out: Path, first: int) -> None:
    """Write the list and the page, and print the first masks."""
    from seco.console.output import open_console, print_sentence
    from seco.console.score_table import score_table
    from seco.reporting.page.compose import compose
    from seco.review.page import answer, queue_frame, sections, write_queue
    from seco.storage.atomic import atomic_write_text

    sentence = answer(found, first)
    page = compose(sections(found, manifest, cams=CAMS, first=first), title="Review queue", answer=sentence)
    write_queue(out / "queue.csv", found)
    atomic_write_text(out / "index.html", page)
    console = open_console(None)
    console.print(score_table(queue_frame(found[:_ON_SCREEN]), console, title="Masks to correct first"))
    print_sentence(console, sentence)
    print_sentence(console, f"{out / 'index.html'}: these masks with their photographs; queue.csv lists all of them")


def _hand_over(found: "list[Queued]", manifest: "Manifest", to: str, out: Path, options: "Options") -> None:
    """Write the first masks as a job."""
    from seco.conversion.convert import convert
    from seco.conversion.sources import masks_of_records
    from seco.runtime.progress import progress

    chosen = masks_of_records([(one.candidate.record, one.candidate.mask, one.reason) for one in found], manifest)
    with progress("convert", len(chosen.items)) as count:
        form = convert(chosen, to, out, options, progress=count.reach)
    tell_converted(chosen, to, out, form)
