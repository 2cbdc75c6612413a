"""The commands about model files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from engine.app.cli.arguments import FILE
from engine.app.cli.errors import Misused, note, one_sentence

_FARTHEST = 1000
_TRAINED = {"pictures_shown": "shown"} | {
    name: name for name in ("credits", "pictures", "steps", "seed", "date", "hours", "distance")
}
"""What the card of a network that was trained here says, and what a line of it begins with."""


class _Pair(click.ParamType[tuple[float, float]]):
    """Two numbers with a comma between: ``0.3,-1``."""

    name = "X,Y"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, float]:
        """Read them."""
        parts = str(value).split(",")
        try:
            x, y = map(float, parts)
        except ValueError:
            self.fail(f"'{value}' is no pair of numbers: write two, as in 0.3,-1", param, ctx)
        if not abs(x) <= _FARTHEST or not abs(y) <= _FARTHEST:
            self.fail(f"'{value}' is out of range: {-_FARTHEST} to {_FARTHEST}", param, ctx)
        return x, y


@click.group()
def model() -> None:
    """Look at network files and bring them in, without running their code."""


@model.command()
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def info(file: Path, as_json: bool) -> None:
    """Say what FILE is."""
    from engine.models.importer.catalogue import describe

    with one_sentence():
        found = describe(file)
    click.echo(json.dumps(found, indent=1) if as_json else text(found))


@model.command(name="import")
@click.argument("file", type=FILE)
@click.argument("out", type=FILE)
@click.option("--licence", default="", help="Of the weights, for the card.")
@click.option("--origin", default="", help="Where they come from, for the card.")
@click.option("--data-set", default="", help="What they were trained on, for the card.")
def import_(file: Path, out: Path, **given: str) -> None:
    """Convert FILE (.pkl, .pt) to OUT (.safetensors), with a card beside it."""
    from engine.models.importer.catalogue import import_model

    with one_sentence():
        found = import_model(file, out, given)
    width, height = found["resolution_px"]
    click.echo(f"{out}: {found['family']} ({found['variant']}), {width}×{height}")
    click.echo(f"licence: {found['licence']}")
    for line in found["notes"]:
        click.echo(f"note: {line}")


@model.command()
@click.argument("file", type=FILE)
@click.option(
    "--out",
    required=True,
    type=FILE,
    help="IMG.npy (raw float32, NCHW) or IMG.png (one picture, or a sheet of all).",
)
@click.option("--latents", type=FILE, help="A file of latents (.npy, .npz, .pt): z, w or w+.")
@click.option(
    "--space",
    type=click.Choice(["z", "w", "w+"]),
    help="What the latents are. Without it, those that fit z and w alike are z.",
)
@click.option("--seeds", help="Instead of latents: 0-15 or 1,5,9.")
@click.option("--truncation", type=click.FloatRange(-100, 100), default=1.0, help="Psi; 1: none.")
@click.option(
    "--truncation-cutoff",
    type=click.IntRange(0),
    metavar="N",
    help="Truncate only the first N layers.",
)
@click.option("--noise", type=click.Choice(["const", "none"]), default="const")
@click.option(
    "--class",
    "class_",
    default="0",
    metavar="N",
    help="If it has classes: one for all pictures (3), one for each (0-15), or weights (a file).",
)
@click.option("--translate", type=_Pair(), help="StyleGAN3: move right and down, in its sizes.")
@click.option("--rotate", type=click.FloatRange(-3600, 3600), help="StyleGAN3: turn, in degrees.")
def sample(file: Path, out: Path, **given: Any) -> None:
    """Draw pictures of FILE (.safetensors, .pkl, .pt)."""
    from engine.lab.analysis.sample import Options
    from engine.lab.analysis.sample import sample as draw

    if (given["latents"] is None) == (given["seeds"] is None):
        raise Misused("say what to draw: either --latents FILE.npy or --seeds 0-15")
    if given["space"] and given["seeds"]:
        raise Misused("--space belongs to --latents; seeds are always z")
    given["seeds"] = given["seeds"] or ""
    with one_sentence():
        count = draw(file, out, Options(**given), note)
    click.echo(f"{out}: {count} picture{'s' if count > 1 else ''}")


@model.command()
@click.argument("file", type=FILE)
@click.option("--snapshots", type=FILE, help="Folder; without it FILE's own: FILE.train/snapshots.")
@click.option("--count", type=click.IntRange(1, 32), default=8, help="How many ages.")
@click.option("--bits", type=click.IntRange(1, 8), default=2, help="For each weight.")
@click.option("--out", type=FILE, help="Without it beside FILE, where a show looks for it.")
def ages(file: Path, snapshots: Path | None, count: int, bits: int, out: Path | None) -> None:
    """Write the ages of FILE (.safetensors): snapshots of its training that a show can scrub."""
    from engine.lab.training.snapshots import write_ages

    folder = snapshots or file.with_suffix(".train") / "snapshots"
    with one_sentence():
        done = write_ages(folder, file, out, count=count, bits=bits)
    shown = ", ".join(map(str, done.shown))
    click.echo(f"{done.path}: {done.file_bytes / 1e6:.2f} MB, after {shown} pictures shown")


def text(found: dict[str, Any]) -> str:
    """Lay a description out for people."""
    from engine.generators.archive.index import plain

    width, height = found["resolution_px"]
    channels = f"{found['img_channels']} channel{'s' if found['img_channels'] != 1 else ''}"
    lines = {
        "file": f"{found['file']} ({found['file_bytes'] / 1e6:.1f} MB, {found['format']})",
        "family": f"{found['family']} ({found['variant']})",
        "picture": f"{width}×{height} px, {channels}",
        "latents": f"z {found['z_dim']}, w {found['w_dim']}, {found['num_ws']} per picture",
        "classes": found["c_dim"] or "none",
        "layers": ", ".join(f"{x['name']}×{x['channels']}" for x in found["layers"]),
        "numbers": f"{found['parameters']:,} ({found['weight_bytes'] / 1e6:.0f} MB)",
        "kwargs": json.dumps(found["kwargs"]),
        "origin": found["origin"],
        "licence": found["licence"],
        "data set": found["data_set"] or "unknown",
        "sha256": found["file_sha256"],
    }
    rows = [f"{key:9} {value}" for key, value in lines.items()]
    said = found.get("card", {})
    rows += [f"{name:9} {plain(said[key])}" for key, name in _TRAINED.items() if key in said]
    return "\n".join([*rows, *(f"note      {note}" for note in found["notes"])])
