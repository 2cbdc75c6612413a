"""The command that makes a latent map."""

from __future__ import annotations

from pathlib import Path

import click

from engine.app.cli.arguments import FILE, SHEET, progress
from engine.app.cli.errors import Misused, one_sentence


@click.command("map")
@click.argument("model")
@click.option("--out", type=FILE, required=True, metavar="NAME.map.npz", help="Where to.")
@click.option("--seeds", default="0-95", show_default=True, help="What is mapped: 0-95 or 1,5,9.")
@click.option("--latents", type=FILE, metavar="FILE", help="Instead: saved latents (.npy, .npz).")
@click.option(
    "--by",
    type=click.Choice(("latent", "style", "picture")),
    default="style",
    show_default=True,
    help="What is laid out by its two principal axes.",
)
@click.option(
    "--thumb",
    type=click.IntRange(16, 256),
    default=64,
    show_default=True,
    metavar="PX",
    help="Side of the small pictures.",
)
@click.option("--sheet", type=SHEET, metavar="OUT.png", help="Also draw the whole map.")
def latent_map(
    model: str,
    out: Path,
    seeds: str,
    latents: Path | None,
    by: str,
    thumb: int,
    sheet: Path | None,
) -> None:
    """Lay latents of MODEL (a file, or cppn) out on a plane that a show can fly over."""
    from engine.lab.analysis import latent_map as maps
    from engine.models.sidecars.latent_map import SUFFIX

    if not out.name.endswith(SUFFIX):
        raise Misused(f"{out}: a map is a file that ends in {SUFFIX}")
    with one_sentence():
        options = maps.Options(by, thumb)
        found = maps.make(model, seeds, latents, options, progress)
        maps.store(found, out, sheet)
    click.echo(f"{out}: {len(found.places)} places, {out.stat().st_size / 1e6:.2f} MB")
