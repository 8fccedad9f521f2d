"""Stage `prepare`: check the data once and write the manifest that every later stage reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import PARAMS, PREPARED, Params

if TYPE_CHECKING:
    from seco.config import Settings
    from seco.datasets.preparing import Inspected


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
    from seco.datasets.preparing import linked_folders, write_dataset
    from seco.datasets.problems import refuse, write_problems
    from seco.reporting.dataset import show_dataset
    from seco.storage.atomic import require_writable

    settings = load_settings(params)
    require_writable(output)
    inspected = _inspect(settings, cache)
    listing = write_problems(output, inspected.problems)
    if not (settings.dataset.skip_bad if skip_bad is None else skip_bad):
        refuse(inspected.problems, listing=listing)
    statistics = write_dataset(output, inspected, store=cache / "masks")
    show_dataset(
        statistics,
        class_names=inspected.class_names,
        linked=linked_folders(Path(settings.dataset.root), inspected.checked),
    )


def _inspect(settings: "Settings", cache: Path) -> "Inspected":
    """List the images, draw masks where there are outlines, and check all files."""
    from seco.datasets.checking import check
    from seco.datasets.drawing import draw_masks
    from seco.datasets.preparing import Inspected
    from seco.datasets.reading import read_dataset
    from seco.reporting.progress import progress
    from seco.storage.known_files import KnownFiles

    with progress("prepare, lists") as advance:
        listed = read_dataset(
            Path(settings.dataset.root),
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
        names = tuple(listed.class_names)
        advance.begin("prepare, masks")
        drawn, undrawable = draw_masks(
            listed.candidates, class_names=names, store=cache / "masks", progress=advance.reach
        )
        advance.begin("prepare, images")
        known = KnownFiles(cache, subject=settings.dataset.root)
        checked, faulty = check(drawn, class_names=names, known=known, progress=advance.reach)
    return Inspected(checked, [*listed.problems, *undrawable, *faulty], names, listed.left_out)
