"""What is worth measuring while a GPU is at hand, in one go.

    python -m benchmarks.gpu --output FOLDER --photographs VOC --weights FILE

Parts: `speed` (training steps), `stages` (a short run with loading, then export, refine and predict), `tests` (those
that need a GPU, and compiled = eager), `photographs` (a study on them), `demo` (its ablation at a larger size, then
sweeps). Each step has a limit of time, and its result is in the folder as soon as it has ended; where one fails, the
others go on. `--tiny` shows on a CPU that every part works.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Annotated, Any, NamedTuple

import typer
import yaml

from benchmarks.records import read_record
from benchmarks.sizes import ALL_LOSSES, RECIPES
from benchmarks.steps import Step, python, run_steps
from seco.config.recipes import compose
from seco.storage.manifest import read_manifest
from seco.studies.results import read_rows
from seco.studies.settings import changed
from tests.imports import ROOT
from tests.settings import SHORT

QUICK = {"crf.enabled": False, "refine.splits": ["val"]}  # as in docs/results.md: the CRF is not what is compared
TINY = SHORT | QUICK | {"toco.crop_size": 32, "train.head_epochs": 1}
SHORTEST = "sweep uncertain-pixels"  # of the studies: two runs
TESTS = ("training/test_models.py", "training/test_compilation.py", "training/test_checkpoint_writer.py")
TESTS += ("training/test_synchronisations.py", "pipeline/test_faults.py", "compute")
SCHEDULE = ("warmup_steps", "prototype_start", "contrast_start", "segmentation_start", "tag_source_switch")


class Plan(NamedTuple):
    """What the options say."""

    output: Path
    photographs: Path
    weights: str | bool
    """A file of weights of the photographs' backbone, or whether timm fetches its own."""
    backbone: str
    seeds: str
    jobs: int
    steps: int
    """Of a run on photographs."""
    crop: int
    tiny: bool

    @property
    def loaders(self) -> int:
        """Processes that load for a run that has the machine for itself."""
        return max((os.cpu_count() or 1) - 2, 1)


def main(
    output: Annotated[Path, typer.Option(help="Folder for results, logs and the projects of the studies.")],
    photographs: Annotated[Path, typer.Option(help="Folder with VOCdevkit/VOC2012, or one like it.")],
    weights: Annotated[Path | None, typer.Option(help="Weights of the backbone; none: timm's.")] = None,
    backbone: Annotated[str, typer.Option(help="ViT of that study.")] = "vit_small_patch14_dinov2.lvd142m",
    parts: Annotated[str, typer.Option(help="Parts, with commas.")] = "speed,stages,tests,photographs,demo",
    seeds: Annotated[str, typer.Option(help="Seeds of the studies.")] = "3,4,5,6,7",
    jobs: Annotated[int, typer.Option(min=1, help="Runs of a study at a time, all on the same card.")] = 10,
    steps: Annotated[int, typer.Option(min=20, help="Steps of a run on photographs, of 8 images.")] = 2000,
    crop: Annotated[int, typer.Option(min=64, help="Side of its crops, a multiple of the ViT's patch.")] = 224,
    minutes: Annotated[float, typer.Option(help="For everything.")] = 30.0,
    tiny: Annotated[bool, typer.Option("--tiny", help="The smallest models and runs, on any machine.")] = False,
) -> None:
    """Measure, and write results.json and results.md."""
    chosen = parts.split(",")
    if unknown := [part for part in chosen if part not in PARTS]:
        raise typer.BadParameter(f"unknown part {unknown[0]!r}: choose among {', '.join(PARTS)}")
    if not (photographs / "VOCdevkit").is_dir():
        raise typer.BadParameter(f"{photographs} has no folder VOCdevkit: give the folder that holds VOCdevkit/VOC2012")
    if weights is not None and not weights.is_file():
        raise typer.BadParameter(f"{weights} is no file: give the weights of {backbone}")
    file = True if weights is None else str(weights.resolve())
    plan = Plan(output.resolve(), photographs.resolve(), file, backbone, seeds, jobs, steps, crop, tiny)
    results = run_steps([step for part in chosen for step in PARTS[part](plan)], plan.output, minutes=minutes)
    if any(result.status != "done" for result in results):
        raise typer.Exit(1)


def speed(plan: Plan) -> list[Step]:
    """Training steps without loading: plain, ours, and ours compiled, each with where its time goes."""
    size, record = "demo" if plan.tiny else "b16-448", plan.output / "speed.json"
    words = [f"--sizes={size}", f"--steps={1 if plan.tiny else 10}", "--options", f"--record={record}"]
    words += [f"--output={plan.output / 'speed.md'}"]

    def medians(_seconds: float) -> dict[str, float]:
        return {name: median(times) for name, times in read_record(record).seconds.items()}

    return [Step("training step", python("benchmarks.training", *words), 6, find=medians)]


