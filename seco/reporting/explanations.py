"""The sections of a page that explain a run: labels before training, what gets confused, and what the method did."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

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
from seco.storage.method_record import read_method_record
from seco.storage.model import WEIGHTS_FILE, read_model


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
        SecoError: a file is missing or damaged.
    """
    names, records = manifest.class_names, manifest.split(main.split)
    audited = audit_section(read_audit(data))
    stored = read_model(model) if (model / WEIGHTS_FILE).is_file() else None
    predictor = load_predictor(model, class_names=names) if stored else None
    strips, confused = [], Section("cooccurrence", "", ())
    if main.is_scored:
        if stored and predictor and not contexts:
            size, batch = (int(stored.settings["export"][key]) for key in ("image_size", "batch_size"))
            strips = look_alikes(main, records, predictor, image_size=size, batch_size=batch)
        confused = cooccurrence_section(found, surroundings, strips=strips, main=main.key)
    record = read_method_record(model) if stored else None
    if stored is None or predictor is None or record is None:
        return Explanations(audited, confused, Section("method", "", ()))
    (example,) = choose_examples(records, 1)
    is_seen = bool(record.prototypes.any())
    picture = patch_picture(predictor, stored, record, example, class_names=names) if is_seen else None
    return Explanations(audited, confused, method_section(record, class_names=names, patches=picture))
