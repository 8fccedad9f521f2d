"""dvc.yaml says what its stages use: every parameter, every module, and nothing more."""

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

# These shape no result: a change of theirs must not cost anybody a training run. (The values that the settings modules
# read are tracked one by one, as parameters.)
HARMLESS = {
    "seco/errors.py",
    "seco/config/settings.py",
    "seco/config/faults.py",
    "seco/config/yaml_file.py",
    "seco/config/rules.py",
    "seco/hints.py",
    "seco/console/dataset.py",
    "seco/console/progress.py",
    "seco/runtime/signals.py",
    "seco/runtime/watcher.py",
    "seco/runtime/workers.py",
}


def keys_of(values: dict, prefix: str = "") -> set[str]:
    """Return the dotted names of all leaves; the lists of a data set are one leaf."""
    found: set[str] = set()
    for name, value in values.items():
        nested = isinstance(value, dict) and name != "lists"
        found |= keys_of(value, f"{prefix}{name}.") if nested else {f"{prefix}{name}"}
    return found


def keys_used(stage: str) -> set[str]:
    """Return the dotted names that a stage reads from its `settings`, itself or in the training run."""
    sources = [Path("pipeline") / f"{stage}.py"]
    sources += [path for path in needed_by(sources[0]) if path.parts[1] == "training"]
    used: set[str] = set()
    for source in sources:
        used |= {key for tree in [ast.parse((ROOT / source).read_text())] for key in _settings_chains(tree)}
    return {resolved for key in used for resolved in _resolve(key)}


def _settings_chains(tree: ast.AST) -> set[str]:
    chains: set[str] = set()
    aliases = {"settings": "", "self.settings": "", "training": "training."}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            for name, prefix in aliases.items():
                if text.startswith(f"{name}."):
                    chains.add(prefix + text.removeprefix(f"{name}."))
    return chains


def _resolve(chain: str) -> set[str]:
    """Cut method calls off a chain; `X.crf.arguments` stands for all keys of the section."""
    every = keys_of(PARAMS)
    if chain in every:
        return {chain}
    if chain.endswith(".arguments"):
        return {key for key in every if key.startswith(chain.removesuffix("arguments"))}
    return {key for key in every if chain.startswith(f"{key}.")}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_exactly_the_parameters_it_reads(stage):
    assert set(STAGES[stage]["params"]) == keys_used(stage)


def test_every_parameter_affects_a_stage():
    listed = {key for stage in STAGES.values() for key in stage["params"]}
    assert keys_of(PARAMS) == listed


@pytest.mark.parametrize("stage", STAGES)
def test_the_code_dependencies_cover_every_module_a_stage_imports(stage):
    dependencies = [Path(entry) for entry in STAGES[stage]["deps"] if entry.startswith(("seco", "pipeline"))]
    needed = {path for path in needed_by(Path(f"pipeline/{stage}.py")) if path.name != "__init__.py"}
    missing = {
        path
        for path in needed
        if str(path) not in HARMLESS and not any(path.is_relative_to(entry) for entry in dependencies)
    }
    assert not missing
    assert Path(f"pipeline/{stage}.py") in dependencies
    unused = [
        entry
        for entry in dependencies
        if entry.parts[0] == "seco" and not any(path.is_relative_to(entry) for path in needed)
    ]
    assert not unused


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_a_command_of_its_name(stage):
    assert STAGES[stage]["cmd"] == f"seco {stage}"
    assert (ROOT / "pipeline" / f"{stage}.py").exists()


def test_a_change_of_patch_size_reruns_training_and_what_follows_only():
    affected = {stage for stage, body in STAGES.items() if "patch_size" in body["params"]}
    assert affected == {"train"}
