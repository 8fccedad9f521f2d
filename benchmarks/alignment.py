"""Whether the terms on patches move the CAMs towards the objects: their gradients beside that of the true masks.

    python -m benchmarks.alignment --seeds 3,4,5 "" "patch_tokens=patch prototype_update=adaptive" "weight_patch=0.1"

Each word is a variant: changes to params.yaml, "" for none. A network is trained to `train.contrast_start`; from there
each variant trains a copy on the same images, and so does a copy without any term on patches. Then nothing moves any
more, and gradients with respect to the encoder are summed over further batches: that of each term, and that of a loss
that only an oracle can compute, by which tokens of a class score higher in its CAM than the other tokens of the image.
A cosine above 0 means that a small step along the term improves CAMs. The area under the ROC curve is the share of
pairs of such tokens in the right order.
"""

import tempfile
from collections.abc import Iterable, Sequence
from copy import deepcopy
from itertools import islice
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
import typer
from torch import Tensor
from torch.nn import functional as F

from seco.config.requirements import require_every_stage
from seco.config.settings import check_settings, load_settings
from seco.errors import SecoError
from seco.runtime.memory import keep_freed_memory
from seco.runtime.progress import progress
from seco.storage.label_map import IGNORE
from seco.storage.manifest import Manifest, read_manifest
from seco.studies.settings import changed, read_changes, read_seeds
from seco.training.crop_pass import CropPass, Inputs, to_device
from seco.training.methods import Models
from seco.training.trainer import Trainer

TERMS = ("ptc", "lig", "lil", "patch")
WITHOUT = {"weight_lig": 0.0, "weight_lil": 0.0, "weight_patch": 0.0}


class Found(NamedTuple):
    """What a variant shows with one seed."""

    cosines: dict[str, float]
    """Of each term's gradient with the oracle's."""
    area: float


def main(
    variants: Annotated[list[str], typer.Argument(help='Changes to params.yaml: "weight_patch=0.1"; "": none.')],
    params: Annotated[Path, typer.Option(help="Settings file.")] = Path("params.yaml"),
    data: Annotated[Path, typer.Option(help="Folder of the manifest.")] = Path("data/prepare"),
    seeds: Annotated[str, typer.Option(help="Seeds with commas between.")] = "3",
    steps: Annotated[int, typer.Option(help="Steps of a variant.", min=1)] = 40,
    batches: Annotated[int, typer.Option(help="Batches whose gradients are summed.", min=1)] = 8,
) -> None:
    """Print a Markdown table with a row a variant; numbers are means over the seeds, and those of each seed."""
    keep_freed_memory()
    try:
        manifest, values = read_manifest(data), load_settings(params).model_dump()
        chosen = {"without": WITHOUT, **{words: read_changes(words.split()) for words in variants}}
        found: dict[str, list[Found]] = {name: [] for name in chosen}
        for seed in read_seeds(seeds):
            shared = changed(values, {"seed": seed, "train.judge_tags": True, "train.compile": False})
            for name, one in compare(shared, chosen, manifest, steps=steps, batches=batches):
                found[name].append(one)
                typer.echo(f"seed {seed}, {name or 'params.yaml'}: {one}", err=True)
        typer.echo(f"| variant | {' | '.join(f'cosine of {term}' for term in TERMS)} | area under the ROC curve |")
        typer.echo(f"|---|{'---|' * (len(TERMS) + 1)}")
        for name, each in found.items():
            columns = [_cell([one.cosines[term] for one in each if term in one.cosines], "+.2f") for term in TERMS]
            columns.append(_cell([one.area for one in each], ".3f"))
            typer.echo(f"| {name or 'params.yaml'} | {' | '.join(columns)} |")
    except SecoError as fault:
        raise typer.BadParameter(str(fault)) from fault


