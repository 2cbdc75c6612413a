"""The commands about takes."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.app.cli.arguments import FILE, model_options
from engine.app.cli.errors import finish


@click.group()
def take() -> None:
    """Look after takes."""


@take.command()
@click.argument("source", metavar="TAKE", type=FILE)
@click.argument("out", type=FILE)
@model_options
def collect(source: Path, out: Path, models: tuple[Path, ...]) -> None:
    """Copy TAKE with its models into the new folder OUT, which plays on another machine."""

    def work() -> int:
        from engine.documents.take.collect import collect as run

        for path in run(source, out, models):
            click.echo(path)
        return 0

    sys.exit(finish(work))
