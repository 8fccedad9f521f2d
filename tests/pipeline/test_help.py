"""`--help` answers at once, fits 100 columns and shows defaults."""

import os
import resource
import subprocess
import sys

import pytest
import yaml
from typer.testing import CliRunner

from pipeline.app import app
from tests.imports import ROOT

STAGES = [command.callback.__name__.replace("_", "-") for command in app.registered_commands if command.callback]
COMMANDS = [(stage,) for stage in STAGES] + [
    (group.name, command.name or command.callback.__name__)
    for group in app.registered_groups
    if group.typer_instance
    for command in group.typer_instance.registered_commands
    if command.callback
]
WIDTH = 100
HEAVY = ("torch", "torchvision", "timm", "pandas", "numpy", "matplotlib", "pydantic", "dvclive", "requests", "ruamel")


def in_a_process(*words: str) -> str:
    environment = os.environ | {"COLUMNS": str(WIDTH), "PYTHONPATH": ""}
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def help_of(*words: str) -> str:
    result = CliRunner(env={"COLUMNS": str(WIDTH)}).invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    return result.stdout


def test_every_stage_of_dvc_yaml_is_a_command():
    assert set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]) <= set(STAGES)


def test_help_of_the_program_answers_within_a_second_of_computing():
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    text = in_a_process("-m", "pipeline", "--help")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 1.0
    assert all(stage in text for stage in STAGES)
    assert max(map(len, text.splitlines())) <= WIDTH


def test_the_commands_are_imported_without_anything_heavy():
    found = in_a_process("-c", f"import sys, pipeline.app; print([m for m in {HEAVY} if m in sys.modules])")
    assert found.strip() == "[]"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_of_a_command_fits_the_width_and_shows_every_default(words):
    text = help_of(*words)
    assert max(map(len, text.splitlines())) <= WIDTH
    options = [line for line in text.splitlines() if line.startswith("│ --") and "--help" not in line]
    assert options
    assert text.count("[default:") == len(options)


def test_help_of_the_program_says_what_each_command_does():
    rows = [line for line in help_of().splitlines() if line.startswith("│ ") and line[2] != "-"]
    described = {row.split()[1] for row in rows if len(row.strip("│ ").split()) > 3}
    assert {*STAGES, "recipe"} <= described