def compare(
    values: dict[str, object], variants: dict[str, dict[str, object]], manifest: Manifest, *, steps: int, batches: int
) -> Iterable[tuple[str, Found]]:
    """Train to the start of the contrasts, then each variant from there; yield what each shows."""
    with tempfile.TemporaryDirectory() as folder:

        def trainer(changes: dict[str, object]) -> Trainer:
            settings = check_settings(changed(values, changes), source="the variant")
            require_every_stage(settings, manifest.records)
            return Trainer(settings, manifest, resume_folder=Path(folder))

        start = trainer({})
        begin = start.settings.train.contrast_start
        if start.needs_head_start:
            with progress("fit") as counter:
                start.start_heads(counter)
        train(start, begin)
        start.state.step = begin + steps
        probes = [to_device(batch, start.device) for batch in islice(start.batches(num_workers=0), batches)]
        for name, changes in variants.items():
            run = trainer(changes)
            continue_from(run, start.state.models, step=begin)
            run.state.optimizer.load_state_dict(deepcopy(start.state.optimizer.state_dict()))  # moments move in place
            train(run, steps)
            yield name, measure(run, probes)


def train(trainer: Trainer, steps: int) -> None:
    """Train for some steps."""
    for batch in islice(trainer.batches(), steps):
        trainer.update(trainer.step(to_device(batch, trainer.device)))


def continue_from(trainer: Trainer, models: Models, *, step: int) -> None:
    """Give a trainer the weights and memories of other models, and their step."""
    own = trainer.state.models
    own.network.load_state_dict(models.network.state_dict())
    for name, part in own.objective.named_parts():
        part.load_state_dict(models.objective.parts[name].state_dict())
    trainer.state.step = step


def measure(trainer: Trainer, probes: Sequence[Inputs]) -> Found:
    """Return cosines and area over the batches, whose masks are the truth; the trainer's own ones may lack masks."""
    network, objective = trainer.state.models
    settings, at = trainer.settings, trainer.state.step
    weights = [weight for weight in network.encoder.parameters() if weight.requires_grad]
    sums: dict[str, Tensor] = {}
    areas = []
    own = islice(trainer.batches(num_workers=0), len(probes))
    for probe, batch in zip(probes, own, strict=True):
        inputs = to_device(batch, trainer.device)
        crops = CropPass(network, inputs, step=at, cam_scales=settings.cam.scales, precision=settings.train.precision)
        terms = {name: term for name, term in objective(crops).terms.items() if name in TERMS}
        cost, area = order_of_tokens(network.activations(crops.output.tokens, probe.class_ids).final, probe)
        areas.append(area)
        for name, term in {"oracle": cost, **terms}.items():
            found = torch.autograd.grad(term, weights, retain_graph=True, allow_unused=True, materialize_grads=True)
            gradient = torch.cat([part.flatten().double() for part in found])
            sums[name] = sums.get(name, 0.0) + gradient
    oracle = sums.pop("oracle")
    cosines = {name: F.cosine_similarity(gradient, oracle, dim=0).item() for name, gradient in sums.items()}
    return Found(cosines, torch.cat(areas).mean().item())


def order_of_tokens(maps: Tensor, probe: Inputs) -> tuple[Tensor, Tensor]:
    """Return how far tokens are from the order that the true masks ask for, by the CAMs ``[B, C, h, w]`` of a batch.

    Returns:
        The logistic loss of the pairs of tokens, on and off the class, in units of the map's deviation: the mean over
        images and classes; and the area under the ROC curve of each of these.
    """
    height, width = maps.shape[-2:]
    grid = (height, width)
    known = F.adaptive_avg_pool2d(((probe.masks != IGNORE) & probe.inside).float(), grid)
    costs, areas = [], []
    for image, column in (probe.class_ids > 0).nonzero().tolist():
        shows = (probe.masks[image] == probe.class_ids[image, column]).float().unsqueeze(0)
        share = F.adaptive_avg_pool2d(shows, grid).flatten()
        scores = maps[image, column].flatten().float()
        on, off = scores[share > 0.5], scores[(share == 0) & (known[image].flatten() > 0.5)]
        if len(on) and len(off):
            margins = (on.unsqueeze(1) - off) / scores.detach().std().clamp(min=1e-6)
            costs.append(F.softplus(-margins).mean())
            areas.append((margins > 0).float().mean())
    if not costs:
        raise SecoError("no image shows a class on some tokens and not on others: take more batches")
    return torch.stack(costs).mean(), torch.stack(areas).detach()


def _cell(numbers: Sequence[float], form: str) -> str:
    if not numbers:
        return "–"
    mean = sum(numbers) / len(numbers)
    each = f" ({', '.join(format(number, form) for number in numbers)})" if len(numbers) > 1 else ""
    return f"{mean:{form}}{each}"


if __name__ == "__main__":
    typer.run(main)
