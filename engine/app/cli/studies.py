"""The commands that study a network: its latents, its channels, the pictures behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from engine.app.cli.arguments import DEVICE, FILE, SHEET, progress
from engine.app.cli.errors import Misused, one_sentence


@click.command()
@click.argument("model", type=FILE)
@click.option("--clusters", is_flag=True, help="Group the channels by where they are active.")
@click.option("--sheet", type=SHEET, metavar="OUT.png", help="Show what each cluster does.")
@click.option("--out", type=FILE, help="Instead of beside MODEL, where a show looks for them.")
def bend(model: Path, clusters: bool, sheet: Path | None, out: Path | None) -> None:
    """Prepare MODEL for bending: clusters of channels that a show can name."""
    from engine.lab.analysis.clusters import make

    if not clusters:
        raise Misused("say what to do: --clusters")
    with one_sentence():
        path, found = make(model, out, sheet, progress)
    for name, sizes in found.items():
        click.echo(f"{name:14} {'  '.join(f'{k}: {n}' for k, n in enumerate(sizes))}")
    click.echo(f"{path}: {path.stat().st_size / 1e3:.1f} kB")


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


@click.group()
def archive() -> None:
    """Look at the training pictures behind a network: the nearest ones, not the cause."""


@archive.command()
@click.argument("model", type=FILE)
@click.option("--out", type=FILE, help="Instead of beside MODEL.")
@click.option(
    "--pictures",
    type=click.IntRange(1, 200_000),
    metavar="N",
    help="At most, chosen far apart; without it all that were shown.",
)
@click.option(
    "--thumb",
    type=click.IntRange(0, 512),
    default=96,
    metavar="PX",
    help="Side of the small copies; 0: none.",
)
def index(model: Path, out: Path | None, pictures: int | None, thumb: int) -> None:
    """Make the index of MODEL, which was trained here."""
    from engine.lab.analysis.archive import credits_of, make

    with one_sentence():
        path, made = make(model, out, pictures or 0, thumb, progress)
    shown = sum(end > begin for begin, end in zip((0, *made.ends), made.ends, strict=False))
    click.echo(
        f"{path}: {len(made.entries)} of {made.archive} pictures, {shown} with a small copy, "
        f"{path.stat().st_size / 1e6:.2f} MB"
    )
    for one in credits_of(made)[:20]:
        click.echo(f"{one['pictures']:7}  {one['credit']} ({one['licence']})")


@archive.command()
@click.argument("model", type=FILE)
@click.argument("picture", type=FILE, required=False)
@click.option("--seeds", help="Instead of PICTURE, what MODEL draws: 0-3 or 1,5,9.")
@click.option("--count", type=click.IntRange(1, 64), default=8, metavar="N", help="How many.")
@click.option("--sheet", type=SHEET, metavar="OUT.png", help="Write them side by side.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def nearest(
    model: Path, picture: Path | None, seeds: str | None, count: int, sheet: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Find the training pictures that look most like PICTURE, or like what MODEL draws."""
    from engine.lab.analysis.archive import nearest as find
    from engine.lab.analysis.archive import text

    if (picture is None) == (seeds is None):
        raise Misused("say what to look for: either a PICTURE or --seeds 0-3")
    with one_sentence():
        found = find(model, picture, seeds or "", count, sheet)
    click.echo(json.dumps(found, indent=1) if as_json else text(found))
