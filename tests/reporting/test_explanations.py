from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from seco.data.prepare import audit_labels
from seco.errors import SecoError
from seco.reporting.blocks import Picture, Strip
from seco.reporting.cooccurrence import cooccurrence
from seco.reporting.explanations import Explanations, explain
from seco.reporting.measurements import measure
from seco.reporting.surroundings import surroundings_table
from seco.storage.audit import write_audit
from seco.storage.contexts import read_contexts
from seco.storage.method_record import MethodRecord, write_method_record
from seco.storage.model import StoredModel, write_model
from tests.inference.test_predictor import SETTINGS, make_network
from tests.reporting.run_tree import CLASSES, make_run

WIDTH = 192


def model(folder: Path, *, prototypes: torch.Tensor | None, **changes: object) -> Path:
    sizes = {
        "patch_tokens": "crop",
        "patch_size": 32,
        "patch_scale": 1.0,
        "export": {"background": 0.5, "image_size": 64, "batch_size": 2},
    }
    write_model(folder, StoredModel(make_network().state_dict(), CLASSES, SETTINGS | sizes | changes))
    if prototypes is not None:
        nothing = torch.zeros(0, dtype=torch.int64)
        tags = torch.zeros(4, len(prototypes) + 1, dtype=torch.int64)
        record = MethodRecord(prototypes, prototypes[None][:0].half(), nothing, tags, torch.tensor(False), {})
        write_method_record(folder, record)
    return folder


def sections(root: Path, folder: Path, **contexts: tuple[str, ...]) -> Explanations:
    manifest, sources = make_run(root)
    write_audit(root, audit_labels(manifest))
    main = measure(manifest, sources[:1], contexts=read_contexts(root / "contexts.csv"))[0]
    together = torch.zeros(4, 4, dtype=torch.int64).numpy()
    found = cooccurrence([main], class_names=CLASSES, together=together, num_images=4, most=3)
    surroundings = surroundings_table([main], class_names=CLASSES, contexts=contexts)
    return explain(manifest, main, found, surroundings, contexts=contexts, data=root, model=folder)


def test_masks_without_a_model_have_two_sections(tmp_path):
    found = sections(tmp_path, tmp_path / "none")
    assert [bool(section.blocks) for section in found] == [True, True, False]


def test_other_methods_have_no_section_of_the_method(tmp_path):
    found = sections(tmp_path, model(tmp_path / "model", prototypes=None), a=("room",))
    assert [bool(section.blocks) for section in found] == [True, True, False]


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_run_of_seco_shows_patches_once_there_are_prototypes(tmp_path, is_seen):
    vectors = F.normalize(torch.randn(3, WIDTH, generator=torch.Generator().manual_seed(0))) * is_seen
    method = sections(tmp_path, model(tmp_path / "model", prototypes=vectors)).method
    assert any(isinstance(block, Picture) for block in method.blocks) == is_seen
    assert not any(isinstance(block, Strip) for block in method.blocks)


@pytest.mark.parametrize(
    ("prototypes", "changes", "sentence"),
    [
        (torch.eye(5, WIDTH), {}, r"method\.safetensors is of 5 classes, the data have 3: run `seco train` again, or"),
        (torch.full((3, WIDTH), torch.nan), {}, r"method\.safetensors has prototypes that are infinite or no numbers"),
        (
            torch.eye(3, WIDTH),
            {"patch_size": None},
            r"config\.json is not that of a model \(Expected `int`, got `null`",
        ),
    ],
)
def test_the_record_of_another_training_is_refused(tmp_path, prototypes, changes, sentence):
    with pytest.raises(SecoError, match=sentence):
        sections(tmp_path, model(tmp_path / "model", prototypes=prototypes, **changes))