def stages(plan: Plan) -> list[Step]:
    """A short training with every loss, batch 16 and loading; then the images a second of the stages after it."""
    batch, count = (2, 4) if plan.tiny else (16, 200)
    changes = {**ALL_LOSSES, "prepare.root": str(plan.photographs), "train.batch_size": batch, "train.steps": count}
    changes |= {"train.tag_source_switch": count // 2, "train.warmup_steps": 1, "train.num_workers": plan.loaders}
    folder = project(plan, "stages", "voc2012", changes | ({**TINY, "train.steps": count} if plan.tiny else {}))

    def trained(_seconds: float) -> dict[str, float]:
        seconds = json.loads((folder / "reports/train/metrics.json").read_text())["seconds"]
        return {"images a second": count * batch / seconds}

    def rate(*splits: str) -> Any:
        def images_a_second(seconds: float) -> dict[str, float]:
            manifest = read_manifest(folder / "data/prepare")
            return {"images a second": sum(len(manifest.split(split)) for split in splits or manifest.splits) / seconds}

        return images_a_second

    return [
        Step("prepare", python("pipeline", "prepare"), 2, folder),
        Step("train with loading", python("pipeline", "train"), 5, folder, trained),
        Step("export", python("pipeline", "export"), 4, folder, rate()),
        Step("refine", python("pipeline", "refine"), 4, folder, rate("val" if plan.tiny else "train")),
        Step("predict", python("pipeline", "predict"), 3, folder, rate("val")),
    ]


def tests(plan: Plan) -> list[Step]:
    """Tests that need a GPU or say more on one: a full memory, pinned checkpoints, compiled = eager."""
    chosen = TESTS[1:2] if plan.tiny else TESTS
    return [Step("tests", python("pytest", "--quiet", *(f"tests/{name}" for name in chosen)), 5)]


def photographs(plan: Plan) -> list[Step]:
    """Methods on photographs, from classifiers that a fit has begun (recipe `few-images`)."""
    few, voc = (compose(RECIPES, name).values for name in ("few-images", "voc2012"))
    factor = plan.steps / few["train"]["steps"]
    changes = {f"train.{name}": round(few["train"][name] * factor) for name in SCHEDULE}
    changes |= {"train.steps": plan.steps, "train.batch_size": 8, "train.num_workers": 1, "train.crop_size": plan.crop}
    changes |= {"train.second_view_size": plan.crop // 2, "prepare": voc["prepare"] | {"root": str(plan.photographs)}}
    changes |= {"backbone.name": plan.backbone, "backbone.pretrained": plan.weights, **QUICK}
    # With the recipe's own patches, SeCo would be the variant `patches alone` once more.
    changes |= {"patch_tokens": "crop", "prototype_update": "patches"}
    folder = project(plan, "photographs", "few-images", changes | (TINY if plan.tiny else {}))
    return [study(plan, SHORTEST if plan.tiny else "rivals", folder, 15)]


def demo(plan: Plan) -> list[Step]:
    """The demo's ablation with a ViT-S and twice the scenes and steps (docs/results-vit-small.md), then a sweep."""
    encoder = plan.output / "demo-vit-small.safetensors"
    changes = {"backbone.name": "vit_small_patch16_224", "backbone.pretrained": str(encoder), "train.steps": 1000}
    changes |= {"train.tag_source_switch": 1000, "generate.train_images": 1600, **QUICK}
    few = {"generate.train_images": 20, "generate.val_images": 10, "backbone.pretrained": False}
    folder = project(plan, "demo", "demo", changes | ({**TINY, **few} if plan.tiny else {}))
    small = ["--images=8", "--size=32", "--steps=2"] if plan.tiny else ["--steps=2500"]
    words = ["pipeline", "pretrain", f"--output={encoder}", "--learning-rate=5e-4", *small]
    studies = (SHORTEST,) if plan.tiny else ("ablation", "sweep teacher-momentum", "sweep tau-local")
    return [Step("demo encoder", python(*words), 3, folder), *(study(plan, name, folder, 10) for name in studies)]


PARTS = {"speed": speed, "stages": stages, "tests": tests, "photographs": photographs, "demo": demo}


def study(plan: Plan, name: str, folder: Path, minutes: float) -> Step:
    """Return a study of ``experiments/studies.yaml`` in a project; its runs share the card."""
    table = plan.output / folder.name
    words = ["pipeline", "experiment", *name.split(), f"--seeds={'0' if plan.tiny else plan.seeds}"]
    words += [f"--jobs={2 if plan.tiny else plan.jobs}", f"--results={table}"]

    def finished(_seconds: float) -> dict[str, float]:
        return {"runs": len(read_rows(table / f"{name.replace(' ', '-')}.csv"))}

    return Step(f"{folder.name} {name}", python(*words), minutes, folder, finished)


def project(plan: Plan, name: str, recipe: str, changes: Mapping[str, Any]) -> Path:
    """Make a clone of this project whose settings are a recipe's with changes, committed: studies need a commit."""
    folder = plan.output / "projects" / name
    if not folder.exists():
        git("clone", "--quiet", "--shared", str(ROOT), str(folder))
    settings = changed(compose(RECIPES, recipe).values, changes)
    (folder / "params.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    git("-C", str(folder), "config", "user.name", "benchmarks")
    git("-C", str(folder), "config", "user.email", "benchmarks@localhost")
    git("-C", str(folder), "commit", "--quiet", "--allow-empty", "--all", "--message=Settings of a benchmark")
    return folder


def git(*words: str) -> None:
    """Run git; its own message says what is wrong."""
    subprocess.run(["git", *words], check=True)


if __name__ == "__main__":
    typer.run(main)
