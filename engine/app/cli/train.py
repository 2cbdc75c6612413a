"""The command that trains."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from engine.app.cli.arguments import FILE
from engine.app.cli.errors import one_sentence

_SIZES = ("32", "64", "128", "256", "512", "1024")


@click.command()
@click.argument("folder", type=FILE)
@click.argument("out", type=FILE)
@click.option("--size", type=click.Choice(_SIZES), default="128", help="Side in pixels.")
@click.option(
    "--preset",
    type=click.Choice(["small", "standard"]),
    default="small",
    help="small: for a CPU; standard: for a GPU.",
)
@click.option("--pictures", type=click.IntRange(16), metavar="N", help="How many are shown.")
@click.option("--batch", type=click.IntRange(4), metavar="N", help="Pictures per step.")
@click.option("--minutes", type=click.FloatRange(0), default=0.0, help="Stop after so many.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, help="Of everything drawn.")
@click.option("--from", "source", type=FILE, metavar="MODEL", help="Begin with this network.")
@click.option("--resume", "resumes", is_flag=True, help="Go on where it was stopped.")
@click.option("--pairs", is_flag=True, help="FOLDER/source to FOLDER/target: pictures to pictures.")
@click.option("--tiles", is_flag=True, help="Cut large pictures into tiles.")
@click.option("--mirror", "mirrors", is_flag=True, help="Show half of them mirrored.")
@click.option("--turn", "turns", is_flag=True, help="Show them turned by quarters, too.")
@click.option(
    "--freeze",
    "frozen",
    type=click.IntRange(0, 8),
    default=0,
    metavar="N",
    help="With --from: leave the discriminator's N finest blocks as they are.",
)
@click.option(
    "--augment",
    "augmentation",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="How often; without it, as often as learning by heart asks for.",
)
@click.option(
    "--noise/--no-noise",
    "noisy",
    default=True,
    help="Without it, nothing fine stands still while the picture moves.",
)
@click.option("--wide", is_flag=True, help="Learn to fill canvases wider than the trained picture.")
@click.option("--licence", default="", help="Of the pictures, for the card.")
@click.option("--credit", default="", help="Who made them, for the card.")
@click.option("--data-set", default="", help="What they are, for the card.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option(
    "--threads",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Of the CPU; fewer than all, if the machine has other work.",
)
def train(folder: Path, out: Path, **given: Any) -> None:
    """Train a network on the pictures in FOLDER; it is OUT (.safetensors), with a card beside it.

    Ctrl-C stops it and keeps everything; --resume goes on. While it trains, OUT can be played.
    """
    with one_sentence():
        if given["frozen"] and given["source"] is None:
            raise ValueError("--freeze belongs to --from: a new discriminator knows nothing yet")
        if not given["licence"]:
            given["licence"] = ask_licence(folder)
        from engine.lab.gan.device import use_threads
        from engine.lab.training.run import train as train_alone
        from engine.lab.training.start import TrainingOptions

        use_threads(given.pop("threads"))
        is_pairs, given["size"] = given.pop("pairs"), int(given["size"])
        given |= {name: given[name] or 0 for name in ("pictures", "batch")}
        options = TrainingOptions(folder, out, **given)
        if is_pairs:
            from engine.lab.training.run_pairs import train_pairs

            is_done = train_pairs(options, click.echo)
        else:
            is_done = train_alone(options, click.echo)
    click.echo(f"{out}: finished" if is_done else f"{out}: stopped; go on with --resume")


def ask_licence(folder: Path) -> str:
    """Ask under which licence the pictures are, if they do not say and somebody is there."""
    if not sys.stdin.isatty() or (folder / "credits.toml").is_file():
        return ""
    click.echo(
        "Under which licence are these pictures, and whose are they? The network's card says so."
    )
    answer: str = click.prompt("Licence", default="", show_default=False)
    return answer.strip()
