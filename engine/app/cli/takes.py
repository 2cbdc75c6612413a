"""The commands about takes and films: collected, gathered, as proxies for an editor and back."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from engine.app.cli.arguments import (
    FILE,
    RATE,
    SECONDS,
    begun,
    end_s,
    film_options,
    model_options,
    opened,
    progress,
)  # fmt: skip
from engine.app.cli.errors import finishes, one_sentence


@click.group()
def take() -> None:
    """Look after takes."""


@take.command()
@click.argument("source", metavar="TAKE", type=FILE)
@click.argument("out", type=FILE)
@model_options
@finishes()
def collect(source: Path, out: Path, models: tuple[Path, ...]) -> None:
    """Copy TAKE with its models into the new folder OUT, which plays on another machine."""
    from engine.documents.take.collect import collect as run

    for path in run(source, out, models):
        click.echo(path)


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


@click.command()
@click.argument("source", metavar="SHOW_OR_TAKE")
@click.argument("out", type=FILE)
@click.option("--sidecar", type=FILE, help="Instead of OUT with the suffix .npz.")
@film_options
@click.option("--device", default="auto", help="Where the generators run.")
@finishes()
def proxy(**given: Any) -> None:
    """Render a film with numbered frames for a video editor, and a sidecar of what steers it."""
    from engine.play.film.job import Job
    from engine.play.film.proxy import make

    playback = opened(given)
    out = given["out"]
    job = Job(
        out, given["size"], given["fps"], given["from_s"], end_s(given), preset="fast",
        device=given["device"],
    )  # fmt: skip
    sidecar = given["sidecar"] or out.with_suffix(".npz")
    job = begun(given, playback, job)
    count = make(given["source"], playback, job, sidecar, sys.stderr)
    click.echo(f"{out}: {count} frames, {sidecar}: {sidecar.stat().st_size / 1e6:.1f} MB")


@click.command()
@click.argument("edit", type=FILE, required=False)
@click.option("--sidecar", type=FILE, required=True, help="Of the proxy that was edited.")
@click.option("-o", "--out", type=FILE, required=True, help="The show to write (.toml).")
@click.option("--video", type=FILE, help="Instead of EDIT, the film that the editor rendered.")
@click.option("--fps", type=RATE, help="Of the edit, if it does not say.")
@click.option("--gaps", type=click.Choice(["hold", "bridge"]), default="hold", help="What they do.")
@click.option("--heal", type=click.IntRange(0, 1000), default=0, help="Frames around a cut.")
@click.option("--loop", is_flag=True, help="Begin again after the end; heal that, too.")
@click.option("--media", multiple=True, help="Another name of the proxy in the edit.")
@click.option("--begin", metavar="TIMECODE", default="", help="Where the film of the edit begins.")
@click.option(
    "--ignore", multiple=True, type=click.Choice(["titles", "media"]), help="Leave these out."
)
@finishes()
def conform(**given: Any) -> None:
    """Let a show follow EDIT (.otio, .edl, .kdenlive, .mlt, .xml, .fcpxml) of its proxy film."""
    if (given["edit"] is None) == (given["video"] is None):
        raise click.UsageError("say what to follow: either an EDIT or --video FILM")
    from engine.documents.edit.conform import Options, run

    options = Options(
        given["fps"], given["gaps"] == "bridge", given["heal"], given["loop"],
        given["video"] is not None, given["media"], given["begin"], given["ignore"],
    )  # fmt: skip
    edit = given["video"] or given["edit"]
    run(edit, given["sidecar"], given["out"], options, progress)
