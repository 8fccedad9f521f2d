"""The whole pipeline as a user runs it, through DVC, in a copy of the project, at a small size."""

import csv
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml
from PIL import Image

from scenes.drawing.bias import CLASSES as DEMO
from seco.studies.settings import changed, look_up
from tests.clone import clone, environment, succeed
from tests.imports import ROOT
from tests.test_pipeline_definition import STAGES

APART = ("--results", "results")  # from the results that the project itself has


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project, under git, with small settings, after `dvc repro`."""
    folder = clone(tmp_path_factory.mktemp("clone") / "seco")
    succeed("dvc", "repro", cwd=folder)
    return folder


def test_every_artefact_of_the_design_is_there(project):
    with (project / "data/prepare/manifest.csv").open() as file:
        records = list(csv.DictReader(file))
    assert len(records) == 16 + 4 + 4
    for record in records:
        size = (int(record["width"]), int(record["height"]))
        assert (project / "data/export/cams" / f"{record['id']}.npz").is_file()
        masks = [project / "data/export/seeds"]
        if record["split"] != "val_unbiased":
            masks.append(project / "data/refine")
        if record["split"] != "train":
            masks += [project / "data/predict" / variant for variant in ("single_scale", "multi_scale", "crf")]
        for folder in masks:
            with Image.open(folder / f"{record['id']}.png") as mask:
                assert mask.mode == "P"
                assert mask.size == size
                assert set(np.unique(np.asarray(mask))) <= set(range(len(DEMO) + 1))
    trained = {"model.safetensors", "config.json", "method.safetensors"}
    assert {path.name for path in (project / "data/train").iterdir()} == trained


def test_masks_from_labels_show_labelled_classes_only(project):
    with (project / "data/prepare/manifest.csv").open() as file:
        records = list(csv.DictReader(file))
    for record in records:
        allowed = {0, *(DEMO.index(label) + 1 for label in record["labels"].split(";"))}
        with Image.open(project / "data/export/seeds" / f"{record['id']}.png") as seed:
            assert set(np.unique(np.asarray(seed))) <= allowed


def test_metrics_are_finite_and_cover_every_kind_of_mask(project):
    metrics = json.loads((project / "reports/metrics.json").read_text())
    assert metrics["cam_seed"].keys() == {"train", "val", "val_unbiased"}
    assert metrics["refined"].keys() == {"train", "val"}
    assert metrics["segmentation"]["val"].keys() == {"single_scale", "multi_scale", "crf"}
    assert 0 <= metrics["cam_seed"]["train"]["miou"] <= 1
    for picture in ("overview_val.png", "confusion.png"):
        with Image.open(project / "reports/figures" / picture) as image:
            assert image.width > 400
    page = (project / "reports/index.html").read_text()
    for fact in ("Recipe: demo, ", "train.steps: ", "Commit: ", "torch"):  # of the settings, the code and the machine
        assert fact in page, fact


def test_a_second_run_does_nothing(project):
    assert "Data and pipelines are up to date." in succeed("dvc", "repro", cwd=project)


def documented_changes() -> list[tuple[str, set[str], set[str]]]:
    """Return the rows of the table in docs/architecture.md: what changes, what runs again, what may follow."""
    page = (ROOT / "docs/architecture.md").read_text()
    lines = page[page.index("| a change of |") :].partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    stages = [[set(re.findall(r"\w+", cell)) - {"nothing"} for cell in row[1:]] for row in rows]
    return [(row[0].strip("`"), first, second) for row, (first, second) in zip(rows, stages, strict=True)]


@pytest.mark.parametrize(("change", "runs", "follows"), documented_changes())
def test_a_change_reruns_what_the_documents_say(project, change, runs, follows):
    file = project / (change if "/" in change else "params.yaml")
    before = file.read_text()
    try:
        if "/" in change:
            file.write_text(f"{before}# changed\n")
        else:
            values = yaml.safe_load(before)
            file.write_text(yaml.safe_dump(changed(values, {change: other_value(look_up(values, change))})))
        told = json.loads(succeed("dvc", "status", "--json", cwd=project))
    finally:
        file.write_text(before)
    names = {name.removeprefix("demo/dvc.yaml:") for name in told}
    assert names == runs
    assert following(names) - names == follows


def other_value(value: bool | float) -> bool | float:
    return not value if isinstance(value, bool) else value / 2 if isinstance(value, float) else value + 1


def following(stages: set[str]) -> set[str]:
    """Return the stages that read what some stages write, themselves or through others."""
    found: set[str] = set()
    for name in stages:
        outs = [next(iter(out)) if isinstance(out, dict) else out for out in STAGES[name]["outs"]]
        root = "${prepare.root}" if name == "generate" else None
        readers = {other for other, body in STAGES.items() if {*outs, root} & {*body["deps"]}}
        found |= readers | following(readers)
    return found


@pytest.mark.parametrize("linked", [False, True])
def test_on_data_of_ones_own_no_scene_is_drawn(project, tmp_path, linked):
    own = tmp_path / "seco"
    shutil.copytree(project, own)
    place = tmp_path / "disk" if linked else own / "data/raw/own"
    (own / "data/raw/demo").rename(place)
    if linked:
        (own / "data/raw/own").symlink_to(place)
    values = changed(yaml.safe_load((own / "params.yaml").read_text()), {"prepare.root": "data/raw/own"})
    (own / "params.yaml").write_text(yaml.safe_dump(values))
    planned = succeed("dvc", "repro", "--dry", cwd=own)
    assert "Running stage 'prepare'" in planned
    assert "generate" not in planned
    succeed("dvc", "repro", "prepare", cwd=own)
    assert "didn't change, skipping" in succeed("dvc", "repro", "prepare", cwd=own)
    image = next(place.glob("JPEGImages/*.jpg"))
    image.write_bytes(image.read_bytes() + b" ")  # a changed image is noticed, behind a link too
    assert "Running stage 'prepare'" in succeed("dvc", "repro", "prepare", cwd=own)


def test_dvc_shows_metrics_parameters_and_plots(project):
    assert "cam_seed" in succeed("dvc", "metrics", "show", "--json", cwd=project)
    assert succeed("dvc", "params", "diff", cwd=project) == ""
    page = succeed("dvc", "plots", "show", cwd=project).strip()
    assert "loss" in Path(page.removeprefix("file://")).read_text()


def test_the_summary_prints_the_scores_and_where_they_are(project):
    output = succeed("seco", "summary", cwd=project)
    assert "mIoU" in output
    assert "reports/report.md" in output


def test_an_experiment_with_another_patch_size_reruns_training_and_what_follows(project):
    output = succeed("dvc", "exp", "run", "--set-param", "patch_size=48", "--name", "wide", cwd=project)
    for stage in ("demo/dvc.yaml:generate", "prepare"):
        assert f"Running stage '{stage}'" not in output
    for stage in ("train", "export", "refine", "predict", "evaluate"):
        assert f"Running stage '{stage}'" in output
    assert json.loads((project / "data/train/config.json").read_text())["settings"]["patch_size"] == 48
    assert "wide" in succeed("dvc", "exp", "show", "--csv", cwd=project)


def test_what_two_processes_trained_is_handed_to_dvc(project, tmp_path):
    own = tmp_path / "seco"
    shutil.copytree(project, own)
    values = changed(yaml.safe_load((own / "params.yaml").read_text()), {"seed": 5})
    (own / "params.yaml").write_text(yaml.safe_dump(values))
    succeed("torchrun", "--standalone", "--nproc-per-node=2", "-m", "pipeline", "train", cwd=own)
    succeed("dvc", "commit", "--force", "train", cwd=own)
    planned = succeed("dvc", "repro", "--dry", cwd=own)
    assert "Stage 'train' didn't change, skipping" in planned
    assert "Running stage 'export'" in planned


@pytest.fixture(scope="module")
def own_project(project, tmp_path_factory) -> Path:
    """A copy of the project for studies, whose settings are those of its commit."""
    own = tmp_path_factory.mktemp("studies") / "seco"
    shutil.copytree(project, own)
    succeed("git", "checkout", "--quiet", "--", ".", cwd=own)
    return own


@pytest.mark.slow
def test_a_study_runs_each_variant_once_and_its_report_shows_them(own_project):
    rivals = ("seco", "experiment", "rivals", "--seeds", "0", "--studies", few_rivals(own_project), *APART)
    output = succeed(*rivals, "--jobs", "2", cwd=own_project)
    methods = {"baseline", "seco", "full-supervision"}
    assert all(f"rivals-{method}-s0: done" in output for method in methods)
    shown = succeed("dvc", "exp", "show", "--csv", cwd=own_project)
    assert {f"rivals-{method}-s0" for method in methods} <= {line.partition(",")[0] for line in shown.splitlines()}
    assert "3 runs, of which 3 are done" in succeed(*rivals, cwd=own_project)
    with (own_project / "results/rivals.csv").open() as file:
        found = {row["variant"]: float(row["segmentation/val/crf/miou"]) for row in csv.DictReader(file)}
    assert found.keys() == {"baseline", "SeCo", "full supervision"}
    assert all(0 <= miou <= 1 for miou in found.values())
    (own_project / "docs/results.md").write_text("# Notes of one's own\n")
    succeed("seco", "experiment", "report", "--studies", few_rivals(own_project), *APART, cwd=own_project)
    page = (own_project / "docs/results.md").read_text()
    assert page.startswith("# Notes of one's own\n")
    assert f"| SeCo | 1 | {100 * scored(own_project, 'rivals', 'cam_seed/train/miou'):.1f} |" in page
    with Image.open(own_project / "docs/images/results/rivals.png") as image:
        assert image.width > 1000


def few_rivals(root: Path) -> str:
    """Write the project's studies with three of its rivals, which differ most; return the name of the file."""
    studies = yaml.safe_load((root / "experiments/studies.yaml").read_text())
    rivals = studies["rivals"]["variants"]
    studies["rivals"]["variants"] = {name: rivals[name] for name in ("baseline", "SeCo", "full supervision")}
    (root / "few.yaml").write_text(yaml.safe_dump(studies))
    return "few.yaml"


