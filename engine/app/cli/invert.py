"""The command that finds the latents of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.app.cli.arguments import DEVICE, FILE, progress
from engine.app.cli.errors import Misused, one_sentence


@click.command()
@click.argument("model", type=FILE)
@click.argument("images", type=FILE, nargs=-1, metavar="IMAGE...")
@click.option("--out", type=FILE, help="All latents in one .npz; else one beside each IMAGE.")
@click.option(
    "--space", type=click.Choice(["z", "w", "w+"]), help="Of the latents; w, but z for cppn."
)
@click.option("--steps", type=click.IntRange(0, 10_000), default=40, help="Of refinement.")
@click.option("--sheet", type=FILE, metavar="OUT.png", help="Wanted, start and result in rows.")
@click.option("--encoder", is_flag=True, help="First teach MODEL an encoder of its own pictures.")
@click.option("--device", type=DEVICE, default="auto")
def invert(model: Path, images: tuple[Path, ...], encoder: bool, **given: Any) -> None:
    """Find the latents that MODEL (a network's file, or cppn) draws each IMAGE from."""
    from engine.documents.path.picture_keyframes import SUFFIX
    from engine.lab.analysis.invert import CPPN, Options, run, teach

    if not images and not encoder:
        raise Misused("say what to invert: one or more pictures, or --encoder alone")
    space = given.pop("space") or ("z" if str(model) == CPPN else "w")
    options = Options(model, images, space=space, **given)
    with one_sentence():
        if encoder:
            path = teach(options, progress)
            click.echo(f"{path}: {path.stat().st_size / 1e6:.2f} MB")
        if images:
            run(options, click.echo)
            click.echo(
                str(options.out) if options.out else f"latents beside the pictures: *{SUFFIX}"
            )
