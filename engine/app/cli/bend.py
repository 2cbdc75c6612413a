"""The command that prepares a network for bending."""

from __future__ import annotations

from pathlib import Path

import click

from engine.app.cli.arguments import FILE, SHEET, progress
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
