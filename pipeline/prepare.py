"""Stage `prepare`: check the data once and write the manifest that every later stage reads."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import PARAMS, PREPARED, Params


def prepare(
    params: Params = PARAMS,
    output: Annotated[Path, typer.Option(help="Folder for the manifest.")] = PREPARED,
    cache: Annotated[Path, typer.Option(help="Folder for what need not be done twice.")] = Path(".seco/prepare"),
    skip_bad: Annotated[
        bool | None,
        typer.Option(
            "--skip-bad/--strict",
            help="Leave images with problems out, or stop when there are any.",
            show_default="dataset.skip_bad of the settings",
        ),
    ] = None,
) -> None:
    """Check every image, label and mask, and write the manifest; problems.csv lists all problems."""
    from seco.config import load_settings
    from seco.datasets.checking import check
    from seco.datasets.drawing import draw_masks
    from seco.datasets.preparing import linked_folders, write_dataset
    from seco.datasets.problems import refuse, write_problems
    from seco.datasets.reading import read_dataset
    from seco.reporting.dataset import show_dataset
    from seco.reporting.progress import progress
    from seco.storage.atomic import require_writable
    from seco.storage.known_files import KnownFiles

    settings = load_settings(params)
    require_writable(output)
    root, store = Path(settings.dataset.root), cache / "masks"
    with progress("prepare, lists") as advance:
        listed = read_dataset(
            root,
            data_format=settings.dataset.format,
            classes=settings.dataset.classes,
            lists=settings.dataset.lists,
            source=settings.dataset.source,
            difficult=settings.dataset.difficult is True,
            validation_share=settings.dataset.validation_share,
            split_seed=settings.dataset.split_seed,
            outside_root=settings.dataset.outside_root,
            progress=advance.reach,
        )
        names = listed.class_names
        advance.begin("prepare, masks")
        drawn, undrawable = draw_masks(listed.candidates, class_names=names, store=store, progress=advance.reach)
        advance.begin("prepare, images")
        known = KnownFiles(cache, subject=str(root))
        checked, faulty = check(drawn, class_names=names, known=known, progress=advance.reach)
    problems = [*listed.problems, *undrawable, *faulty]
    listing = write_problems(output, problems)
    if not (settings.dataset.skip_bad if skip_bad is None else skip_bad):
        refuse(problems, listing=listing)
    found = write_dataset(
        output, checked, class_names=names, store=store, left_out=listed.left_out, problems=len(problems)
    )
    show_dataset(
        found.summary,
        class_names=names,
        counts=found.counts,
        lifts=found.lifts,
        linked=list(linked_folders(root, checked)),
    )
