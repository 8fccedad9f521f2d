"""`export-cams`, `refine` and `predict` with `--images`: any photographs, with nothing but the folder of a model.

How maps become masks is taken from the settings of the model's training run. A run that was stopped goes on where it
was, unless it is another run: of another model or with other options.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.inference import tell_left_out, write_in_workers, write_masks
from seco.inference.resume import FilesOf, resume

if TYPE_CHECKING:
    from seco.inference.groups import BadPhotograph
    from seco.inference.photographs import Photo, Resizing
    from seco.inference.predictor import Predictor
    from seco.refinement.labelling import ScoredImage
    from seco.refinement.probabilities import Form

MOST_PIXELS = 400_000_000
"""Photographs with more are refused. One takes 4 bytes a pixel, and 3 more while its mask is written."""

_BATCH = 8


_RESULTS = (".npz", ".png")


class Choice(NamedTuple):
    """What the user has asked for."""

    images: Sequence[str]
    model: Path
    out: Path | None
    size: int | None
    longest: int | None
    tile: int
    force: bool
    labels: str | None = None
    probabilities: "Form | None" = None


class _Job(NamedTuple):
    predictor: "Predictor"
    photos: "list[Photo]"
    resizing: "Resizing"
    out: Path
    done: frozenset[str]
    """Ids of the photographs that have a result."""
    faults: "list[BadPhotograph]"
    """Photographs that could not be used."""

    @property
    def left(self) -> int:
        """How many photographs have no result."""
        return len(self.photos) - len(self.done)

    def options(self) -> dict[str, Any]:
        """Return the arguments for the predictor."""
        return {
            "resizing": self.resizing,
            "batch_size": _BATCH,
            "on_fault": self.faults.append,
            "done": self.done,
        }


def export_cams_of_photographs(choice: Choice) -> None:
    """Write the CAM of each photograph, at a quarter of its size."""
    from pipeline.export import write_cams

    job = _open(choice, command="export-cams", suffix=".npz")
    write_cams(job.predictor.cams(job.photos, scales=(1.0,), **job.options()), job.out, count=job.left)
    _tell_faults(job)


def refine_photographs(choice: Choice) -> None:
    """Write the refined mask of each photograph: multi-scale CAMs, with PAR and CRF if the model's settings say so."""
    from seco.inference.scoring import score_cams
    from seco.method.par import PAR

    job = _open(choice, command="refine", suffix=".png")
    defaults = job.predictor.defaults
    cams = job.predictor.cams(job.photos, scales=defaults.cam_scales, **job.options())
    par = PAR() if defaults.use_par else None
    _write_masks(job, score_cams(cams, background=defaults.background, par=par), crf=defaults.cam_crf, stage="refine")


def predict_photographs(choice: Choice) -> None:
    """Write the segmentation of each photograph: at several scales, with a CRF if the model's settings say so."""
    from seco.inference.scoring import score_segmentations
    from seco.refinement.labelling import smooth_variants
    from seco.refinement.probabilities import probabilities_memory, write_with_probabilities

    job = _open(choice, command="predict", suffix=".png")
    defaults, form = job.predictor.defaults, choice.probabilities
    found = job.predictor.segmentations(job.photos, scales=defaults.scales, **job.options())
    if form is not None:
        lost = write_in_workers(
            partial(write_with_probabilities, folder=job.out, form=form, class_names=job.predictor.class_names),
            score_segmentations(found),
            smooth=smooth_variants,
            crf=defaults.crf,
            on_gpu=job.predictor.device.type == "cuda",
            memory_of=probabilities_memory,
            stage="predict",
            count=job.left,
        )
        _tell_faults(job, lost)
        return
    scored = (variants.multi_scale for variants in score_segmentations(found))
    _write_masks(job, scored, crf=defaults.crf, stage="predict")


