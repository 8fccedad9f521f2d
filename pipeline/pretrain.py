"""`seco pretrain`: the pretrained encoder of the demo. Run once; not a stage of the pipeline."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import PARAMS, Params


def pretrain(
    params: Params = PARAMS,
    output: Annotated[Path, typer.Option(help="Weights file to write.")] = Path("assets/demo-encoder.safetensors"),
    images: Annotated[int, typer.Option(min=1, help="Pictures to draw.")] = 10_000,
    size: Annotated[int, typer.Option(min=32, help="Picture side in pixels, a multiple of the ViT's patch.")] = 128,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 3500,
    batch_size: Annotated[int, typer.Option(min=1, help="Mosaics of four pictures a batch.")] = 10,
    learning_rate: Annotated[float, typer.Option(min=0.0, help="AdamW's highest learning rate.")] = 1e-3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of pictures, weights and order.")] = 1,
) -> None:
    """Pretrain the demo's encoder on drawn pictures of single objects."""
    from scenes.pretraining import draw_objects, fresh_encoder, pretrain_encoder, save_encoder
    from seco.config.settings import load_settings
    from seco.errors import SecoError
    from seco.runtime.progress import progress
    from seco.storage.atomic import require_writable

    settings = load_settings(params)
    encoder = fresh_encoder(settings.backbone.name, depth=settings.backbone.depth, seed=seed)
    if size % encoder.patch_size:
        raise SecoError(f"--size {size} is not allowed: must be a multiple of the ViT's patch ({encoder.patch_size})")
    require_writable(output.parent)
    with progress("draw objects", images) as advance:
        pictures, labels = draw_objects(images, size=size, seed=seed, advance=advance)
    with progress("pretrain", steps) as advance:
        pretrain_encoder(
            encoder,
            pictures,
            labels,
            steps=steps,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            advance=advance,
        )
    save_encoder(encoder, output)
