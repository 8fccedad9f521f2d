"""The sections of a page that explain a run: labels before training, what gets confused, and what the method did."""

from collections.abc import Mapping, Sequence
from pathlib import Path

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


def explain(
    manifest: Manifest,
    main: Measurement,
    found: Cooccurrence,
    surroundings: pd.DataFrame,
    *,
    contexts: Mapping[str, Sequence[str]],
    data: Path,
    model: Path,
) -> list[Section]:
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
    sections = [audit_section(read_audit(data))]
    if not (model / WEIGHTS_FILE).is_file():
        return [*sections, cooccurrence_section(found, surroundings, main=main.key)]
    stored, predictor = read_model(model), load_predictor(model, class_names=names)
    strips = []
    if not contexts:
        size, batch = (int(stored.settings["export"][key]) for key in ("image_size", "batch_size"))
        strips = look_alikes(main, records, predictor, image_size=size, batch_size=batch)
    sections.append(cooccurrence_section(found, surroundings, strips=strips, main=main.key))
    if (record := read_method_record(model)) is not None:
        (example,) = choose_examples(records, 1)
        is_seen = bool(record.prototypes.any())
        picture = patch_picture(predictor, stored, record, example, class_names=names) if is_seen else None
        sections.append(method_section(record, class_names=names, patches=picture))
    return sections