def _open(choice: Choice, *, command: str, suffix: str) -> _Job:
    """Find the photographs, load the model, and prepare the folder of the results.

    Raises:
        SecoError: there is no folder for results, or one of another run; a photograph is not there; a label is none of
            the model's classes; the model is missing or damaged.
    """
    from seco.data.photographs import find_photographs
    from seco.errors import SecoError
    from seco.inference.photographs import Photo, Resizing
    from seco.inference.trained import load_predictor
    from seco.runtime.memory import keep_freed_memory

    if choice.out is None:
        raise SecoError("--images needs a folder for the results: give --out FOLDER")
    if choice.size is not None and choice.longest is not None:
        raise SecoError("--size makes squares and --longest keeps the shape: give one of them")
    found = find_photographs(choice.images)
    _require_apart(choice.out, choice.images)
    keep_freed_memory()
    predictor = load_predictor(choice.model)
    for_all = _labels_of(choice.labels, found_labels=any(item.labels is not None for item in found))
    for item in found:
        for label in for_all or item.labels or ():
            _require_known(label, predictor.class_names, where="--labels" if for_all else str(item.path))
    photos = [Photo(item.id, item.path, item.labels if for_all is None else for_all) for item in found]
    resizing = Resizing(choice.size, choice.longest, choice.tile, MOST_PIXELS)
    out = choice.out
    done = resume(
        out,
        _run_of(choice, command),
        [photo.id for photo in photos],
        _files_of(choice, out, suffix, [photo.id for photo in photos], predictor.class_names),
        start_over=partial(_start_over, out, force=choice.force),
        force=choice.force,
        source_of={item.id: item.path for item in found}.get,
    )
    return _Job(predictor, photos, resizing, out, done, [])


def _files_of(choice: Choice, out: Path, suffix: str, ids: Sequence[str], class_names: Sequence[str]) -> FilesOf:
    """Return the function that names the files of a photograph's results.

    Raises:
        SecoError: two photographs would have a file of one name.
    """
    from seco.errors import SecoError
    from seco.refinement.probabilities import result_paths

    if choice.probabilities is None:
        return lambda image_id: [out / f"{image_id}{suffix}"]
    files_of = partial(result_paths, out, form=choice.probabilities, class_names=class_names)
    owner: dict[Path, str] = {}
    for image_id in ids:
        for path in files_of(image_id):
            if owner.setdefault(path, image_id) != image_id:
                raise SecoError(f"{owner[path]} and {image_id} would both have a file {path}: rename one, or take npz")
    return files_of


def _write_masks(job: _Job, scored: "Iterable[ScoredImage]", *, crf: Mapping[str, Any] | None, stage: str) -> None:
    lost = write_masks(job.predictor, scored, job.out, crf=crf, stage=stage, count=job.left)
    _tell_faults(job, lost)


def _tell_faults(job: _Job, lost: Sequence[str] = ()) -> None:
    tell_left_out([*(str(bad.fault) for bad in job.faults), *lost], job.out)


def _labels_of(text: str | None, *, found_labels: bool) -> tuple[str, ...] | None:
    from seco.data.readers.csv_table import split_labels
    from seco.errors import SecoError

    if text is None:
        return None
    if found_labels:
        raise SecoError("--labels and the CSV file both say what the photographs show: leave out one of them")
    if not (labels := split_labels(text)):
        raise SecoError("--labels names no class: write it as cat,dog, or leave it out to have classes predicted")
    return labels


def _require_known(label: str, class_names: Sequence[str], *, where: str) -> None:
    from seco.errors import SecoError, did_you_mean

    if label not in class_names:
        raise SecoError(f"{where}: the model has no class {label!r}: {did_you_mean(label, class_names)}")


def _require_apart(out: Path, images: Sequence[str]) -> None:
    """Refuse results in a folder of photographs, where the next run would take masks for photographs."""
    from seco.errors import SecoError

    for folder in (Path(place) for place in images if Path(place).is_dir()):
        if out.resolve().is_relative_to(folder.resolve()):
            raise SecoError(
                f"--out {out} lies in the folder {folder} of the photographs: choose a folder outside of it"
            )


def _run_of(choice: Choice, command: str) -> dict[str, Any]:
    """Return what the results depend on, besides the photographs."""
    from seco.storage.model import files_of_model
    from seco.storage.run_note import digest_of

    options = {name: getattr(choice, name) for name in ("labels", "size", "longest", "tile", "probabilities")}
    return {"command": command, "model": digest_of(files_of_model(choice.model)), **options}


def _start_over(out: Path, *, force: bool) -> None:
    """Remove the results of another run, if asked to; files of other kinds stay.

    Raises:
        SecoError: the folder holds something else, or results that shall stay.
    """
    from seco.errors import SecoError
    from seco.storage.run_note import read_note

    if not out.is_dir() or not any(out.iterdir()):
        return
    if read_note(out) is None:
        raise SecoError(f"{out} holds files that are no results of `seco`: choose another folder")
    if not force:
        raise SecoError(
            f"{out} holds results of another model, command or options: choose another folder, or give --force to "
            "replace them"
        )
    for path in [path for path in out.rglob("*") if path.suffix in _RESULTS and path.is_file()]:
        path.unlink()
