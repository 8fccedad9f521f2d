"""`--help` answers at once, fits 100 columns, and says what each command does and what its defaults are."""

import subprocess
import sys

import pytest
import yaml
from typer.testing import CliRunner

from pipeline.app import app
from tests.imports import ROOT

STAGES = [command.callback.__name__.replace("_", "-") for command in app.registered_commands if command.callback]
GROUPS = {group.name: group.typer_instance for group in app.registered_groups if group.typer_instance}
COMMANDS = [(stage,) for stage in STAGES] + [
    (name, command.name or command.callback.__name__)
    for name, group in GROUPS.items()
    for command in group.registered_commands
    if command.callback
]
WIDTH = 100
HEAVY = ("torch", "torchvision", "timm", "pandas", "numpy", "matplotlib", "pydantic", "dvclive", "requests", "ruamel")


def help_of(*words: str, option: str = "--help") -> str:
    result = CliRunner(env={"COLUMNS": str(WIDTH)}).invoke(app, [*words, option])
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= WIDTH
    return result.stdout


def test_every_stage_of_dvc_yaml_is_a_command():
    assert set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]) <= set(STAGES)


def test_help_imports_nothing_slow():
    code = f"import sys, pipeline.app; sys.exit(str([name for name in {HEAVY} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("words", [(), *((name,) for name in GROUPS)], ids=" ".join)
def test_every_command_is_described_in_one_line(words):
    commands = [name for *group, name in COMMANDS if tuple(group) == words]
    lines = [line.strip("│ ") for line in help_of(*words).splitlines()]
    for name in [*commands, *(GROUPS if words == () else ())]:
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        assert line.endswith(".")
        assert len(line.split()) > 4


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_of_a_command_shows_its_default(words):
    text = help_of(*words, option="-h")
    options = [line for line in text.splitlines() if line.startswith("│ --") and "--help" not in line]
    assert options
    assert text.count("[default:") == len(options)