def scored(root: Path, study: str, name: str) -> float:
    """Return a score of the run of SeCo in a study."""
    with (root / f"results/{study}.csv").open() as file:
        return next(float(row[name]) for row in csv.DictReader(file) if row["variant"] == "SeCo")


@pytest.mark.slow
def test_a_study_that_was_killed_goes_on_at_the_step_of_its_last_checkpoint(own_project):
    part = "{about: Parts, reference: SeCo, tables: [scores], variants: {SeCo: {method: seco}}}"
    (own_project / "one.yaml").write_text(f"ablation: {part}\nrivals: {part}\n")
    changes = ("--set-param", "train.steps=40", "--set-param", "train.checkpoint_every=4")
    words = ("seco", "experiment", "ablation", "--studies", "one.yaml", "--seeds", "7", *APART, *changes)
    saved = await_saved(own_project, words, count=2, kill=True)
    assert max(saved) < 40
    later = await_saved(own_project, words, count=None, kill=False)
    assert min(later - saved, default=40) > max(saved)
    assert scored(own_project, "ablation", "training/step") == 40


def await_saved(root: Path, words: tuple[str, ...], *, count: int | None, kill: bool) -> set[int]:
    """Start a study and return the steps that its run saved until it ended, or was killed once it had saved some."""
    steps: set[int] = set()
    patience = time.monotonic() + 180
    with subprocess.Popen(words, cwd=root, env=environment(root), stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and len(steps) != count:
            steps |= {int(path.name.split(".")[0].split("-")[1]) for path in root.glob(".seco/resume/*/step-*.pt")}
            assert time.monotonic() < patience
            time.sleep(0.02)
        if kill:
            started = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            _, alive = psutil.wait_procs(started, timeout=60)
            assert not alive, "what it started must not outlive it"
    assert kill or process.returncode == 0
    return steps
