"""dvc.yaml lists what its stages use: whole packages and whole sections, all of them and no others."""

import ast
from pathlib import Path

import pytest
import yaml

from tests.imports import ROOT, needed_by

STAGES: dict = {
    name: body
    for path in ("demo/dvc.yaml", "dvc.yaml")
    for name, body in yaml.safe_load((ROOT / path).read_text())["stages"].items()
}
PARAMS: dict = yaml.safe_load((ROOT / "params.yaml").read_text())

# Code that no result depends on: an edit there re-runs nothing. (The values that seco.config reads are parameters.)
HARMLESS = (
    *("seco/config", "seco/console", "seco/data/formats.py", "seco/errors.py", "seco/runtime"),
    "pipeline/options.py",
)
# Code that measures a run and changes nothing of it: train.evaluate_every scores the network on the way.
MEASURING = {"train": ("seco/inference", "seco/refinement", "seco/scores")}
# Code that loads a stage's input: where it changes a result, it changes data/train or the masks first.
LOADING = {"evaluate": ("seco/compute", "seco/method", "seco/models", "seco/refinement")}
# Parameters that a stage shows, or that name a folder which is among its deps.
SHOWN = {"prepare.root", "prepare.classes"}


def code_of(stage: str) -> list[Path]:
    return [Path(path) for path in STAGES[stage]["deps"] if path.startswith(("pipeline", "scenes", "seco"))]


def keys_of(values: dict, prefix: str = "") -> set[str]:
    """Return the dotted names of all keys, sections included."""
    found: set[str] = set()
    for name, value in values.items():
        found |= {f"{prefix}{name}"} | (keys_of(value, f"{prefix}{name}.") if isinstance(value, dict) else set())
    return found


def keys_read(stage: str) -> set[str]:
    """Return the keys that a stage reads from its `settings`, in its script or in a module that this imports."""
    script = Path(f"pipeline/{stage}.py")
    read: set[str] = set()
    for source in (script, *needed_by(script)):
        if source.parts[:2] != ("seco", "config"):
            read |= _settings_chains(ast.parse((ROOT / source).read_text()))
    known = keys_of(PARAMS)
    longest = [max((key for key in known if f"{chain}.".startswith(f"{key}.")), key=len, default="") for chain in read]
    return {key for key in longest if key} | ({"crf"} if any(chain.startswith("crf_of") for chain in read) else set())


def _settings_chains(tree: ast.AST) -> set[str]:
    aliases = {"settings.": "", "self.settings.": "", "train.": "train."}
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    inner = {id(node.value) for node in attributes}  # `settings.train` within `settings.train.steps`
    texts = {ast.unparse(node) for node in attributes if id(node) not in inner}
    return {
        prefix + text.removeprefix(name) for text in texts for name, prefix in aliases.items() if text.startswith(name)
    }


def covers(entry: str, key: str) -> bool:
    return f"{key}.".startswith(f"{entry}.")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_folders_its_own_script_and_what_it_shares(stage):
    paths = STAGES[stage]["deps"]
    assert len(paths) <= 10
    files = [path for path in paths if Path(path).suffix == ".py"]
    shared = ["pipeline/inference.py"] if stage in ("export", "refine", "predict") else []
    assert files == [f"pipeline/{stage}.py", *shared]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_the_parameters_it_reads_and_no_others(stage):
    listed, read = STAGES[stage]["params"], keys_read(stage) - SHOWN
    assert {key for key in read if not any(covers(entry, key) for entry in listed)} == set()
    assert {entry for entry in listed if not any(covers(entry, key) for key in read)} == set()


def test_every_parameter_affects_a_stage():
    listed = {entry for stage in STAGES.values() for entry in stage["params"]}
    leaves = {key for key in keys_of(PARAMS) if not any(other.startswith(f"{key}.") for other in keys_of(PARAMS))}
    assert {key for key in leaves if not any(covers(entry, key) for entry in listed)} == set()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_the_code_it_imports_and_no_other(stage):
    code, script = code_of(stage), Path(f"pipeline/{stage}.py")
    free = [Path(path) for path in (*HARMLESS, *MEASURING.get(stage, ()), *LOADING.get(stage, ()))]
    needed = {script, *needed_by(script)}
    needed = {path for path in needed if path.name != "__init__.py"}
    assert {path for path in needed if not any(path.is_relative_to(entry) for entry in (*code, *free))} == set()
    assert {entry for entry in code if not any(path.is_relative_to(entry) for path in needed)} == set()


@pytest.mark.parametrize("stage", STAGES)
def test_command_script_section_and_artefacts_share_the_stages_name(stage):
    body = STAGES[stage]
    assert body["cmd"] == f"seco {stage}"
    assert (ROOT / "pipeline" / f"{stage}.py").exists()
    assert stage in PARAMS
    folders = {"generate": "data/raw/${generate.kind}", "evaluate": "reports/figures"}
    assert body["outs"][0] == folders.get(stage, f"data/{stage}")
