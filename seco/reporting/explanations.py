"""The sections of a page that explain a run: labels before training, what gets confused, and what the method did."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pandas as pd
import torch

from seco.errors import SecoError
from seco.inference.trained import load_predictor
from seco.reporting.blocks import Section
from seco.reporting.cooccurrence import Cooccurrence
from seco.reporting.cooccurrence_section import audit_section, cooccurrence_section
from seco.reporting.examples import choose_examples
from seco.reporting.look_alikes import look_alikes
from seco.reporting.measurements import Measurement
from seco.reporting.method import method_section, patch_picture
from seco.storage.audit import read_audit
from seco.storage.manifest import Manifest
from seco.storage.method_record import RECORD_FILE, MethodRecord, read_method_record
from seco.storage.model import CONFIG_FILE, WEIGHTS_FILE, StoredModel, read_model


class _Export(msgspec.Struct):
    image_size: int
    batch_size: int


class _Sizes(msgspec.Struct):
    """What is used of a model's settings, besides what its network needs."""

    export: _Export
    patch_tokens: str
    patch_size: int
    patch_scale: float


class Explanations(NamedTuple):
    """Three sections of a page; one without blocks has nothing to show."""

    audit: Section
    cooccurrence: Section
    method: Section


def explain(
    manifest: Manifest,
    main: Measurement,
    found: Cooccurrence,
    surroundings: pd.DataFrame,
    *,
    contexts: Mapping[str, Sequence[str]],
    data: Path,
    model: Path,
) -> Explanations:
    """Return the sections, as far as there is something to show.

    The trained network is loaded for one image, and for the false positives of data sets that know no contexts; masks
    that come from elsewhere, without a model, have neither.

    Args:
        manifest: the data set.
        main: the masks and the split that the page is about.
        found: as of ``cooccurrence``.
        surroundings: as of ``surroundings_table``.
        contexts: image id → contexts, as of ``read_contexts``.
        data: the folder that `seco prepare` wrote.
        model: the folder that `seco train` wrote.

    Raises:
        SecoError: a file is missing or damaged, or of other classes.
    """
    names, records = manifest.class_names, manifest.split(main.split)
    audited = audit_section(read_audit(data))
    stored = read_model(model) if (model / WEIGHTS_FILE).is_file() else None
    predictor = load_predictor(model, class_names=names) if stored else None
    strips, confused = [], Section("cooccurrence", "", ())
    if main.is_scored:
        if stored and predictor and not contexts:
            strips = look_alikes(main, records, predictor, **msgspec.structs.asdict(_sizes_of(stored, model).export))
        confused = cooccurrence_section(found, surroundings, strips=strips, main=main.key)
    record = read_method_record(model) if stored else None
    if stored is None or predictor is None or record is None:
        return Explanations(audited, confused, Section("method", "", ()))
    _sizes_of(stored, model)
    _require_sound(record, model / RECORD_FILE, num_classes=len(names))
    (example,) = choose_examples(records, 1)
    is_seen = bool(record.prototypes.any())
    picture = patch_picture(predictor, stored, record, example, class_names=names) if is_seen else None
    return Explanations(audited, confused, method_section(record, class_names=names, patches=picture))


def _sizes_of(stored: StoredModel, folder: Path) -> _Sizes:
    try:
        return msgspec.convert(stored.settings, _Sizes)
    except msgspec.ValidationError as error:
        raise SecoError(f"{folder / CONFIG_FILE} is not that of a model ({error}): run `seco train` again") from error


def _require_sound(record: MethodRecord, path: Path, *, num_classes: int) -> None:
    if len(record.prototypes) != num_classes:
        fault = f"is of {len(record.prototypes)} classes, the data have {num_classes}"
    elif not (torch.isfinite(record.prototypes).all() and torch.isfinite(record.snapshots).all()):
        fault = "has prototypes that are infinite or no numbers"
    else:
        return
    raise SecoError(f"{path} {fault}: run `seco train` again, or delete it for a report without what the method did")
