"""The commands about the pictures behind a network."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine.app.cli.arguments import FILE, SHEET, progress
from engine.app.cli.errors import Misused, one_sentence


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
