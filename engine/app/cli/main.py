"""The command line: thin; every command imports what it needs when it is called."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from engine import __version__
from engine.app.cli.archive import archive
from engine.app.cli.arguments import (
    DEVICE,
    DURATION,
    FILE,
    OUTPUT,
    RATE,
    SECONDS,
    SIZE,
    begun,
    end_s,
    film_options,
    opened,
    sound_options,
    take_options,
)
from engine.app.cli.bend import bend
from engine.app.cli.directions import directions, teach
from engine.app.cli.errors import INTERRUPTED, finish
from engine.app.cli.extract import gather
from engine.app.cli.invert import invert
from engine.app.cli.latent_map import latent_map
from engine.app.cli.midi import midi
from engine.app.cli.models import model
from engine.app.cli.proxy import conform, proxy
from engine.app.cli.take import take
from engine.app.cli.train import train
from engine.app.setup.streams import make_safe


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="latent-cinema")
def cli() -> None:
    """Play a neural image generator like an instrument."""


@cli.command()
@click.argument("show", default="default")
@click.option(
    "--save-show", type=FILE, help="Write the show around a shader, network, picture or film here."
)
@click.option(
    "--output", "outputs", type=OUTPUT, multiple=True,
    help="window, null, FILE.mp4 or FILE-%05d.png; several times for several.",
)  # fmt: skip
@click.option("--size", type=SIZE, help="Canvas, instead of the show's.")
@click.option("--fps", type=RATE, help="Frames per second: 50, 59.94, 60…")
@click.option("--seed", type=click.IntRange(0, 2**31), help="Instead of the show's.")
@click.option("--windowed", is_flag=True, help="Start in a window.")
@click.option("--monitor", help="Name of the monitor, a part of it, or its number from 0.")
@click.option(
    "--operator", metavar="MONITOR", help="Where your own window opens, for keys, help and meters."
)
@click.option("--osc", help="HOST:PORT to listen on (127.0.0.1:9000); port 0: any free.")
@click.option("--osc-allow", multiple=True, help="Address or network that may send; repeatable.")
@click.option(
    "--feedback", multiple=True, help="HOST:PORT that is sent every change by OSC; may be repeated."
)
@click.option("--dmx", multiple=True, help="HOST[:PORT] that outputs may send to; may be repeated.")
@click.option("--link", is_flag=True, help="Join the Ableton Link session of this network.")
@click.option("--oscquery", help="HOST:PORT on which controllers find and follow what there is.")
@click.option("--midi", help="Name of the MIDI device (a part is enough), 'auto' (all) or 'off'.")
@click.option("--audio", help="Sound device (name or number), sound file, or 'off'.")
@sound_options
@click.option("--take", type=FILE, help="Record into this new folder.")
@click.option("--plan", type=FILE, help="Write every tick's values and latents (.npz).")
@click.option("--duration", type=DURATION, help="Stop after that time.")
@click.option("--stats", type=FILE, help="Write figures of the run (JSON).")
@click.option("--ready", type=FILE, help="Write pid and ports after the first picture (JSON).")
@click.option("--demo", is_flag=True, help="Play the built-in music.")
@click.option("--device", type=DEVICE, default="auto", help="Where the generators run.")
def play(**given: Any) -> None:
    """Play SHOW live: a file, the name of a shipped show, a shader, network, picture or film."""
    from engine.play.live.options import Options

    def work() -> int:
        from engine.documents.show import bare_file, load
        from engine.play.live.player import play as run

        if out is not None:
            bare_file.save_around(load.find_show(options.show), out)
            return run(replace(options, show=str(out)))
        return run(options)

    out: Path | None = given["save_show"]

    duration = given["duration"]
    options = Options(
        show=given["show"],
        outputs=given["outputs"],
        size_px=given["size"],
        fps=given["fps"],
        seed=given["seed"],
        is_windowed=given["windowed"],
        monitor=given["monitor"],
        operator=given["operator"],
        osc=given["osc"],
        osc_allow=given["osc_allow"],
        feedback=given["feedback"],
        oscquery=given["oscquery"],
        dmx=given["dmx"],
        link=given["link"],
        midi=given["midi"],
        audio=given["audio"],
        audio_channel=given["audio_channel"],
        audio_gain_db=given["audio_gain"],
        take=given["take"],
        plan=given["plan"],
        duration_s=None if duration is None else float(duration),
        stats=given["stats"],
        ready=given["ready"],
        is_demo=given["demo"],
        device=given["device"],
    )
    sys.exit(finish(work, on_interrupt=0))


@cli.command()
@click.argument("source", metavar="SHOW_OR_TAKE")
@click.argument("out", type=FILE)
@film_options
@click.option("--hashes", type=FILE, help="Write SHA-256 of every frame before encoding.")
@click.option("--codec", type=click.Choice(["h264", "h265"]), default="h264")
@click.option("--crf", type=click.IntRange(0, 51), default=16, help="Quality; lower is better.")
@click.option("--preset", default="medium", help="x264's name for effort.")
@click.option("--bits", type=click.Choice(["8", "10"]), default="8", help="Of a film's samples.")
@click.option("--device", type=DEVICE, default="auto", help="Where the generators run.")
@click.option(
    "--start-number", type=click.IntRange(0, 10**9), default=0, help="Of the first picture of PNGs."
)
def export(**given: Any) -> None:
    """Render a film: OUT is .mp4, .mov, .mkv or name-%05d.png."""

    def work() -> int:
        from engine.play.film.export import render
        from engine.play.film.job import Job

        playback = opened(given)
        job = Job(
            given["out"], given["size"], given["fps"], given["from_s"], end_s(given),
            given["hashes"], given["codec"], given["crf"], given["preset"], given["device"],
            given["start_number"], bits=int(given["bits"]),
        )  # fmt: skip
        render(playback, begun(given, playback, job), sys.stderr)
        return 0

    sys.exit(finish(work, on_interrupt=INTERRUPTED))


@cli.command()
@click.argument("source", metavar="SHOW_OR_TAKE")
@click.option("--out", type=FILE, required=True, help="The .npz to write.")
@click.option("--audio", type=FILE, help="Sound file that the show hears.")
@sound_options
@click.option("--demo", is_flag=True, help="Use the built-in music.")
@click.option("--seed", type=click.IntRange(0, 2**31), help="Instead of the show's.")
@click.option("--from", "from_s", type=SECONDS, default="0", help="Start there.")
@click.option("--fps", type=RATE, help="One row per frame at this rate, instead of per tick.")
@click.option("--frames", type=click.IntRange(1), help="Rows, with --fps.")
@click.option("--ticks", type=click.IntRange(1), help="Rows, without --fps.")
@take_options
def plan(**given: Any) -> None:
    """Write control values and latents, no pixels."""
    from engine.play.film.plan import write_plan

    if (given["frames"] is not None) and given["fps"] is None:
        raise click.UsageError("--frames needs --fps R")

    def work() -> int:
        write_plan(
            opened(given),
            given["out"],
            given["from_s"],
            given["fps"],
            given["frames"],
            given["ticks"],
        )
        return 0

    sys.exit(finish(work))


@cli.group()
def shader() -> None:
    """ISF shaders."""


@shader.command("check")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--json", "as_json", is_flag=True)
@click.option("--size", type=SIZE, default="320x180")
@click.option("--out", type=FILE, help="Folder for a picture of each.")
def check_shaders(**given: Any) -> None:
    """Compile and draw every shader, report each."""
    from engine.app.inspect import check

    size, out = given["size"], given["out"]
    sys.exit(finish(lambda: check(given["files"], size, out, given["as_json"])))


@cli.group()
def show() -> None:
    """Show files."""


@show.command("lint")
@click.argument("show", default="default")
@click.option("--json", "as_json", is_flag=True)
def lint_show(show: str, as_json: bool) -> None:
    """Name the routes and macros of SHOW that are dead, fight each other or are clipped."""
    from engine.app.inspect import lint

    sys.exit(finish(lambda: lint(show, as_json)))


@cli.group()
def audio() -> None:
    """Sound."""


@audio.command("analyse")
@click.argument("file", type=FILE)
@sound_options
@click.option("--json", "as_json", is_flag=True)
def analyse(file: Path, audio_channel: int | None, audio_gain: float | None, as_json: bool) -> None:
    """Run the live analyser over a file: features and onsets with their times."""
    from engine.app.inspect import analyse as run

    sys.exit(finish(lambda: run(file, (audio_channel or 0, audio_gain or 0.0), as_json)))


@cli.command()
@click.option("--json", "as_json", is_flag=True)
def devices(as_json: bool) -> None:
    """List what is here: monitors, sound and MIDI devices, GPUs."""
    from engine.app.setup.doctor import run_devices

    sys.exit(finish(lambda: run_devices(as_json)))


@cli.command()
@click.option("--json", "as_json", is_flag=True)
@click.option("--warm", is_flag=True, help="Compile ahead what networks on the CPU need.")
@click.option("--gpu", is_flag=True, help="Try out everything that needs an NVIDIA GPU.")
@click.option("--dry", is_flag=True, help="With --gpu: the same on the CPU, tiny.")
@click.option(
    "--out", type=click.Path(path_type=Path), default="gpu-check.json",
    help="With --gpu: the file that it writes.",
)  # fmt: skip
def doctor(as_json: bool, warm: bool, gpu: bool, dry: bool, out: Path) -> None:
    """Find what is wrong, with the line that mends it."""
    if gpu:
        from engine.app.setup.gpu import run as try_gpu

        sys.exit(finish(lambda: try_gpu(dry, as_json, out)))
    from engine.app.setup.doctor import run

    sys.exit(finish(lambda: run(as_json, warm)))


@cli.command()
@click.option("--json", "as_json", is_flag=True)
@click.option("--show", default="default")
@click.option("--size", type=SIZE, default="640x360")
@click.option("--duration", type=DURATION, default="10")
def bench(as_json: bool, show: str, size: tuple[int, int], duration: Fraction) -> None:
    """Measure this machine: CPU ms per frame for each stage."""
    from engine.app.inspect import bench as run

    sys.exit(finish(lambda: run(show, size, float(duration), as_json)))


@cli.command("addresses")
@click.argument("show", default="default")
@click.option("--json", "as_json", is_flag=True)
def list_addresses(show: str, as_json: bool) -> None:
    """List every address that SHOW answers to: by OSC, from keys, routes and cues."""
    from engine.app.inspect import list_addresses as run

    sys.exit(finish(lambda: run(show, as_json)))


@cli.command()
@click.argument("address")
@click.argument("values", nargs=-1)
@click.option("--to", default="127.0.0.1:9000", help="HOST:PORT of the show: 127.0.0.1:9000.")
@click.option("--text", "is_text", is_flag=True, help="Numbers are text, too.")
def send(address: str, values: tuple[str, ...], to: str, is_text: bool) -> None:
    """Send one OSC message to a show that plays; without VALUES it fires a trigger."""
    from engine.app.send import run

    sys.exit(finish(lambda: run(address, values, to, is_text)))


@cli.command("credits")
@click.argument("source", metavar="SHOW_OR_MODEL", required=False)
@click.option("--json", "as_json", is_flag=True)
def credit(source: str | None, as_json: bool) -> None:
    """Say where everything comes from: the engine, or the parts of a show or model."""
    from engine.app.credits import run

    sys.exit(finish(lambda: run(source, as_json)))


for command in (
    archive,
    bend,
    gather,
    invert,
    latent_map,
    directions,
    teach,
    midi,
    model,
    proxy,
    conform,
    take,
    train,
):
    cli.add_command(command)


def main() -> None:
    """Entry point."""
    make_safe()
    cli(prog_name="latent-cinema")


if __name__ == "__main__":
    main()
