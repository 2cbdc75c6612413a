"""The command that brings home what a performance found."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from engine.app.cli.arguments import FILE, SECONDS
from engine.app.cli.errors import one_sentence


@click.command()
@click.argument("source", metavar="SHOW_OR_TAKE")
@click.option("--out", type=FILE, required=True, metavar="FOLDER", help="Where to.")
@click.option("--at", "at_s", type=SECONDS, metavar="S", help="Show time; the end without it.")
def gather(source: str, out: Path, at_s: Fraction | None) -> None:
    """Write latents, dropped keys and lessons of a take as files that a show can name."""
    from engine.play.film.extract import gather as find

    with one_sentence():
        for path, use in find(source, out, at_s):
            click.echo(f"{path}: {use}")
